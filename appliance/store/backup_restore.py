"""A restore: a backup read back, held against its sums, rid of who was erased since, and put in the home's place.

It is made in `backup/restored` while the box may run. Then the files change places: first a note that they shall is on
the disk, then each goes by a rename, what was there to `backup/previous`, what was restored into its place; last the
note goes. A start finishes what was begun, so a kill at any moment leaves the old home, or one that the next start
makes the new one. `undo` changes them back the same way.
"""

import contextlib
import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
from transaction import TransactionManager
from ZODB.scripts import repozo

from appliance.store.backup import ORDER, Progress, RepozoOptions, erased_of
from appliance.store.backup_frames import BackupError, DamagedError, unseal
from appliance.store.backup_lists import MEDIA, listed_recordings, manifests, objects_of
from appliance.store.backup_places import FRESH, Place, pieces_of
from appliance.store.backup_words import BackupHome, Counts, Manifest, Recording, safe_path, write
from appliance.store.durable import DurableStorage
from appliance.store.guard import GuardedDB
from appliance.store.packing import fsync_folder
from appliance.store.people import erase_now
from appliance.store.schema import PEOPLE, TABLES, PeopleTables, lay_out, tables
from appliance.store.server import MARKER
from appliance.store.tail import walk
from appliance.texts import marked

SWAPPED = ("store", "media", "prompts", "tls", "sign-ins", "backup/settings")
"What changes its place, in this order."
READY, NOTE, PREVIOUS = "restored", "swap", "previous"


# -- reading


class Reading:
    """One backup at a destination, to be verified or restored."""

    def __init__(self, place: Place, key: bytes, name: str, progress: Progress) -> None:
        """Choose a backup, the newest if `name` is empty; raises `BackupError`."""
        known = manifests(place, key)
        chosen = [one for one in known if not name or one.name == name]
        if not chosen:
            raise BackupError(marked("the destination has no backup {name}, or it cannot be read"), name=name)
        self.manifest: Manifest = chosen[0]
        self.erased = {party: at for one in reversed(known) for party, at in one.erased.items()}
        "Of all backups there, the newer ones too."
        self._place, self._key, self._progress = place, key, progress
        self._total = self.manifest.counts.databases_bytes + self.manifest.counts.recordings_bytes
        self._done = 0

    def pieces(self, name: str, stage: str) -> Iterator[bytes]:
        """Decrypt an object; raises `BackupError`."""
        try:
            with self._place.read(name) as file:
                yield from self._counted(unseal(file, self._key, name), stage)
        except FileNotFoundError:
            raise DamagedError(marked("{name} is missing at the destination; use another backup"), name=name) from None

    def recordings(self) -> dict[str, Recording]:
        """List the recordings; raises `BackupError`."""
        return listed_recordings(self._place, self._key, self.manifest)

    def recording(self, one: Recording) -> Iterator[bytes]:
        """Read a sealed recording and hold it against its sum; raises `BackupError` at its end."""
        hashed = hashlib.sha256()
        try:
            with self._place.read(f"{MEDIA}/{safe_path(one.path).as_posix()}") as file:
                for piece in self._counted(pieces_of(file), "recordings"):
                    hashed.update(piece)
                    yield piece
        except FileNotFoundError:
            raise DamagedError(
                marked("the recording {path} is missing at the destination; use another backup"), path=one.path
            ) from None
        if hashed.hexdigest() != one.sha256:
            raise DamagedError(
                marked("the recording {path} is damaged at the destination; use another backup"), path=one.path
            )

    def _counted(self, pieces: Iterator[bytes], stage: str) -> Iterator[bytes]:
        for piece in pieces:
            self._done += len(piece)
            self._progress(stage, self._done, max(self._total, self._done))
            yield piece

    def database(self, name: str, scratch: Path, target: Path) -> None:
        """Have repozo put a database together; raises `BackupError` if it is not what it was."""
        database = self.manifest.databases[name]
        repository = scratch / name
        repository.mkdir(mode=0o700, parents=True)
        for part in database.parts:
            _keep(repository / safe_path(part.name), self.pieces(part.object, name))
        full = repository / database.parts[0].name
        full.with_suffix(".dat").write_text(database.dat)
        options = RepozoOptions(repository, target, self.manifest.name)
        options.output = str(target)
        try:
            repozo.do_recover(options)
        except (repozo.VerificationFail, KeyError, ValueError) as error:
            raise DamagedError(
                marked("the database {name} is damaged at the destination ({error})"), name=name, error=error
            ) from error
        shutil.rmtree(repository)
        if walk(target, whole=True).end != database.end:
            raise DamagedError(
                marked("the database {name} is not whole at the destination; use another backup"), name=name
            )


def verify(reading: Reading, scratch: Path) -> None:
    """Read every byte of a backup and hold it against its sums; raises `BackupError`."""
    shutil.rmtree(scratch, ignore_errors=True)
    try:
        for name in ORDER:
            reading.database(name, scratch, scratch / f"{name}.fs")
        for one in reading.recordings().values():
            for _ in reading.recording(one):
                pass
        for kept in reading.manifest.files:
            _file(reading, kept.object, kept.sha256)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _file(reading: Reading, name: str, sha256: str) -> bytes:
    data = b"".join(reading.pieces(name, "files"))
    if hashlib.sha256(data).hexdigest() != sha256:
        raise DamagedError(marked("{name} is damaged at the destination; use another backup"), name=name)
    return data


def _keep(path: Path, pieces: Iterator[bytes]) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("xb") as out:
        for piece in pieces:
            out.write(piece)
        out.flush()
        os.fsync(out.fileno())
    path.chmod(0o600)


