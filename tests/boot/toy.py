"""A box of toys: the real supervisor over small programs, as a process of its own.

`python -m tests.boot.toy FOLDER` reads `FOLDER/table.json`, ends what is left of an earlier run, and supervises until
it is told to stop.
"""

import asyncio
import os
import queue
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from boot.child import StartError
from boot.notes import Notes, end_left
from boot.process import Notified, Process
from boot.supervisor import Supervisor

PROJECT = Path(__file__).resolve().parents[2]
NOTIFY = """
import os, signal, socket, time
def say(text, tell=socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)):
    tell.sendto(text.encode(), os.environ["NOTIFY_SOCKET"])
"""
QUIET = NOTIFY + "say('READY=1\\nSTATUS=well'); signal.pause()"
"A program that says it is ready and waits."


class Toy(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the table: a Python program that says when it is ready."""

    name: str
    code: str = QUIET
    after: tuple[str, ...] = ()
    start_s_max: float = 20.0
    stop_s: float = 10.0
    watchdog_s: float = 0.0
    hopeless: frozenset[int] = frozenset()
    warm: bool = False
    "Whether its code is a module's, with a `main`, forked by a zygote."

    def process(self, folder: Path) -> Process:
        """Give what the supervisor is told of it."""
        argv: tuple[str, ...] = (sys.executable, "-S", "-c", self.code)
        if self.warm:
            (folder / f"warm_{self.name}.py").write_text(self.code)
            argv = (sys.executable, "-S", "-B", "-m", "boot.zygote", self.name, f"warm_{self.name}", "told")
        return Process(
            name=self.name,
            argv=argv,
            ready=Notified(),
            environment={"NOTIFY_SOCKET": str(folder / "run/notify.sock"), "PYTHONPATH": str(folder)},
            warm=self.warm,
            at_once=self.warm,
            after=self.after,
            start_s_max=self.start_s_max,
            stop_s=self.stop_s,
            watchdog_s=self.watchdog_s,
            hopeless=self.hopeless,
        )


class Toys:
    """A running supervisor and what it says."""

    def __init__(self, folder: Path, argv: Sequence[str]) -> None:
        """Start it; its process is `process`, or a child of that."""
        self.argv = argv
        self.folder = folder
        self.process = subprocess.Popen(
            argv, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
        )
        self.said: list[str] = []
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self.process.stdout or ():
            self._lines.put(line.rstrip("\n"))

    def says(self, part: str, deadline_s: float = 20.0) -> str:
        """Wait for a line that holds `part`, after those that were waited for before."""
        deadline = time.monotonic() + deadline_s
        while True:
            try:
                line = self._lines.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"{part!r} was not said, only {self.said}") from None
            self.said.append(line)
            if part in line:
                return line

    def ends(self, deadline_s: float = 20.0) -> int:
        """Wait until it is gone; its exit code."""
        return self.process.wait(deadline_s)

    def close(self) -> None:
        """Let go of it, once it is gone."""
        self.process.wait()
        self._reader.join()
        if self.process.stdout:
            self.process.stdout.close()

    def pids(self) -> dict[str, int]:
        """Name to pid of what is noted as running."""
        return {note.name: note.pid for note in Notes(self.folder / "run/processes").left()}


def is_gone(pid: int, deadline_s: float = 10.0) -> bool:
    """Whether a process ends in time (one that is a zombie has ended)."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], deadline_s)[0])
    finally:
        os.close(handle)


@contextmanager
def toys(folder: Path, *table: Toy, under: Sequence[str] = ()) -> Iterator[Toys]:
    """Supervise this table, under another program if one is given; afterwards nothing of it runs."""
    (folder / "run").mkdir(exist_ok=True)
    (folder / "log").mkdir(exist_ok=True)
    (folder / "table.json").write_bytes(msgspec.json.encode(table))
    started = Toys(folder, [*under, sys.executable, "-m", "tests.boot.toy", str(folder)])
    try:
        yield started
    finally:
        for pid in [started.process.pid, *started.pids().values()]:
            for end in (os.killpg, os.kill):
                try:
                    end(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
        started.close()


def say(line: str) -> None:
    """Tell the test."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def _supervise(folder: Path) -> None:
    rows = msgspec.json.decode((folder / "table.json").read_bytes(), type=list[Toy])
    table = [row.process(folder) for row in rows]
    supervisor = Supervisor(table, run=folder / "run", log=folder / "log", say=say)
    supervisor.set_up = True
    running = asyncio.ensure_future(supervisor.run())
    if await supervisor.until_ready(*(process.name for process in table)):
        say("all ready")
    await running


def main(folder: Path) -> int:
    """Supervise until told to stop."""
    end_left(Notes(folder / "run/processes"), wait_s=5.0, say=say)
    try:
        asyncio.run(_supervise(folder))
    except StartError as error:
        say(str(error))
        return 1
    say("all stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
