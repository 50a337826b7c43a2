"""A recorded stretch replays to the bit, and the first difference is named."""

from collections import Counter
from collections.abc import Callable

import msgspec
import pytest

from appliance import api
from appliance.core import effects, facts
from appliance.core.centre import Centre
from appliance.replay import Recorded, considered, replay, sum_of, versions_of
from tests.commands.recorded import a_recorded_day
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
    centre = Centre(world.versions.__getitem__)
    rows: list[api.Row] = []
    snapshot = b""
    for now, fact in world.facts:
        if len(rows) == after and after:
            snapshot = centre.snapshot()
        asked = centre.handle(now, fact)
        rows.append(
            api.Row(
                sequence=centre.state.sequence,
                now=now,
                fact=fact,
                kept=tuple(effect for effect in asked if isinstance(effect, effects.Kept)),
                about=centre.about,
                effects_sum=sum_of(asked),
            )
        )
    return Recorded(release="1", snapshot=snapshot, configurations=world.versions, rows=tuple(rows[after:]))


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


def test_everybody_who_was_considered() -> None:
    """A replay up to a decision lists all candidates in order, and each who was left out with the reason."""
    day = a_recorded_day()
    decisions = [kept for row in day.rows for kept in row.kept if isinstance(kept, effects.Decided)]
    for decided in (decisions[0], decisions[len(decisions) // 2], decisions[-1]):
        found = considered(day, decided)
        assert found is not None
        assert decided.chosen in found.eligible
        assert Counter(found.excluded.values()) == Counter(decided.excluded)


def test_a_decision_that_is_not_made_again() -> None:
    """Of facts that were let go, or of another decision, nobody is listed."""
    day = a_recorded_day()
    decided = next(kept for row in day.rows for kept in row.kept if isinstance(kept, effects.Decided))
    assert considered(day, msgspec.structs.replace(decided, position=(1, 10**9))) is None
    assert considered(day, msgspec.structs.replace(decided, strategy="other")) is None
    assert considered(day, msgspec.structs.replace(decided, interaction="other")) is None
