"""Updates: the plan of the present or the last one, and the bundles that lie ready. `boot/update.py` walks the plan.

What is asked by page and command is written into the same plan: begin, wait no more, give up, take back. Each writes it
only over what it has read, so that what another wrote meanwhile is never lost.
"""

import contextlib
import enum
import fcntl
import os
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from appliance.root_work import BUNDLE, Slot
from appliance.whole import write_whole

DOCUMENT_BYTES_MAX = 1_000_000
BUNDLE_BYTES_MAX = 2 * 1024**3
"A bundle is no larger; a slot has 1.5 GiB."
PIECE_BYTES = 1024 * 1024
RAUC = Path("/usr/bin/rauc")
LOOK_S = 60.0
SAID_MAX = 300


class Phase(enum.StrEnum):
    """Where an update is."""

    INSTALL = "install"
    "The bundle is to be written into the slot that does not run."
    QUIET = "quiet"
    "It is written; the box waits until nobody calls."
    SWITCH = "switch"
    "The machine is to start the other slot."
    TRY = "try"
    "It runs, and has to show that it takes calls."
    LEAVE = "leave"
    "It failed; the machine is to start the slot before."
    GOOD = "good"
    BACK = "back"
    FAILED = "failed"
    "Nothing was switched."


OVER = frozenset({Phase.GOOD, Phase.BACK, Phase.FAILED})
WAITING = frozenset({Phase.INSTALL, Phase.QUIET})
"Nothing has been switched to yet: the release before runs, as it would without an update."


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """One update. Fields are only added: the release before reads it too."""

    bundle: str
    phase: Phase = Phase.INSTALL
    at_once: bool = False
    "Whether it switches without waiting for quiet; calls are lost."
    before: str = ""
    "The slot that ran when it began."
    tested: bool = False
    "Whether the self-test passed before: only then can it tell that the new release is worse."
    tries: int = 0
    why: str = ""
    "What it failed for: a stable word, or what root said."


