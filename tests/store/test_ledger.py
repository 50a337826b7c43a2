"""The list of calls as pages ask for it, fresh and without loading everything."""

from collections.abc import Callable

import pytest

from appliance.core import effects, facts
from appliance.core.cdr import Outcome, Segment, Stretch
from appliance.store import ledger
from appliance.store.batches import PAGE
from appliance.store.guard import StoreAbsentError
from appliance.store.opened import Store
from appliance.store.reader import Calls, Query, Reader
from tests.store.stand import BEGIN, SECOND, Clock, Zeo, a_row, filed

WAIT_S = 60
HOUR = 3600 * SECOND

File = Callable[..., str]


@pytest.fixture
def file(store: Store) -> File:
    """File a call at the hour of its number, and commit it."""
    store.journal.recover().result(WAIT_S)
    state = {"sequence": 0}

    def file_one(**other: object) -> str:
        state["sequence"] += 1
        number = state["sequence"]
        name = f"1-{number}"
        times = {"began": BEGIN + number * HOUR, "ended": BEGIN + number * HOUR + 60 * SECOND}
        store.journal.append(a_row(number, name, kept=(filed(name, **(times | other)),)))
        store.journal.flush().result(WAIT_S)
        return name

    return file_one


def _names(calls: Calls) -> list[str]:
    return [listed.cdr.interaction for listed in calls.calls]


def test_reader_sees_every_commit_at_once(store: Store, reader: Reader) -> None:
    """See what was committed right after its commit, two thousand times of two thousand."""
    for number in range(1, 2001):
        store.people.set_names({"ann": str(number)}).result(WAIT_S)
        assert reader.names() == {"ann": str(number)}, "a stale read"


def test_list_is_filtered_by_everything_that_a_page_offers(store: Store, reader: Reader, file: File) -> None:
    """Find calls by time, queue, agent, number, outcome, recording and text, newest first."""
    known = store.people.party_of("13800138000", "Wang Fang", BEGIN).result(WAIT_S).party
    other = store.people.party_of("021555", "Li", BEGIN).result(WAIT_S).party
    flowed = (Segment(stretch=Stretch.WAITING, since=BEGIN, until=BEGIN, queue="sales", agent="eve"),)
    file(party=known)
    file(party=other, queue="sales", agent="bob", number="3000")
    file(party=other, outcome=Outcome.ABANDONED, agent="", recording="r1")
    file(party="erased", segments=flowed)
    asked = {
        (): [4, 3, 2, 1],
        (("since", BEGIN + 3 * HOUR),): [4, 3],
        (("until", BEGIN + 3 * HOUR),): [2, 1],
        (("since", BEGIN + 2 * HOUR), ("until", BEGIN + 3 * HOUR)): [2],
        (("queue", "sales"),): [4, 2],
        (("agent", "bob"),): [2],
        (("agent", "eve"),): [4],
        (("number", "3000"),): [2],
        (("outcome", "abandoned"),): [3],
        (("recorded", True),): [3],
        (("recorded", False),): [4, 2, 1],
        (("text", "fang"),): [1],
        (("text", "5"),): [3, 2],
        (("text", "1-4"),): [4],
        (("text", "nobody"),): [],
    }
    for fields, wanted in asked.items():
        found = reader.calls(Query(**dict(fields)))  # type: ignore[arg-type]  # fields of a query
        assert _names(found) == [f"1-{number}" for number in wanted], fields
    labels = [listed.label for listed in reader.calls(Query()).calls]
    assert [label.name for label in labels] == ["", "Li", "Li", "Wang Fang"]


