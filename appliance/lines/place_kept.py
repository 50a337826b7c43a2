"""How far a printer is: one small file a line, on the disk before the next call is printed."""

import os
from contextlib import suppress
from pathlib import Path

import msgspec

FILE_BYTES_MAX = 4_096


class Printed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a printer has printed."""

    next: int
    "The number of the call that comes next; calls count from 1."
    printed: int = 0
    "Calls, since the line was set up."
    dropped: int = 0
    "Calls that were not printed, because too many waited."
    day: str = ""
    "Of the call that was printed last, `2026-11-22`."
    page: int = 0
    "Days begun so far."


def read(file: Path) -> Printed | None:
    """Read it back; None if there is none, or none that we wrote."""
    try:
        data = file.read_bytes()[: FILE_BYTES_MAX + 1]
        return msgspec.json.decode(data, type=Printed)
    except (OSError, msgspec.DecodeError):
        return None


def write(file: Path, printed: Printed) -> None:
    """Keep it: old or new, never neither."""
    fresh = file.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, msgspec.json.encode(printed))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    fresh.replace(file)
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def forget(file: Path) -> None:
    """Let go of a line that is no more."""
    with suppress(OSError):
        file.unlink()
