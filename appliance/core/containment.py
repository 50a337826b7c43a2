"""Containment: no fact may stop the centre."""

from types import TracebackType
from typing import Self


class Containment:
    """Keeps an exception from going further; it is looked at afterwards.

    What is not an `Exception` (the process is told to end, memory is out) goes on as it was.
    """

    def __init__(self) -> None:
        """Begin with nothing caught."""
        self.error: Exception | None = None

    def __enter__(self) -> Self:
        """Begin to contain."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        """Catch."""
        if isinstance(error, Exception):
            self.error = error
        return self.error is not None
