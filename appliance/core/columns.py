"""What a report reads: the same field of many queue visits at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Ints: TypeAlias = NDArray[np.int64]
Text: TypeAlias = str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A column of texts: for each row the place of its text among the different ones."""

    places: Ints
    values: tuple[Text, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Some queue visits, each row of every column one of them."""

    numbers: Mapping[str, Ints]
    words: Mapping[str, Words]
