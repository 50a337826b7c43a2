"""A test call as it is told, step by step: the daemon writes the file, pages and console read it."""

import contextlib
from pathlib import Path

import msgspec

FILE_BYTES_MAX = 100_000


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step of it, in the words of `switchroom selftest --json`."""

    name: str
    passed: bool
    told: str = ""
    took_s: float = 0.0


class TrialCall(msgspec.Struct, frozen=True, kw_only=True):
    """The present one, or the last."""

    at: int = 0
    "When it began, microseconds UTC."
    number: str = ""
    "The number outside that was called; empty for a call into the box."
    steps: tuple[Step, ...] = ()
    why: str = ""
    "What kept it from beginning."
    ended: bool = False
    passed: bool = False


def read(path: Path) -> TrialCall | None:
    """Read it; None if there never was one, or none that can be read."""
    with contextlib.suppress(OSError, msgspec.DecodeError), path.open("rb") as file:
        return msgspec.json.decode(file.read(FILE_BYTES_MAX), type=TrialCall)
    return None
