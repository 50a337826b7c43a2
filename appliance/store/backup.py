"""A backup of a box: its databases by repozo, its sealed recordings, its prompts, sign-ins, certificate and settings.

The order is the reverse of that in which the box commits (media, people, configuration, journal): first the journal,
then the configuration, the people, the recordings; so no row of a backup names one that is not in it.

A destination holds

    key.json                 the backups' key, wrapped by the passphrase
    backups/<when>           what stands in a backup, encrypted; written last: with it the backup is there
    objects/<by chance>      parts of databases, lists of recordings, small files; encrypted, each written once
    media/<as on the box>    sealed recordings, which are encrypted already, each by its own key

A database's parts are a repozo repository: a full copy, then what the file grew by. The file's whole beginning is held
against its SHA-256 before only its growth is taken; a file that was packed is copied whole. Of repozo's repository only
the names and the list lie on the box while a backup is made: it wants to see nothing else. A killed backup leaves
objects that nothing names; the next one that ends removes them.
"""

import contextlib
import hashlib
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from ZODB.FileStorage import FileStorage
from ZODB.scripts import repozo

from appliance.store.backup_frames import BackupError, key_file_of, seal
from appliance.store.backup_lists import BACKUPS, MEDIA, OBJECTS, listed_recordings, manifests
from appliance.store.backup_places import PIECE_BYTES, Place, pieces_of
from appliance.store.backup_words import (
    BackupHome,
    Counts,
    Database,
    KeptFile,
    Manifest,
    PartFile,
    Recording,
    stamp_of,
)
from appliance.store.guard import GuardedDB
from appliance.store.link import POSTGRES, STORE
from appliance.store.opened import release_of
from appliance.store.schema import CONFIGURATION, JOURNAL, PEOPLE, PeopleTables, tables
from appliance.texts import marked

ORDER = (JOURNAL, CONFIGURATION, PEOPLE)
KEY_FILE = "key.json"
SMALL = ("prompts", "tls", "sign-ins", "backup/settings")
"What is copied of the home beside databases and recordings."
UNFINISHED = ".part"
TRIES = 5
"How often a database is copied that is packed in the middle of it."

Progress = Callable[[str, int, int], None]
"Told the stage, bytes done, bytes in all."


@dataclass(kw_only=True)
class Work:
    """One backup as it is made."""

    home: Path
    place: Place
    key: bytes
    before: Manifest | None
    name: str
    full: bool
    progress: Progress
    scratch: Path
    total_bytes: int = 0
    sent_bytes: int = 0
    written: set[str] = field(default_factory=set)

    def put(self, pieces: Iterator[bytes], stage: str) -> str:
        """Encrypt something into a new object; gives its name."""
        name = f"{OBJECTS}/{secrets.token_hex(16)}"
        self.place.write(name, self.counted(seal(pieces, self.key, name), stage))
        self.written.add(name)
        return name

    def counted(self, pieces: Iterator[bytes], stage: str) -> Iterator[bytes]:
        """Count what goes to the destination, and tell."""
        for piece in pieces:
            yield piece
            self.sent_bytes += len(piece)
            self.progress(stage, self.sent_bytes, max(self.total_bytes, self.sent_bytes))


def refuse_postgres() -> None:
    """Say why databases in PostgreSQL are not backed up here; raises `BackupError`."""
    if os.environ.get(STORE, "").startswith(POSTGRES):
        raise BackupError(
            marked(
                "the databases of this box are in PostgreSQL, which has backups of its own that a copy "
                "from outside could not equal: have its administrator run pg_dump or pg_basebackup, and "
                "copy the folders media, prompts, tls"
            )
        )


def take(
    box: BackupHome, place: Place, *, full_every: int, now_us: int, progress: Progress, full: bool = False
) -> Manifest:
    """Make a backup at a destination; raises `BackupError` or OSError, and then what was there is there still."""
    refuse_postgres()
    greet(box, place)
    known = manifests(place, box.key)
    before = known[0] if known else None
    name = stamp_of(max(now_us, (before.began + 1_000_000) if before else 0))
    whole = full or before is None or before.since_full + 1 >= full_every
    shutil.rmtree(box.scratch, ignore_errors=True)
    box.scratch.mkdir(mode=0o700, parents=True)
    try:
        work = Work(
            home=box.home,
            place=place,
            key=box.key,
            before=before,
            name=name,
            full=whole,
            progress=progress,
            scratch=box.scratch,
        )
        work.total_bytes = _expected(work)
        manifest = _take(work, now_us)
        place.write(f"{BACKUPS}/{name}", seal(iter([msgspec.json.encode(manifest)]), box.key, f"{BACKUPS}/{name}"))
    finally:
        shutil.rmtree(box.scratch, ignore_errors=True)
    return manifest


