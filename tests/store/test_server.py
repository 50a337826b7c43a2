"""The ZEO process: what it opens, whom it lets write, how it ends."""

import os
import signal
import socket
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from persistent import Persistent
from transaction import TransactionManager
from ZEO.ClientStorage import ClientStorage
from ZODB.DB import DB
from ZODB.POSException import POSError

from appliance.store.durable import DISK_FAILED
from appliance.store.guard import (
    ForbiddenClassError,
    StoreAbsentError,
    StoreBrokenError,
    StoreTakenError,
    check_record,
)
from appliance.store.knock import answers
from appliance.store.link import Where, connect, uri_of
from appliance.store.server import BROKEN, MARKER, NO_SOCKET, TAKEN
from tests.store.stand import DEADLINE_S, Clock, Zeo

WAIT_S = 60


class Planted(Persistent):
    """A class that has no business in the store."""


def test_first_start_makes_the_databases_and_marks_that_it_did(zeo: Zeo) -> None:
    """Make three databases that only we can read, and a marker."""
    assert {path.name for path in zeo.folder.glob("*.fs")} == {"configuration.fs", "people.fs", "journal.fs"}
    assert (zeo.folder / MARKER).exists()
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in zeo.folder.iterdir())
    assert stat.S_IMODE(zeo.socket.stat().st_mode) == 0o660


def test_orderly_end_leaves_no_socket(zeo: Zeo) -> None:
    """End with 0 on SIGTERM and on SIGINT, and start again."""
    assert zeo.stop(signal.SIGTERM) == 0
    assert not zeo.socket.exists()
    assert not answers(zeo.socket)
    zeo.start()
    assert zeo.stop(signal.SIGINT) == 0


@pytest.mark.parametrize("name", ["people", "journal", "configuration"])
def test_vanished_database_is_never_made_anew(zeo: Zeo, name: str) -> None:
    """Refuse in one clear line to make an empty database where one should be."""
    zeo.stop()
    (zeo.folder / f"{name}.fs").unlink()
    code, said = zeo.refuse()
    assert code == BROKEN
    assert said.count("\n") == 1
    assert f"{name}.fs has vanished" in said
    (zeo.folder / MARKER).unlink()
    assert zeo.refuse()[0] == BROKEN, "what stands beside it says that there was one"


def test_broken_database_is_one_clear_line(zeo: Zeo) -> None:
    """Refuse a damaged database in one line that names it."""
    zeo.stop()
    path = zeo.folder / "people.fs"
    path.write_bytes(b"\0" * 500)
    code, said = zeo.refuse()
    assert (code, said.count("\n")) == (BROKEN, 1)
    assert "people.fs is not a database" in said


def test_database_of_another_kind_is_refused(zeo: Zeo) -> None:
    """Refuse files that were exchanged, and a format that is not ours."""
    zeo.stop()
    for name in ("people", "journal"):
        (zeo.folder / f"{name}.fs.index").unlink()
    people, journal = zeo.folder / "people.fs", zeo.folder / "journal.fs"
    kept = people.read_bytes()
    people.write_bytes(journal.read_bytes())
    code, said = zeo.refuse()
    assert (code, said.count("\n")) == (BROKEN, 1)
    assert "is storage 'journal' of format 1, not 'people'" in said
    people.write_bytes(kept)


def test_second_process_is_refused(zeo: Zeo) -> None:
    """Refuse to open what another process has open, and leave its socket alone."""
    code, said = zeo.refuse()
    assert (code, said.count("\n")) == (TAKEN, 1)
    assert answers(zeo.socket)


def test_socket_that_cannot_be_made_is_one_clear_line(tmp_path: Path) -> None:
    """Refuse a path that is too long for a socket, in one line."""
    zeo = Zeo(tmp_path)
    zeo.socket = tmp_path / ("x" * 120)
    code, said = zeo.refuse()
    assert (code, said.count("\n")) == (NO_SOCKET, 1)


def test_peer_of_another_user_only_reads(tmp_path: Path, clock: Clock) -> None:
    """Let a peer whose user is not the writer's read and nothing more, and say so to a writer."""
    zeo = Zeo(tmp_path)
    zeo.start("--writer-uid", str(os.geteuid() + 1))
    with pytest.raises(StoreAbsentError, match="does not let this user write"):
        zeo.store_within(1.0, clock)
    reader = zeo.reader()
    assert reader.count() == 0
    reader.close()
    storage = ClientStorage(str(zeo.socket), "people", wait_timeout=DEADLINE_S, read_only=True)
    calls: tuple[tuple[object, ...], ...] = (
        ("new_oids", 1),
        ("tpc_begin", 1, b"", b"", {}, None, " "),
        ("pack", 0.0, 1),
        ("undoa", b"", 1),
    )
    for call in calls:
        with pytest.raises(Exception, match=r"."):
            storage._call(*call)  # type: ignore[attr-defined]  # noqa: SLF001  past its own guard
        storage.close()
        storage = ClientStorage(str(zeo.socket), "people", wait_timeout=DEADLINE_S, read_only=True)
    storage.close()
    zeo.stop()


def test_writer_cannot_pack_or_undo_through_the_socket(zeo: Zeo) -> None:
    """Close on a peer that asks for what nobody may ask."""
    storage = ClientStorage(str(zeo.socket), "people", wait_timeout=1.0)
    with pytest.raises(POSError):
        storage._call("pack", 0.0, 1)  # type: ignore[attr-defined]  # noqa: SLF001  past its own guard
    storage.close()
    assert answers(zeo.socket)


