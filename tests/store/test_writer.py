"""A storage's writer: once and only once, dated by centre time, whatever happens to the ZEO process."""

import errno
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from ZODB.TimeStamp import TimeStamp

from appliance.store import writer as writer_module
from appliance.store.link import Where, uri_of
from appliance.store.schema import PEOPLE, Root
from appliance.store.writer import SHARED_MAX, StoreBusyError, StoreFailedError, Writer
from tests.store.stand import Clock, Zeo, until

WAIT_S = 60


@pytest.fixture
def writer(zeo: Zeo, clock: Clock) -> Iterator[Writer]:
    """Open a writer of the people's storage."""
    opened = zeo.writer(PEOPLE, clock)
    yield opened
    opened.close()


def _name(root: Root, slug: str) -> str | None:
    found: str | None = root["names"].get(slug)
    return found


def _add(root: Root) -> int:
    """Count in the storage: done twice it shows."""
    number = int(_name(root, "count") or 0) + 1
    root["names"]["count"] = str(number)
    return number


def _last_id(zeo: Zeo) -> datetime:
    zeo.stop()
    from appliance.store.durable import DurableStorage  # noqa: PLC0415  opened here alone, past the process

    storage = DurableStorage(str(zeo.folder / "people.fs"))
    found = str(TimeStamp(storage.lastTransaction()))
    storage.close()
    return datetime.fromisoformat(found).replace(tzinfo=UTC)


def _transactions(zeo: Zeo) -> list[str]:
    """List the notes of all transactions of the people's storage."""
    zeo.stop()
    from appliance.store.durable import DurableStorage  # noqa: PLC0415  as above

    storage = DurableStorage(str(zeo.folder / "people.fs"))
    notes = [record.description.decode() for record in storage.iterator()]
    storage.close()
    return notes


class _Held:
    """A writer whose thread is at work until the end of the block, so that what is submitted in it waits together."""

    def __init__(self, writer: Writer) -> None:
        self._let_go = threading.Event()
        self._done = writer.submit(lambda _root: self._let_go.wait(WAIT_S), "hold")

    def __enter__(self) -> None:
        until(self._done.running, "the thread is at work")

    def __exit__(self, *_error: object) -> None:
        self._let_go.set()
        assert self._done.result(WAIT_S)


def test_transactions_are_dated_by_centre_time(zeo: Zeo, writer: Writer, clock: Clock) -> None:
    """Date a transaction by the time that the centre has, whatever the wall clock says."""
    clock.now = int(datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC).timestamp()) * 1_000_000
    writer.submit(_add).result(WAIT_S)
    writer.close()
    assert abs((_last_id(zeo) - datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)).total_seconds()) < 1


def test_leap_of_the_clock_neither_stops_nor_poisons(zeo: Zeo, writer: Writer, clock: Clock) -> None:
    """Go on in order when centre time stands still or goes back, and do not leap ahead of it."""
    start = clock.now
    for now in (start, start, start - 10**9, 0, -5, start):
        clock.now = now
        writer.submit(_add).result(WAIT_S)
    assert writer.submit(lambda root: _name(root, "count")).result(WAIT_S) == "6"
    writer.close()
    assert abs(_last_id(zeo).timestamp() - start / 1e6) < 1


def test_failed_work_is_its_askers_and_changes_nothing(writer: Writer) -> None:
    """Give an error to who asked, undo what was half done, and go on."""

    def half(root: Root) -> None:
        root["names"]["half"] = "done"
        raise LookupError("other half")

    with pytest.raises(LookupError, match="other half"):
        writer.submit(half).result(WAIT_S)
    assert writer.submit(lambda root: _name(root, "half")).result(WAIT_S) is None


def test_shared_work_stands_in_one_transaction(zeo: Zeo, writer: Writer) -> None:
    """What waits together is committed together, in order; who gave up is left out, and other work stands alone."""
    with _Held(writer):
        asked = [writer.submit(_add, "few", shared=True) for _ in range(3)]
        alone = writer.submit(_add, "alone")
        asked += [writer.submit(_add, "many", shared=True) for _ in range(SHARED_MAX + 1)]
        given_up = writer.submit(_add, shared=True)
        assert given_up.cancel()
    assert [future.result(WAIT_S) for future in asked[:3]] == [1, 2, 3]
    assert alone.result(WAIT_S) == 4
    assert asked[-1].result(WAIT_S) == 4 + SHARED_MAX + 1
    writer.close()
    assert _transactions(zeo)[-4:] == ["few", "alone", "many", "many"]


def test_shared_work_that_fails_spoils_nothing_beside_it(writer: Writer) -> None:
    """The one who asked for it gets the error, all others what they asked for."""

    def half(root: Root) -> None:
        _add(root)
        raise LookupError("other half")

    with _Held(writer):
        first, bad, last = (writer.submit(work, shared=True) for work in (_add, half, _add))
    assert (first.result(WAIT_S), last.result(WAIT_S)) == (1, 2)
    with pytest.raises(LookupError, match="other half"):
        bad.result(WAIT_S)


