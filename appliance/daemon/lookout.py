"""The lookout: holds every invariant of the Centre against every fact in production, logs and counts what is broken.

It asks for nothing and stops nothing: a call goes on whatever it finds.
"""

from collections.abc import Callable

from twisted.logger import Logger

from appliance import api
from appliance.core import effects
from appliance.core.centre import Centre
from appliance.core.invariants import Watch

LOGGED_MAX = 100
"Findings that are written into the log; all are counted."
SWEEP, DEPTH = 1, 4
"See `Watch`: at 2,000 facts a second the simulator's own, 2 and 32, leave the loop no time (`reactor-stall`)."
FAILED = "watch_failed"
"What is counted when the watch itself fails."

report = Logger()


def light(centre: Centre) -> Watch:
    """Make a watch that calls can afford; what its shorter questions leave out the sweep comes to later."""
    return Watch(centre, sweep=SWEEP, depth=DEPTH)


class Lookout:
    """Looks on at a Centre."""

    def __init__(self, centre: Centre, watch: Callable[[Centre], Watch] = light) -> None:
        """Begin with what the Centre remembers; `watch` makes what looks."""
        self.counts: dict[str, int] = {}
        "How often each invariant was found broken."
        self._centre = centre
        self._make = watch
        self._watch = watch(centre)
        self._logged = 0

    def look(self, row: api.Row, asked: tuple[effects.AnyEffect, ...]) -> None:
        """Hear of a fact right after it was handled. Never raises."""
        try:
            broken = self._watch.look(row.now, row.fact, asked)
        except Exception:  # noqa: BLE001  whoever looks on must not disturb; it begins anew, and is counted
            self._count(FAILED)
            if self._may_log():
                report.failure("the watch failed at fact {sequence}", sequence=row.sequence)
            self._watch = self._make(self._centre)
            return
        for found in broken:
            self._count(str(found.rule))
            if self._may_log():
                report.error(
                    "invariant {rule} is broken after fact {sequence}: {about} {detail}",
                    rule=str(found.rule),
                    sequence=row.sequence,
                    about=found.about,
                    detail=found.detail,
                )

    def _count(self, rule: str) -> None:
        self.counts[rule] = self.counts.get(rule, 0) + 1

    def _may_log(self) -> bool:
        self._logged += 1
        return self._logged <= LOGGED_MAX
