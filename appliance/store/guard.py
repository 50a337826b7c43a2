"""What keeps the store from harm: the errors, the allow-list of classes, the lock against a second daemon.

A pickle may name any class and have it called. `GuardedDB` loads records that name the classes below and no others,
and the ZEO process asks `check_record` about every record before it takes it in.
"""

import fcntl
import io
import os
import pickle
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from BTrees.LLBTree import LLBTree
from BTrees.LOBTree import LOBTree
from BTrees.OLBTree import OLBTree
from BTrees.OOBTree import OOBTree
from persistent.mapping import PersistentMapping
from typing_extensions import override
from ZODB.Connection import Connection
from ZODB.DB import DB

from appliance.store.schema import Sheet

AT = "at"
"Key of a transaction's extension: centre time in microseconds, of which its id is made."


class StoreError(Exception):
    """Something is wrong with the store; the text is one clear line that says what to do."""


class StoreAbsentError(StoreError):
    """The ZEO process does not answer."""


class StoreBrokenError(StoreError):
    """A database is damaged, has vanished, or is of another format."""


class StoreTakenError(StoreError):
    """Another process has what only one may have."""


class ForbiddenClassError(StoreError):
    """A record names a class that has no business in the store."""


_FAMILIES = (LLBTree, LOBTree, OLBTree, OOBTree)
_KINDS = ("BTree", "Bucket", "TreeSet", "Set")


def _allowed() -> Mapping[tuple[str, str], type]:
    found: dict[tuple[str, str], type] = {
        (PersistentMapping.__module__, PersistentMapping.__name__): PersistentMapping,
        (Sheet.__module__, Sheet.__name__): Sheet,
    }
    for tree in _FAMILIES:
        prefix = tree.__name__.removesuffix("BTree")
        module = __import__(tree.__module__, fromlist=[tree.__name__])
        found |= {(tree.__module__, prefix + kind): getattr(module, prefix + kind) for kind in _KINDS}
    return found


ALLOWED = _allowed()
"(module, name) of every class that a record may name."


class GuardedDB(DB):
    """A database that loads what is on the allow-list; anything else is refused before it is imported."""

    @override
    def classFactory(self, connection: Connection, modulename: str, globalname: str) -> type:
        """Find a class that a record names; raises `ForbiddenClassError`."""
        try:
            return ALLOWED[modulename, globalname]
        except KeyError:
            raise ForbiddenClassError(
                f"a record names {modulename}.{globalname}, which the store does not hold"
            ) from None


class _Inert:
    """Stands for every allowed class while a record is looked at, so that looking runs nothing."""

    def __init__(self, *_arguments: object) -> None:
        """Take whatever the record says."""

    def __setstate__(self, _state: object) -> None:
        """Take whatever the record says."""


class _Inspector(pickle.Unpickler):
    @override
    def find_class(self, module_name: str, global_name: str, /) -> type:
        if (module_name, global_name) not in ALLOWED:
            raise ForbiddenClassError(f"a record names {module_name}.{global_name}, which the store does not hold")
        return _Inert

    @override
    def persistent_load(self, pid: object, /) -> None:
        """Follow no reference; ZODB's are (oid, class) and the class passes `find_class`."""


def check_record(data: bytes) -> None:
    """Raise `ForbiddenClassError` if a database record names what is not on the list, or cannot be read."""
    stream = io.BytesIO(data)
    inspector = _Inspector(stream)
    try:
        inspector.load()
        inspector.load()
    except ForbiddenClassError:
        raise
    except Exception as error:
        raise ForbiddenClassError(f"a record cannot be read: {type(error).__name__}") from error


class AloneLock:
    """A lock file that one process at a time holds; the kernel lets go of it when the process dies."""

    def __init__(self, path: Path) -> None:
        """Take the lock; raises `StoreTakenError` with the holder's process id."""
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(self._file, 32, 0).decode(errors="replace").strip() or "unknown"
            os.close(self._file)
            raise StoreTakenError(
                f"another daemon (process {holder}) holds {path}; stop it first: switchroom stop"
            ) from None
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let go; a second call does nothing."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __enter__(self) -> Self:
        """Hold it for a block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go at the block's end."""
        self.release()
