"""The journal: what was committed comes back, once, in order, whatever dies when."""

import signal
import subprocess
import sys

import pytest

from appliance.core import effects, facts
from appliance.store import journal as journal_module
from appliance.store.batches import PAGE
from appliance.store.opened import Store
from appliance.store.reader import Reader
from appliance.store.upkeep import SNAPSHOTS_KEPT
from tests.store.stand import BEGIN, SECOND, Clock, Zeo, a_row, filed, until

WAIT_S = 60


def test_first_start_has_nothing_and_boot_one(store: Store) -> None:
    """Begin with nothing but boot one."""
    recovered = store.journal.recover().result(WAIT_S)
    assert (recovered.boot, recovered.snapshot, recovered.rows, recovered.last_us) == (1, b"", (), 0)


def test_rows_come_back_in_order_with_the_next_boot_number(stand: Zeo, clock: Clock) -> None:
    """Recover every row in order, under the next boot number."""
    first = stand.store(clock)
    first.journal.recover().result(WAIT_S)
    rows = tuple(a_row(number, f"1-{number}") for number in range(1, 2501))
    for row in rows:
        assert first.journal.append(row)
    first.close()

    second = stand.store(clock)
    recovered = second.journal.recover().result(WAIT_S)
    second.close()
    assert recovered.boot == 2
    assert recovered.rows == rows
    assert (recovered.sequence, recovered.last_us) == (2500, rows[-1].now)


def test_snapshot_leaves_only_what_came_after_it(stand: Zeo, clock: Clock) -> None:
    """Recover the snapshot and only what came after it."""
    first = stand.store(clock)
    first.journal.recover().result(WAIT_S)
    for number in range(1, 11):
        first.journal.append(a_row(number))
    done = first.journal.snapshot(b"state", 10, "v1")
    for number in range(11, 14):
        first.journal.append(a_row(number))
    done.result(WAIT_S)
    first.close()

    second = stand.store(clock)
    recovered = second.journal.recover().result(WAIT_S)
    second.close()
    assert (recovered.snapshot, recovered.configuration) == (b"state", "v1")
    assert [row.sequence for row in recovered.rows] == [11, 12, 13]
    assert recovered.release


def test_snapshot_without_rows_after_it_tells_when_it_was(stand: Zeo, clock: Clock) -> None:
    """Know the time of a snapshot that nothing came after, and keep few snapshots."""
    first = stand.store(clock)
    first.journal.recover().result(WAIT_S)
    first.journal.append(a_row(1))
    first.journal.snapshot(b"state", 1, "v1").result(WAIT_S)
    first.close()
    second = stand.store(clock)
    recovered = second.journal.recover().result(WAIT_S)
    assert (recovered.rows, recovered.sequence, recovered.last_us) == ((), 1, BEGIN + SECOND)
    for number in range(2, 6):
        second.journal.append(a_row(number))
        second.journal.snapshot(b"state", number, "v1").result(WAIT_S)
    assert _count(second, "snapshots") == SNAPSHOTS_KEPT + 1, "the first one of the day is kept too"
    second.close()


def test_promises_are_told_after_the_commit_that_holds_their_cause(store: Store, stand: Zeo) -> None:
    """Tell sequence numbers in order, each after a reader can see its row."""
    told: list[int] = []
    store.journal.recover().result(WAIT_S)
    errors: list[BaseException] = []
    store.journal.listen(told.append, errors.append)
    for number in range(1, 101):
        store.journal.append(a_row(number, "1-1", kept=(filed("1-1"),) if number == 100 else ()))
    store.journal.flush().result(WAIT_S)
    assert not errors
    assert told == sorted(told)
    assert told[-1] == 100
    assert store.journal.backlog == 0
    page = stand.reader()
    assert page.count() == 1
    page.close()


def test_busy_journal_gathers_rows_into_few_commits(store: Store) -> None:
    """Gather thousands of rows into a handful of commits."""
    told: list[int] = []
    store.journal.recover().result(WAIT_S)
    errors: list[BaseException] = []
    store.journal.listen(told.append, errors.append)
    for number in range(1, 3001):
        store.journal.append(a_row(number))
    store.journal.flush().result(WAIT_S)
    assert not errors
    assert len(told) <= 10


