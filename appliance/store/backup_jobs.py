"""What is done with backups, one thing at a time a box: each notes what it is at, and what became of it.

`python -m appliance.store.backup_jobs --home HOME night` backs up to every destination, for the daemon, which neither
waits for a disk nor loads what speaks to servers; `backup DESTINATION` and `verify DESTINATION` do one. Progress and
results stand in the box's `backup/state.json`.
"""

import argparse
import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from appliance.store.backup import take
from appliance.store.backup_frames import BackupError
from appliance.store.backup_lists import manifests, rotate
from appliance.store.backup_places import Place, opened
from appliance.store.backup_restore import Reading, verify
from appliance.store.backup_words import BackupHome, Listed, Manifest, Result, Running, State
from appliance.store.guard import StoreError

EVERY_S = 0.5
"Progress is noted this often."
FAILED = 65
TROUBLE = (BackupError, StoreError, OSError, msgspec.DecodeError, EOFError)
"What ends a job and is told."


@dataclass(slots=True)
class Trouble:
    """Why something did not go well: a message that is marked for translation, and its values."""

    message: str
    values: dict[str, str]


def trouble_of(error: Exception) -> Trouble:
    """Take an error apart."""
    if isinstance(error, BackupError):
        return Trouble(error.message, error.values)
    if isinstance(error, OSError):
        return Trouble("{where}: {why}", {"where": str(error.filename or ""), "why": error.strerror or str(error)})
    return Trouble("{where}: {why}", {"where": type(error).__name__, "why": str(error)})


class Job:
    """One job of a box, noted while it runs."""

    def __init__(self, box: BackupHome, work: str, destination: str) -> None:
        """Begin; the box's lock is held by whoever makes it."""
        self._box = box
        self._state = box.state
        self._running = Running(work=work, destination=destination, began=now_us(), pid=os.getpid())
        self._noted = 0.0
        self._note(self._running)

    def progress(self, stage: str, done: int, total: int) -> None:
        """Note how far it is, not too often."""
        self._running = msgspec.structs.replace(self._running, stage=stage, done_bytes=done, total_bytes=total)
        if time.monotonic() - self._noted > EVERY_S:
            self._note(self._running)

    def done(self, change: Callable[[State], State]) -> None:
        """Note what became of it."""
        self._state = change(self._state)
        self._note(None)

    def result(self, before: Result | None, backup: str = "", trouble: Trouble | None = None) -> Result:
        """Make the note of how it ended."""
        at = now_us()
        return Result(
            at=at,
            took_s=round((at - self._running.began) / 1_000_000, 1),
            backup=backup,
            problem=trouble.message if trouble else "",
            values=trouble.values if trouble else {},
            good_at=(before.good_at if before else 0) if trouble else at,
        )

    @property
    def state(self) -> State:
        """What was known when it began, and since."""
        return self._state

    def _note(self, running: Running | None) -> None:
        self._state = msgspec.structs.replace(self._state, running=running)
        self._noted = time.monotonic()
        self._box.note(self._state)


def back_up(box: BackupHome, slug: str, *, full: bool = False) -> Result:
    """Back up to one destination, let go of what is old, and note it; raises `BackupError` if another job is on."""
    with box.alone():
        job = Job(box, "backup", slug)
        before, trouble, name = job.state.results.get(slug), None, ""
        try:
            destination = box.destination(slug)
            with opened(destination, box) as place:
                name = take(
                    box,
                    place,
                    full_every=box.settings.full_every,
                    now_us=now_us(),
                    progress=job.progress,
                    full=full,
                ).name
                rotate(place, box.key, destination.keep)
                job.done(_looked(slug, place, box))
        except TROUBLE as error:
            trouble = trouble_of(error)
        result = job.result(before, name, trouble)
        job.done(lambda state: msgspec.structs.replace(state, results={**state.results, slug: result}))
        return result


def check(box: BackupHome, slug: str, name: str = "") -> Result:
    """Read every byte of a backup, the newest if none is named, and note it."""
    with box.alone():
        job = Job(box, "verify", slug)
        before, trouble = job.state.verified.get(slug), None
        try:
            with opened(box.destination(slug), box) as place:
                reading = Reading(place, box.key, name, job.progress)
                name = reading.manifest.name
                verify(reading, box.scratch)
        except TROUBLE as error:
            trouble = trouble_of(error)
        result = job.result(before, name, trouble)
        job.done(lambda state: msgspec.structs.replace(state, verified={**state.verified, slug: result}))
        return result


def look(box: BackupHome, slug: str) -> tuple[Listed, ...]:
    """Look what is at a destination; raises `BackupError` or OSError."""
    with box.alone(), opened(box.destination(slug), box) as place:
        state = _looked(slug, place, box)(box.state)
    box.note(state)
    return state.lists[slug]


def _looked(slug: str, place: Place, box: BackupHome) -> Callable[[State], State]:
    found = tuple(listed(one) for one in manifests(place, box.key))
    room = place.room()

    def change(state: State) -> State:
        rooms = {name: free for name, free in state.rooms.items() if name != slug}
        if room is not None:
            rooms[slug] = room
        return msgspec.structs.replace(state, lists={**state.lists, slug: found}, rooms=rooms)

    return change


def listed(manifest: Manifest) -> Listed:
    """Give a backup's line in a list."""
    return Listed(
        name=manifest.name,
        began=manifest.began,
        full=manifest.full,
        release=manifest.release,
        counts=manifest.counts,
        sent_bytes=manifest.sent_bytes,
    )


@contextlib.contextmanager
def noted(box: BackupHome, work: str, slug: str) -> Iterator[Job]:
    """Hold the box's lock and note a job that somebody else does; raises `BackupError` if another is at work."""
    with box.alone():
        job = Job(box, work, slug)
        try:
            yield job
        finally:
            job.done(lambda state: state)


def now_us() -> int:
    """Give the time of the wall clock, microseconds UTC."""
    return time.time_ns() // 1000


def main(arguments: Sequence[str] | None = None) -> int:
    """Do a job; a failure is noted, and a line on stderr."""
    parser = argparse.ArgumentParser(prog="appliance.store.backup_jobs", description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("work", choices=("night", "backup", "verify"))
    parser.add_argument("destination", nargs="?", default="")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--name", default="")
    options = parser.parse_args(arguments)
    os.umask(0o077)
    os.nice(10)
    box = BackupHome(options.home)
    slugs = [one.slug for one in box.settings.destinations] if options.work == "night" else [options.destination]
    good = True
    if options.work == "night":
        box.note(msgspec.structs.replace(box.state, night=now_us()))
    for slug in slugs:
        try:
            checks = options.work == "verify"
            result = check(box, slug, options.name) if checks else back_up(box, slug, full=options.full)
        except BackupError as error:
            sys.stderr.write(f"backup: {error}\n")
            return FAILED
        good = good and not result.problem
    return 0 if good else FAILED


if __name__ == "__main__":
    sys.exit(main())
