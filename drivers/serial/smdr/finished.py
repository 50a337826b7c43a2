"""A finished call as a printer line may know it, and the fields that every layout is made of.

A line holds digits and our own words alone: what a caller sends as a name never reaches a printer, for a printer takes
some bytes as orders.
"""

from dataclasses import dataclass
from datetime import datetime

DIALLED = frozenset("0123456789*#")
"What stands in a field of digits; a plus sign is none."
HOURS_MAX = 99
LINE_END = b"\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedCall:
    """What a line is made of."""

    ordinal: int
    "Calls count from 1, in the order in which they ended."
    began: datetime
    "In the company's zone."
    ended: datetime
    outgoing: bool
    "Whether we called them (a callback); else they called us."
    answered: bool
    ring_s: int
    "From its arrival until somebody answered, or to its end."
    talk_s: int
    number: str
    "Theirs; empty if it was withheld, or they were erased."
    dialled: str
    "The number of ours that was called."
    extension: str
    "Of the agent who talked last; empty if nobody did."
    trunk: int
    "The place of the trunk in the company's list, from 1; 0 if it is none of them."


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """Where on the paper we are."""

    day: datetime
    "The day that begins."
    page: int
    "Counted from 1 since the line was set up; one a day."


def digits(text: str) -> str:
    """Take what can be dialled out of a text."""
    return "".join(sign for sign in text if sign in DIALLED)


def left(text: str, width: int) -> str:
    """Put a field at the beginning of its columns; of one that is too long the last signs stay, which tell more."""
    return text[-width:].ljust(width)


def right(text: str, width: int) -> str:
    """Put a field at the end of its columns; of one that is too long the last signs stay."""
    return text[-width:].rjust(width)


def clock(seconds: int) -> str:
    """Give a duration as HH:MM:SS, 99:59:59 at most."""
    hours, rest = divmod(max(0, seconds), 3600)
    if hours > HOURS_MAX:
        return f"{HOURS_MAX}:59:59"
    return f"{hours:02}:{rest // 60:02}:{rest % 60:02}"


def bytes_of(text: str) -> bytes:
    """Give a line's bytes, its end included; blanks at its end are part of a layout of fixed columns."""
    return text.encode("ascii", "replace") + LINE_END
