"""Packing: what is current stays, nothing else does, and a kill at any step leaves the old file or the new one."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from transaction import TransactionManager

from appliance.store import packing
from appliance.store.durable import DurableStorage
from appliance.store.guard import GuardedDB, StoreBrokenError
from appliance.store.link import tidied, tidy
from appliance.store.people import Label
from appliance.store.schema import Sheet
from appliance.store.server import MARKER, open_files
from appliance.store.tail import walk
from tests.store.stand import BEGIN, DEADLINE_S, Clock, Zeo, until

WAIT_S = 60
SECRET = b"what has to go"


def commit(database: GuardedDB, name: str, data: bytes) -> None:
    """Commit one value."""
    manager = TransactionManager()
    connection = database.open(manager)
    connection.root()[name] = Sheet(data)
    manager.commit()
    connection.close()


def content(path: Path) -> dict[str, bytes]:
    """Open a file and read everything."""
    database = GuardedDB(DurableStorage(str(path)))
    connection = database.open()
    found = {name: value.data for name, value in connection.root().items() if isinstance(value, Sheet)}
    connection.close()
    database.close()
    return found


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Write a database with something in it that is no longer current."""
    path = tmp_path / "folder" / "people.fs"
    path.parent.mkdir()
    database = GuardedDB(DurableStorage(str(path)))
    for number in range(5):
        commit(database, str(number), b"%d" % number)
        commit(database, "secret", SECRET)
    commit(database, "secret", b"")
    database.close()
    return path


KEPT = {"0": b"0", "1": b"1", "2": b"2", "3": b"3", "4": b"4", "secret": b""}


def test_what_is_current_stays_and_nothing_else(file: Path) -> None:
    """Also in the files beside; and commits go on."""
    storage = DurableStorage(str(file))
    database = GuardedDB(storage)
    commit(database, "secret", SECRET)
    commit(database, "secret", b"")
    assert storage.tidy()
    assert storage.tidied == storage.lastTransaction()
    commit(database, "5", b"5")
    assert storage.tidy()
    for path in file.parent.iterdir():
        assert SECRET not in path.read_bytes(), path
    database.close()
    assert walk(file, whole=True).cut == 0
    assert content(file) == KEPT | {"5": b"5"}
    assert sorted(path.suffix for path in file.parent.iterdir()) == [".fs", ".index", ".lock", ".tmp"]


def test_nothing_to_gain_changes_nothing(file: Path) -> None:
    """A second packing finds nothing; while one goes on a second is refused."""
    storage = DurableStorage(str(file))
    assert storage.tidy()
    inode = file.stat().st_ino
    assert storage.tidy()
    assert file.stat().st_ino == inode
    storage._pack_is_in_progress = True  # noqa: SLF001  as it is while another thread is at it
    assert storage.tidying
    assert not storage.tidy()
    storage.close()


def test_commits_and_readers_go_on_while_it_is_packed(file: Path) -> None:
    """Everything that was committed meanwhile is there."""
    storage = DurableStorage(str(file))
    database = GuardedDB(storage)
    done, one = threading.Event(), threading.Lock()
    committed: list[int] = []

    def work() -> None:
        number = 0
        while not done.is_set() or number < 20:
            with one:
                commit(database, f"n{number}", b"%d" % number)
            committed.append(number)
            number += 1

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    for _ in range(10):
        assert storage.tidy()
        with one:
            commit(database, "secret", SECRET)
            commit(database, "secret", b"")
    done.set()
    thread.join(WAIT_S)
    database.close()
    assert content(file) == KEPT | {f"n{number}": b"%d" % number for number in committed}


