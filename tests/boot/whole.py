"""A whole box as a person starts it: `python -m boot.run` in a folder of its own, on ports of its own."""

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from boot.notes import Notes, members
from tests.contract.slots import slot

PROJECT = Path(__file__).resolve().parents[2]
START_S = 90.0
"For a machine that does other things beside it; the figures are asserted where they matter."
STOP_S = 60.0


class WholeBox:
    """A box, running or not."""

    def __init__(self, folder: Path, base: int) -> None:
        """Take a folder and a base of ports; nothing is started before `start`."""
        self.home = folder / "box"
        self.environment = {**os.environ, "SWITCHROOM_HOME": str(self.home), "SWITCHROOM_PORT": str(base)}
        self.said: list[str] = []
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None

    @property
    def process(self) -> subprocess.Popen[str]:
        """The supervisor."""
        assert self._process is not None
        return self._process

    def start(self, until: str = "takes calls", **more: str) -> float:
        """Start it and wait for a line; the seconds that took."""
        self.let_go()
        began = time.monotonic()
        self.said = []
        lines: queue.Queue[str | None] = queue.Queue()
        self._process = started = subprocess.Popen(
            [sys.executable, "-m", "boot.run"],
            cwd=PROJECT,
            env={**self.environment, **more},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

        def read() -> None:
            for line in started.stdout or ():
                lines.put(line.rstrip("\n"))
            lines.put(None)

        self._reader = threading.Thread(target=read, daemon=True)
        self._reader.start()
        while True:
            line = lines.get(timeout=max(0.1, began + START_S - time.monotonic()))
            assert line is not None, f"{until!r} was not said, only {self.said}"
            self.said.append(line)
            if until in line:
                return time.monotonic() - began

    def switchroom(self, *arguments: str, code: int = 0, text: str = "") -> str:
        """Run a subcommand for this box; it must end with this code. What it printed on both streams."""
        done = self.run(*arguments, text=text)
        printed = done.stdout + done.stderr
        assert done.returncode == code, printed
        return printed

    def run(self, *arguments: str, text: str = "", **more: str) -> subprocess.CompletedProcess[str]:
        """Run a subcommand for this box, with more in its environment, however it ends."""
        return subprocess.run(
            [sys.executable, "-m", "appliance.commands", *arguments],
            cwd=PROJECT,
            env={**self.environment, **more},
            input=text,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )

    def pids(self) -> dict[str, int]:
        """Name to pid of every program that is noted."""
        return {note.name: note.pid for note in Notes(self.home / "run/processes").left()}

    def ends(self) -> int:
        """Wait until the supervisor is gone."""
        code = self.process.wait(STOP_S)
        self.close()
        return code

    def close(self) -> None:
        """Kill what is left and let go."""
        for pid in self.pids().values():
            for member in members(pid, since=0):
                os.kill(member, signal.SIGKILL)
        self.let_go()

    def let_go(self) -> None:
        """Kill the supervisor alone, if it lives, and forget it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            if self._reader is not None:
                self._reader.join()
            if self._process.stdout is not None:
                self._process.stdout.close()
            self._process = self._reader = None


@contextmanager
def whole_box(folder: Path) -> Iterator[WholeBox]:
    """Give a box that is not started; afterwards nothing of it runs."""
    with slot() as base:
        box = WholeBox(folder, base)
        try:
            yield box
        finally:
            box.close()
