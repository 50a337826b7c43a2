"""Starts, kills and stops the process of `lone.py`."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.error import ProcessDone, ProcessTerminated
from twisted.internet.interfaces import IReactorProcess
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure
from typing_extensions import override

from drivers.robot.waits import RobotError, Waits
from tests.contract.box import Box

ROOT = Path(__file__).parent.parent.parent


class Lone(ProcessProtocol):
    """The process that holds Centre and exchange."""

    def __init__(self, reactor: AsyncioSelectorReactor) -> None:
        """Begin before it runs."""
        self._waits = Waits(reactor, "lone process")
        self._said = ""
        self._ended = False

    async def up(self, deadline_s: float = 15.0) -> str:
        """Wait until it has found its calls; give what it says of them."""
        return await self._waits.until(self._line, "its first line", deadline_s)

    async def gone(self, deadline_s: float = 5.0) -> None:
        """Wait for its end."""
        await self._waits.until(lambda: self._ended or None, "its end", deadline_s)

    def send(self, number: int) -> None:
        """Send it a signal."""
        assert self.transport is not None
        self.transport.signalProcess(number)

    def _line(self) -> str | None:
        line, end, _ = self._said.partition("\n")
        return line if end else None

    @override
    def outReceived(self, data: bytes) -> None:
        self._said += data.decode()
        self._waits.look()

    @override
    def errReceived(self, data: bytes) -> None:
        sys.stderr.write(data.decode(errors="replace"))

    @override
    def processEnded(self, reason: Failure) -> None:
        assert isinstance(reason.value, ProcessDone | ProcessTerminated)
        self._ended = True
        self._waits.close(RobotError("the process has ended"))


@contextmanager
def lone(box: Box) -> Iterator[Lone]:
    """Run the process; it is killed at the end."""
    protocol = Lone(box.reactor)
    arguments = [sys.executable, "-m", "tests.contract.lone", str(box.base), str(box.folder)]
    IReactorProcess(box.reactor).spawnProcess(protocol, sys.executable, arguments, env=dict(os.environ), path=str(ROOT))
    try:
        yield protocol
    finally:
        if protocol.transport is not None and protocol.transport.pid is not None:
            protocol.send(signal.SIGKILL)
