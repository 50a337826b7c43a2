"""The ZEO process: three database files behind one unix socket.

Run as `python -m appliance.store.server --folder STORE --socket PATH`. It is the only process that opens the files. A
peer whose user is not the writer's may read and nothing more, whatever it claims; nobody can pack, undo or restore
through it.
"""

import argparse
import logging
import os
import signal
import socket
import struct
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from transaction import TransactionManager
from typing_extensions import override
from zc.lockfile import LockError
from ZEO.asyncio.server import ServerProtocol
from ZEO.StorageServer import StorageServer, ZEOStorage
from ZODB.POSException import POSError

from appliance.store.ahead import OBJECTS_MAX, Loaded
from appliance.store.durable import DurableStorage
from appliance.store.guard import AloneLock, GuardedDB, StoreBrokenError, StoreError, StoreTakenError
from appliance.store.packing import PACKED, fsync_folder
from appliance.store.schema import FORMAT, TABLES, lay_out
from appliance.store.tail import mend

MARKER = "installed"
"File that says that the databases were made; without them beside it nothing is made anew."
REMNANTS = (".index", ".index.index_tmp", ".old", ".pack")
"What FileStorage leaves beside a database; one of them without its database means that the database has vanished."
SOCKET_MODE = 0o660
SAY_S = 60.0
"The same trouble is told again after so long."
BROKEN, NO_SOCKET, TAKEN = 65, 73, 75
"Exit codes."

_READING = frozenset(
    {
        "get_info",
        "getInvalidations",
        "getTid",
        "history",
        "lastTransaction",
        "loadBefore",
        "loadSerial",
        "load_many",
        "ping",
        "server_status",
        "set_client_label",
    }
)
_WRITING = frozenset(
    {
        "checkCurrentSerialInTransaction",
        "new_oid",
        "new_oids",
        "storea",
        "tidy",
        "tidied",
        "tpc_abort",
        "tpc_begin",
        "tpc_finish",
        "vote",
    }
)


class Peer(ZEOStorage):
    """One connection; what it may do is fixed by the kernel's word on who it is."""

    server: "Server"

    @override
    def notify_connected(self, conn: ServerProtocol) -> None:
        """Ask the kernel who is there.

        Invalidations are sent from within the commit, before its answer: put off to the event loop's next turn, as ZEO
        does it for other threads, they came too late on uvloop for one reader in five hundred. Here are no others.
        """
        super().notify_connected(conn)
        self.async_threadsafe = self.async_
        peer: socket.socket = conn.sm_protocol.transport.get_extra_info("socket")
        credentials = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        _pid, user, _group = struct.unpack("3i", credentials)
        if user != self.server.writer_uid:
            self.read_only = True

    @override
    def register(self, storage_id: str, read_only: bool) -> bytes:
        """Choose a storage; the writing calls exist for writers alone, some of ZEO's for nobody."""
        last = super().register(storage_id, read_only)
        self.connection.methods = _READING if self.read_only else _READING | _WRITING
        return last

    @override
    def tpc_begin(  # the names are ZEO's
        self,
        id: int,  # see above
        user: bytes,
        description: bytes,
        ext: dict[str, object],
        tid: bytes | None = None,
        status: str = " ",
    ) -> None:
        """Begin a transaction; its extension comes as a mapping, never as a pickle that the server would load."""
        if not isinstance(ext, dict):
            raise TypeError("an extension is a mapping")
        super().tpc_begin(id, user, description, ext, tid, status)

    def load_many(self, oids: Sequence[bytes], tid: bytes) -> tuple[Loaded | None, ...]:
        """Give objects as they were before a transaction, None for each that was not there; no more than a few."""
        if len(oids) > OBJECTS_MAX:
            raise ValueError(f"more than {OBJECTS_MAX} objects at once")
        return tuple(self.loadBefore(oid, tid) for oid in oids)

    def tidy(self) -> bool:
        """Begin to pack this storage in a thread of its own; False if that is going on already."""
        storage = self.server.files[self.storage_id]
        if storage.tidying:
            return False
        threading.Thread(target=_tidy, args=(self.storage_id, storage), name="store-tidy", daemon=True).start()
        return True

    def tidied(self) -> bytes:
        """Tell the last transaction that the last packing that is over has seen."""
        storage = self.server.files[self.storage_id]
        return storage.tidied


