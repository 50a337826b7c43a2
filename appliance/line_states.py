"""How the serial lines are, as their program tells whoever asks at its socket."""

import socket
from pathlib import Path

import msgspec

ANSWER_BYTES_MAX = 1_048_576
ANSWER_S = 2.0


class LineState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line."""

    slug: str
    kind: str
    place: str
    problem: str = ""
    "Empty while the line is open, and a panel answers; else why not, in English."
    waiting: int = 0
    "Calls that a printer has yet to print."
    printed: int = 0
    "Calls, since the line was set up."
    dropped: int = 0
    "Calls that were not printed, because too many waited."


class LinesAwayError(Exception):
    """The program is not there, or did not answer in time."""


_states = msgspec.json.Decoder(tuple[LineState, ...])


def ask(path: Path) -> tuple[LineState, ...]:
    """Ask how the lines are. Raises `LinesAwayError`."""
    try:
        with socket.socket(socket.AF_UNIX) as door:
            door.settimeout(ANSWER_S)
            door.connect(str(path))
            with door.makefile("rb") as answer:
                return _states.decode(answer.read(ANSWER_BYTES_MAX))
    except (OSError, msgspec.DecodeError) as error:
        raise LinesAwayError(str(error)) from error
