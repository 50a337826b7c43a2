"""How long a program has said nothing, reckoned fairly: while nobody lets it run, it cannot speak.

On a busy box a program may wait for a processor for seconds. The kernel counts that (`/proc/PID/task/TID/schedstat`,
its second figure, in nanoseconds; Documentation/scheduler/sched-stats.rst). A program that hangs or was stopped does
not wait for a processor: its silence counts in full. So a short watchdog kills nobody who merely has to queue.
"""

from pathlib import Path

FORGIVEN_MAX = 2.0
"How much waiting is forgiven, counted in watchdog times: more than that is felt as a hang, whatever its cause."


def waited_s(pid: int) -> float:
    """Tell how long the living threads of a process have waited for a processor, all in all; 0 if nobody counts."""
    total = 0
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            total += int((task / "schedstat").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return 0.0
    return total / 1_000_000_000


class Silence:
    """The silence of one program in one of its lives."""

    def __init__(self, pid: int, *, now: float, watchdog_s: float) -> None:
        """Begin with a program that has just spoken; moments are seconds of one clock."""
        self._pid = pid
        self._watchdog_s = watchdog_s
        self._spoke_at = now
        self._waited_s = waited_s(pid)
        self.longest_s = 0.0
        "The longest that was seen."

    def broken(self, now: float) -> None:
        """Take in that it has spoken."""
        self.lasted_s(now)
        self._spoke_at = now
        self._waited_s = waited_s(self._pid)

    def forgiven(self, now: float) -> None:
        """Begin again: we were held up ourselves, so its silence proves nothing."""
        self._spoke_at = now
        self._waited_s = waited_s(self._pid)

    def lasted_s(self, now: float) -> float:
        """Tell how long it lasts, the forgiven time left out."""
        wall_s = now - self._spoke_at
        waited = 0.0 if wall_s < self._watchdog_s / 2 else max(0.0, waited_s(self._pid) - self._waited_s)
        lasted_s = wall_s - min(waited, wall_s, FORGIVEN_MAX * self._watchdog_s)
        self.longest_s = max(self.longest_s, lasted_s)
        return lasted_s
