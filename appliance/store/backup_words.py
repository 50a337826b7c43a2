"""What is written down of backups: settings, results, and what stands in a backup."""

import contextlib
import datetime as dt
import fcntl
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

from appliance.backups import BackupSettings, Destination
from appliance.store.backup_frames import KEY_BYTES, BackupError, KeyFile, make_passphrase, wrap
from appliance.store.packing import fsync_folder
from appliance.texts import marked

FORMAT = 1
STALE_S = 2 * 86_400
"A backup, or a proof, that is older is said."


class Counts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How much there is of each kind."""

    databases_bytes: int = 0
    recordings: int = 0
    recordings_bytes: int = 0
    files: int = 0
    erased: int = 0
    "Persons who were erased after the backup, and so once more."


class Listed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One backup at a destination."""

    name: str
    began: int
    "Microseconds UTC."
    full: bool
    release: str = ""
    counts: Counts = Counts()
    sent_bytes: int = 0
    "What it brought to the destination."


class Result(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of the last attempt."""

    at: int
    "When it ended, microseconds UTC."
    took_s: float = 0.0
    backup: str = ""
    problem: str = ""
    "A message that is marked for translation; empty if it went well."
    values: dict[str, str] = {}
    "What stands in its `{places}`."
    good_at: int = 0
    "When it last went well."


class Step(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One step of a self-test."""

    name: str
    passed: bool
    told: str = ""
    took_s: float = 0.0


class Proof(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A restore that was tried."""

    at: int
    took_s: float = 0.0
    destination: str = ""
    backup: str = ""
    counts: Counts = Counts()
    steps: tuple[Step, ...] = ()
    problem: str = ""
    values: dict[str, str] = {}
    good_at: int = 0


class Running(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is being done."""

    work: str
    "`backup`, `verify`, `restore`, `prove`."
    destination: str
    began: int
    pid: int
    stage: str = ""
    "`journal`, `configuration`, `people`, `recordings`, `files`, `selftest`."
    done_bytes: int = 0
    total_bytes: int = 0


class State(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of all of it; one process at a time writes it."""

    running: Running | None = None
    results: dict[str, Result] = {}
    "By destination."
    lists: dict[str, tuple[Listed, ...]] = {}
    "By destination, the newest first, as it was last looked at."
    rooms: dict[str, int] = {}
    "Bytes that are free at a destination that tells."
    verified: dict[str, Result] = {}
    "By destination: the last time that every byte of a backup was read again."
    proof: Proof | None = None
    night: int = 0
    "When the last night's backups began, microseconds UTC."


class PartFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a repozo repository."""

    name: str
    object: str
    "Its name at the destination."
    size: int


class Database(msgspec.Struct, frozen=True, kw_only=True):
    """A database of the store, as repozo keeps it: one full copy and what came after."""

    parts: tuple[PartFile, ...]
    dat: str
    "repozo's list of them with their MD5 sums."
    end: int
    "Bytes of the whole."
    sha256: str
    "Of the whole, so that the next backup knows whether the file only grew."


class KeptFile(msgspec.Struct, frozen=True, kw_only=True):
    """A small file of the home."""

    path: str
    object: str
    size: int
    sha256: str


class Recording(msgspec.Struct, frozen=True, array_like=True):
    """A sealed recording: it lies at the destination as it lies on the box, for it is encrypted already."""

    path: str
    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What stands in one backup."""

    format: int = FORMAT
    name: str
    began: int
    "Microseconds UTC."
    release: str
    full: bool
    since_full: int = 0
    databases: dict[str, Database]
    files: tuple[KeptFile, ...] = ()
    recordings: tuple[str, ...] = ()
    "Objects that list recordings: all of the full backup, and what each one after it added."
    erased: dict[str, int] = {}
    "Parties that were erased, and when: they go from older backups too as these are restored."
    counts: Counts = Counts()
    sent_bytes: int = 0


def safe_path(path: str) -> Path:
    """Take a relative path from a backup; raises `BackupError` for one that leads out."""
    parts = path.split("/")
    if any(part in {"", ".", ".."} or not part.isprintable() or "\\" in part for part in parts):
        raise BackupError(
            marked("the backup names {path}, which is no path of a box; it is not one of ours"), path=repr(path)
        )
    return Path(*parts)


def stamp_of(at_us: int) -> str:
    """Name a backup by when it began."""
    return dt.datetime.fromtimestamp(at_us // 1_000_000, tz=dt.UTC).strftime("%Y%m%dT%H%M%SZ")


# -- on the box

WordT = TypeVar("WordT", BackupSettings, State)


class BackupHome:
    """The folder of a box in which this stands."""

    def __init__(self, home: Path) -> None:
        """Look into a box's home."""
        self.home = home
        self.folder = home / "backup"
        self.kept = self.folder / "settings"
        "What a backup takes along, and a restore brings back."

    @property
    def known_hosts(self) -> Path:
        """SSH servers as they were first met."""
        return self.kept / "known_hosts"

    @property
    def identity(self) -> Path:
        """The box's own SSH key."""
        return self.kept / "id_ed25519"

    @property
    def scratch(self) -> Path:
        """Where parts lie while they are made or read."""
        return self.folder / "scratch"

    @property
    def settings(self) -> BackupSettings:
        """What is set; nothing, if nothing can be read."""
        return _read(self.kept / "settings.json", BackupSettings, BackupSettings())

    @property
    def state(self) -> State:
        """What is known, without what was being done by a process that is gone."""
        state = _read(self.folder / "state.json", State, State())
        if state.running is not None and not Path(f"/proc/{state.running.pid}").exists():
            return msgspec.structs.replace(state, running=None)
        return state

    def set(self, settings: BackupSettings) -> str:
        """Keep settings; gives the passphrase the first time, which is kept nowhere."""
        self.kept.mkdir(mode=0o700, parents=True, exist_ok=True)
        passphrase = "" if (self.kept / "key").exists() else self._make_key()
        write(self.kept / "settings.json", msgspec.json.format(msgspec.json.encode(settings)))
        return passphrase

    def note(self, state: State) -> None:
        """Keep what is known."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write(self.folder / "state.json", msgspec.json.encode(state))

    @property
    def key(self) -> bytes:
        """The key of this box's backups; raises `BackupError`."""
        try:
            key = (self.kept / "key").read_bytes()
        except OSError:
            key = b""
        if len(key) != KEY_BYTES:
            raise BackupError(marked("this box has no key for backups; set a destination up first"))
        return key

    @property
    def key_file(self) -> bytes:
        """The same, wrapped by the passphrase, as it goes to each destination; raises `BackupError`."""
        try:
            return (self.kept / "key.json").read_bytes()
        except OSError:
            raise BackupError(marked("this box has no key for backups; set a destination up first")) from None

    def keep_key(self, key: bytes, file: KeyFile) -> None:
        """Keep a key and its wrapped form."""
        self.kept.mkdir(mode=0o700, parents=True, exist_ok=True)
        write(self.kept / "key.json", msgspec.json.encode(file))
        write(self.kept / "key", key)

    def _make_key(self) -> str:
        key, passphrase = secrets.token_bytes(KEY_BYTES), make_passphrase()
        self.keep_key(key, wrap(key, passphrase))
        return passphrase

    def destination(self, slug: str) -> Destination:
        """Find a destination; raises `BackupError`."""
        for one in self.settings.destinations:
            if one.slug == slug:
                return one
        raise BackupError(
            marked("there is no destination {slug}; `switchroom backup list` tells those that there are"),
            slug=repr(slug),
        )

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Hold off every other backup, restore and proof of this box; raises `BackupError` if one is at work."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.folder / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise BackupError(marked("a backup or a restore is at work; wait until it is done")) from None
            yield


def write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, 0600."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(path)
    fsync_folder(path.parent)


def _read(path: Path, kind: type[WordT], otherwise: WordT) -> WordT:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.DecodeError):
        return otherwise