class Plans:
    """Where the plan is written down."""

    def __init__(self, path: Path) -> None:
        """Keep it in this file."""
        self._path = path

    def read(self) -> Plan | None:
        """Read it; None if there is none that can be read."""
        with contextlib.suppress(OSError, msgspec.DecodeError), self._path.open("rb") as file:
            return msgspec.json.decode(file.read(DOCUMENT_BYTES_MAX), type=Plan)
        return None

    def write(self, plan: Plan) -> None:
        """Write it down before what it says is done."""
        write_whole(self._path, msgspec.json.encode(plan), mode=0o600)

    def replace(self, seen: Plan | None, fresh: Plan) -> Plan:
        """Write it over the one that was seen; what another has written since then stands, and is given back."""
        with self._path.with_name(f".{self._path.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            standing = self.read()
            if standing is not None and standing != seen:
                return standing
            self.write(fresh)
        return fresh


# -- what is asked


def begin(plans: Plans, bundle: str, *, at_once: bool) -> str:
    """Begin an update; gives a problem's word, empty if it began."""
    standing = plans.read()
    fresh = Plan(bundle=bundle, at_once=at_once)
    if standing is not None and standing.phase not in OVER:
        return "update_runs"
    return "" if plans.replace(standing, fresh) == fresh else "update_runs"


def take_back(plans: Plans, slots: Iterable[Slot], *, at_once: bool) -> str:
    """Go back to the slot in reserve, as carefully as to a new one; gives a problem's word, empty if it began."""
    standing, known = plans.read(), tuple(slots)
    booted = next((slot.name for slot in known if slot.booted), "")
    if not booted or not any(slot.good and not slot.booted for slot in known):
        return "nothing_before"
    if standing is not None and standing.phase not in OVER:
        return "update_runs"
    fresh = Plan(bundle="", phase=Phase.QUIET, at_once=at_once, before=booted)
    return "" if plans.replace(standing, fresh) == fresh else "update_runs"


def change(plans: Plans, *, stop: bool) -> str:
    """Give an update up that has not been switched to, or let it wait no more; gives a problem's word."""
    standing = plans.read()
    if standing is None or standing.phase not in WAITING:
        return "too_late"
    if stop:
        fresh = msgspec.structs.replace(standing, phase=Phase.FAILED, why="stopped")
    else:
        fresh = msgspec.structs.replace(standing, at_once=True)
    return "" if plans.replace(standing, fresh) == fresh else "too_late"


# -- bundles


def staged(folder: Path) -> tuple[Path, ...]:
    """List the bundles that lie ready, the newest first."""
    with contextlib.suppress(OSError):
        found = [path for path in folder.iterdir() if BUNDLE.fullmatch(path.name) and path.is_file()]
        return tuple(sorted(found, key=lambda path: (-path.stat().st_mtime, path.name)))
    return ()


def stage(folder: Path, name: str, pieces: Iterable[bytes], *, limit: int = BUNDLE_BYTES_MAX) -> int:
    """Write a bundle beside those that lie ready, whole or not at all; gives its size.

    `ValueError` for a name that no bundle has, or one that is too large or empty; `OSError` where there is no room.
    """
    if not BUNDLE.fullmatch(name):
        raise ValueError("name")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = folder / f".{name}.part"
    fresh.unlink(missing_ok=True)
    try:
        size = _write(fresh, pieces, limit)
        fresh.replace(folder / name)
    finally:
        fresh.unlink(missing_ok=True)
    return size


def _write(path: Path, pieces: Iterable[bytes], limit: int) -> int:
    size = 0
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(file, "wb") as out:
        for piece in pieces:
            size += len(piece)
            if size > limit:
                raise ValueError("size")
            out.write(piece)
        out.flush()
        os.fsync(out.fileno())
    if not size:
        raise ValueError("size")
    return size


def pieces_of(path: Path) -> Iterator[bytes]:
    """Read a file piece by piece."""
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            yield piece


def tidy(folder: Path, keep: Iterable[str]) -> None:
    """Remove bundles that nobody will install any more, and what an upload that was cut off left."""
    kept = set(keep)
    for path in staged(folder):
        if path.name not in kept:
            path.unlink(missing_ok=True)
            path.with_name(f".{path.name}.look").unlink(missing_ok=True)
    for rest in folder.glob(".*.part"):
        rest.unlink(missing_ok=True)


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """What a bundle says of itself, once its signature was found good."""

    name: str
    size: int = 0
    version: str = ""
    "Empty where there is no RAUC to look into it."
    problem: str = ""
    "Why it would be refused, in RAUC's words."


def look(path: Path, rauc: Path = RAUC) -> Looked:
    """Look into a bundle, its signature first (`rauc info`); takes a second or two."""
    size = path.stat().st_size
    if not rauc.exists():
        return Looked(name=path.name, size=size)
    argv = [str(rauc), "info", "--output-format=json", str(path)]
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=LOOK_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Looked(name=path.name, size=size, problem=type(error).__name__)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        return Looked(name=path.name, size=size, problem=(said or ["?"])[-1][-SAID_MAX:])
    try:
        told = msgspec.json.decode(done.stdout[:DOCUMENT_BYTES_MAX], type=_Info)
    except msgspec.DecodeError as error:
        return Looked(name=path.name, size=size, problem=str(error)[:SAID_MAX])
    return Looked(name=path.name, size=size, version=told.version)


class _Info(msgspec.Struct, frozen=True, kw_only=True):
    version: str = ""


def looked(path: Path) -> Looked:
    """Look into a bundle, or read what was found when it was looked into before."""
    note = path.with_name(f".{path.name}.look")
    with contextlib.suppress(OSError, msgspec.DecodeError):
        if note.stat().st_mtime_ns >= path.stat().st_mtime_ns:
            return msgspec.json.decode(note.read_bytes(), type=Looked)
    found = look(path)
    with contextlib.suppress(OSError):
        write_whole(note, msgspec.json.encode(found), mode=0o600)
    return found