def greet(box: BackupHome, place: Place) -> None:
    """See that a destination holds backups of this key alone, or none yet; raises `BackupError`."""
    try:
        with place.read(KEY_FILE) as file:
            there = file.read(1 << 16)
    except FileNotFoundError:
        place.write(KEY_FILE, iter([box.key_file]))
        return
    if key_file_of(there) != key_file_of(box.key_file):
        raise BackupError(marked("backups of another box, or of another passphrase, are there; choose another folder"))


def _expected(work: Work) -> int:
    """Guess how much will go over, and refuse where there is too little room for it; raises `BackupError`."""
    here = sum(path.stat().st_size for path in map(work.home.joinpath, (f"store/{name}.fs" for name in ORDER)))
    before = 0 if work.full or work.before is None else sum(one.end for one in work.before.databases.values())
    sent = max(0, here - before)
    if (room := shutil.disk_usage(work.scratch).free) < sent:
        raise BackupError(
            marked("the box's disk has {room} MiB free, and a copy of its databases needs {need} MiB"),
            room=room >> 20,
            need=sent >> 20,
        )
    there = work.place.names(MEDIA)
    sent += sum(size for path, size in recordings_of(work.home) if there.get(f"{MEDIA}/{path}") != size)
    free = work.place.room()
    if free is not None and free < sent:
        raise BackupError(
            marked("the destination has {room} MiB free, and the backup needs {need} MiB; make room"),
            room=free >> 20,
            need=sent >> 20,
        )
    return sent


def _take(work: Work, now_us: int) -> Manifest:
    databases = {name: _database(work, name) for name in ORDER}
    erased = erased_of(work.home / f"store/{PEOPLE}.fs")
    media, added, count, size = _recordings(work)
    before = () if work.full or work.before is None else work.before.recordings
    files = _files(work)
    return Manifest(
        name=work.name,
        began=now_us,
        release=release_of(),
        full=work.full,
        since_full=0 if work.full or work.before is None else work.before.since_full + 1,
        databases=databases,
        files=files,
        recordings=(*before, *([media] if added else [])),
        erased=erased,
        counts=Counts(
            databases_bytes=sum(one.end for one in databases.values()),
            recordings=count,
            recordings_bytes=size,
            files=len(files),
        ),
        sent_bytes=work.sent_bytes,
    )


# -- databases


class RepozoOptions:
    """What repozo asks of its command line."""

    def __init__(self, repository: Path, file: Path, name: str) -> None:
        """Make a backup of `file` into a repository, named by a backup's name."""
        self.repository = str(repository)
        self.file = str(file)
        self.test_now = tuple(int(name[a:b]) for a, b in ((0, 4), (4, 6), (6, 8), (9, 11), (11, 13), (13, 15)))
        self.gzip = self.full = self.killold = self.quick = False
        self.withverify = True
        self.date: str | None = None
        self.output: str | None = None


def _database(work: Work, name: str) -> Database:
    """Copy a database, or what it grew by; a file that is packed meanwhile is another one, and copied anew."""
    source = work.home / f"store/{name}.fs"
    before = None if work.full or work.before is None else work.before.databases.get(name)
    for _ in range(TRIES):
        inode = source.stat().st_ino
        found = _copied(work, name, source, before)
        if found is not None and source.stat().st_ino == inode:
            return found
        before = None
    raise BackupError(
        marked("{source} was packed {tries} times while it was copied; try again later"), source=source, tries=TRIES
    )


