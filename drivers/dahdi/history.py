"""The alarms of the past on disk: the last of them, in a file that is replaced whole at each change."""

import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

from drivers.dahdi.alarms import HISTORY_MAX, Change

BYTES_MAX = 262_144


def read(file: Path) -> tuple[Change, ...]:
    """Give what was kept, the newest first; nothing where there is none, or what cannot be read."""
    try:
        with file.open("rb") as stream:
            kept = msgspec.json.decode(stream.read(BYTES_MAX), type=tuple[Change, ...])
    except (OSError, ValueError, RecursionError):
        return ()
    return kept[:HISTORY_MAX]


def keep(file: Path, history: Iterable[Change]) -> None:
    """Put the file in place; a crash or a power cut leaves the old one or the new one. Raises `OSError`."""
    fresh = file.with_name(f".{file.name}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(msgspec.json.encode(tuple(history)))
        stream.flush()
        os.fsync(stream.fileno())
    fresh.replace(file)
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
