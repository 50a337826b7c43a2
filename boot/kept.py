"""The machine's settings on disk: what is kept, and what is on trial.

What is kept is one document, replaced in one step, so that at every moment the old or the new one stands there. What is
on trial lies where nothing outlives a start of the machine: a power cut takes it back by itself. Its end is counted by
the clock that goes on from the machine's start, so that no leap of the wall clock lengthens it.
"""

import contextlib
import os
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from appliance.root_work import CONFIRM_S, ZONE, Firewall, Network

SECOND_NS = 1_000_000_000
DOCUMENT_BYTES_MAX = 1_000_000


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How the machine is set. Fields are only added, so that the release before reads it too."""

    network: Network = Network()
    firewall: Firewall = Firewall()
    zone: str = ""

    def __post_init__(self) -> None:
        """Refuse a zone that could be a path."""
        if self.zone and not ZONE.fullmatch(self.zone):
            raise ValueError("zone")


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """Settings that are taken back unless somebody confirms them."""

    settings: Settings
    change: str
    until_ns: int
    "By `now_ns`."


Document = TypeVar("Document", Settings, Trial)


def now_ns() -> int:
    """Tell the time since the machine's start, sleep counted."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def write_whole(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Put a file in place so that a crash or a power cut at any moment leaves the old one or the new one."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    try:
        with open(file, "wb", closefd=False) as out:
            out.write(content)
        os.fchmod(file, mode)
        os.fsync(file)
    finally:
        os.close(file)
    fresh.replace(path)
    sync_folder(path.parent)


def remove(path: Path) -> None:
    """Take a file away for good."""
    path.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Let a folder's names be as durable as its files."""
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Where the settings lie."""

    folder: Path
    "Outlives starts and updates; root's alone."
    volatile: Path
    "Empty at each start of the machine."

    @property
    def _settings(self) -> Path:
        return self.folder / "machine.json"

    @property
    def _trial(self) -> Path:
        return self.volatile / "trial.json"

    @property
    def settings(self) -> Settings:
        """What is kept; the first settings where there is nothing that can be read."""
        return _read(self._settings, Settings) or Settings()

    @property
    def readable(self) -> bool:
        """Whether what is kept can be read, or nothing was kept yet."""
        return not self._settings.exists() or _read(self._settings, Settings) is not None

    @property
    def trial(self) -> Trial | None:
        """What is on trial, its time over or not."""
        return _read(self._trial, Trial)

    @property
    def in_force(self) -> Settings:
        """What the machine should be set to now."""
        trial = self.trial
        return self.settings if trial is None or trial.until_ns <= now_ns() else trial.settings

    def keep(self, settings: Settings) -> None:
        """Keep settings, and end what is on trial."""
        write_whole(self._settings, msgspec.json.encode(settings), mode=0o600)
        self.take_back()

    def try_out(self, settings: Settings, *, confirm_s: float = CONFIRM_S) -> Trial:
        """Begin a trial."""
        until_ns = now_ns() + round(confirm_s * SECOND_NS)
        trial = Trial(settings=settings, change=secrets.token_hex(16), until_ns=until_ns)
        write_whole(self._trial, msgspec.json.encode(trial), mode=0o600)
        return trial

    def take_back(self) -> None:
        """End the trial, if there is one."""
        remove(self._trial)


def _read(path: Path, kind: type[Document]) -> Document | None:
    """Read a document; None where there is none, or one that is torn or foreign."""
    with contextlib.suppress(OSError, msgspec.DecodeError), path.open("rb") as file:
        return msgspec.json.decode(file.read(DOCUMENT_BYTES_MAX), type=kind)
    return None
