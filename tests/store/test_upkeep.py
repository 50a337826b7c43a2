"""The journal's upkeep: calls go into columns and are found as before, old rows go, a day can be read for replay."""

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count

import msgspec
import pytest

from appliance import api
from appliance.core import effects
from appliance.core.cdr import CDR, Outcome
from appliance.store.batches import CHUNK, PAGE
from appliance.store.opened import Store
from appliance.store.reader import Query, Reader
from appliance.store.schema import JournalTables, tables
from appliance.store.upkeep import SWEPT, Retention, Upkeep, is_due
from tests.store.calls import a_year, by_end
from tests.store.stand import BEGIN, SECOND, Clock, Zeo, a_row, until

WAIT_S = 60
DAY = 86_400 * SECOND
Count = Callable[[Callable[[JournalTables], int]], int]


def journalled(store: Store, calls: list[CDR], first: int = 1) -> None:
    """File calls, thirty-two a commit or more."""
    for sequence, cdr in enumerate(calls, first):
        row = api.Row(
            sequence=sequence,
            now=cdr.ended,
            fact=a_row(1).fact,
            kept=(effects.CallFiled(cdr=cdr),),
            about=(cdr.interaction,),
        )
        while not store.journal.append(row):
            store.journal.flush().result(WAIT_S)
    store.journal.flush().result(WAIT_S)


@pytest.fixture
def ask(stand: Zeo, clock: Clock) -> Iterator[Count]:
    """Ask the journal's tables, as a second writer may only in a test."""
    writer = stand.writer("journal", clock)

    def asked(work: Callable[[JournalTables], int]) -> int:
        return writer.submit(lambda root: work(tables(root, JournalTables))).result(WAIT_S)

    yield asked
    writer.close()


@pytest.fixture(scope="module")
def calls() -> list[CDR]:
    """Give two chunks, two pages and some more."""
    return by_end(a_year(2 * CHUNK + 2 * PAGE + 20, length_s=10 * 86_400))


def test_calls_in_columns_are_found_as_before(store: Store, reader: Reader, ask: Count, calls: list[CDR]) -> None:
    """List, filter, look up and tell calls that are in chunks, on pages and in batches alike."""
    store.journal.recover().result(WAIT_S)
    journalled(store, calls)
    until(lambda: ask(lambda journal: journal.numbers.get(SWEPT, 0)) == 2, "two chunks are pressed and swept")
    assert ask(lambda journal: len(journal.pages)) == 2
    assert ask(lambda journal: len(journal.interactions)) == ask(lambda journal: len(journal.parties))
    assert ask(lambda journal: len(journal.parties)) == 2 * PAGE + 20, "the indexes know of the others alone"

    assert reader.count() == len(calls)
    numbered = dict(enumerate(calls, 1))
    middle = calls[CHUNK].began
    suiting: dict[tuple[tuple[str, object], ...], Callable[[CDR], bool]] = {
        (): lambda _cdr: True,
        (("queue", "sales"), ("agent", "agent7")): lambda cdr: (cdr.queue, cdr.agent) == ("sales", "agent7"),
        (("outcome", "abandoned"), ("number", "2001")): lambda cdr: (
            cdr.outcome is Outcome.ABANDONED and cdr.number == "2001"
        ),
        (("recorded", False),): lambda cdr: not cdr.recording,
        (("since", middle), ("until", middle + DAY)): lambda cdr: middle <= cdr.began < middle + DAY,
        (("text", calls[77].interaction),): lambda cdr: cdr is calls[77],
        (("agent", "nobody"),): lambda _cdr: False,
    }
    for fields, suits in suiting.items():
        query = Query(size=100_000, **dict(fields))  # type: ignore[arg-type]  # fields of a query
        found = reader.calls(query)
        wanted = [(ordinal, cdr) for ordinal, cdr in reversed(numbered.items()) if suits(cdr)]
        assert [(listed.ordinal, listed.cdr) for listed in found.calls] == wanted, fields
    before = reader.calls(Query(before=CHUNK + 3, size=5))
    assert ([listed.ordinal for listed in before.calls], before.more) == (
        [CHUNK + 2, CHUNK + 1, CHUNK, CHUNK - 1, CHUNK - 2],
        True,
    )
    pages = [reader.calls(Query(size=3_000, page=page)) for page in range(4)]
    assert [listed.ordinal for page in pages for listed in page.calls] == list(range(len(calls), 0, -1))
    assert [page.more for page in pages] == [True, True, False, False]

    for ordinal in (1, CHUNK, CHUNK + 1, 2 * CHUNK + 1, len(calls)):
        told = reader.call_by(ordinal)
        assert told is not None
        assert (told.cdr, told.ordinal) == (numbered[ordinal], ordinal)
        assert [row.sequence for row in told.rows] == [ordinal]
    assert reader.call_by(len(calls) + 1) is None
    assert reader.first_of(calls[CHUNK].ended) == CHUNK + 1
    ((often, _times),) = Counter(cdr.party for cdr in calls).most_common(1)
    past = [ordinal for ordinal, cdr in reversed(numbered.items()) if cdr.party == often]
    assert len(past) > 1
    assert [listed.ordinal for listed in reader.past_calls(often)] == past
    assert [listed.ordinal for listed in reader.past_calls(often, 1)] == past[:1]


