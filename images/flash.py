"""`switchroom-flash IMAGE DEVICE`: write a disk image to a disk, and read back that it is there.

It refuses a disk that is in use, the system's own, or too small; it shows what will be lost and asks. Every byte of the
image is written, then read back from the device and compared; what the disk holds behind the image is not touched but
for the end, where an old table of partitions would lie. Standard library alone.
"""

import argparse
import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from appliance.texts import said

CHUNK = 4 << 20
TELL_S = 1.0
"How often progress is told."

TABLE_BYTES = 1 << 20
"At the end of a disk the copy of its old table of partitions lies in so much."

USAGE, REFUSED = 64, 1


class FlashError(Exception):
    """The image was not written, or not read back as it is; the message is one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """What an image is written to: a disk, or a file that stands for one."""

    path: Path
    size: int
    name: str = ""
    parts: tuple[str, ...] = ()
    "What it holds now, a line a partition."
    used: tuple[str, ...] = ()
    "Where it is mounted or what else uses it."


def lsblk(path: Path) -> dict[str, object]:
    """Ask the system about a disk and its partitions (lsblk(8), JSON); raises `FlashError`."""
    columns = "PATH,SIZE,TYPE,FSTYPE,LABEL,PARTLABEL,MOUNTPOINTS,MODEL"
    argv = ["lsblk", "--json", "--bytes", f"--output={columns}", str(path)]
    done = subprocess.run(argv, capture_output=True, text=True, errors="replace", check=False)
    try:
        devices = json.loads(done.stdout)["blockdevices"]
        first = devices[0]
    except (ValueError, LookupError, TypeError):
        raise FlashError(said("{device} is no disk: {why}", device=path, why=done.stderr.strip())) from None
    if not isinstance(first, dict):
        raise FlashError(said("{device} is no disk: {why}", device=path, why="lsblk"))
    return first


def _below(entry: dict[str, object]) -> Iterator[dict[str, object]]:
    yield entry
    children = entry.get("children")
    for child in children if isinstance(children, list) else ():
        if isinstance(child, dict):
            yield from _below(child)


def described(path: Path, told: dict[str, object], *, size: int) -> Device:
    """Say what a disk is and who uses it, from what lsblk told of it."""
    parts, used = [], []
    for entry in _below(told):
        mounted = entry.get("mountpoints")
        used += [f"{entry.get('path')} → {where}" for where in (mounted if isinstance(mounted, list) else ()) if where]
        if entry.get("type") in {"lvm", "crypt", "raid0", "raid1", "raid5", "raid10", "mpath"}:
            used.append(f"{entry.get('path')} ({entry.get('type')})")
        if entry is not told:
            named = (entry.get(key) for key in ("partlabel", "label", "fstype"))
            bytes_ = entry.get("size")
            mib = bytes_ >> 20 if isinstance(bytes_, int) else 0
            parts.append(f"{entry.get('path')}  {mib} MiB  {' '.join(str(name) for name in named if name)}".rstrip())
    return Device(path=path, size=size, name=str(told.get("model") or ""), parts=tuple(parts), used=tuple(used))


def examine(path: Path) -> Device:
    """Look at what is to be written to, and refuse what must not be; raises `FlashError`."""
    try:
        seen = path.stat()
    except OSError as error:
        raise FlashError(said("{device}: {why}", device=path, why=error.strerror)) from None
    if stat.S_ISREG(seen.st_mode):
        return Device(path=path, size=seen.st_size, name=said("a file"))
    if not stat.S_ISBLK(seen.st_mode):
        raise FlashError(said("{device} is no disk and no file.", device=path))
    told = lsblk(path)
    if told.get("type") == "part":
        raise FlashError(said("{device} is one partition: name the whole disk.", device=path))
    size = told.get("size")
    if not isinstance(size, int):
        raise FlashError(said("{device} is no disk: {why}", device=path, why="lsblk"))
    return described(path, told, size=size)


def refuse(device: Device, *, needed: int) -> None:
    """Refuse a disk that is in use or too small; raises `FlashError`."""
    if device.used:
        told = said("{device} is in use: {uses}", device=device.path, uses=", ".join(device.used))
        raise FlashError(told)
    if device.size < needed:
        raise FlashError(
            said(
                "{device} holds {size} MiB, the image needs {needed}.",
                device=device.path,
                size=device.size >> 20,
                needed=-(-needed >> 20),
            )
        )


@contextmanager
def opened(image: Path) -> Iterator[IO[bytes]]:
    """Open an image, unpacking one that ends in .zst; raises `FlashError` if it cannot be read to its end."""
    if image.suffix != ".zst":
        with image.open("rb") as file:
            yield file
        return
    zstd = shutil.which("zstd")
    if zstd is None:
        raise FlashError(said("zstd is not installed: apt-get install zstd, or unpack the image first."))
    with subprocess.Popen([zstd, "-dcq", str(image)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None  # noqa: S101 - asked for above
        yield process.stdout
        rest = process.stdout.read(1)
        process.stdout.close()
        if process.wait() and not rest:
            raise FlashError(said("{image} is damaged.", image=image))


def chunks(stream: IO[bytes]) -> Iterator[bytes]:
    """Read a stream in pieces, each full but the last."""
    piece = bytearray()
    while data := stream.read(CHUNK - len(piece)):
        piece += data
        if len(piece) == CHUNK:
            yield bytes(piece)
            piece.clear()
    if piece:
        yield bytes(piece)


def length_of(image: Path) -> int:
    """Say how many bytes an image has, unpacked; raises `FlashError`."""
    if image.suffix != ".zst":
        return image.stat().st_size
    with opened(image) as stream:
        return sum(len(piece) for piece in chunks(stream))


def checked(image: Path) -> bool:
    """Compare an image with SHA256SUMS beside it; false where that does not name it. Raises `FlashError`."""
    sums = image.parent / "SHA256SUMS"
    named = {}
    if sums.is_file():
        lines = (line.split("  ", 1) for line in sums.read_text(errors="replace").splitlines())
        named = {words[1]: words[0] for words in lines if len(words) == 2}  # noqa: PLR2004 - digest and name
    if image.name not in named:
        return False
    with image.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != named[image.name]:
            raise FlashError(said("{image} is not the file that SHA256SUMS names: fetch it again.", image=image))
    return True


Tell = Callable[[str, int, int], None]
"Is told what is done, and how many bytes of how many."


def write(image: Path, device: Path, total: int, tell: Tell) -> str:
    """Write an image and give its SHA-256; the table of partitions comes last, so that half a disk does not boot."""
    digest = hashlib.sha256()
    held = b""
    # Of a disk that anybody mounts meanwhile, O_EXCL is refused (open(2)).
    descriptor = os.open(device, os.O_RDWR | os.O_EXCL | os.O_CLOEXEC)
    with opened(image) as stream, os.fdopen(descriptor, "r+b", buffering=0) as disk:
        size = disk.seek(0, os.SEEK_END)
        for number, piece in enumerate(chunks(stream)):
            digest.update(piece)
            if number:
                _put(disk, number * CHUNK, piece)
            else:
                held = piece
                _put(disk, 0, bytes(len(piece)))
            tell(said("written"), number * CHUNK + len(piece), total)
        old_table = max(size - TABLE_BYTES, total)
        _put(disk, old_table, bytes(size - old_table))
        os.fsync(disk.fileno())
        _put(disk, 0, held)
        os.fsync(disk.fileno())
    return digest.hexdigest()


def _put(disk: IO[bytes], offset: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        done = os.pwrite(disk.fileno(), view, offset)
        view, offset = view[done:], offset + done


def read_back(device: Path, total: int, tell: Tell) -> str:
    """Give the SHA-256 of what the device itself holds now, past the kernel's memory of it."""
    digest = hashlib.sha256()
    with device.open("rb", buffering=0) as disk:
        os.posix_fadvise(disk.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        done = 0
        while done < total and (piece := disk.read(min(CHUNK, total - done))):
            digest.update(piece)
            done += len(piece)
            tell(said("read back"), done, total)
    return digest.hexdigest()


def flash(image: Path, path: Path, *, agreed: Callable[[Device], bool], tell: Tell) -> bool:
    """Write an image to a disk; false if the person did not agree. Raises `FlashError` or `OSError`."""
    device = examine(path)
    total = length_of(image)
    if not total:
        raise FlashError(said("{image} is empty.", image=image))
    refuse(device, needed=total)
    checked(image)
    if not agreed(device):
        return False
    refuse(examine(path), needed=total)
    written = write(image, path, total, tell)
    if read_back(path, total, tell) != written:
        raise FlashError(said("{device} does not hold what was written to it: it is broken.", device=path))
    return True


class Progress:
    """Tells at most once a second how far it is."""

    def __init__(self, out: Callable[[str], object]) -> None:
        """Tell by `out`."""
        self._out = out
        self._last = 0.0

    def __call__(self, what: str, done: int, total: int) -> None:
        """Tell, unless it was told just now and there is more to come."""
        now = time.monotonic()
        if now - self._last >= TELL_S or done >= total:
            self._last = now
            self._out(f"{what}: {done >> 20} / {total >> 20} MiB ({done * 100 // total} %)\n")


def _asked(device: Device) -> bool:
    out = sys.stderr.write
    out(said("{device} {name}: {size} MiB", device=device.path, name=device.name, size=device.size >> 20) + "\n")
    for part in device.parts:
        out(f"  {part}\n")
    out(said("Everything on it will be lost. Type its name, {device}, to go on:", device=device.path) + " ")
    sys.stderr.flush()
    return sys.stdin.readline().strip() == str(device.path)


def main() -> int:
    """Run the command; return the exit status."""
    parser = argparse.ArgumentParser(prog="switchroom-flash", description=said("Writes a disk image to a disk."))
    parser.add_argument("image", type=Path, metavar="IMAGE", help=said("ends in .img or .img.zst"))
    parser.add_argument("device", type=Path, metavar="DEVICE", help=said("the whole disk, such as /dev/sdb"))
    parser.add_argument("--yes", action="store_true", help=said("do not ask"))
    asked = parser.parse_args()
    try:
        done = flash(
            asked.image, asked.device, agreed=(lambda _: True) if asked.yes else _asked,
            tell=Progress(sys.stderr.write),
        )  # fmt: skip
    except FlashError as error:
        sys.stderr.write(f"switchroom-flash: {error}\n")
        return REFUSED
    except OSError as error:
        sys.stderr.write(f"switchroom-flash: {error.filename or asked.device}: {error.strerror}\n")
        return REFUSED
    except KeyboardInterrupt:
        return 130
    sys.stderr.write(
        (said("Done: it was read back and is the image.") if done else said("Nothing was written.")) + "\n"
    )
    return 0 if done else REFUSED


if __name__ == "__main__":
    sys.exit(main())
