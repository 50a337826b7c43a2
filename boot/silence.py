"""How long a program has said nothing, reckoned fairly: while nobody lets it run, it cannot speak.

On a busy box a program may wait for a processor for seconds. The kernel counts that (`/proc/PID/task/TID/schedstat`,
its second figure, in nanoseconds; Documentation/scheduler/sched-stats.rst). A program that hangs or was stopped does
not wait for a processor: its silence counts in full. So a short watchdog kills nobody who merely has to queue.
"""

import os
from contextlib import suppress
from pathlib import Path

from typing_extensions import override

FORGIVEN_MAX = 2.0
"How much waiting is forgiven, counted in watchdog times: more than that is felt as a hang, whatever its cause."


def waits_of(pid: int) -> dict[str, float]:
    """Tell how long each living thread of a process has waited for a processor; nothing of it if nobody counts."""
    waits = {}
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            with suppress(FileNotFoundError, ProcessLookupError):  # a thread that has just ended
                waits[task.name] = int((task / "schedstat").read_text().split()[1]) / 1_000_000_000
    except (OSError, IndexError, ValueError):
        return {}
    return waits


def state_of(pid: int) -> str:
    """Tell what a process does, by the letter of proc(5): R, S, D (waits for a disk), T (stopped), …; `-` if gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return "-"


class Silence:
    """The silence of one program in one of its lives."""

    def __init__(self, pid: int, *, now: float, watchdog_s: float) -> None:
        """Begin with a program that has just spoken; moments are seconds of one clock."""
        self._pid = pid
        self._watchdog_s = watchdog_s
        self._spoke_at = now
        self._waits = waits_of(pid)
        self._wall_s = self._waited_s = 0.0
        self.longest_s = 0.0
        "The longest that was seen."

    @override
    def __str__(self) -> str:
        """Say what the last look found."""
        return (
            f"{self._wall_s:.2f} s by the clock, in which its threads waited {self._waited_s:.2f} s for a processor; "
            f"its state is {state_of(self._pid)}, the load {os.getloadavg()[0]:.1f}"
        )

    def broken(self, now: float) -> None:
        """Take in that it has spoken."""
        self.lasted_s(now)
        self.forgiven(now)

    def forgiven(self, now: float) -> None:
        """Begin again: we were held up ourselves, so its silence proves nothing."""
        self._spoke_at = now
        self._waits = waits_of(self._pid)

    def lasted_s(self, now: float) -> float:
        """Tell how long it lasts, the forgiven time left out."""
        wall_s = now - self._spoke_at
        waited_s = 0.0 if wall_s < self._watchdog_s / 2 else self._waited_since()
        lasted_s = wall_s - min(waited_s, wall_s, FORGIVEN_MAX * self._watchdog_s)
        self._wall_s, self._waited_s = wall_s, waited_s
        self.longest_s = max(self.longest_s, lasted_s)
        return lasted_s

    def _waited_since(self) -> float:
        """Tell how long its threads have waited since it spoke; one that ended meanwhile takes nothing from others."""
        return sum(waited_s - self._waits.get(task, 0.0) for task, waited_s in waits_of(self._pid).items())
