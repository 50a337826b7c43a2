"""Centre time: integer microseconds that never go back, whatever the wall clock does.

At the very first start it is the wall clock's microseconds since 1970 (UTC). While the daemon runs it follows the
monotonic clock alone. At each later start it continues from the last journalled fact plus the wall time that has passed
since; a wall clock that went back, or forward by more than `PASSED_S_MAX`, is not believed: no time counts as passed.
"""

from collections.abc import Callable
from dataclasses import dataclass

SECOND = 1_000_000
"Microseconds."
PASSED_S_MAX = 400 * 24 * 3600
"How long a box may have been switched off; a longer time is taken for a wall clock gone wrong."


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocks:
    """The two clocks of the machine, in nanoseconds, as `time.time_ns` and `time.monotonic_ns` give them."""

    wall_ns: Callable[[], int]
    monotonic_ns: Callable[[], int]


class CentreClock:
    """Tells centre time; one for each start of the daemon."""

    def __init__(self, clocks: Clocks, last_us: int) -> None:
        """Go on from `last_us`, the centre time of the last journalled fact, 0 if there is none."""
        wall_us = clocks.wall_ns() // 1000
        passed_us = wall_us - last_us
        self.believed = last_us == 0 or 0 <= passed_us <= PASSED_S_MAX * SECOND
        "Whether the wall clock was followed at this start."
        self._last_us = wall_us if self.believed else last_us
        self._monotonic_ns = clocks.monotonic_ns
        self._base_us = self._last_us - clocks.monotonic_ns() // 1000

    def now(self) -> int:
        """Centre time in microseconds; never less than what it said before."""
        self._last_us = max(self._last_us, self._base_us + self._monotonic_ns() // 1000)
        return self._last_us
