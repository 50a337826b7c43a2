"""What a start costs, and how it is told."""

import subprocess
import sys
import time

from appliance.daemon.start import Steps, process_began_ns

UNWANTED = ("numpy", "soundfile", "ZEO.StorageServer", "hypothesis", "jinja2", "sqlite3")
"What the daemon does its work without: each costs callers time whenever it comes back."


def test_the_steps_of_a_start_are_told_in_milliseconds() -> None:
    """Each step has the time since the one before."""
    moments = iter((30_000_000, 35_500_000, 1_036_000_000))
    steps = Steps(10_000_000, lambda: next(moments))
    for step in ("import", "store", "link"):
        steps.done(step)
    assert str(steps) == "1026 ms: import 20, store 5, link 1000"


def test_the_process_knows_when_it_began() -> None:
    """A fresh process is young, and older than nothing."""
    program = "import time; from appliance.daemon.start import process_began_ns as b; print(time.monotonic_ns() - b())"
    before_ns = time.monotonic_ns()
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert 0 <= int(said.stdout) <= time.monotonic_ns() - before_ns + 10_000_000
    assert process_began_ns() < before_ns


def test_a_start_reads_no_module_that_the_daemon_does_not_need() -> None:
    """The import is the longest part of a start; what only others need is left to them."""
    program = f"import sys, appliance.daemon.main; print(*[name for name in {UNWANTED} if name in sys.modules])"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert said.stdout.split() == []
