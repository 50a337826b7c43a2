"""The exchanges follow what root tells the drivers of telephone cards, whoever dies meanwhile.

Root turns a link (`boot/cards.py`) whenever it gives the drivers something, new or old. Which turn the exchanges have
followed is noted on the disk: a turn that happened while the daemon or the root part was dead is followed later.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path

from twisted.internet.defer import Deferred, DeferredLock
from twisted.internet.threads import deferToThread
from twisted.logger import Logger

LINK, TRIAL = "now", "on-trial"
NOTE = "cards-followed"
"In the box's home."
NOTE_BYTES_MAX = 1_000

report = Logger()


class CardChanges:
    """Looks whether the drivers were told something."""

    def __init__(self, folder: Path, *, home: Path | None, follow: Callable[[], Awaitable[None]]) -> None:
        """Begin with what was followed last; `follow` lets the exchanges take all lines anew.

        A box that has never noted anything takes its lines to be those that the exchanges began with.
        """
        self._folder = folder
        self._note = home / NOTE if home is not None else None
        self._follow = follow
        self._lock = DeferredLock()
        noted = _noted(self._note) if self._note is not None else None
        self._known = noted if noted is not None else self._turn() or ""
        self._noted = noted is not None

    async def look(self) -> None:
        """Follow, if there is something to follow."""
        await self._lock.run(lambda: Deferred.fromCoroutine(self._look()))

    async def _look(self) -> None:
        turn = await deferToThread(self._turn)
        if turn is None or (self._noted and turn == self._known):
            return
        if turn != self._known:
            report.info("the drivers of cards were told something: their lines are taken anew")
            await self._follow()
        self._known, self._noted = turn, True
        if self._note is not None:
            await deferToThread(self._keep, self._note, turn)

    def _turn(self) -> str | None:
        """Tell which turn of the link holds, empty for none; None while drivers are being told."""
        link = self._folder / LINK
        try:
            if (self._folder / TRIAL).exists():
                return None
            return f"{link.readlink()} {link.lstat().st_mtime_ns}"
        except OSError:
            return ""

    def _keep(self, note: Path, turn: str) -> None:
        try:
            note.write_text(turn)
        except OSError:
            report.failure("it could not be noted that the exchanges have the cards' lines anew")


def _noted(note: Path) -> str | None:
    try:
        with note.open() as file:
            return file.read(NOTE_BYTES_MAX)
    except (OSError, ValueError):
        return None
