"""The disk: how full the box's file systems are, said in good time; recordings are halted before the journal starves.

What counts is what df says: used of what we may use, in bytes and in files (inodes). A step is said once when it is
reached, and again only after it was left by more than a hair.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from twisted.internet.threads import deferToThread
from twisted.logger import Logger

from appliance.core import facts
from appliance.core.recording import is_running
from appliance.daemon.hub import Hub

EVERY_S = 5.0
STEPS = (80, 90, 95)
"Percent; from the last on it is an alarm."
HAIR = 2
"Percent by which a step must be left."
RESERVE_BYTES_MAX = 1 << 30
RESERVE_PART = 20
"Of each file system this part, but no more than the above, is kept from recordings: facts take about 10 KB a call."
RECORDING_BYTES = 600 * 32_000
"What a recording that has begun may still need: ten minutes of two channels, 16 bits, 8 kHz."
AGAIN_PART = 4
"Recordings begin again once so many parts of the reserve, and one more, are free."
OK = "ok"
HALTED = "halted"

report = Logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What is left on one file system."""

    folder: Path
    size_bytes: int
    "Without what only root may use."
    free_bytes: int
    files: int
    "0 where there is no limit."
    free_files: int

    @property
    def used(self) -> int:
        """Percent of the bytes."""
        return _percent(self.size_bytes, self.free_bytes)

    @property
    def used_files(self) -> int:
        """Percent of the files."""
        return _percent(self.files, self.free_files)


def _percent(size: int, free: int) -> int:
    """Tell how much is used, rounded up as df(1) does."""
    return -(-100 * (size - free) // size) if size > 0 else 0


def room_of(folder: Path) -> Room:
    """Ask the kernel; raises OSError."""
    found = os.statvfs(folder)
    used = found.f_blocks - found.f_bfree
    used_files = found.f_files - found.f_ffree
    return Room(
        folder=folder,
        size_bytes=(used + found.f_bavail) * found.f_frsize,
        free_bytes=found.f_bavail * found.f_frsize,
        files=used_files + found.f_favail if found.f_files else 0,
        free_files=found.f_favail,
    )


def rooms_of(folders: tuple[Path, ...]) -> tuple[Room, ...]:
    """Ask about each file system once; a folder that is not there (yet) or cannot be looked at is left out."""
    rooms: dict[int, Room] = {}
    for folder in folders:
        try:
            rooms.setdefault(folder.stat().st_dev, room_of(folder))
        except OSError:
            continue
    return tuple(rooms.values())


def step_of(used: int, before: int) -> int:
    """Tell the step that is reached, 0 for none; the one before is left by a hair only."""
    return max((step for step in STEPS if used >= step or (step <= before and used > step - HAIR)), default=0)


def reserve_of(room: Room) -> int:
    """Tell the bytes of a file system that are kept from recordings."""
    return min(room.size_bytes // RESERVE_PART, RESERVE_BYTES_MAX)


def is_short(room: Room, *, live: int, halted: bool) -> bool:
    """Tell whether a file system has no room for one more recording beside those that are live."""
    reserve = reserve_of(room)
    if halted:
        reserve += reserve // AGAIN_PART
    return room.free_bytes < reserve + live * RECORDING_BYTES


def is_starving(room: Room) -> bool:
    """Tell whether what runs has begun to take what is kept from recordings."""
    return room.free_bytes < reserve_of(room)


class Disk:
    """Looks at the file systems of some folders from time to time."""

    def __init__(self, *, hub: Hub, folders: tuple[Path, ...], changed: Callable[[], None]) -> None:
        """Tell the hub when recordings are to be halted; `changed` is called when health is another."""
        self._hub = hub
        self._folders = folders
        self._changed = changed
        self.rooms: tuple[Room, ...] = ()
        "As they were last."
        self._steps = {"": 0, "files_": 0}
        self._looking = False

    @property
    def health(self) -> str:
        """`ok`, or `over_80`, `over_90`, `over_95`; `files_over_80` and so on where files run out before bytes do."""
        kind, step = max(self._steps.items(), key=lambda item: item[1])
        return f"{kind}over_{step}" if step else OK

    @property
    def halted(self) -> bool:
        """Whether recordings are."""
        return self._hub.centre.state.unrecorded

    async def look(self) -> None:
        """Look once; the kernel is asked in a thread, for a disk may take its time, and not again before it answers."""
        if self._looking:
            return
        self._looking = True
        try:
            self.rooms = await deferToThread(rooms_of, self._folders)
        finally:
            self._looking = False
        before = self.health
        self._step("", "full", max((room.used for room in self.rooms), default=0))
        self._step("files_", "full of files", max((room.used_files for room in self.rooms), default=0))
        live = sum(is_running(one) for one in self._hub.centre.state.interactions.values())
        short = any(is_short(room, live=live, halted=self.halted) for room in self.rooms)
        if short != self.halted:
            self._halt(short=short)
        if live and any(map(is_starving, self.rooms)):
            report.error("{live} recordings are stopped in the middle: the disk has too little room", live=live)
            self._hub.take(facts.RecordingsHalted(halted=True, running=True))
        if self.health != before:
            self._changed()

    def _step(self, kind: str, word: str, used: int) -> None:
        before = self._steps[kind]
        step = self._steps[kind] = step_of(used, before)
        if step > before:
            report.warn("the disk is {used} % {word}; make room", used=used, word=word)
        elif step < before:
            report.info("the disk is {used} % {word} now", used=used, word=word)

    def _halt(self, *, short: bool) -> None:
        if short:
            report.error("no call begins to be recorded: what is left of the disk is kept for the journal; make room")
        else:
            report.info("calls are recorded again")
        self._hub.take(facts.RecordingsHalted(halted=short))
        self._changed()
