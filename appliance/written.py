"""What an exchange wrote down of calls by itself, and how it is given back."""

from typing import Protocol

import msgspec


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """A customer's call, or an emergency call, that is over, as the exchange wrote it down. Times are the wall's."""

    uniqueid: str
    began: int
    ended: int
    code: int
    "Q.850."
    by_caller: bool
    "Whether who called hung up."
    endpoint: str
    "The trunk or the desk phone that it came by."
    dialled: str
    "As it came, as are number and name: whatever a caller has sent."
    number: str
    name: str
    route: str = ""
    "`fall_back`, `emergency`, or empty."
    sure: bool = True
    "Whether it is such a call whatever was dialled; else it is one only if one of our or the emergency numbers was."
    routed: int = 0
    "When the fall-back took it."
    answered: bool = False
    "Whether whom the route rang picked up."
    cut: bool = False
    "Whether the exchange itself ended under it."
    end: int = 0
    "Byte that follows it in the part: whoever knows it, and all before it, reads on from there."


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """What was read of it at once."""

    part: int
    offset: int
    "Byte that follows in the part."
    calls: tuple[Written, ...] = ()
    whole: bool = True
    "Whether the part has been read to its end."
    torn: int = 0
    "Pieces that are no record."


class Chronicle(Protocol):
    """What gives it back: parts in order, each read from any byte, and removed. For one thread at a time."""

    def turn(self, after: int) -> None:
        """Make a part of what is written so far, with a number above `after` and those of all other parts."""

    def parts(self) -> tuple[int, ...]:
        """List the parts, oldest first."""

    def read(self, part: int, offset: int) -> Page:
        """Read on in a part; a page of no length that is not whole means that it is still being written."""

    def cut_off(self, part: int, offset: int) -> Page | None:
        """Tell, once all parts are read, the calls that the exchange's own end cut off, at a place behind the given."""

    def remove(self, part: int) -> None:
        """Remove a part whose calls are known."""
