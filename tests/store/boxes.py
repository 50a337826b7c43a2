"""A box's home with something in each part of it, without a process: for backups of it and what comes of them."""

import os
from dataclasses import dataclass
from pathlib import Path

from transaction import TransactionManager

from appliance.backups import BackupSettings
from appliance.store import media, people
from appliance.store.backup import take
from appliance.store.backup_places import Folder
from appliance.store.backup_words import BackupHome, Manifest
from appliance.store.durable import DurableStorage
from appliance.store.guard import GuardedDB
from appliance.store.orders import Sealed
from appliance.store.schema import JOURNAL, PEOPLE, TABLES, JournalTables, PeopleTables, Root, Sheet, tables
from appliance.store.server import MARKER
from appliance.store.server import open_files as lay_out_files
from tests.store.stand import BEGIN, SECOND

NUMBER = "13800138000"
"Of the caller who is erased."


@dataclass(kw_only=True)
class ABox:
    """A home, and a folder that takes its backups."""

    home: Path
    disk: Path
    now: int = BEGIN
    passphrase: str = ""

    @property
    def backup(self) -> BackupHome:
        """Its backups."""
        return BackupHome(self.home)

    @property
    def place(self) -> Folder:
        """The disk."""
        return Folder(self.disk)

    def take(self, *, full: bool = False, full_every: int = 7) -> Manifest:
        """Make a backup, a second after the last one."""
        self.now += SECOND
        return take(
            self.backup, self.place, full_every=full_every, now_us=self.now, progress=lambda *_: None, full=full
        )

    def write(self, name: str, data: bytes) -> None:
        """Put something into the journal."""

        def work(root: Root) -> None:
            journal = tables(root, JournalTables)
            journal.batches[len(journal.batches) + 1] = Sheet(name.encode() + b" " + data)

        change(self.home / f"store/{JOURNAL}.fs", work)

    def call(self, number: str, recording: str, sound: bytes = b"noise") -> str:
        """Have somebody call and be recorded; gives the party."""
        found: list[tuple[str, str]] = []

        def work(root: Root) -> None:
            known = tables(root, PeopleTables)
            party = people.party_of(known, number, "顾客", self.now).party
            order = media.begin(known, recording, exchange="box", interaction="i1", party=party, now_us=self.now)
            assert order is not None
            media.keep(known, Sealed(recording=recording, file=order.file, samples=8), self.now)
            found.append((party, order.file))

        change(self.home / f"store/{PEOPLE}.fs", work)
        party, file = found[0]
        path = self.home / "media" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(sound)
        return party

    def erase(self, party: str) -> None:
        """Erase somebody; what the upkeep would do then is done."""
        doomed: list[str] = []

        def work(root: Root) -> None:
            known = tables(root, PeopleTables)
            assert people.erase_now(known, party, self.now)
            doomed.extend(known.doomed)
            for file in doomed:
                known.doomed.discard(file)

        change(self.home / f"store/{PEOPLE}.fs", work, pack=True)
        for file in doomed:
            (self.home / "media" / file).unlink()

    def batches(self, home: Path | None = None) -> list[bytes]:
        """Read the journal of a home."""
        found: list[bytes] = []
        path = (home or self.home) / f"store/{JOURNAL}.fs"
        change(path, lambda root: found.extend(one.data for one in tables(root, JournalTables).batches.values()))
        return found


def change(path: Path, work: object, *, pack: bool = False) -> None:
    """Do something in a database and commit it."""
    storage = DurableStorage(str(path))
    database = GuardedDB(storage)
    manager = TransactionManager()
    assert callable(work)
    work(database.open(manager).root())
    manager.commit()
    if pack:
        storage.tidy()
    database.close()


def a_box(folder: Path) -> ABox:
    """Lay a box out, with a key for its backups."""
    box = ABox(home=folder / "a home", disk=folder / "disk")
    for path in (box.home / "media", box.home / "prompts/en", box.home / "tls", box.disk):
        path.mkdir(parents=True)
    for storage in lay_out_files(box.home / "store").values():
        storage.close()
    assert {path.stem for path in (box.home / "store").glob("*.fs")} == set(TABLES)
    assert (box.home / "store" / MARKER).exists()
    (box.home / "prompts/en/welcome.wav").write_bytes(b"RIFF")
    (box.home / "tls/key.pem").write_bytes(b"a key")
    (box.home / "sign-ins").write_bytes(b"complete = true\n")
    box.passphrase = box.backup.set(BackupSettings())
    return box


def tree(home: Path) -> dict[str, bytes]:
    """Read what a restore brings back: every file by its path, but for what a database's opening leaves."""
    found = {}
    for top in ("store", "media", "prompts", "tls", "sign-ins", "backup/settings"):
        for folder, _below, names in os.walk(home / top):
            for name in names:
                path = Path(folder, name)
                if path.suffix not in {".index", ".lock", ".tmp"}:
                    found[path.relative_to(home).as_posix()] = path.read_bytes()
    found["sign-ins"] = (home / "sign-ins").read_bytes() if (home / "sign-ins").exists() else b""
    return found
