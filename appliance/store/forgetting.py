"""What is left to do once a person was erased: files of recordings are removed, and the storage is packed.

Until then the keys and labels still stand in older transactions of the file. It is done within a minute (in
PostgreSQL within two hours), and again at the next start if it was not finished.
"""

import threading
import time
from pathlib import Path

from appliance.store.guard import StoreError
from appliance.store.link import Where, tidied, tidy
from appliance.store.packing import fsync_folder
from appliance.store.schema import PeopleTables, Root, tables
from appliance.store.writer import Writer

PACKED = "packed"
"In `erased`, where no party has this name."
ANSWER_S = 60.0
PACK_S_MAX = 3_600.0
LOOK_S = 0.2
PAUSE_S = 3_000.0
"PostgreSQL, which writes its tables and its log anew for it, does so for all who were erased meanwhile."


class Forgetting:
    """Removes files and has the storage packed; for one thread, which may wait."""

    def __init__(self, writer: Writer, where: Where, media: Path | None) -> None:
        """Use a writer of the people's storage, which is at `where`; recordings lie below `media`."""
        self._writer = writer
        self._where = where
        self._media = media
        self._not_before = 0.0

    def finish(self, stopping: threading.Event) -> None:
        """Do what is left to do, if anything; raises `StoreError` or OSError, and is to be called again then."""
        self._remove()
        erased = self._writer.submit(_unpacked).result(ANSWER_S)
        if not erased or time.monotonic() < self._not_before:
            return
        before = tidied(self._where)
        if tidy(self._where):
            deadline = time.monotonic() + PACK_S_MAX
            while tidied(self._where) == before:
                if stopping.wait(LOOK_S) or time.monotonic() > deadline:
                    raise StoreError("the people's storage was not packed")
        else:
            self._not_before = time.monotonic() + PAUSE_S
        self._writer.submit(lambda root: _note(root, erased), "packed").result(ANSWER_S)

    def _remove(self) -> None:
        """Remove the files of erased recordings, then forget that there were any."""
        doomed = self._writer.submit(lambda root: tuple(tables(root, PeopleTables).doomed)).result(ANSWER_S)
        if not doomed or self._media is None:
            return
        folder = self._media.resolve()
        for name in doomed:
            path = (folder / name).resolve()
            if path.is_relative_to(folder) and path.parent.is_dir():
                path.unlink(missing_ok=True)
                path.with_name(f"{path.name}.part").unlink(missing_ok=True)
                fsync_folder(path.parent)
        self._writer.submit(lambda root: _removed(root, doomed), "removed").result(ANSWER_S)


def _removed(root: Root, files: tuple[str, ...]) -> None:
    for name in files:
        tables(root, PeopleTables).doomed.discard(name)


def _unpacked(root: Root) -> int:
    """Tell when somebody was last erased, 0 if the storage was packed since."""
    erased = tables(root, PeopleTables).erased
    last = max((at for party, at in erased.items() if party != PACKED), default=0)
    return last if last > erased.get(PACKED, 0) else 0


def _note(root: Root, at: int) -> None:
    tables(root, PeopleTables).erased[PACKED] = at