def test_list_comes_in_pages_without_loading_everything(store: Store, reader: Reader) -> None:
    """Page through a long list; look at no more calls than the page needs, and skip what time leaves out."""
    store.journal.recover().result(WAIT_S)
    calls = 3 * PAGE
    for number in range(1, calls + 1):
        times = {"began": BEGIN + number * HOUR, "ended": BEGIN + number * HOUR + SECOND}
        store.journal.append(a_row(number, f"1-{number}", kept=(filed(f"1-{number}", **times),)))
    store.journal.flush().result(WAIT_S)
    first = reader.calls(Query(size=20))
    assert (_names(first)[0], len(first.calls), first.more, first.scanned) == (f"1-{calls}", 20, True, 21)
    second = reader.calls(Query(size=20, page=1))
    assert _names(second)[0] == f"1-{calls - 20}"
    last = reader.calls(Query(size=20, page=calls // 20))
    assert (_names(last)[-1], last.more) == ("1-1", False)
    early = reader.calls(Query(since=BEGIN + 10 * HOUR, until=BEGIN + 20 * HOUR))
    assert _names(early) == [f"1-{number}" for number in range(19, 9, -1)]


def test_query_stops_somewhere(reader: Reader, file: File, monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at so many calls and no more."""
    for _ in range(5):
        file()
    monkeypatch.setattr(ledger, "SCAN_MAX", 3)
    assert reader.calls(Query(agent="nobody")).scanned == 4


def test_call_is_told_with_everything_about_it(store: Store, reader: Reader, file: File) -> None:
    """Tell facts, decisions, wrap-ups, notes and recording of a call, and only its own."""
    name = file(recording="r1")
    chosen = effects.Candidate("ann", (0, "ann"))
    decided = effects.Decided(offer="o1", interaction=name, queue="support", strategy="longest_idle", chosen=chosen)
    others = effects.Decided(offer="o2", interaction="1-9", queue="support", strategy="longest_idle", chosen=chosen)
    work = effects.WorkFiled(interaction=name, agent="ann", queue="support", wrap_up_us=SECOND, disposition="order")
    quarantined = effects.Quarantined(fact="due", error="ValueError", interactions=(name,))
    store.journal.append(a_row(50, name, kept=(decided, others, work, quarantined), fact=facts.Started(boot=1)))
    store.journal.append(a_row(51, "1-9"))
    store.people.write_note(name, "p1", "ann", "called about #88", BEGIN)
    order = store.people.begin_recording("r1", exchange="box", interaction=name, party="p1", now_us=BEGIN).result(
        WAIT_S
    )
    assert order is not None
    store.journal.flush().result(WAIT_S)
    told = reader.call(name)
    assert told is not None
    assert [row.sequence for row in told.rows] == [1, 50]
    assert (told.decisions, told.works) == ((decided,), (work,))
    assert [note.text for note in told.notes] == ["called about #88"]
    assert told.recording is None, "it is not sealed yet"
    from appliance.store.orders import Sealed  # noqa: PLC0415  this story alone needs it

    store.people.sealed(Sealed(recording="r1", file=order.file, samples=16_000), BEGIN).result(WAIT_S)
    told = reader.call(name)
    assert told is not None
    assert told.recording is not None
    assert told.recording.seconds == 2.0
    assert reader.call("1-9") is None
    assert reader.call("unknown") is None


def test_several_calls_in_one_commit_keep_apart(store: Store, reader: Reader) -> None:
    """Tell calls apart that were filed in the same batch, and in the same row."""
    store.journal.recover().result(WAIT_S)
    kept = (filed("1-1", party="a"), filed("1-2", party="b"))
    store.journal.append(a_row(1, "1-1", "1-2", kept=kept))
    store.journal.append(a_row(2, "1-3", kept=(filed("1-3", party="a"),)))
    store.journal.flush().result(WAIT_S)
    assert [(listed.ordinal, listed.cdr.interaction) for listed in reader.past_calls("a")] == [(3, "1-3"), (1, "1-1")]
    for ordinal in (1, 2, 3):
        told = reader.call_by(ordinal)
        assert told is not None
        assert (told.ordinal, told.cdr.interaction) == (ordinal, f"1-{ordinal}")


def test_absent_store_is_said_and_comes_back(zeo: Zeo, clock: Clock) -> None:
    """Say in one line that nothing answers, also when it went away, and read on when it is back."""
    zeo.stop()
    reader = zeo.reader_within(0.5)
    with pytest.raises(StoreAbsentError, match="start the store first"):
        reader.count()
    zeo.start()
    assert reader.count() == 0
    zeo.kill()
    with pytest.raises(StoreAbsentError):
        reader.count()
    zeo.start()
    store = zeo.store(clock)
    store.journal.recover().result(WAIT_S)
    store.journal.append(a_row(1, "1-1", kept=(filed("1-1"),)))
    store.close()
    reader.close()
    assert reader.count() == 1, "it opens again after it was closed"
    reader.close()


def test_calls_that_are_filed_late_hide_none_before_them(store: Store, reader: Reader) -> None:
    """Find all that began since a moment, though a whole page of older calls was filed after them."""
    store.journal.recover().result(WAIT_S)
    late = {"began": BEGIN + 2 * HOUR, "ended": BEGIN + 3 * HOUR}
    alone = {"began": BEGIN, "ended": BEGIN + SECOND, "alone": True}
    for number in range(1, 2 * PAGE + 1):
        times = late if number <= PAGE else alone
        store.journal.append(a_row(number, f"1-{number}", kept=(filed(f"1-{number}", **times),)))
    store.journal.flush().result(WAIT_S)
    found = reader.calls(Query(since=BEGIN + HOUR, size=2 * PAGE)).calls
    assert {listed.cdr.interaction for listed in found} == {f"1-{number}" for number in range(1, PAGE + 1)}
    assert len(reader.calls(Query(since=BEGIN, until=BEGIN + HOUR, size=2 * PAGE)).calls) == PAGE
