"""How long each step of a start takes: what callers wait for when the daemon was away."""

import os
import time
from collections.abc import Callable
from pathlib import Path

from typing_extensions import override

STARTED_FIELD = 19
"Of `/proc/self/stat` behind the name: when the process began, in ticks since the machine did (proc(5))."


def process_began_ns() -> int:
    """Tell when this process began, by `time.monotonic_ns`, to a hundredth of a second."""
    ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[STARTED_FIELD])
    age_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME) - ticks * 1_000_000_000 // os.sysconf("SC_CLK_TCK")
    return time.monotonic_ns() - age_ns


class Steps:
    """The steps of one start, in order."""

    def __init__(self, began_ns: int, now_ns: Callable[[], int] = time.monotonic_ns) -> None:
        """Count from the beginning of the process."""
        self._began_ns = self._last_ns = began_ns
        self._now_ns = now_ns
        self._steps: list[tuple[str, int]] = []

    def done(self, step: str) -> None:
        """Note that a step is done."""
        now_ns = self._now_ns()
        self._steps.append((step, now_ns - self._last_ns))
        self._last_ns = now_ns

    @override
    def __str__(self) -> str:
        """Say all of it, in milliseconds."""
        steps = ", ".join(f"{step} {took_ns // 1_000_000}" for step, took_ns in self._steps)
        return f"{(self._last_ns - self._began_ns) // 1_000_000} ms: {steps}"
