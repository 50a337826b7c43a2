"""A silence counts in full, but for the time in which nobody lets the program run."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from boot.silence import FORGIVEN_MAX, Silence, waits_of

SPIN = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\nwhile True: pass"
LOOKS_S = 20.0


@contextmanager
def spinning() -> Iterator[int]:
    """Give a program that works without end, on one processor that it shares with all others of this test."""
    program = subprocess.Popen([sys.executable, "-S", "-c", SPIN])
    try:
        yield program.pid
    finally:
        program.kill()
        program.wait()


def waited_s(pid: int) -> float:
    """Tell how long a process has waited for a processor."""
    return sum(waits_of(pid).values())


def until_waited(pid: int, seconds: float) -> None:
    """Let a process wait for a processor so long."""
    deadline = time.monotonic() + LOOKS_S
    while waited_s(pid) < seconds:
        assert time.monotonic() < deadline, "it never had to wait for a processor"


def test_waiting_for_a_processor_is_forgiven() -> None:
    """Two who want one processor each wait for the other."""
    with spinning() as pid, spinning():
        silence = Silence(pid, now=0.0, watchdog_s=0.4)
        until_waited(pid, waited_s(pid) + 0.3)
        assert silence.lasted_s(0.6) <= 0.31
        assert silence.longest_s <= 0.31


def test_not_for_ever() -> None:
    """A program that cannot run for long serves nobody, whatever the cause."""
    with spinning() as pid, spinning():
        silence = Silence(pid, now=0.0, watchdog_s=0.1)
        until_waited(pid, waited_s(pid) + 0.5)
        assert silence.lasted_s(5.0) == 5.0 - FORGIVEN_MAX * 0.1


def test_a_stopped_program_does_not_wait() -> None:
    """Its silence counts in full; so does that of a program that is gone."""
    with spinning() as pid:
        os.kill(pid, signal.SIGSTOP)
        until_stopped(pid)
        silence = Silence(pid, now=0.0, watchdog_s=0.1)
        assert silence.lasted_s(3.0) == 3.0
        silence.broken(3.0)
        assert silence.lasted_s(3.25) == 0.25
        silence.forgiven(9.0)
        assert silence.lasted_s(9.0) == 0.0
        assert silence.longest_s == 3.0
    assert waited_s(pid) == 0.0


def until_stopped(pid: int) -> None:
    """Wait until a process is stopped."""
    _, status = os.waitpid(pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
