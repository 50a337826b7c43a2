"""Backups: what goes into one, what is read back, who stays erased, and that no wrong byte passes."""

import io
from pathlib import Path

import msgspec
import pytest

from appliance.backups import BackupSettings
from appliance.store import backup_restore
from appliance.store.backup_frames import (
    FRAME_BYTES,
    BackupError,
    DamagedError,
    WrongPassphraseError,
    key_file_of,
    seal,
    unseal,
    unwrap,
)
from appliance.store.backup_lists import BACKUPS, MEDIA, OBJECTS, manifests, rotate
from appliance.store.backup_places import Archive, Folder, write_archive
from appliance.store.backup_restore import Reading, export, finish, prepare, undo, verify
from appliance.store.backup_words import BackupHome, safe_path
from appliance.store.link import STORE
from tests.store.boxes import NUMBER, ABox, a_box, tree

KEY = bytes(range(32))


@pytest.fixture
def box(tmp_path: Path) -> ABox:
    """Lay out a box with two callers and some journal."""
    made = a_box(tmp_path)
    made.write("first", bytes(50_000))
    made.call(NUMBER, "r1")
    made.call("13900139000", "r2", b"other noise")
    return made


def reading(box: ABox, name: str = "") -> Reading:
    """Choose a backup on the disk."""
    return Reading(box.place, box.backup.key, name, lambda *_: None)


def restored(box: ABox, home: Path, name: str = "") -> BackupHome:
    """Restore into an empty home, as a new machine would."""
    target = BackupHome(home)
    home.mkdir()
    prepare(reading(box, name), target)
    backup_restore.commit(target)
    assert finish(home)
    return target


