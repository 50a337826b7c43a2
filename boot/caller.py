"""The `make` that started us, and whether it was told to end.

GNU make passes only SIGTERM on to what it runs. On SIGHUP and SIGINT it waits in its handler and tells nothing; but
then it no longer catches that signal, which /proc/PID/status shows (`SigCgt`, proc(5)). Standard library alone.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"What a person or a program ends us with."

ANCESTORS_MAX = 3
"How far up `make` may stand: a shell may be between."

LOOK_S = 0.5
"How often to look whether `make` was told to end."


class Caller:
    """The `make` above this process, if there is one."""

    def __init__(self) -> None:
        """Find it, and remember which signals it catches."""
        self.pid = _make_above()
        self._caught = _caught(self.pid)

    def told_to_end(self) -> bool:
        """Tell whether it has got a signal that ends it, or is gone; never without a `make` above."""
        return bool(self._caught & ~_caught(self.pid))


@contextmanager
def watched(told: Callable[[], object]) -> Iterator[None]:
    """Call `told` once, from a thread of its own, when the `make` above is told to end; never without one."""
    caller, over = Caller(), threading.Event()

    def watch() -> None:
        while not over.wait(LOOK_S):
            if caller.told_to_end():
                told()
                return

    if caller.pid:
        threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        over.set()


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Raise KeyboardInterrupt in the main thread on SIGINT, SIGTERM, SIGHUP, and when `make` above was told to end."""

    def end(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    with handled(end), watched(lambda: os.kill(os.getpid(), signal.SIGTERM)):
        yield


@contextmanager
def signals_held_back() -> Iterator[None]:
    """Let what must not be torn run to its end: a signal that came meanwhile raises KeyboardInterrupt afterwards."""
    came: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        came.append(number)

    with handled(note):
        yield
    if came:
        raise KeyboardInterrupt


@contextmanager
def handled(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Let `handler` take the signals that end us, and put back what took them before."""
    before = {number: signal.signal(number, handler) for number in SIGNALS}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


def _status(pid: int, name: str) -> str:
    """Read a line of /proc/PID/status; empty if there is no such process."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return ""


def _make_above() -> int:
    pid = os.getppid()
    for _ in range(ANCESTORS_MAX):
        if _status(pid, "Name") in {"make", "gmake"}:
            return pid
        pid = int(_status(pid, "PPid") or 0)
    return 0


def _caught(pid: int) -> int:
    """Give the ending signals that a process catches, as bits."""
    ending = sum(1 << (number - 1) for number in SIGNALS)
    return int(_status(pid, "SigCgt") or "0", 16) & ending