def test_planted_class_is_refused_by_the_server(zeo: Zeo) -> None:
    """Refuse a record that names a class outside the list, though the writer sends it."""
    storage = ClientStorage(str(zeo.socket), "people", wait_timeout=DEADLINE_S)
    database = DB(storage)
    manager = TransactionManager()
    database.open(manager).root()["planted"] = Planted()
    with pytest.raises(Exception, match="Planted"):
        manager.commit()
    manager.abort()
    database.close()


def _plant(zeo: Zeo, where: str) -> None:
    """Put something that would run a program into a database, past everything that guards it."""
    zeo.stop()
    program = [sys.executable, "-c", PLANT, str(zeo.folder / "people.fs"), where, str(zeo.home / "pwned")]
    assert subprocess.run(program, check=False, timeout=DEADLINE_S).returncode == 0
    assert (zeo.home / "pwned").exists() is False


PLANT = """
import os, sys, transaction
from ZODB.DB import DB
from ZODB.FileStorage import FileStorage
class Bait:
    def __reduce__(self):
        return (os.system, (f"touch {sys.argv[3]}",))
db = DB(FileStorage(sys.argv[1]))
root = db.open().root()
(root if sys.argv[2] == "root" else root["names"])["planted"] = Bait()
transaction.commit()
db.close()
"""


def test_planted_class_is_refused_by_who_reads(zeo: Zeo) -> None:
    """Refuse to load a class outside the list, though it stands in the file."""
    _plant(zeo, "names")
    zeo.start()
    reader = zeo.reader()
    with pytest.raises(StoreBrokenError, match=r"posix\.system"):
        reader.names()
    reader.close()
    assert not (zeo.home / "pwned").exists()


def test_planted_class_is_refused_at_the_start(zeo: Zeo) -> None:
    """Refuse to start, in one line, where the root itself names a class outside the list."""
    _plant(zeo, "root")
    code, said = zeo.refuse()
    assert (code, said.count("\n")) == (BROKEN, 1)
    assert "posix.system" in said
    assert not (zeo.home / "pwned").exists()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"nonsense",
        b"cos\nsystem\n(S'true'\ntR.",
        b"\x80\x03cbuiltins\neval\n.",
        b"\x80\x03cappliance.store.schema\nSheet\n.",
    ],
)
def test_record_that_names_anything_else_is_refused(data: bytes) -> None:
    """Refuse what names other classes, and what is no record."""
    with pytest.raises(ForbiddenClassError):
        check_record(data)


def test_failed_fsync_ends_the_process_without_an_acknowledgement(tmp_path: Path, clock: Clock) -> None:
    """End when the disk fails, acknowledge nothing, and have the truth after the next start."""
    zeo = Zeo(tmp_path)
    zeo.start()
    zeo.stop()
    failing = [sys.executable, "-c", FAILING, *zeo.argv()[3:]]
    with subprocess.Popen(failing, stderr=subprocess.PIPE) as process:
        until_it_answers(zeo)
        writer = zeo.writer("people", clock)
        done = writer.submit(lambda root: root["names"].update({"ann": "Ann"}))
        assert process.wait(DEADLINE_S) == DISK_FAILED
        assert process.stderr is not None
        assert b"the disk failed" in process.stderr.read()
        assert not done.done()
    zeo.start()
    done.result(WAIT_S)
    writer.close()
    reader = zeo.reader()
    assert reader.names() == {"ann": "Ann"}
    reader.close()
    zeo.stop()


FAILING = """
import errno, os, sys
from appliance.store import server
real, handler, armed = os.fsync, server.Server.create_client_handler, []
def fsync(descriptor):
    if armed:
        raise OSError(errno.EIO, "Input/output error")
    real(descriptor)
def arm(self):
    armed.append(True)
    return handler(self)
os.fsync, server.Server.create_client_handler = fsync, arm
sys.exit(server.main())
"""


def until_it_answers(zeo: Zeo) -> None:
    """Wait for a process that was started by hand."""
    pause = threading.Event()
    for _ in range(1000):
        with socket.socket(socket.AF_UNIX) as peer:
            if peer.connect_ex(str(zeo.socket)) == 0:
                return
        pause.wait(0.01)
    raise AssertionError("it does not listen")


def test_second_daemon_is_refused(zeo: Zeo, clock: Clock) -> None:
    """Refuse a second daemon in one line that names the first; let it in when the first is gone."""
    first = zeo.store(clock)
    with pytest.raises(StoreTakenError, match=f"process {os.getpid()}"):
        zeo.store(clock)
    first.close()
    zeo.store(clock).close()


def test_store_that_is_not_there_is_one_clear_line(tmp_path: Path, clock: Clock) -> None:
    """Say in one line that nothing answers, and let go of the lock."""
    zeo = Zeo(tmp_path)
    for _ in range(2):
        with pytest.raises(StoreAbsentError, match="start the store first"):
            zeo.store_within(0.2, clock)


def test_storage_is_named_by_a_uri(zeo: Zeo) -> None:
    """Open other kinds of storage by their URI, refuse a storage that is another or none of ours."""
    with pytest.raises(ValueError, match="no storage"):
        uri_of(zeo.socket, "nothing")
    with pytest.raises(StoreBrokenError, match="is storage 'journal' of format 1, not 'people'"):
        connect(Where(uri=uri_of(zeo.socket, "journal"), storage="people", read_only=True, wait_s=WAIT_S))
    with pytest.raises(StoreBrokenError, match="is storage None"):
        connect(Where(uri="memory://", storage="people", read_only=False, wait_s=WAIT_S))
    zeo.stop()
    connect(Where(uri=f"file://{zeo.folder / 'people.fs'}", storage="people", read_only=False, wait_s=WAIT_S)).close()
