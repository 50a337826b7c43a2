"""A serial cable: a pair of pseudo terminals under one name, plugged in, pulled out, plugged in again."""

import contextlib
import os
import pty
import tty
from collections.abc import Callable
from pathlib import Path

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

DEADLINE_S = 20.0
LOOK_S = 0.01


class Cable:
    """The far end of a line is the descriptor `far`; ours is found at `path`, whichever terminal it is just now."""

    def __init__(self, folder: Path, name: str = "line") -> None:
        """Begin unplugged."""
        self.path = folder / name
        self.far = -1
        self._heard = bytearray()

    def plug(self) -> None:
        """Plug it in, as another terminal than before."""
        self._heard.clear()
        self.far, near = pty.openpty()
        tty.setraw(near)
        os.set_blocking(self.far, False)
        self.path.symlink_to(os.ttyname(near))
        os.close(near)

    def unplug(self) -> None:
        """Pull it out: whoever has it open is hung up."""
        if self.far >= 0:
            self.path.unlink()
            os.close(self.far)
            self.far = -1

    def say(self, data: bytes) -> None:
        """Send from the far end."""
        os.write(self.far, data)

    def heard(self) -> bytes:
        """Tell all that has come to the far end since it was plugged in."""
        with contextlib.suppress(OSError):  # nothing, or nobody has opened our end yet
            while data := os.read(self.far, 65_536):
                self._heard += data
        return bytes(self._heard)


async def until(reactor: IReactorTime, true: Callable[[], bool], deadline_s: float = DEADLINE_S) -> None:
    """Wait until it is true; raises `TimeoutError` after the deadline."""
    ends = reactor.seconds() + deadline_s
    while not true():
        if reactor.seconds() > ends:
            raise TimeoutError(f"not true within {deadline_s} s")
        pause: Deferred[None] = Deferred()
        reactor.callLater(LOOK_S, pause.callback, None)
        await pause
