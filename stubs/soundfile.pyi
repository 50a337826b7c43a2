# The functions of soundfile that we use.

from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

def write(
    file: BinaryIO, data: NDArray[np.int16], samplerate: int, subtype: str | None = None, *, format: str | None = None
) -> None: ...
def read(
    file: BinaryIO, frames: int = -1, start: int = 0, *, dtype: str = "float64", always_2d: bool = False
) -> tuple[NDArray[np.int16], int]: ...
