"""Where backups lie: a folder or disk, one file, an SFTP server, a Windows share.

An object appears under its name whole or not at all: it is written beside its place, brought to the disk where that
can be asked for, and renamed. What a killed backup left beside is removed by the next.
"""

import contextlib
import errno
import os
import secrets
import shutil
import stat
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Protocol, assert_never, cast

from typing_extensions import override

from appliance.backups import Destination
from appliance.store.backup_frames import BackupError
from appliance.store.backup_words import BackupHome, safe_path
from appliance.store.packing import fsync_folder
from appliance.texts import marked

FRESH = ".new-"
"In the name of what is being written."
CONNECT_S = 20.0
PIECE_BYTES = 1 << 18


class Place(Protocol):
    """A destination, opened. Every method raises `BackupError` in one clear line, or OSError."""

    def names(self, folder: str) -> dict[str, int]:
        """List the objects below a folder with their sizes."""

    def read(self, name: str) -> contextlib.AbstractContextManager[BinaryIO]:
        """Open an object; raises FileNotFoundError where there is none."""

    def write(self, name: str, pieces: Iterable[bytes]) -> int:
        """Put an object in its place, whole; gives its size."""

    def remove(self, name: str) -> None:
        """Remove an object, or what was left of one; nothing, if there is none."""

    def room(self) -> int | None:
        """Bytes that are free; None where that cannot be told."""


class Folder(Place):
    """A folder of this machine: a disk, a stick, a mounted share."""

    def __init__(self, root: Path) -> None:
        """Use a folder that is there: a disk that is not plugged in is not written into its mount point."""
        if not root.is_dir():
            raise BackupError(marked("{root} is not there; plug the disk in or make the folder"), root=root)
        self._root = root

    @override
    def names(self, folder: str) -> dict[str, int]:
        top = self._root / safe_path(folder)
        return {
            path.relative_to(self._root).as_posix(): path.stat().st_size for path in top.rglob("*") if path.is_file()
        }

    @contextlib.contextmanager
    @override
    def read(self, name: str) -> Iterator[BinaryIO]:
        with (self._root / safe_path(name)).open("rb") as file:
            yield file

    @override
    def write(self, name: str, pieces: Iterable[bytes]) -> int:
        path = self._root / safe_path(name)
        _make_folders(self._root, path.parent)
        fresh = path.with_name(f"{path.name}{FRESH}{secrets.token_hex(4)}")
        size = 0
        with fresh.open("xb") as file:
            for piece in pieces:
                size += file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        fsync_folder(path.parent)
        return size

    @override
    def remove(self, name: str) -> None:
        path = self._root / safe_path(name)
        path.unlink(missing_ok=True)
        with contextlib.suppress(FileNotFoundError):
            fsync_folder(path.parent)

    @override
    def room(self) -> int | None:
        return shutil.disk_usage(self._root).free


def _make_folders(root: Path, folder: Path) -> None:
    """Make a folder and those above it, and bring their entries to the disk."""
    if folder.is_dir() or folder == root:
        return
    _make_folders(root, folder.parent)
    folder.mkdir(exist_ok=True)
    fsync_folder(folder.parent)


class Archive(Place):
    """One file that holds one backup: to be carried, or sent to a new box's console. It is read only."""

    def __init__(self, path: Path) -> None:
        """Open it; raises `BackupError` if it is none."""
        try:
            self._zip = zipfile.ZipFile(path)
        except (OSError, zipfile.BadZipFile) as error:
            raise BackupError(marked("{path} is no backup file ({error})"), path=path, error=error) from error

    @override
    def names(self, folder: str) -> dict[str, int]:
        listed = {entry.filename: entry.file_size for entry in self._zip.infolist()}
        return {name: size for name, size in listed.items() if name.startswith(f"{folder}/")}

    @contextlib.contextmanager
    @override
    def read(self, name: str) -> Iterator[BinaryIO]:
        try:
            entry = self._zip.getinfo(name)
            if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1:
                raise BackupError(marked("the file is no backup file of ours"))
            opened = self._zip.open(entry)
        except KeyError:
            raise FileNotFoundError(errno.ENOENT, "not in the file", name) from None
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
            raise BackupError(marked("the backup file is damaged ({error}); use another copy"), error=error) from error
        with opened as file:
            yield cast("BinaryIO", file)  # cast: a reader of bytes, which typeshed calls IO[bytes]

    @override
    def write(self, name: str, pieces: Iterable[bytes]) -> int:
        raise BackupError(marked("a backup file is only read; choose a folder to back up to"))

    @override
    def remove(self, name: str) -> None:
        raise BackupError(marked("a backup file is only read; choose a folder to back up to"))

    @override
    def room(self) -> int | None:
        return None


def write_archive(path: Path, objects: Iterable[tuple[str, Iterable[bytes]]]) -> int:
    """Write a backup file whole or not at all; gives its size. What goes in is encrypted, so nothing is packed."""
    fresh = path.with_name(f"{path.name}{FRESH}{secrets.token_hex(4)}")
    try:
        with fresh.open("xb") as out:
            with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
                for name, pieces in objects:
                    with archive.open(name, "w", force_zip64=True) as entry:
                        for piece in pieces:
                            entry.write(piece)
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
    fsync_folder(path.parent)
    return path.stat().st_size


@contextlib.contextmanager
def opened(destination: Destination, box: BackupHome) -> Iterator[Place]:
    """Open a destination; raises `BackupError` in one line that says what is wrong."""
    match destination.kind:
        case "folder":
            yield Folder(Path(destination.path))
        case "sftp":
            from appliance.store.backup_sftp import sftp  # noqa: PLC0415  its library is loaded where it is used

            with sftp(destination, box) as place:
                yield place
        case "smb":
            from appliance.store.backup_smb import share  # noqa: PLC0415  as above

            with share(destination) as place:
                yield place
        case _:
            assert_never(destination.kind)


def pieces_of(file: BinaryIO) -> Iterator[bytes]:
    """Read a file to its end."""
    while piece := file.read(PIECE_BYTES):
        yield piece


def is_folder(mode: int | None) -> bool:
    """Tell a folder by its mode."""
    return mode is not None and stat.S_ISDIR(mode)
