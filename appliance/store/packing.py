"""Packing: a database file without what is no longer current, put in place of the old one at one stroke.

What is current is copied to a file beside, which is checked by the same walk that a start makes, and brought to the
disk, while commits go on; then, with commits held back, what was committed meanwhile is copied, checked and brought
to the disk too. One rename puts the new file in the old one's place, so that at every moment one of them is there.
Nothing of the old file is kept: it may hold persons who were erased.
"""

import os
from pathlib import Path

from typing_extensions import override
from ZODB.FileStorage.fspack import FileStoragePacker

from appliance.store.guard import StoreBrokenError
from appliance.store.tail import walk

PACKED = ".pack"
"What the copy is called, after the database's name."
INDEX = ".index"
_OID_BYTES = 8


class CarefulPacker(FileStoragePacker):
    """A packer that trusts no byte that it has written."""

    checked = 0
    "Up to where the copy has been checked."

    @property
    def copy(self) -> Path:
        """Where the copy is."""
        return Path(self._path + PACKED)

    @override
    def copyToPacktime(self) -> tuple[int, int]:
        """Copy what is current, and check it, while commits go on."""
        positions = super().copyToPacktime()
        self._tfile.flush()
        os.fsync(self._tfile.fileno())
        self.check()
        return positions

    def check(self) -> None:
        """Check what was copied since the last time; raises `StoreBrokenError`."""
        walked = walk(self.copy, whole=True, begin=self.checked)
        if walked.cut:
            raise StoreBrokenError(f"{self.copy} was not written whole")
        with self.copy.open("rb") as file:
            for oid, position in self.index.items():
                if position >= self.checked and os.pread(file.fileno(), _OID_BYTES, position) != oid:
                    raise StoreBrokenError(f"{self.copy} has something else where object {oid.hex()} should be")
        self.checked = walked.end


def fsync_folder(path: Path) -> None:
    """Bring a folder's entries to the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def swap(copy: Path, place: Path) -> None:
    """Bring a checked copy to the disk and put it in a database's place; the saved index goes first."""
    with copy.open("rb") as file:
        os.fsync(file.fileno())
    place.with_name(place.name + INDEX).unlink(missing_ok=True)
    fsync_folder(place.parent)
    copy.replace(place)
    fsync_folder(place.parent)
