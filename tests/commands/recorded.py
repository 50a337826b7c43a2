"""A day that the simulator lived through, as a journal would have recorded it."""

from functools import cache

from appliance import api
from appliance.core import effects
from appliance.core.centre import Centre
from appliance.replay import Recorded, sum_of
from tests.simulation.life import Life


@cache
def a_recorded_day(seed: int = 5, calls: int = 150) -> Recorded:
    """Live through a day, faults and all, and give its journal."""
    life = Life(seed, calls)
    life.run()
    centre = Centre(life.versions.__getitem__)
    rows: list[api.Row] = []
    for entry in life.box.disk.entries:
        asked = centre.handle(entry.now, entry.fact)
        rows.append(
            api.Row(
                sequence=centre.state.sequence,
                now=entry.now,
                fact=entry.fact,
                kept=tuple(effect for effect in asked if isinstance(effect, effects.Kept)),
                about=centre.about,
                effects_sum=sum_of(asked),
            )
        )
    return Recorded(release="test", configurations=life.versions, rows=tuple(rows))