@pytest.mark.parametrize("harm", ["cut", "oid"])
def test_copy_that_is_not_whole_is_thrown_away(file: Path, harm: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that does not keep what was written to it costs nothing but the packing."""
    real = packing.CarefulPacker.check

    def harmed(self: packing.CarefulPacker) -> None:
        if harm == "cut":
            os.truncate(self.copy, self.copy.stat().st_size - 3)
        else:
            first = max(self.index)
            self.index[first] += 1
        real(self)

    monkeypatch.setattr(packing.CarefulPacker, "check", harmed)
    storage = DurableStorage(str(file))
    with pytest.raises(StoreBrokenError):
        storage.tidy()
    assert not file.with_name("people.fs.pack").exists()
    database = GuardedDB(storage)
    commit(database, "5", b"5")
    database.close()
    assert content(file) == KEPT | {"5": b"5"}


TIDY = """
import sys
from appliance.store.durable import DurableStorage
storage = DurableStorage(sys.argv[1])
storage.tidy()
storage.close()
"""
CALLS = "write,pwrite64,fsync,unlink,unlinkat,rename,renameat,renameat2,ftruncate,openat"
MARKS = ("people.fs.pack", "people.fs", "folder")


def _steps(file: Path, log: Path) -> list[tuple[str, int]]:
    """Pack once and list each system call that touches the folder: its name and how many of that name came before."""
    strace = ["strace", "-f", "-y", "-o", str(log), "-e", f"trace={CALLS}", sys.executable, "-c", TIDY, str(file)]
    subprocess.run(strace, check=True, timeout=DEADLINE_S * 3)
    seen: dict[str, int] = {}
    steps: list[tuple[str, int]] = []
    for line in log.read_text().splitlines():
        name = line.split(maxsplit=1)[1].partition("(")[0]
        seen[name] = seen.get(name, 0) + 1
        if str(file.parent) in line and name != "openat":
            steps.append((name, seen[name]))
    return steps


@pytest.mark.slow
def test_kill_at_any_step_leaves_the_old_or_the_new(file: Path, tmp_path: Path) -> None:
    """SIGKILL at each write, fsync, unlink and rename: a start finds everything, and never makes an empty database."""
    kept = tmp_path / "kept"
    shutil.copytree(file.parent, kept)
    steps = _steps(file, tmp_path / "trace")
    assert {"fsync", "write", "unlink"} <= {name for name, _ in steps}
    assert any(name.startswith("rename") for name, _ in steps)
    killed = 0
    for name, count in steps:
        shutil.rmtree(file.parent)
        shutil.copytree(kept, file.parent)
        inject = ["-e", f"trace={name}", "-e", f"inject={name}:signal=SIGKILL:when={count}"]
        strace = ["strace", "-f", "-o", "/dev/null", *inject, sys.executable, "-c", TIDY, str(file)]
        done = subprocess.run(strace, check=False, timeout=DEADLINE_S * 3)
        killed += done.returncode in {-signal.SIGKILL, 128 + signal.SIGKILL}
        assert file.exists(), "at every moment one of them is there"
        for storage in open_files(file.parent).values():
            storage.close()
        assert content(file) == KEPT, (name, count)
        assert not file.with_name("people.fs.pack").exists()
    assert killed == len(steps)


def test_start_after_a_killed_pack_makes_no_empty_database(zeo: Zeo) -> None:
    """A copy without its database is no database."""
    zeo.stop()
    path = zeo.folder / "journal.fs"
    path.rename(path.with_name("journal.fs.pack"))
    assert "journal.fs has vanished" in zeo.refuse()[1]
    (zeo.folder / MARKER).unlink()
    path.with_name("journal.fs.index").unlink()
    assert "journal.fs has vanished" in zeo.refuse()[1]


def test_process_packs_while_it_serves(zeo: Zeo, clock: Clock) -> None:
    """Asked by who may write, never by who may read; what was erased is on no file."""
    store = zeo.store(clock)
    reader = zeo.reader()
    number, name = "13800138111", "Wang Erased"
    party = store.people.party_of(number, name, BEGIN).result(WAIT_S).party
    other = store.people.party_of("021555", "Li Kept", BEGIN).result(WAIT_S).party
    where = zeo.where("people")
    before = tidied(where)
    store.people.erase(party, BEGIN).result(WAIT_S)
    until(lambda: tidied(where) > before, "the upkeep has it packed")
    before = tidied(where)
    store.people.party_of("021556", "Li New", BEGIN).result(WAIT_S)
    assert tidy(where)
    until(lambda: tidied(where) > before, "it is packed again")
    for path in zeo.folder.iterdir():
        data = path.read_bytes()
        assert number.encode() not in data, path
        assert name.encode() not in data, path
    assert reader.labels([party, other]) == {other: Label(number="021555", name="Li Kept")}
    with pytest.raises(Exception, match=r"."):
        tidy(zeo.where("people", read_only=True, wait_s=1.0))
    reader.close()
    store.close()
