"""The `make` that started a program is told to end, and the program learns of it."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from boot.caller import Caller, ended_by_signals, signals_held_back

ROOT = Path(__file__).parents[2]
DEADLINE_S = 30


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_make_alone_ends_what_it_runs(tmp_path: Path, number: signal.Signals) -> None:
    """GNU make passes on only SIGTERM; the program below notices the other two all the same."""
    make = shutil.which("make")
    assert make is not None
    program = tmp_path / "program.py"
    program.write_text(
        "import signal\nfrom boot.caller import ended_by_signals\ntry:\n with ended_by_signals():\n"
        "  print('up', flush=True)\n  while True: signal.pause()\n"
        "except KeyboardInterrupt:\n print('down', flush=True)\n"
    )
    (tmp_path / "Makefile").write_text(f"run:\n\t@exec {sys.executable} program.py\n")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([make, "-C", str(tmp_path)], stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        assert any(line == "up\n" for line in process.stdout)
        process.send_signal(number)
        try:
            rest, _ = process.communicate(timeout=DEADLINE_S)
        finally:
            process.kill()
    assert rest.startswith("down\n")
    assert process.returncode == -number


def test_without_make_nobody_tells_us_to_end() -> None:
    """A program started by hand goes on when its shell ends."""
    code = "from boot.caller import Caller; print(Caller().pid, Caller().told_to_end())"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, preexec_fn=os.setsid
    )
    if Caller().pid == 0:
        assert done.stdout == "0 False\n"
    assert not Caller().told_to_end()


def test_a_signal_waits_for_what_must_not_be_torn() -> None:
    """It arrives, as KeyboardInterrupt, when the context is left, and not before."""
    steps = []

    def work() -> None:
        with signals_held_back():
            signal.raise_signal(signal.SIGTERM)
            steps.append("went on")
        steps.append("not reached")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert steps == ["went on"]


def test_handlers_of_before_come_back() -> None:
    """Neither context leaves a handler behind."""
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    with signals_held_back():
        pass
    with pytest.raises(KeyboardInterrupt), ended_by_signals():
        signal.raise_signal(signal.SIGHUP)
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == before
