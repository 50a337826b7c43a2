"""A structural walk over the end of a database file, before anything opens it.

FileStorage cuts a file at the first transaction that looks unfinished, wherever that is: one damaged header in the
middle would silently cost everything after it. The walk knows more. With both fsyncs (see `durable`) only the *last*
transaction can be torn, and it never says that it is committed; so a torn end is cut and kept aside, and anything
else is damage that a backup has to mend.

Format of the file: ZODB/FileStorage/format.py.
"""

import os
import pickle
import struct
from dataclasses import dataclass
from pathlib import Path

from appliance.store.guard import StoreBrokenError

MAGIC = b"FS30"
CUT_BYTES_MAX = 64 << 20
"No transaction of ours is larger; more than this is never cut."

_TRANSACTION = struct.Struct(">8sQcHHH")
_RECORD = struct.Struct(">8s8sQQHQ")
_LENGTH = struct.Struct(">Q")
_COMMITTED = b" up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Walked:
    """What a walk found."""

    end: int
    "Just after the last whole transaction."
    cut: int = 0
    "Bytes of a torn transaction after it."


def walk(path: Path, *, whole: bool = False, begin: int = 0) -> Walked:
    """Check a database file from its saved index on, or from its start, or from where an earlier walk ended.

    Raises `StoreBrokenError`, changes nothing.
    """
    with path.open("rb") as file:
        descriptor = file.fileno()
        size = os.fstat(descriptor).st_size
        if size and os.pread(descriptor, len(MAGIC), 0) != MAGIC[:size]:
            raise StoreBrokenError(f"{path} is not a database; restore it from a backup")
        if size < len(MAGIC):
            return Walked(end=0, cut=size)
        position = begin or (len(MAGIC) if whole else _indexed(path, descriptor, size))
        last = b""
        while position < size:
            found = _transaction(descriptor, position, size, last)
            if found is None:
                return _torn(path, descriptor, position, size)
            last, position = found
        return Walked(end=position)


def mend(path: Path) -> Walked:
    """Walk a file and cut a torn end off, keeping the bytes in `<file>.cut-<offset>`; raises `StoreBrokenError`."""
    walked = walk(path)
    if not walked.cut:
        return walked
    with path.open("r+b") as file:
        file.seek(walked.end)
        aside = path.with_name(f"{path.name}.cut-{walked.end}")
        with aside.open("wb") as kept:
            kept.write(file.read())
            kept.flush()
            os.fsync(kept.fileno())
        file.truncate(walked.end)
        os.fsync(file.fileno())
    return walked


def _indexed(path: Path, descriptor: int, size: int) -> int:
    """Where the saved index ends, if that is a boundary between transactions, else the file's start."""
    try:
        with path.with_name(path.name + ".index").open("rb") as file:
            saved: object = pickle.Unpickler(file).load()  # noqa: S301 # our own file; FileStorage loads it whole anyhow
    except (OSError, pickle.UnpicklingError, EOFError, ValueError, AttributeError, ImportError, IndexError):
        return len(MAGIC)
    if not isinstance(saved, int) or not len(MAGIC) + _LENGTH.size < saved <= size:
        return len(MAGIC)
    (length,) = _LENGTH.unpack(os.pread(descriptor, _LENGTH.size, saved - _LENGTH.size))
    start = saved - _LENGTH.size - length
    if start < len(MAGIC) or _transaction(descriptor, start, size, b"") is None:
        return len(MAGIC)
    return saved


def _transaction(descriptor: int, position: int, size: int, last: bytes) -> tuple[bytes, int] | None:
    """Id and end of the whole, committed transaction at a position; None if there is no such thing."""
    header = os.pread(descriptor, _TRANSACTION.size, position)
    if len(header) < _TRANSACTION.size:
        return None
    tid, length, status, user, description, extension = _TRANSACTION.unpack(header)
    end = position + length
    first = position + _TRANSACTION.size + user + description + extension
    if status not in (b" ", b"u", b"p") or tid <= last or first > end or end + _LENGTH.size > size:
        return None
    if os.pread(descriptor, _LENGTH.size, end) != _LENGTH.pack(length):
        return None
    record = first
    while record < end:
        raw = os.pread(descriptor, _RECORD.size, record)
        if len(raw) < _RECORD.size:
            return None
        _oid, _tid, _previous, transaction, version, data = _RECORD.unpack(raw)
        if transaction != position or version:
            return None
        record += _RECORD.size + (data or _LENGTH.size)
    return (tid, end + _LENGTH.size) if record == end else None


def _torn(path: Path, descriptor: int, position: int, size: int) -> Walked:
    """Tell a torn end, which may be cut, from damage, which may not."""
    broken = StoreBrokenError(
        f"{path} is damaged at byte {position} of {size}, and not by a power cut alone; restore it from a backup"
    )
    status = os.pread(descriptor, 1, position + 16)
    header = os.pread(descriptor, _TRANSACTION.size, position)
    if status in (b" ", b"u", b"p") and len(header) == _TRANSACTION.size and any(header[:8]):
        raise broken
    if size - position > CUT_BYTES_MAX:
        raise broken
    if size - position > _LENGTH.size:
        (length,) = _LENGTH.unpack(os.pread(descriptor, _LENGTH.size, size - _LENGTH.size))
        start = size - _LENGTH.size - length
        if start > position and _transaction(descriptor, start, size, b"") is not None:
            raise broken
    return Walked(end=position, cut=size - position)
