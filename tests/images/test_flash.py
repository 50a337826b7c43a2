"""Writing an image to a disk: what is refused, what is shown, and that the disk is the image afterwards."""

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from images import flash
from images.flash import CHUNK, TABLE_BYTES, Device, FlashError, described, examine, read_back, refuse, write

MIB = 1 << 20
PARTS: list[dict[str, object]] = [
    {"path": "/dev/sdx1", "type": "part", "size": 64 * MIB, "partlabel": "esp", "fstype": "vfat"},
    {
        "path": "/dev/sdx2",
        "type": "part",
        "size": 512 * MIB,
        "label": "home",
        "mountpoints": [None],
        "children": [{"path": "/dev/mapper/home", "type": "crypt", "mountpoints": ["/home"]}],
    },
]
DISK: dict[str, object] = {"path": "/dev/sdx", "type": "disk", "model": "Stick", "mountpoints": [None]}


def an_image(folder: Path, *, size: int = CHUNK + 5 * MIB // 2) -> Path:
    """Make an image whose pieces all differ, with a stretch of zeros in it."""
    image = folder / "box.img"
    body = bytearray(b"".join(hashlib.sha256(str(n).encode()).digest() * 32 for n in range(size // 1024)))
    body[MIB : 2 * MIB] = bytes(MIB)
    image.write_bytes(body)
    return image


def a_disk(folder: Path, *, size: int = 2 * CHUNK + 3 * MIB) -> Path:
    """Make a file that stands for a disk which was in use before."""
    disk = folder / "disk"
    disk.write_bytes(b"\xa5" * size)
    return disk


def silent(_what: str, _done: int, _total: int) -> None:
    """Tell nobody."""


def agreed(_device: Device) -> bool:
    """Say yes."""
    return True


@pytest.mark.parametrize("packed", [False, True])
def test_the_disk_is_the_image_afterwards(tmp_path: Path, *, packed: bool) -> None:
    """Zeros are written too; the end of the disk, where an old table's copy lies, is wiped; the middle is left."""
    image, disk = an_image(tmp_path), a_disk(tmp_path)
    content = image.read_bytes()
    if packed:
        zstd = shutil.which("zstd")
        if zstd is None:
            pytest.skip("no zstd")
        subprocess.run([zstd, "-q", "--rm", str(image)], check=True)
        image = image.with_suffix(".img.zst")
    told: list[tuple[str, int, int]] = []
    assert flash.flash(image, disk, agreed=agreed, tell=lambda *words: told.append(words))
    now = disk.read_bytes()
    assert now[: len(content)] == content
    assert now[-TABLE_BYTES:] == bytes(TABLE_BYTES)
    assert set(now[len(content) : -TABLE_BYTES]) == {0xA5}
    assert {words[0] for words in told} == {"written", "read back"}
    assert told[-1][1:] == (len(content), len(content))


def test_a_person_who_does_not_agree_loses_nothing(tmp_path: Path) -> None:
    """The question comes before the first byte; it shows the disk."""
    image, disk = an_image(tmp_path), a_disk(tmp_path)
    asked: list[Device] = []

    def refused(device: Device) -> bool:
        asked.append(device)
        return False

    before = disk.read_bytes()
    assert not flash.flash(image, disk, agreed=refused, tell=silent)
    assert disk.read_bytes() == before
    assert asked[0].size == len(before)


def test_a_disk_that_is_too_small_is_refused(tmp_path: Path) -> None:
    """Nothing is asked and nothing written."""
    image, disk = an_image(tmp_path), a_disk(tmp_path, size=MIB)
    with pytest.raises(FlashError, match="holds 1 MiB, the image needs 7"):
        flash.flash(image, disk, agreed=agreed, tell=silent)
    assert set(disk.read_bytes()) == {0xA5}


def test_a_disk_in_use_is_refused() -> None:
    """Mounted, or below what is mounted or encrypted: each use is named; a disk at rest shows its partitions."""
    device = described(Path("/dev/sdx"), {**DISK, "children": PARTS}, size=4096 * MIB)
    assert sorted(device.used) == ["/dev/mapper/home (crypt)", "/dev/mapper/home → /home"]
    with pytest.raises(FlashError, match=r"is in use: .*/home"):
        refuse(device, needed=1)
    idle = described(Path("/dev/sdx"), {**DISK, "children": PARTS[:1]}, size=4096 * MIB)
    refuse(idle, needed=4096 * MIB)
    assert idle.parts == ("/dev/sdx1  64 MiB  esp vfat",)
    assert idle.name == "Stick"


@pytest.mark.parametrize(
    "told", [{}, {"children": "x"}, {"mountpoints": "x", "children": [1, None, {}]}, {"children": [{"size": "1"}]}]
)
def test_what_lsblk_never_says_is_no_crash(told: dict[str, object]) -> None:
    """Its answer is somebody else's."""
    assert described(Path("/dev/sdx"), told, size=1).used == ()


def test_the_systems_own_disk_is_refused() -> None:
    """The disk below / of this machine, where it has one that can be named."""
    mounts = Path("/proc/self/mounts").read_text()
    found = re.search(r"^(/dev/\S+) / ", mounts, re.MULTILINE)
    if found is None or not os.access(found[1], os.R_OK) or shutil.which("lsblk") is None:
        pytest.skip("the root of this machine is on no disk that can be read")
    with pytest.raises(FlashError, match=r"is in use|name the whole disk"):
        refuse(examine(Path(found[1])), needed=1)


def test_what_is_no_disk_is_refused(tmp_path: Path) -> None:
    """A folder, a character device, nothing at all; an empty image."""
    for path, words in ((tmp_path, "is no disk"), (Path("/dev/null"), "is no disk"), (tmp_path / "x", "No such file")):
        with pytest.raises(FlashError, match=words):
            examine(path)
    (tmp_path / "empty.img").touch()
    with pytest.raises(FlashError, match="is empty"):
        flash.flash(tmp_path / "empty.img", a_disk(tmp_path), agreed=agreed, tell=silent)


def test_a_damaged_image_is_refused(tmp_path: Path) -> None:
    """One flipped bit against SHA256SUMS; a compressed image that is cut off."""
    image, disk = an_image(tmp_path), a_disk(tmp_path)
    body = bytearray(image.read_bytes())
    (tmp_path / "SHA256SUMS").write_text(f"{hashlib.sha256(body).hexdigest()}  {image.name}\n")
    assert flash.checked(image)
    body[3 * MIB] ^= 1
    image.write_bytes(body)
    with pytest.raises(FlashError, match="SHA256SUMS"):
        flash.flash(image, disk, agreed=agreed, tell=silent)
    assert set(disk.read_bytes()) == {0xA5}
    if zstd := shutil.which("zstd"):
        subprocess.run([zstd, "-q", str(image)], check=True)
        packed = tmp_path / "box.img.zst"
        packed.write_bytes(packed.read_bytes()[:-9])
        with pytest.raises(FlashError, match="is damaged"):
            flash.flash(packed, disk, agreed=agreed, tell=silent)
        assert set(disk.read_bytes()) == {0xA5}


def test_a_disk_that_lies_is_found(tmp_path: Path) -> None:
    """What is read back is not what was written."""
    image, disk = an_image(tmp_path), a_disk(tmp_path)
    last = image.stat().st_size - 1

    def spoil(what: str, _done: int, _total: int) -> None:
        if what == "read back":
            with disk.open("r+b") as file:
                file.seek(last)
                file.write(b"!")

    with pytest.raises(FlashError, match="does not hold what was written"):
        flash.flash(image, disk, agreed=agreed, tell=spoil)


def test_half_a_disk_does_not_boot(tmp_path: Path) -> None:
    """The first piece, with the table of partitions, is written last: cut off before, it is zeros."""
    image, disk = an_image(tmp_path), a_disk(tmp_path)
    total = image.stat().st_size

    class PowerCutError(Exception):
        """The machine ends here."""

    def cut(_what: str, done: int, _total: int) -> None:
        if done == total:
            raise PowerCutError

    with pytest.raises(PowerCutError):
        write(image, disk, total, cut)
    assert set(disk.read_bytes()[:CHUNK]) == {0}
    assert write(image, disk, total, silent) == read_back(disk, total, silent)
