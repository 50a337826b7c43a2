"""What must not grow with the number of kills: open files and memory of the programs that live on, files of the box."""

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
from typing_extensions import override

from tests.unkillable.stage import Stage

LASTING = ("zeo", "asterisk", "supervisor", "daemon-zygote")
"The programs that no kill of the daemon ends; the daemon itself is a new one after each."
OPEN_MAX = 60
"Open files by which one of them may have grown: calls come and go, a call has four, and each look is one moment."
MEMORY_MB_MAX = 128.0
"The same of its memory: what an allocator keeps, caches that fill, an index of what was stored."
FILES_MAX = 200
"Files by which the box's folders may have grown: logs put aside, recordings that wait to be sealed."
MEGA = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One program at one moment."""

    open: int
    "Files and sockets."
    memory_mb: float
    "Of its own, not shared (Uss)."


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """The box at one moment."""

    programs: Mapping[str, Program]
    files: int
    "All but the sealed recordings, of which each talk leaves one."
    mb: float
    "Of these files."

    @override
    def __str__(self) -> str:
        """Say it in one line."""
        programs = (f"{name} {one.open} open {one.memory_mb:.0f} MB" for name, one in self.programs.items())
        return f"{', '.join(programs)}; {self.files} files, {self.mb:.0f} MB"


def size_of(stage: Stage) -> Size:
    """Measure the box."""
    pids = stage.pids()
    sizes = [size for folder in stage.places.home.iterdir() if folder != stage.places.media for size in _sizes(folder)]
    return Size(
        programs={name: _program(psutil.Process(pids[name])) for name in LASTING if name in pids},
        files=len(sizes),
        mb=sum(sizes) / MEGA,
    )


def grown(before: Size, after: Size) -> list[str]:
    """Say what has grown beyond its limit."""
    harm = []
    for name, was in before.programs.items():
        now = after.programs.get(name)
        if now is None:
            harm.append(f"{name} is gone")
            continue
        if now.open - was.open > OPEN_MAX:
            harm.append(f"{name} has {now.open} open files, had {was.open}")
        if now.memory_mb - was.memory_mb > MEMORY_MB_MAX:
            harm.append(f"{name} has {now.memory_mb:.0f} MB of memory, had {was.memory_mb:.0f}")
    if after.files - before.files > FILES_MAX:
        harm.append(f"the box has {after.files} files, had {before.files}")
    return harm


def _program(process: psutil.Process) -> Program:
    return Program(open=process.num_fds(), memory_mb=process.memory_full_info().uss / MEGA)


def _sizes(folder: Path) -> list[int]:
    """List the sizes of all files, in bytes; one that is removed meanwhile is none."""
    found = []
    for root, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):
                found.append(Path(root, name).lstat().st_size)
    return found
