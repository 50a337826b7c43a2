"""A recorded stretch replays to the bit, and the first difference is named."""

from collections.abc import Callable

import msgspec
import pytest

from appliance import api
from appliance.core import effects, facts
from appliance.replay import Recorded, explain, explain_wait, replay, versions_of
from tests.commands.recorded import journal_of
from tests.core.world import World


def recorded(after: int = 0) -> Recorded:
    """Record a call that is answered and ends, from the so-manieth fact on."""
    world = World()
    world.sign_on("ann")
    world.call()
    line = world.talk()
    world.run(5)
    world.exchange.end(line.leg)
    world.run(60)
    return journal_of(world.versions, world.facts, begin_at=after)


@pytest.mark.parametrize("after", [0, 7])
def test_what_was_recorded_replays(after: int) -> None:
    """From the journal's beginning, and from a snapshot in it; also after it was written down and read."""
    told = msgspec.msgpack.decode(msgspec.msgpack.encode(recorded(after)), type=Recorded)
    seen: list[int] = []
    done = replay(told, lambda row, _asked: seen.append(row.sequence))
    assert (done.difference, done.rows) == (None, len(told.rows))
    assert seen == [row.sequence for row in told.rows]
    assert not done.centre.state.interactions


def _with_kept(row: api.Row) -> api.Row:
    return msgspec.structs.replace(row, kept=())


def _with_other_fact(row: api.Row) -> api.Row:
    return msgspec.structs.replace(row, fact=facts.Due())


def _with_other_sum(row: api.Row) -> api.Row:
    return msgspec.structs.replace(row, effects_sum=1)


def _with_other_about(row: api.Row) -> api.Row:
    return msgspec.structs.replace(row, about=("nobody",))


def _earlier(row: api.Row) -> api.Row:
    return msgspec.structs.replace(row, now=0)


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("kept", _with_kept),
        ("kept", _with_other_fact),
        ("effects", _with_other_sum),
        ("about", _with_other_about),
        ("time", _earlier),
    ],
)
def test_the_first_difference_is_named(what: str, change: Callable[[api.Row], api.Row]) -> None:
    """By its row and by what differs."""
    told = recorded()
    at = next(n for n, row in enumerate(told.rows) if row.kept)
    rows = (*told.rows[:at], change(told.rows[at]), *told.rows[at + 1 :])
    done = replay(msgspec.structs.replace(told, rows=rows))
    assert done.difference is not None
    assert (done.difference.what, done.difference.row) == (what, rows[at])
    assert done.difference.recorded != done.difference.replayed


def test_a_row_that_is_missing_is_seen() -> None:
    """By its number."""
    told = recorded()
    done = replay(msgspec.structs.replace(told, rows=(*told.rows[:5], *told.rows[6:])))
    assert done.difference is not None
    assert done.difference.what == "sequence"
    assert done.rows == 6


def test_the_versions_of_a_stretch_are_named() -> None:
    """Each once, so that they can be kept beside it."""
    told = recorded()
    assert versions_of(told.rows) == tuple(told.configurations)


@pytest.mark.parametrize("after", [0, 3])
def test_a_decision_is_explained_by_every_candidate(after: int) -> None:
    """Who could have been chosen, in order, and why the others could not; nothing for a decision of another day."""
    told = recorded(after)
    (decided,) = [kept for row in told.rows for kept in row.kept if isinstance(kept, effects.Decided)]
    choice = explain(told, decided)
    assert choice is not None
    assert choice.eligible == (decided.chosen, *decided.next)
    assert choice.others == {"bob": "signed_out"}
    assert explain(told, msgspec.structs.replace(decided, offer="o-9")) is None


def test_a_wait_without_an_offer_is_explained() -> None:
    """Moment by moment: by which reasons the workgroup's agents were left out, and how many were before the caller."""
    world = World()
    world.call()
    line = world.call()
    begin = world.clock.now
    world.run(10)
    world.sign_on("ann")
    world.talk()
    world.run(10)
    world.take(facts.ExchangeLost(exchange="simulated"))
    world.run(10)
    end = world.clock.now
    told = journal_of(world.versions, world.facts)
    at = [begin, begin + 5_000_000, begin + 15_000_000, end]
    looks = explain_wait(told, line.interaction, at)
    assert [look.at for look in looks] == at
    assert [look.excluded for look in looks] == [{"signed_out": 2}] * 2 + [{"signed_out": 1, "talking": 1}] * 2
    assert [look.ahead for look in looks] == [1, 1, 0, 0]
    assert [look.in_sight for look in looks] == [True, True, True, False]
    assert {look.eligible for look in looks} == {0}


def test_who_does_not_wait_or_is_offered_needs_no_explanation() -> None:
    """Before the call, while a phone rings, in the conversation, and for an interaction that there is not."""
    world = World()
    world.sign_on("ann")
    before = world.clock.now
    line = world.call()
    rings = world.clock.now
    world.talk()
    world.run(5)
    told = journal_of(world.versions, world.facts)
    assert explain_wait(told, line.interaction, [before, rings, world.clock.now]) == []
    assert explain_wait(told, "000001-99999999", [rings]) == []