# -- making the restored home


def prepare(reading: Reading, box: BackupHome, *, sandbox: Path | None = None) -> Counts:
    """Make a restored home beside the box's files, or as a sandbox; raises `BackupError` or OSError.

    Recordings that the box has already are linked. Tombstones of every backup at the destination and of the box itself
    are applied before anything opens it.
    """
    ready = sandbox or box.folder / READY
    fresh = ready.with_name(f"{ready.name}{FRESH}x")
    for path in (fresh, ready):
        shutil.rmtree(path, ignore_errors=True)
    scratch = fresh / "scratch"
    try:
        store = fresh / "store"
        store.mkdir(mode=0o700, parents=True)
        for name in ORDER:
            reading.database(name, scratch, store / f"{name}.fs")
        (store / MARKER).write_text("\n".join(TABLES) + "\n")
        for kept in reading.manifest.files:
            _keep(fresh / safe_path(kept.path), iter([_file(reading, kept.object, kept.sha256)]))
        erased = {**reading.erased, **_erased_here(box)}
        gone, count = bury(store / f"{PEOPLE}.fs", erased)
        recordings, size = _recordings(reading, box, fresh / "media", gone)
        shutil.rmtree(scratch, ignore_errors=True)
        for folder, _below, _names in os.walk(fresh):
            fsync_folder(Path(folder))
        fresh.replace(ready)
        fsync_folder(ready.parent)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    known = reading.manifest.counts
    return msgspec.structs.replace(known, recordings=recordings, recordings_bytes=size, erased=count)


def _recordings(reading: Reading, box: BackupHome, media: Path, gone: set[str]) -> tuple[int, int]:
    media.mkdir(mode=0o700)
    count = size = 0
    for one in reading.recordings().values():
        path = safe_path(one.path)
        if path.as_posix() in gone:
            continue
        here = box.home / "media" / path
        if here.is_file() and here.stat().st_size == one.size:
            (media / path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with contextlib.suppress(FileExistsError):
                os.link(here, media / path)
        else:
            _keep(media / path, reading.recording(one))
        count, size = count + 1, size + one.size
    return count, size


def _erased_here(box: BackupHome) -> dict[str, int]:
    """Tell who was erased on this box: as it knows itself, if there is one."""
    people = box.home / f"store/{PEOPLE}.fs"
    return erased_of(people) if people.exists() else {}


def bury(people: Path, erased: dict[str, int]) -> tuple[set[str], int]:
    """Erase in a database of people whoever was erased since it was copied, and pack it, so that no trace is left.

    Gives the files of recordings that are not to be restored, and how many persons went.
    """
    storage = DurableStorage(str(people))
    database = GuardedDB(storage)
    try:
        manager = TransactionManager()
        root = database.open(manager).root()
        lay_out(root, PEOPLE)
        known = tables(root, PeopleTables)
        count = sum(erase_now(known, party, at) for party, at in sorted(erased.items()))
        for party, at in erased.items():
            if party not in known.erased:
                known.erased[party] = at
        gone = set(known.doomed)
        manager.commit()
        storage.tidy()
    finally:
        database.close()
    for rest in (".index", ".lock", ".tmp"):
        people.with_name(people.name + rest).unlink(missing_ok=True)
    return gone, count


# -- putting it in place


def commit(box: BackupHome) -> None:
    """Say for good that what is ready takes the place of what is there; the box must not run when it is finished."""
    if not (box.folder / READY).is_dir():
        raise BackupError(marked("nothing was restored that could be put in place"))
    shutil.rmtree(box.folder / PREVIOUS, ignore_errors=True)
    come = [name for name in SWAPPED if (box.folder / READY / name).exists()]
    write(box.folder / NOTE, msgspec.json.encode(come))


def finish(home: Path) -> bool:
    """Put restored files in place, if that was begun; whether anything was. No program of the box may run."""
    folder = home / "backup"
    note, ready, previous = folder / NOTE, folder / READY, folder / PREVIOUS
    if not note.exists():
        return False
    come = msgspec.json.decode(note.read_bytes(), type=tuple[str, ...])
    previous.mkdir(mode=0o700, exist_ok=True)
    for name in SWAPPED:
        new, here, old = ready / name, home / name, previous / name
        if here.exists() and not old.exists() and (new.exists() or name not in come):
            _move(here, old)
        if new.exists():
            _move(new, here)
    shutil.rmtree(ready, ignore_errors=True)
    note.unlink()
    fsync_folder(folder)
    return True


def _move(path: Path, to: Path) -> None:
    to.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.replace(to)
    fsync_folder(to.parent)
    fsync_folder(path.parent)


def undo(box: BackupHome) -> None:
    """Make what was there before a restore ready to take its place again; raises `BackupError` if nothing is kept."""
    previous, ready = box.folder / PREVIOUS, box.folder / READY
    if (box.folder / NOTE).exists():
        raise BackupError(marked("a restore is being put in place; start the box first"))
    if not (previous / "store").is_dir():
        raise BackupError(marked("nothing is kept from before a restore"))
    shutil.rmtree(ready, ignore_errors=True)
    previous.replace(ready)
    fsync_folder(box.folder)
    commit(box)


def export(reading: Reading, place: Place) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Give every object of a backup, as it lies there, for a file that holds it all."""
    manifest = reading.manifest
    names = [*sorted(objects_of(manifest)), *(f"{MEDIA}/{path}" for path in reading.recordings())]
    for name in ("key.json", *names, f"backups/{manifest.name}"):
        yield name, _plain(place, name)


def _plain(place: Place, name: str) -> Iterator[bytes]:
    with place.read(name) as file:
        yield from pieces_of(file)
