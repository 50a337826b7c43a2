"""A printer line: what is supplied is said, one piece after the other, and counts as said once it has left us.

Nothing is taken from the supply before the piece before it has left this machine, or has been taken by the far end's
system over TCP. So of what a printer that is switched off, a cable that is pulled or a kill of ours may spoil, one
piece is in doubt; it is said again, whole, from its beginning.
"""

from collections.abc import Callable
from typing import Final, Protocol

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger

from drivers.serial.place import Place
from drivers.serial.port import Port, PortError

LOOK_S: Final = 0.02
"How often the system is asked whether a piece has left it; a line of 80 signs takes 0.08 s at 9,600 bit/s."
POLL_S: Final = 1.0
"How often the supply is asked whether there is more."
AGAIN_S: Final = 2.0
"After the supply could not be asked."

report = Logger()


class Supply(Protocol):
    """Where the pieces come from."""

    async def next(self) -> bytes | None:
        """Give what is to be said next, the same until `said`; None if there is nothing."""

    async def said(self) -> None:
        """Remember durably that it was said."""


class SupplyError(Exception):
    """The supply cannot be asked just now."""


class Printer:
    """Keeps a line and says on it what a supply has."""

    def __init__(
        self, reactor: IReactorTime, name: str, place: Place, *, supply: Supply, changed: Callable[[str], None]
    ) -> None:
        """Begin closed; `changed` is called as `Port`'s is."""
        self._reactor = reactor
        self._supply = supply
        self._changed = changed
        self._port = Port(reactor, name, place, heard=_not_read, changed=self._line_changed)
        self._lives = 0
        "How often the line was opened or ended."
        self._running: Deferred[None] | None = None
        self.said = 0
        "Pieces said since the start."

    @property
    def state(self) -> str:
        """Empty while the line is open, else why not."""
        return self._port.state

    def start(self) -> None:
        """Open the line, and say what there is."""
        self._port.start()
        self._running = Deferred.fromCoroutine(self._run())

    async def stop(self) -> None:
        """End; the piece that is under way is in doubt."""
        running, self._running = self._running, None
        if running is not None:
            running.cancel()
            await running
        await self._port.stop()

    def _line_changed(self, why: str) -> None:
        self._lives += 1
        self._changed(why)

    async def _run(self) -> None:
        try:
            while True:
                try:
                    pause_s = await self._say_one()
                except SupplyError as problem:
                    report.warn("printer line {name}: {problem}", name=self._port.name, problem=str(problem))
                    pause_s = AGAIN_S
                if pause_s:
                    await deferLater(self._reactor, pause_s)
        except CancelledError:
            return

    async def _say_one(self) -> float:
        """Say the next piece; give how long to wait before the one after it."""
        if not self._port.open:
            return LOOK_S
        piece = await self._supply.next()
        if piece is None:
            return POLL_S
        if not await self._leaves(piece):
            return LOOK_S
        await self._supply.said()
        self.said += 1
        return 0.0

    async def _leaves(self, piece: bytes) -> bool:
        """Write a piece and wait until it has left; False if the line ended before."""
        life = self._lives
        try:
            self._port.write(piece)
        except PortError:
            return False
        while self._lives == life:
            if not self._port.unsent:
                return True
            await deferLater(self._reactor, LOOK_S)
        return False


def _not_read(_data: bytes) -> None:
    """Let go of what a printer says: flow control is the system's affair."""