def test_what_is_said_after_a_call_went_into_columns_is_told_too(
    store: Store, reader: Reader, ask: Count, calls: list[CDR]
) -> None:
    """A wrap-up that is filed later belongs to its call."""
    store.journal.recover().result(WAIT_S)
    journalled(store, calls[:CHUNK])
    until(lambda: ask(lambda journal: journal.numbers.get(SWEPT, 0)) == 1, "the chunk is swept")
    name = calls[9].interaction
    work = effects.WorkFiled(interaction=name, agent="ann", queue="sales", wrap_up_us=SECOND)
    store.journal.append(a_row(9_000, name, kept=(work,)))
    store.journal.flush().result(WAIT_S)
    told = reader.call(name)
    assert told is not None
    assert (told.works, [row.sequence for row in told.rows], told.ordinal) == ((work,), [10, 9_000], 10)


def test_killed_between_pressing_and_sweeping_goes_on(stand: Zeo, clock: Clock, calls: list[CDR]) -> None:
    """A start finishes what the last one began."""
    store = stand.store(clock)
    store.journal.recover().result(WAIT_S)
    store.journal.paged = lambda: None
    journalled(store, calls[:CHUNK])
    store.close()
    writer = stand.writer("journal", clock)
    assert writer.submit(lambda root: is_due(tables(root, JournalTables))).result(WAIT_S)
    lost = Upkeep(writer, uri="zeo:///nowhere.sock?storage=journal", clock=lambda: 0)
    until(lambda: lost.failures > 0, "a presser that finds no store is counted")
    lost.close()
    upkeep = Upkeep(writer, uri=stand.where("journal").uri, clock=lambda: 0)
    until(lambda: not writer.submit(lambda root: is_due(tables(root, JournalTables))).result(WAIT_S), "it is done")
    writer.submit(lambda root: root["numbers"].pop(SWEPT)).result(WAIT_S)
    upkeep.wake()
    until(lambda: not writer.submit(lambda root: is_due(tables(root, JournalTables))).result(WAIT_S), "swept again")
    upkeep.close()
    assert upkeep.failures == 0
    writer.close()


def test_rows_are_let_go_by_segments_and_calls_by_chunks(stand: Zeo, clock: Clock, calls: list[CDR]) -> None:
    """Keep what is young, what a start reads, and the records of calls."""
    store = stand.store(clock)
    store.journal.recover().result(WAIT_S)
    days = count(1)
    for start in range(0, len(calls), 1_000):
        part = calls[start : start + 1_000]
        journalled(store, part, start + 1)
        store.journal.snapshot(b"%d" % next(days), start + len(part), "v1").result(WAIT_S)
    store.close()
    writer = stand.writer("journal", clock)
    last = calls[-1].ended
    upkeep = Upkeep(
        writer, uri=stand.where("journal").uri, clock=lambda: last, retention=Retention(journal_days=3, calls_days=3)
    )
    try:

        def least() -> int:
            return writer.submit(lambda root: min(tables(root, JournalTables).chunks, default=-1)).result(WAIT_S)

        until(lambda: upkeep.failures == 0 and least() == 1, "the oldest chunk is gone")
    finally:
        upkeep.close()
    reader = stand.reader()
    assert reader.call_by(1) is None, "let go"
    told = reader.call_by(CHUNK + 1)
    assert told is not None
    assert told.cdr == calls[CHUNK]
    assert told.rows == (), "its facts are too old"
    told = reader.call_by(len(calls))
    assert told is not None
    assert len(told.rows) == 1
    assert reader.history(BEGIN, BEGIN + DAY) is None
    reader.close()
    writer.close()
    again = stand.store(clock)
    recovered = again.journal.recover().result(WAIT_S)
    assert (recovered.snapshot, recovered.sequence, recovered.rows) == (b"%d" % (next(days) - 1), len(calls), ())
    again.close()


def test_day_can_be_read_for_replay(store: Store, reader: Reader) -> None:
    """Give the snapshot before a moment, and every fact from there on."""
    store.journal.recover().result(WAIT_S)
    rows = [msgspec.structs.replace(a_row(number), now=BEGIN + number * DAY // 4) for number in range(1, 41)]
    for row in rows:
        store.journal.append(row)
        store.journal.snapshot(b"%d" % row.sequence, row.sequence, f"v{row.sequence}").result(WAIT_S)
    whole = reader.history(BEGIN, BEGIN + DAY)
    assert whole is not None
    assert (whole.snapshot, whole.rows) == (b"", tuple(rows[:4]))
    some = reader.history(rows[22].now, rows[30].now)
    assert some is not None
    begin = int(some.snapshot)
    assert 18 < begin <= 23, "the first snapshot of its day"
    assert some.rows == tuple(rows[begin:31])
    assert some.configuration == f"v{begin}"
    assert some.release == store.release