@pytest.mark.parametrize("size", [0, 1, FRAME_BYTES - 1, FRAME_BYTES, FRAME_BYTES + 1, 2 * FRAME_BYTES])
def test_what_was_sealed_opens(size: int) -> None:
    """Whatever the size, in whatever pieces it came."""
    data = bytes(index % 251 for index in range(size))
    pieces = iter([data[: size // 3], b"", data[size // 3 :]])
    sealed = b"".join(seal(pieces, KEY, "name"))
    assert b"".join(unseal(io.BytesIO(sealed), KEY, "name")) == data


def test_no_byte_may_differ() -> None:
    """A flipped byte, a cut at any frame, another name, another key: each is refused."""
    sealed = b"".join(seal(iter([bytes(2 * FRAME_BYTES + 5)]), KEY, "name"))
    frame = FRAME_BYTES + 16
    head = len(sealed) - 2 * frame - 21
    cuts = [sealed[:count] for count in (0, 3, head, head + 7, head + frame, head + 2 * frame, len(sealed) - 1)]
    flips = [bytes([*sealed[:at], sealed[at] ^ 1, *sealed[at + 1 :]]) for at in (0, 10, head, head + frame + 3)]
    swapped = sealed[:head] + sealed[head + frame : head + 2 * frame] + sealed[head : head + frame]
    for damaged in (*cuts, *flips, swapped + sealed[-21:], sealed + b"\0"):
        with pytest.raises(DamagedError):
            b"".join(unseal(io.BytesIO(damaged), KEY, "name"))
    for key, name in ((KEY, "other"), (KEY[::-1], "name")):
        with pytest.raises(DamagedError):
            b"".join(unseal(io.BytesIO(sealed), key, name))


def test_the_passphrase_opens_the_key_and_another_does_not(box: ABox) -> None:
    """It is shown once, however it is typed it opens, and a wrong one is one clear line."""
    file = key_file_of(box.backup.key_file)
    assert unwrap(file, box.passphrase.upper().replace("-", " ")) == box.backup.key
    with pytest.raises(WrongPassphraseError, match="not the passphrase of this backup"):
        unwrap(file, "aaaa-bbbb-cccc-dddd-eeee-ffff")
    assert box.backup.set(BackupSettings(at="03:00")) == ""
    greedy = msgspec.structs.replace(file, memory_kib=1 << 30)
    with pytest.raises(BackupError, match="not one of ours"):
        unwrap(greedy, box.passphrase)


def test_a_restore_is_the_box_as_it_was(box: ABox, tmp_path: Path) -> None:
    """Full, then what was added; every file comes back, byte for byte."""
    box.take()
    box.write("second", bytes(70_000))
    box.call("13700137000", "r3")
    second = box.take()
    assert not second.full
    assert second.sent_bytes < 200_000
    assert [len(one.parts) for one in second.databases.values()] == [2, 1, 2]
    before = tree(box.home)
    after = tree(restored(box, tmp_path / "new").home)
    assert {name for name in before if before[name] != after.get(name)} <= {"store/people.fs"}  # packed
    assert after.keys() == before.keys()
    assert box.batches(tmp_path / "new") == box.batches()


def test_a_backup_of_an_earlier_day_is_restored(box: ABox, tmp_path: Path) -> None:
    """What came later is not in it."""
    first = box.take()
    box.write("second", b"")
    box.take()
    restored(box, tmp_path / "new", first.name)
    assert len(box.batches(tmp_path / "new")) == 1


def test_a_packed_database_is_copied_whole(box: ABox, tmp_path: Path) -> None:
    """Its beginning is another, so what it grew by would say nothing."""
    box.take()
    box.erase(box.call("13600136000", "r4"))
    second = box.take()
    assert not second.full
    assert len(second.databases["people"].parts) == 1
    assert len(second.databases["journal"].parts) == 1  # it has not grown: nothing was added
    restored(box, tmp_path / "new")


def test_who_was_erased_stays_erased(box: ABox, tmp_path: Path) -> None:
    """A backup from before the erasure is restored without the person: no label, no key, no recording, no trace."""
    party = box.call("13500135000", "r5", b"what was said")
    first = box.take()
    box.erase(party)
    box.take()
    new = restored(box, tmp_path / "new", first.name).home
    data = (new / "store/people.fs").read_bytes()
    assert party.encode() in data  # the tombstone
    assert b"13500135000" not in data
    assert b"what was said" not in b"".join(tree(new).values())
    assert NUMBER.encode() in data


def test_who_was_erased_after_the_last_backup_stays_erased_on_this_box(box: ABox) -> None:
    """The box itself knows."""
    party = box.call("13500135000", "r5", b"what was said")
    box.take()
    box.erase(party)
    counts = prepare(reading(box), box.backup)
    assert counts.erased == 1
    assert b"13500135000" not in (box.home / "backup/restored/store/people.fs").read_bytes()


def test_a_restore_can_be_undone(box: ABox) -> None:
    """The old home is kept; what it had and the backup had not is there again."""
    box.take()
    box.write("later", b"")
    before = tree(box.home)
    prepare(reading(box), box.backup)
    backup_restore.commit(box.backup)
    assert finish(box.home)
    assert len(box.batches()) == 1
    undo(box.backup)
    assert finish(box.home)
    assert tree(box.home) == before
    assert not finish(box.home)


def test_every_damaged_object_is_found(box: ABox) -> None:
    """One byte of any object, and the restore and the verification say so; the newest good one stands."""
    box.take()
    for path in sorted(box.disk.rglob("*")):
        if path.is_file() and path.name != "key.json":
            data = path.read_bytes()
            path.write_bytes(bytes([*data[:-1], data[-1] ^ 1]))
            with pytest.raises(BackupError):
                verify(reading(box), box.backup.scratch)
            path.write_bytes(data)
    verify(reading(box), box.backup.scratch)
    assert not box.backup.scratch.exists()


def test_old_backups_go_and_nothing_that_a_kept_one_needs(box: ABox) -> None:
    """Of ten the last three stay whole; what a killed backup left goes."""
    for number in range(10):
        box.write(str(number), b"x")
        box.take(full_every=4)
    (box.disk / OBJECTS / "left.new-1").write_bytes(b"")
    (box.disk / OBJECTS / "orphan").write_bytes(b"")
    assert rotate(box.place, box.backup.key, 3) == 7
    known = manifests(box.place, box.backup.key)
    assert [one.full for one in known] == [False, True, False]
    assert len(list((box.disk / BACKUPS).iterdir())) == 3
    for one in known:
        verify(reading(box, one.name), box.backup.scratch)
    assert not list((box.disk / OBJECTS).glob("left*"))
    assert not (box.disk / OBJECTS / "orphan").exists()
    assert len([path for path in (box.disk / MEDIA).rglob("*") if path.is_file()]) == 2


def test_another_box_is_not_written_over(box: ABox, tmp_path: Path) -> None:
    """Two boxes with one folder would each remove what the other needs."""
    box.take()
    (tmp_path / "b").mkdir()
    other = a_box(tmp_path / "b")
    other.disk = box.disk
    with pytest.raises(BackupError, match="another box"):
        other.take()


def test_what_cannot_work_is_one_line(box: ABox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is not plugged in, databases that are elsewhere, a second backup at the same time."""
    with pytest.raises(BackupError, match="plug the disk in"):
        Folder(tmp_path / "stick")
    with box.backup.alone(), pytest.raises(BackupError, match="at work"), box.backup.alone():
        pass
    monkeypatch.setenv(STORE, "postgres://?dsn=x&keep_history=false")
    with pytest.raises(BackupError, match="pg_dump"):
        box.take()


def test_a_backup_in_one_file(box: ABox, tmp_path: Path) -> None:
    """It is restored on a machine that knows the passphrase and nothing else."""
    box.take()
    chosen = reading(box)
    path = tmp_path / "box.switchroom"
    assert write_archive(path, export(chosen, box.place)) == path.stat().st_size
    archive = Archive(path)
    with archive.read("key.json") as file:
        key = unwrap(key_file_of(file.read()), box.passphrase)
    target = BackupHome(tmp_path / "new")
    target.home.mkdir()
    prepare(Reading(archive, key, "", lambda *_: None), target)
    assert (target.folder / "restored/tls/key.pem").read_bytes() == b"a key"


@pytest.mark.parametrize("path", ["", "/etc/passwd", "../x", "a/../../x", "a//b", "a\\b", "a\nb", "."])
def test_a_path_that_leads_out_is_refused(path: str) -> None:
    """Lists in a backup are read as anything from outside is."""
    with pytest.raises(BackupError):
        safe_path(path)