def test_full_backlog_takes_no_more(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Take no row beyond the limit."""
    monkeypatch.setattr(journal_module, "BACKLOG_MAX", 0)
    assert not store.journal.append(a_row(1))


def test_row_that_is_not_unicode_is_mended_and_kept(stand: Zeo, clock: Clock) -> None:
    """Mend text that is not Unicode, for what happened has happened."""
    first = stand.store(clock)
    first.journal.recover().result(WAIT_S)
    fact = facts.ConfigurationPublished(version="v\ud800")
    first.journal.append(a_row(1, fact=fact, kept=(filed("1-1", trunk="t\udfff"),)))
    first.close()
    second = stand.store(clock)
    recovered = second.journal.recover().result(WAIT_S)
    second.close()
    assert recovered.rows[0].fact == facts.ConfigurationPublished(version="v?")


def test_failed_journal_says_so(stand: Zeo, clock: Clock) -> None:
    """Say so when nothing can be journalled any more."""
    store = stand.store(clock)
    store.journal.recover().result(WAIT_S)
    errors: list[BaseException] = []
    store.journal.listen(lambda _sequence: None, errors.append)
    store.close()
    store.journal.append(a_row(1))
    assert errors


def test_call_is_told_from_its_first_fact_to_what_was_said_afterwards(store: Store, reader: Reader) -> None:
    """Tell a call from its first fact to what was said after its end."""
    journal = store.journal
    journal.recover().result(WAIT_S)
    for number in range(1, 40):
        kept: tuple[effects.Kept, ...] = (filed("1-1"),) if number == 20 else ()
        journal.append(a_row(number, "1-1" if number % 10 == 0 else "1-2", kept=kept))
        journal.flush().result(WAIT_S)
    work = effects.WorkFiled(interaction="1-1", agent="ann", queue="support", wrap_up_us=1)
    journal.append(a_row(40, "1-1", kept=(work,)))
    journal.flush().result(WAIT_S)

    told = reader.call("1-1")
    assert told is not None
    assert [row.sequence for row in told.rows] == [10, 20, 30, 40]
    assert told.works == (work,)
    assert told.ordinal == 1
    assert reader.call("1-2") is None, "a call that goes on is not in the list"


def test_call_is_told_whole_across_a_restart(stand: Zeo, clock: Clock, reader: Reader) -> None:
    """Tell a call whole that a restart has cut in two."""
    first = stand.store(clock)
    first.journal.recover().result(WAIT_S)
    first.journal.append(a_row(1, "1-1"))
    first.journal.snapshot(b"", 1, "").result(WAIT_S)
    first.journal.append(a_row(2, "1-1"))
    first.close()
    second = stand.store(clock)
    second.journal.recover().result(WAIT_S)
    second.journal.append(a_row(3, "1-1", kept=(filed("1-1"),)))
    second.close()
    told = reader.call("1-1")
    assert told is not None
    assert [row.sequence for row in told.rows] == [1, 2, 3]


def test_pages_of_calls_keep_their_numbers(store: Store, reader: Reader) -> None:
    """Find a call by its number, in the newest batches and on pages."""
    journal = store.journal
    journal.recover().result(WAIT_S)
    calls = PAGE * 2 + 30
    for number in range(1, calls + 1):
        name = f"1-{number}"
        times = {"began": BEGIN + number * SECOND, "ended": BEGIN + (number + 10) * SECOND}
        journal.append(a_row(number, name, kept=(filed(name, party=f"p{number % 5}", **times),)))
        if number % 7 == 0:
            journal.flush().result(WAIT_S)
    journal.flush().result(WAIT_S)
    assert reader.count() == calls
    for number in (1, PAGE, PAGE + 1, PAGE * 2, PAGE * 2 + 1, calls):
        told = reader.call_by(number)
        assert told is not None
        assert (told.cdr.interaction, told.ordinal) == (f"1-{number}", number)
    assert reader.call_by(calls + 1) is None
    assert reader.call_by(0) is None
    assert reader.first_of(BEGIN + (100 + 10) * SECOND) == 100
    assert reader.first_of(BEGIN + 10**6 * SECOND) == calls + 1
    assert [listed.cdr.party for listed in reader.past_calls("p3", limit=4)] == ["p3"] * 4
    assert _count(store, "pages") == 2


def test_killed_daemon_loses_nothing_that_it_was_told_was_committed(stand: Zeo, clock: Clock) -> None:
    """Recover, after any kill, everything that was said to be committed, and nothing twice."""
    for boot in range(1, 4):
        program = [sys.executable, "-m", "tests.store.killed_daemon", str(stand.folder), str(stand.socket)]
        with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as daemon:
            assert daemon.stdout is not None
            told = [int(daemon.stdout.readline()) for _ in range(5 * boot)]
            daemon.send_signal(signal.SIGKILL)
        store = stand.store(clock)
        recovered = store.journal.recover().result(WAIT_S)
        store.close()
        sequences = [row.sequence for row in recovered.rows]
        assert sequences == list(range(1, len(sequences) + 1))
        assert sequences[-1] >= told[-1]
        assert recovered.boot == 2 * boot


def test_zeo_killed_under_load_loses_nothing_and_doubles_nothing(zeo: Zeo, store: Store, clock: Clock) -> None:
    """Go on after the ZEO process was killed under load: nothing lost, nothing doubled."""
    told: list[int] = []
    store.journal.recover().result(WAIT_S)
    errors: list[BaseException] = []
    store.journal.listen(told.append, errors.append)
    sequence = 0
    for _round in range(4):
        for _ in range(200):
            sequence += 1
            store.journal.append(a_row(sequence, f"1-{sequence}", kept=(filed(f"1-{sequence}"),)))
        zeo.kill()
        zeo.start()
    store.journal.flush().result(60)
    until(lambda: told[-1] == sequence, "everything is told")
    assert not errors
    store.close()
    again = zeo.store(clock)
    rows = again.journal.recover().result(WAIT_S).rows
    again.close()
    assert [row.sequence for row in rows] == list(range(1, sequence + 1))
    page = zeo.reader()
    assert page.count() == sequence
    page.close()


def _count(store: Store, table: str) -> int:
    writer = store.journal._writer  # noqa: SLF001  a look at the tables themselves
    return writer.submit(lambda root: len(root[table])).result(WAIT_S)