def test_patient_work_waits_for_more_of_its_kind(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a first commit the next waits, until somebody is in a hurry or it is closed."""
    monkeypatch.setattr(writer_module, "PATIENCE_S", float("inf"))
    assert writer.submit(_add, patient=True).result(WAIT_S) == 1
    waits = [writer.submit(_add, patient=True) for _ in range(2)]
    beat = writer.beat
    until(lambda: writer.beat.at_ns > beat.at_ns, "the thread has looked")
    assert not any(future.done() for future in waits)
    assert writer.submit(_add, shared=True).result(WAIT_S) == 4
    assert [future.result(0) for future in waits] == [2, 3]
    late = writer.submit(_add, patient=True)
    writer.close()
    assert late.result(0) == 5


def test_work_waits_for_the_process_to_come_back(zeo: Zeo, writer: Writer) -> None:
    """Do work once the ZEO process is back; say meanwhile that it is waited for, and that the thread lives."""
    zeo.kill()
    done = writer.submit(_add)
    until(lambda: writer.health == "waiting", "it says that it waits")
    before = writer.beat
    assert before.inside
    zeo.start()
    assert done.result(WAIT_S) == 1
    assert writer.health == "ok"
    assert writer.beat.at_ns > before.at_ns


def test_idle_thread_shows_that_it_lives(writer: Writer) -> None:
    """Beat while there is nothing to do."""
    before = writer.beat
    until(lambda: writer.beat.at_ns > before.at_ns, "it beats")
    assert not writer.beat.inside


def test_too_much_work_is_refused(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse what there is no room for, at once."""
    monkeypatch.setattr(writer_module, "QUEUE_MAX", 0)
    with pytest.raises(StoreBusyError):
        writer.submit(_add).result(0)


def test_closing_commits_what_waits_and_refuses_the_rest(zeo: Zeo, clock: Clock) -> None:
    """Commit everything that was asked before the end, nothing after it."""
    opened = zeo.writer(PEOPLE, clock)
    asked = [opened.submit(_add) for _ in range(20)]
    late = opened.submit(_add, not_before=float("inf"))
    given_up = opened.submit(_add)
    assert given_up.cancel()
    opened.close()
    assert [future.result(0) for future in asked] == list(range(1, 21))
    assert late.result(0) == 21
    with pytest.raises(StoreFailedError):
        opened.submit(_add).result(0)


def test_closing_without_a_process_gives_up(zeo: Zeo, clock: Clock) -> None:
    """Fail what cannot be committed any more, instead of waiting for ever."""
    opened = Writer(zeo.where(PEOPLE, wait_s=0.5), clock)
    zeo.kill()
    asked = [opened.submit(_add) for _ in range(3)]
    until(lambda: opened.health == "waiting", "it waits")
    opened.close()
    for future in asked:
        with pytest.raises(StoreFailedError):
            future.result(WAIT_S)


def test_full_disk_is_waited_out(writer: Writer) -> None:
    """Try again, and say that it waits, as long as there is no room; lose nothing."""
    full = [True]

    def work(root: Root) -> int:
        number = _add(root)
        if full[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        return number

    done = writer.submit(work)
    until(lambda: writer.health == "no_space", "it waits")
    full[0] = False
    assert done.result(WAIT_S) == 1


def test_other_trouble_of_the_system_is_the_askers(writer: Writer) -> None:
    """Give other errors of the system to who asked."""

    def work(root: Root) -> None:
        _add(root)
        raise OSError(errno.EPERM, "no")

    with pytest.raises(OSError, match="no"):
        writer.submit(work).result(WAIT_S)
    assert writer.submit(_add).result(WAIT_S) == 1


class Between:
    """A relay before the ZEO process that cuts the connection at a message: before it arrives, or after it was done."""

    def __init__(self, zeo: Zeo, path: Path) -> None:
        """Listen on another socket."""
        self._zeo = zeo
        self.path = path
        self.cut: tuple[bytes, bool] | None = None
        "What to look for in a message, and whether the process still gets it."
        self.cuts = 0
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _address = self._listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(str(self._zeo.socket))
            gone = threading.Event()
            threading.Thread(target=self._up, args=(client, server, gone), daemon=True).start()
            threading.Thread(target=self._down, args=(server, client, gone), daemon=True).start()

    def _up(self, client: socket.socket, server: socket.socket, gone: threading.Event) -> None:
        stream = client.makefile("rb")
        while len(head := stream.read(4)) == 4:
            body = stream.read(struct.unpack(">I", head)[0])
            if self.cut and self.cut[0] in body:
                passes = self.cut[1]
                self.cut = None
                self.cuts += 1
                gone.set()
                if passes:
                    server.sendall(head + body)
                    server.settimeout(0.5)
                    with suppress(TimeoutError):
                        server.recv(1 << 16)
                break
            server.sendall(head + body)
        self._end(client, server)

    def _down(self, server: socket.socket, client: socket.socket, gone: threading.Event) -> None:
        while True:
            try:
                server.settimeout(0.05)
                data = b"" if gone.is_set() else server.recv(1 << 16)
            except TimeoutError:
                continue
            except OSError:
                return
            if not data:
                return
            client.sendall(data)

    @staticmethod
    def _end(*peers: socket.socket) -> None:
        for peer in peers:
            peer.close()


@pytest.mark.parametrize("word", [b"tpc_begin", b"vote", b"tpc_finish"])
@pytest.mark.parametrize("passes", [False, True])
def test_work_is_done_once_wherever_the_connection_is_lost(
    zeo: Zeo, clock: Clock, tmp_path: Path, word: bytes, *, passes: bool
) -> None:
    """Do work exactly once though the connection is cut before or after any message of its commit."""
    between = Between(zeo, tmp_path / "between.sock")
    opened = Writer(Where(uri=uri_of(between.path, PEOPLE), storage=PEOPLE, read_only=False, wait_s=5), clock)
    opened.submit(_add).result(WAIT_S)
    between.cut = (word, passes)
    again = opened.submit(_add)
    assert again.result(WAIT_S) == 2
    assert between.cuts == 1
    assert opened.submit(_add).result(WAIT_S) == 3
    opened.close()
    between.close()