def _copied(work: Work, name: str, source: Path, before: Database | None) -> Database | None:
    repository = work.scratch / name
    shutil.rmtree(repository, ignore_errors=True)
    repository.mkdir()
    if before is not None and digest(source, before.end) != before.sha256:
        before = None
    parts = () if before is None else before.parts
    for part in parts:
        (repository / part.name).touch()
    options = RepozoOptions(repository, source, work.name)
    if before is None:
        repozo.do_full_backup(options)
    elif source.stat().st_size > before.end:
        (repository / parts[0].name).with_suffix(".dat").write_text(before.dat)
        repozo.do_incremental_backup(options, before.end, [str(repository / part.name) for part in parts])
    else:
        return before
    made = next(path for path in repository.iterdir() if path.suffix in {".fs", ".deltafs"} and path.stat().st_size)
    with made.open("rb") as file:
        part = PartFile(name=made.name, object=work.put(pieces_of(file), name), size=made.stat().st_size)
    dat = _bare(next(repository.glob("*.dat")).read_text())
    end = (before.end if before is not None else 0) + part.size
    sha256 = digest(source, end)
    shutil.rmtree(repository)
    return Database(parts=(*parts, part), dat=dat, end=end, sha256=sha256) if sha256 else None


def _bare(dat: str) -> str:
    """Take the folder out of the names in repozo's list: it may hold a space, at which repozo parts a line."""
    rows = (line.rsplit(" ", 3) for line in dat.splitlines())
    return "".join(f"{Path(name).name} {begin} {end} {md5}\n" for name, begin, end, md5 in rows)


def digest(path: Path, size: int) -> str:
    """Give the SHA-256 of a file's first bytes; empty if it has not so many."""
    hashed, left = hashlib.sha256(), size
    with path.open("rb") as file:
        while left and (piece := file.read(min(left, PIECE_BYTES))):
            hashed.update(piece)
            left -= len(piece)
    return "" if left else hashed.hexdigest()


def erased_of(people: Path) -> dict[str, int]:
    """Read from a database of people who was erased and when; nothing is written."""
    database = GuardedDB(FileStorage(str(people), read_only=True))
    try:
        connection = database.open()
        return {party: at for party, at in tables(connection.root(), PeopleTables).erased.items() if party != "packed"}
    finally:
        database.close()


# -- recordings and small files


def recordings_of(home: Path) -> Iterator[tuple[str, int]]:
    """List sealed recordings by their paths below the media folder, in order, with their sizes."""
    top = home / "media"
    for folder, below, names in os.walk(top):
        below.sort()
        for name in sorted(names):
            path = Path(folder, name)
            if path.suffix != UNFINISHED:
                with contextlib.suppress(FileNotFoundError):  # it was erased this moment
                    yield path.relative_to(top).as_posix(), path.stat().st_size


def _recordings(work: Work) -> tuple[str, bool, int, int]:
    """Bring over what is not there yet. Gives the new list's object, whether it has any, and how many there are."""
    known = set[str]()
    if not work.full and work.before is not None:
        known = set(listed_recordings(work.place, work.key, work.before))
    there = work.place.names(MEDIA)
    added: list[Recording] = []
    count = size = 0
    for path, bytes_ in recordings_of(work.home):
        count, size = count + 1, size + bytes_
        if path in known:
            continue
        source, name = work.home / "media" / path, f"{MEDIA}/{path}"
        with contextlib.suppress(FileNotFoundError):
            sha256 = digest(source, bytes_)
            if there.get(name) != bytes_:
                with source.open("rb") as file:
                    work.place.write(name, work.counted(pieces_of(file), "recordings"))
            added.append(Recording(path, bytes_, sha256))
    if not added and not work.full:
        return "", False, count, size
    return work.put(iter([msgspec.msgpack.encode(added)]), "recordings"), True, count, size


def _files(work: Work) -> tuple[KeptFile, ...]:
    """Bring over the small files that are not as they were."""
    known: Mapping[str, KeptFile] = {one.path: one for one in work.before.files} if work.before else {}
    kept = []
    for top in map(work.home.joinpath, SMALL):
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if not path.is_file() or path.name.startswith("."):
                continue
            name, data = path.relative_to(work.home).as_posix(), path.read_bytes()
            sha256, same = hashlib.sha256(data).hexdigest(), known.get(name)
            if same is not None and same.sha256 == sha256:
                kept.append(same)
            else:
                kept.append(KeptFile(path=name, object=work.put(iter([data]), "files"), size=len(data), sha256=sha256))
    return tuple(kept)