class DiskTrouble(logging.Filter):
    """Says in one line that the disk refuses to be written, and not again with each attempt of a writer."""

    said = 0.0

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        """Keep what is no such trouble."""
        error = record.exc_info[1] if record.exc_info else None
        if not isinstance(error, OSError):
            return True
        if not self.said or time.monotonic() - self.said > SAY_S:
            self.said = time.monotonic()
            sys.stderr.write(f"store: nothing can be written ({error.strerror}); it is tried until it can be\n")
            sys.stderr.flush()
        return False


def _tidy(name: str, storage: DurableStorage) -> None:
    try:
        storage.tidy()
    except (OSError, POSError, StoreBrokenError) as error:
        sys.stderr.write(f"store: {name} could not be packed ({type(error).__name__}); all is as it was\n")
        sys.stderr.flush()


class Server(StorageServer):
    """ZEO's server with our peers."""

    def __init__(self, path: Path, storages: dict[str, DurableStorage], *, writer_uid: int) -> None:
        """Listen on a unix socket."""
        self.writer_uid = writer_uid
        self.files = storages
        super().__init__(str(path), storages)

    @override
    def create_client_handler(self) -> Peer:
        """Take in a connection."""
        return Peer(self, self.read_only)


def open_files(folder: Path) -> dict[str, DurableStorage]:
    """Open the three databases, making them at the very first start; raises `StoreError`."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = {name: folder / f"{name}.fs" for name in TABLES}
    marker = folder / MARKER
    for path in paths.values():
        if path.exists():
            path.with_name(path.name + PACKED).unlink(missing_ok=True)
            mend(path)
        elif marker.exists() or any(path.with_name(path.name + suffix).exists() for suffix in REMNANTS):
            raise StoreBrokenError(f"{path} has vanished; restore it from a backup (no empty one is made in its place)")
    for name, path in paths.items():
        _prepare(name, path)
    if not marker.exists():
        marker.write_text("\n".join(paths) + "\n")
        _fsync(marker)
        fsync_folder(folder)
    return {name: DurableStorage(str(path)) for name, path in paths.items()}


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _prepare(name: str, path: Path) -> None:
    """Check what a database says it is, and lay out the tables that it lacks."""
    try:
        database = GuardedDB(DurableStorage(str(path)))
    except LockError as error:
        raise StoreTakenError(f"another process has {path} open; stop it first: switchroom stop") from error
    except (POSError, OSError, ValueError, struct.error) as error:
        raise StoreBrokenError(f"{path} cannot be opened ({error}); restore it from a backup") from error
    try:
        manager = TransactionManager()
        root = database.open(manager).root()
        found = (root.get("storage", name), root.get("format", FORMAT))
        if found != (name, FORMAT):
            raise StoreBrokenError(
                f"{path} is storage {found[0]!r} of format {found[1]!r}, not {name!r} of format {FORMAT}; "
                "start the release that wrote it, or restore a backup"
            )
        if lay_out(root, name):
            manager.commit()
        manager.abort()
    except POSError as error:
        raise StoreBrokenError(
            f"{path} cannot be read ({error.__cause__ or error}); restore it from a backup"
        ) from error
    finally:
        database.close()


def serve(folder: Path, path: Path, *, writer_uid: int) -> None:
    """Serve until SIGTERM or SIGINT; raises `StoreError` or OSError before anything is listened to."""
    folder.mkdir(parents=True, exist_ok=True)
    with AloneLock(folder / "server.lock"):
        server = Server(path, open_files(folder), writer_uid=writer_uid)
        path.chmod(SOCKET_MODE)
        loop = server.acceptor.event_loop
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, loop.stop)
        loop.run_forever()
        path.unlink(missing_ok=True)
        for storage in server.storages.values():
            storage.close()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the process; a failure is one line on stderr."""
    parser = argparse.ArgumentParser(prog="appliance.store.server", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="where the database files lie")
    parser.add_argument("--socket", type=Path, required=True, help="unix socket to listen on")
    parser.add_argument("--writer-uid", type=int, default=os.geteuid(), help="the only user who may write")
    options = parser.parse_args(arguments)
    os.umask(0o077)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    logging.getLogger().handlers[0].addFilter(DiskTrouble())
    for name in ("ZODB.FileStorage", "ZODB.Connection"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what matters of it is our one line
    try:
        serve(options.folder, options.socket, writer_uid=options.writer_uid)
    except StoreTakenError as error:
        return _say(str(error), TAKEN)
    except StoreError as error:
        return _say(str(error), BROKEN)
    except OSError as error:
        return _say(f"{options.socket}: {error.strerror or error}; free the path or choose a shorter one", NO_SOCKET)
    return 0


def _say(line: str, code: int) -> int:
    sys.stderr.write(f"store: {line}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
