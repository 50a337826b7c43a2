"""Records spread to columns, and made from them again; the record's own fields tell how.

A number, a text or a choice is a column. A record within a record is one column for each of its fields
(`leg.exchange`), a pair one for each part (`first.0`). A list of records is a table of its own, and a column says how
many of its rows belong to each owner (`segments#`). Anything else is a column of JSON.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from itertools import islice
from typing import Any, Protocol, get_args  # any: fields of a record are of every kind

import msgspec
import numpy as np
from msgspec import inspect, structs

from appliance.core.columns import Ints, Text
from appliance.store.batches import sound


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """A column."""

    name: str
    table: str
    "Empty for the records' own columns, else the list's name."
    values: Sequence[Any]  # any: numbers or texts, see `texts`
    texts: bool


class Source(Protocol):
    """Where columns are read."""

    def has(self, name: str) -> bool:
        """Whether there is a column of this field, or of what is within it."""

    def ints(self, name: str) -> Ints:
        """Give a column of numbers."""

    def texts(self, name: str, rows: Ints) -> list[Text]:
        """Give some rows of a column of texts."""


@cache
def _kind(annotation: Any) -> inspect.Type:  # noqa: ANN401 # any: an annotation
    return inspect.type_info(annotation)


def _within(name: str, part: str) -> str:
    return f"{name}.{part}" if name else part


def _choice(kind: inspect.Type) -> type[Enum] | None:
    """Tell whether a field is a choice of words, perhaps none."""
    match kind:
        case inspect.EnumType(cls=cls) if all(isinstance(member.value, str) for member in cls):
            return cls
        case inspect.UnionType(types=(inspect.EnumType() as choice, inspect.NoneType())):
            return _choice(choice)
        case _:
            return None


def spread(annotation: Any, name: str, table: str, values: Sequence[Any]) -> Iterator[Spread]:  # noqa: ANN401 # any: see the module
    """Give the columns of a field of some records, or of the records themselves (with no name)."""
    kind = _kind(annotation)
    match kind:
        case inspect.IntType() | inspect.BoolType():
            yield Spread(name=name, table=table, values=values, texts=False)
        case inspect.StrType():
            yield Spread(name=name, table=table, values=[sound(value) for value in values], texts=True)
        case inspect.StructType():
            for field in structs.fields(annotation):
                parts = [getattr(value, field.name) for value in values]
                yield from spread(field.type, _within(name, field.name), table, parts)
        case inspect.TupleType():
            for place, part in enumerate(get_args(annotation)):
                yield from spread(part, _within(name, str(place)), table, [value[place] for value in values])
        case inspect.VarTupleType(item_type=inspect.StructType()):
            yield Spread(name=f"{name}#", table=table, values=[len(value) for value in values], texts=False)
            yield from spread(get_args(annotation)[0], name, name, [row for value in values for row in value])
        case _ if _choice(kind) is not None:
            words = [value.value if isinstance(value, Enum) else value for value in values]
            yield Spread(name=name, table=table, values=words, texts=True)
        case _:
            written = [msgspec.json.encode(value).decode() for value in values]
            yield Spread(name=name, table=table, values=written, texts=True)


def gather(annotation: Any, name: str, source: Source, rows: Ints) -> list[Any]:  # noqa: ANN401 # any: see the module
    """Make some rows of a field again, or of the records themselves; a field without columns has its default."""
    kind = _kind(annotation)
    match kind:
        case inspect.IntType():
            made: list[Any] = source.ints(name)[rows].tolist()
        case inspect.BoolType():
            made = [bool(value) for value in source.ints(name)[rows].tolist()]
        case inspect.StrType():
            made = source.texts(name, rows)
        case inspect.StructType():
            fields = [field for field in structs.fields(annotation) if source.has(_within(name, field.name))]
            parts = [gather(field.type, _within(name, field.name), source, rows) for field in fields]
            names = [field.name for field in fields]
            made = [annotation(**dict(zip(names, row, strict=True))) for row in zip(*parts, strict=True)]
        case inspect.TupleType():
            places = enumerate(get_args(annotation))
            parts = [gather(part, _within(name, str(place)), source, rows) for place, part in places]
            made = list(zip(*parts, strict=True))
        case inspect.VarTupleType(item_type=inspect.StructType()):
            counts = source.ints(f"{name}#")
            wanted = counts[rows]
            starts = (np.cumsum(counts) - counts)[rows] - (np.cumsum(wanted) - wanted)
            owned = np.repeat(starts, wanted) + np.arange(int(wanted.sum()))
            every = iter(gather(get_args(annotation)[0], name, source, owned))
            made = [tuple(islice(every, count)) for count in wanted.tolist()]
        case _ if (choice := _choice(kind)) is not None:
            made = [None if text is None else choice(text) for text in source.texts(name, rows)]
        case _:
            made = [msgspec.json.decode(text or "null", type=annotation) for text in source.texts(name, rows)]
    return made
