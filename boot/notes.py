"""Notes of what runs: so that the next start finds and ends what a killed supervisor left behind.

A process is known by its pid *and* the time it started (field 22 of /proc/PID/stat, proc(5)), since the kernel gives
pids anew; and by the kernel's boot id, since both begin again with the machine.
"""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from appliance.texts import said

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
LOOK_S = 0.02
"How often to look whether a process is gone."


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One process as it was started; it leads a process group of its own."""

    name: str
    pid: int
    started: int
    "Clock ticks after the kernel's boot."


def _stat(pid: int) -> list[str]:
    """Fields 3… of /proc/PID/stat; empty if there is no such process, or only its zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
    return [] if fields[0] in {"Z", "X"} else fields


def started_at(pid: int) -> int | None:
    """When a living process was started, in clock ticks after the kernel's boot."""
    fields = _stat(pid)
    return int(fields[19]) if fields else None


def members(group: int, *, since: int) -> list[int]:
    """List the living processes of a group that led its own session, none older than its leader was."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        fields = _stat(int(entry.name))
        if fields and int(fields[2]) == int(fields[3]) == group and int(fields[19]) >= since:
            found.append(int(entry.name))
    return found


class Notes:
    """The file of notes; every change is on the disk's page cache before it returns."""

    def __init__(self, path: Path) -> None:
        """Keep the notes at this path; what stands there from before is kept until `forget`."""
        self._path = path
        self._notes: dict[int, Note] = {}

    def add(self, name: str, pid: int) -> None:
        """Note a process that was just started; one that is already gone is not noted."""
        started = started_at(pid)
        if started is not None:
            self._notes[pid] = Note(name=name, pid=pid, started=started)
            self._write()

    def drop(self, pid: int) -> None:
        """Take a process out that has ended."""
        if self._notes.pop(pid, None):
            self._write()

    def left(self) -> Iterator[Note]:
        """List what an earlier supervisor of this machine's run noted, in the order it was started."""
        try:
            boot_id, *lines = self._path.read_text().splitlines()
        except (OSError, ValueError):
            return
        if boot_id != BOOT_ID.read_text().strip():
            return
        for line in lines:
            with contextlib.suppress(ValueError):
                name, pid, started = line.split(" ")
                yield Note(name=name, pid=int(pid), started=int(started))

    def _write(self) -> None:
        lines = [f"{note.name} {note.pid} {note.started}\n" for note in self._notes.values()]
        fresh = self._path.with_suffix(".new")
        fresh.write_text(BOOT_ID.read_text() + "".join(lines))
        fresh.replace(self._path)


def end_left(notes: Notes, *, wait_s: float, say: Callable[[str], None]) -> int:
    """End what an earlier supervisor left, the last started first; return how many programs that were.

    Each gets SIGTERM and `wait_s` seconds, then its whole group SIGKILL.
    """
    ended = 0
    for note in reversed(list(notes.left())):
        if members(note.pid, since=note.started):
            left = {"program": note.name, "pid": note.pid}
            say(said("{program} (pid {pid}) was left behind by an earlier run: ending it", **left))
            _end(note, wait_s)
            ended += 1
    return ended


def _end(note: Note, wait_s: float) -> None:
    if started_at(note.pid) == note.started:
        _signal(note.pid, signal.SIGTERM)
        _wait(lambda: started_at(note.pid) != note.started, wait_s)
    for pid in members(note.pid, since=note.started):
        _signal(pid, signal.SIGKILL)
    _wait(lambda: not members(note.pid, since=note.started), wait_s)


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _wait(over: Callable[[], bool], wait_s: float) -> None:
    deadline = time.monotonic() + wait_s
    while not over() and time.monotonic() < deadline:
        time.sleep(LOOK_S)
