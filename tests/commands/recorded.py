"""Lived days, as a journal would have recorded them."""

from collections.abc import Iterable, Mapping
from functools import cache

from appliance import api
from appliance.core import effects, facts, model
from appliance.core.centre import Centre
from appliance.replay import Recorded, sum_of
from tests.simulation.life import Life


def journal_of(
    versions: Mapping[str, model.Configuration], lived: Iterable[tuple[int, facts.AnyFact]], *, begin_at: int = 0
) -> Recorded:
    """Give the journal of what happened, from a snapshot before the fact of that number on; 0 for all of it."""
    centre = Centre(versions.__getitem__)
    rows: list[api.Row] = []
    snapshot = b""
    for number, (now, fact) in enumerate(lived):
        if number == begin_at:
            snapshot = centre.snapshot() if begin_at else b""
        asked = centre.handle(now, fact)
        if number >= begin_at:
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
    return Recorded(release="test", snapshot=snapshot, configurations=dict(versions), rows=tuple(rows))


@cache
def a_recorded_day(seed: int = 5, calls: int = 150) -> Recorded:
    """Live through a day of the simulator's, faults and all, and give its journal."""
    life = Life(seed, calls)
    life.run()
    return journal_of(life.versions, ((entry.now, entry.fact) for entry in life.box.disk.entries))
