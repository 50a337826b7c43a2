"""The 20 ms beat of all audio that is sent: one timer, kept to its grid, which says when the machine fell behind."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from twisted.internet.interfaces import IDelayedCall, IReactorTime

TICK_S = 0.02
LATE_S = 0.01
"A beat that comes later than this counts as late."
BEHIND_MAX = 5
"So many missed beats are made up for at once; what is beyond is skipped."

Beat = Callable[[int], None]
"Is called at each beat with the number of beats skipped just before it."


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How well the beat was kept: a load generator that fell behind has proved nothing."""

    beats: int = 0
    late: int = 0
    "Beats that came more than 10 ms late."
    skipped: int = 0
    "Beats that never came; their packets were not sent."
    late_s_max: float = 0.0

    @property
    def late_share(self) -> float:
        """Late and skipped beats among all."""
        return (self.late + self.skipped) / max(1, self.beats + self.skipped)


class MediaClock:
    """Calls each stream every 20 ms while there is one. One serves a phone, or all phones of a process."""

    def __init__(self, reactor: IReactorTime, monotonic: Callable[[], float] = time.monotonic) -> None:
        """`monotonic` tells the time in seconds; a reactor's own clock may leap."""
        self.now = monotonic
        self._reactor = reactor
        self._beats: dict[int, Beat] = {}
        self._next_number = 0
        self._due = 0.0
        self._timer: IDelayedCall | None = None
        self._pace = Pace()
        self._counted = [0, 0, 0]
        self._late_s_max = 0.0

    @property
    def pace(self) -> Pace:
        """How well the beat was kept so far."""
        beats, late, skipped = self._counted
        return Pace(beats=beats, late=late, skipped=skipped, late_s_max=self._late_s_max)

    @property
    def idle(self) -> bool:
        """Whether nobody is called, and no timer runs."""
        return self._timer is None

    def add(self, beat: Beat) -> Callable[[], None]:
        """Call `beat` from now on; give what ends that."""
        number = self._next_number
        self._next_number += 1
        self._beats[number] = beat
        if self._timer is None:
            self._due = self.now() + TICK_S
            self._timer = self._reactor.callLater(TICK_S, self._fire)

        def remove() -> None:
            self._beats.pop(number, None)
            if not self._beats and self._timer is not None:
                if self._timer.active():
                    self._timer.cancel()
                self._timer = None

        return remove

    def _fire(self) -> None:
        late_s = self.now() - self._due
        missed = max(0, int(late_s / TICK_S))
        skipped = max(0, missed - BEHIND_MAX)
        for catch_up in range(missed - skipped + 1):
            lateness_s = late_s - TICK_S * (skipped + catch_up)
            self._counted[0] += 1
            self._counted[1] += lateness_s > LATE_S
            for beat in tuple(self._beats.values()):
                beat(0 if catch_up else skipped)
        self._counted[2] += skipped
        self._late_s_max = max(self._late_s_max, late_s)
        self._due += TICK_S * (missed + 1)
        self._timer = self._reactor.callLater(max(0.0, self._due - self.now()), self._fire) if self._beats else None
