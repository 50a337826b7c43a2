"""A store to try things on: a real ZEO process behind a unix socket, and facts to put into it."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from appliance import api
from appliance.core import cdr, effects, facts
from appliance.store.knock import answers
from appliance.store.link import Where, uri_of
from appliance.store.opened import Store, open_store
from appliance.store.reader import Reader, open_reader
from appliance.store.writer import Writer

DEADLINE_S = 60.0
"For what comes in moments on a machine of its own; disks that many share take long."
SECOND = 1_000_000
BEGIN = 1_790_000_000 * SECOND
"When a test begins: some day in 2026, microseconds UTC."


def until(true: Callable[[], bool], what: str) -> None:
    """Wait for something; fails after `DEADLINE_S`."""
    deadline = time.monotonic() + DEADLINE_S
    pause = threading.Event()
    while not true():
        if time.monotonic() > deadline:
            raise AssertionError(f"not in time: {what}")
        pause.wait(0.01)


class Clock:
    """Centre time that a test moves."""

    def __init__(self) -> None:
        """Begin at `BEGIN`."""
        self.now = BEGIN

    def __call__(self) -> int:
        """Tell it; it goes on by itself a little."""
        self.now += 1
        return self.now


class Zeo:
    """The ZEO process of a test."""

    def __init__(self, home: Path) -> None:
        """Choose the places; nothing is started."""
        self.home = home
        self.folder = home / "store"
        self.socket = home / "zeo.sock"
        self.process: subprocess.Popen[bytes] | None = None

    def argv(self, *more: str) -> list[str]:
        """Give the command that starts it."""
        module = [sys.executable, "-m", "appliance.store.server"]
        return [*module, "--folder", str(self.folder), "--socket", str(self.socket), *more]

    def start(self, *more: str) -> None:
        """Start it and wait until it answers."""
        self.process = subprocess.Popen(self.argv(*more))
        until(lambda: answers(self.socket), "the ZEO process answers")

    def refuse(self, *more: str) -> tuple[int, str]:
        """Start it where it should not start; gives its exit code and what it says."""
        done = subprocess.run(self.argv(*more), check=False, capture_output=True, text=True, timeout=DEADLINE_S)
        return done.returncode, done.stderr

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End it; gives its exit code."""
        if self.process is None:
            return 0
        self.process.send_signal(number)
        code = self.process.wait(DEADLINE_S)
        self.process = None
        return code

    def kill(self) -> None:
        """End it as a power cut would."""
        self.stop(signal.SIGKILL)

    def where(self, storage: str, *, read_only: bool = False, wait_s: float = DEADLINE_S) -> Where:
        """Name one of its storages."""
        return Where(uri=uri_of(self.socket, storage), storage=storage, read_only=read_only, wait_s=wait_s)

    def writer(self, storage: str, clock: Callable[[], int]) -> Writer:
        """Open a writer of one storage."""
        return Writer(self.where(storage), clock)

    def store(self, clock: Callable[[], int]) -> Store:
        """Open all of it, as the daemon does."""
        return open_store(folder=self.folder, socket=self.socket, clock=clock, wait_s=DEADLINE_S)

    def store_within(self, wait_s: float, clock: Callable[[], int]) -> Store:
        """Open all of it, if it answers so soon."""
        return open_store(folder=self.folder, socket=self.socket, clock=clock, wait_s=wait_s)

    def reader(self, media: Path | None = None) -> Reader:
        """Open it as a page does."""
        return open_reader(self.socket, media=media, wait_s=DEADLINE_S)

    def reader_within(self, wait_s: float) -> Reader:
        """Open it as a page does that waits so long."""
        return open_reader(self.socket, wait_s=wait_s)


def a_row(
    sequence: int, *about: str, kept: tuple[effects.Kept, ...] = (), fact: facts.AnyFact | None = None
) -> api.Row:
    """Make a row, a second after the one before."""
    return api.Row(
        sequence=sequence, now=BEGIN + sequence * SECOND, fact=fact or facts.Due(), kept=kept, about=tuple(about)
    )


def a_cdr(interaction: str, **other: object) -> cdr.CDR:
    """Make the record of an answered call of ten seconds."""
    values: dict[str, object] = {
        "interaction": interaction,
        "leg": facts.Leg("box", f"1.{interaction}"),
        "trunk": "carrier",
        "number": "2000",
        "party": "p1",
        "began": BEGIN,
        "ended": BEGIN + 10 * SECOND,
        "outcome": cdr.Outcome.ANSWERED,
        "queue": "support",
        "agent": "ann",
    }
    return cdr.CDR(**(values | other))  # type: ignore[arg-type]  # what differs


def filed(interaction: str, **other: object) -> effects.CallFiled:
    """Make the promise that files a call."""
    return effects.CallFiled(cdr=a_cdr(interaction, **other))
