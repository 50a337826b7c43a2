"""A serial line, or a TCP connection in its place: opened for us alone, opened again when it ends, never waited for.

A line that cannot be opened, was unplugged or hung up is tried again with a growing pause. What is written goes into a
bounded queue, so that a printer that is switched off or a modem that hangs costs memory to a limit and no time.
Nothing of a line that ended is written on the next: whoever writes knows what is safe to say twice.
"""

import fcntl
import re
import stat
import struct
import termios
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final, cast
from typing import Protocol as Shape

from serial import Serial
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.endpoints import HostnameEndpoint
from twisted.internet.error import CannotListenError, ConnectError, ConnectingCancelledError, ConnectionAborted
from twisted.internet.interfaces import IAddress, IPullProducer, IReactorTCP, IReactorTime, ITCPTransport
from twisted.internet.protocol import Factory, Protocol, ServerFactory, connectionDone
from twisted.internet.serialport import SerialPort
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure
from typing_extensions import override
from zope.interface import implementer

from drivers.serial.place import Device, Flow, Listen, Place, PlaceError, Remote

PAUSE_S_MIN: Final = 0.2
PAUSE_S_MAX: Final = 5.0
STEADY_S: Final = 10.0
"A line that lived so long is opened again after the shortest pause."
CONNECT_S: Final = 10.0
UNSENT_MAX: Final = 65_536
"So many bytes wait for a line at most."
CHUNK: Final = 256
"So many bytes are given to the system at a time, so that `unsent` is close to the truth."

_FRAMING = re.compile(r"(?P<bits>[78])(?P<parity>[NEO])(?P<stop>[12])")

log = Logger()


class PortError(Exception):
    """It could not be written."""


class PortClosedError(PortError):
    """The line is not open."""


class PortFullError(PortError):
    """The other end takes nothing, and enough waits for it."""


class _Pipe(Shape):
    """What a TCP connection and a serial device of Twisted's have in common."""

    def fileno(self) -> int: ...

    def write(self, data: bytes) -> None: ...

    def abortConnection(self) -> None: ...  # noqa: N802  it is Twisted's name

    def registerProducer(self, producer: object, streaming: bool) -> None: ...  # noqa: FBT001  it is Twisted's

    def unregisterProducer(self) -> None: ...


class _Wire(Protocol):
    """One line while it is open."""

    def __init__(self, heard: Callable[[bytes], None], sent: Callable[[], None]) -> None:
        self._heard = heard
        self._sent = sent
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._in_flight = 0
        self._over = False
        self._pipe: _Pipe | None = None
        self.ended: Deferred[str] = Deferred()
        "Fires once, with the reason."

    @property
    def unsent(self) -> int:
        return self._waiting_bytes + self._in_flight + (0 if self._pipe is None else _with_the_system(self._pipe))

    def write(self, data: bytes) -> None:
        if self._over or self._pipe is None:
            raise PortClosedError("the line is closed")
        if self._waiting_bytes + len(data) > UNSENT_MAX:
            raise PortFullError("the other end takes nothing")
        idle = not self._waiting and not self._in_flight
        self._waiting.extend(data[at : at + CHUNK] for at in range(0, len(data), CHUNK))
        self._waiting_bytes += len(data)
        if idle and data:
            self._pipe.registerProducer(_Feed(self.feed), streaming=False)

    def feed(self) -> None:
        """Give the next piece to the system: the one before has gone there."""
        if self._pipe is None:
            return
        if self._waiting:
            piece = self._waiting.popleft()
            self._in_flight = len(piece)
            self._waiting_bytes -= self._in_flight
            self._pipe.write(piece)
            return
        self._in_flight = 0
        self._pipe.unregisterProducer()
        self._sent()

    def end(self, reason: str) -> None:
        """End the line at once."""
        if not self._over:
            self._over = True
            if self._pipe is not None:
                self._pipe.abortConnection()
            self.ended.callback(reason)

    @override
    def connectionMade(self) -> None:
        self._pipe = cast("_Pipe", self.transport)  # cast: Twisted promises less than both kinds have
        if ITCPTransport.providedBy(self.transport):
            tcp = ITCPTransport(self.transport)
            tcp.setTcpNoDelay(True)
            tcp.setTcpKeepAlive(True)
        if self._over:
            self._pipe.abortConnection()

    @override
    def dataReceived(self, data: bytes) -> None:
        if self._over:
            return
        try:
            self._heard(data)
        except Exception:  # noqa: BLE001  what a receiver does with it is no reason to lose the reactor
            log.failure("serial: what was heard could not be taken in")
            self.end("what was heard could not be taken in")

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if not self._over:
            self._over = True
            self.ended.callback(reason.getErrorMessage())


@implementer(IPullProducer)
class _Feed:
    """Asked by Twisted for more when all before is with the system."""

    def __init__(self, feed: Callable[[], None]) -> None:
        self.resumeProducing = feed

    def stopProducing(self) -> None:
        """Do nothing: the line says itself that it ended."""


class _Once(Factory):
    """Gives the one wire that was made beforehand."""

    noisy = False

    def __init__(self, wire: _Wire) -> None:
        self._wire = wire

    @override
    def buildProtocol(self, addr: IAddress | None) -> _Wire:
        return self._wire


class _Door(ServerFactory):
    """Gives the one wire to the first who comes."""

    noisy = False

    def __init__(self, wire: _Wire, came: Callable[[], object]) -> None:
        self._wire: _Wire | None = wire
        self._came = came

    @override
    def buildProtocol(self, addr: IAddress | None) -> _Wire | None:
        wire, self._wire = self._wire, None
        if wire is not None:
            self._came()
        return wire


class _Ours(Serial):
    """A serial device that no other program of ours, nor a second daemon, opens meanwhile."""

    @override
    def open(self) -> None:
        self.exclusive = True
        super().open()


class _Terminal(SerialPort):
    """A serial device whose end waits for nobody."""

    _serialFactory = _Ours  # noqa: N815  it is Twisted's name

    def abortConnection(self) -> None:  # noqa: N802  it is what Twisted's TCP connections call it
        """End it at once."""
        self.stopReading()  # type: ignore[no-untyped-call]  # Twisted gives it no types
        self.stopWriting()  # type: ignore[no-untyped-call]  # the same
        lost = Failure(ConnectionAborted())  # type: ignore[no-untyped-call]  # the same
        IReactorTime(self.reactor).callLater(0, self.connectionLost, lost)

    @override
    def connectionLost(self, reason: Failure) -> None:
        if self.connected:
            self.connected = 0
            _discard(self._serial)
            super().connectionLost(reason)  # type: ignore[no-untyped-call]  # Twisted gives it no types


class Port:
    """A named line that is kept open."""

    def __init__(
        self,
        reactor: IReactorTime,
        name: str,
        place: Place,
        *,
        heard: Callable[[bytes], None],
        changed: Callable[[str], None],
        sent: Callable[[], None] = lambda: None,
    ) -> None:
        """Begin closed.

        `heard` is given what comes in, torn anywhere. `changed` is called with an empty word when the line is open,
        with the reason when it is not (once a reason). `sent` tells that all that was written is with the system.
        """
        self.name = name
        self._reactor = reactor
        self._place = place
        self._heard = heard
        self._changed = changed
        self._sent = sent
        self._wire: _Wire | None = None
        self._running: Deferred[None] | None = None
        self.state = "not opened yet"
        "Empty while open, else why not."

    @property
    def open(self) -> bool:
        """Whether it can be written."""
        return self._wire is not None

    @property
    def unsent(self) -> int:
        """How many bytes have been written that have not left this machine, as far as the system tells."""
        return 0 if self._wire is None else self._wire.unsent

    def start(self) -> None:
        """Open it, and keep it open."""
        self._running = Deferred.fromCoroutine(self._run())

    async def stop(self) -> None:
        """Close it for good; `changed` is not called."""
        running, self._running = self._running, None
        if running is not None:
            running.cancel()
            await running

    def write(self, data: bytes) -> None:
        """Send it when the other end can take it.

        Raises `PortClosedError` or, if too much waits already, `PortFullError`; then nothing of it is sent.
        """
        if self._wire is None:
            raise PortClosedError("the line is closed")
        self._wire.write(data)

    def hang_up(self, reason: str) -> None:
        """End the line, as if it had been unplugged for a moment; what waits for it is thrown away."""
        if self._wire is not None:
            self._wire.end(reason)

    async def _run(self) -> None:
        pause_s = PAUSE_S_MIN
        wire: _Wire | None = None
        try:
            while True:
                wire = _Wire(self._heard, self._sent)
                began = self._reactor.seconds()
                why = await self._live(wire)
                if self._reactor.seconds() - began >= STEADY_S:
                    pause_s = PAUSE_S_MIN
                self._tell(why)
                await deferLater(self._reactor, pause_s)
                pause_s = min(PAUSE_S_MAX, 2 * pause_s)
        except (CancelledError, ConnectingCancelledError):  # an endpoint has a word of its own for it
            self._wire = None
            self.state = "closed"
            if wire is not None:
                wire.end("we stop")

    async def _live(self, wire: _Wire) -> str:
        """Open the line and stay until its end; give the reason."""
        try:
            await self._open(wire)
        except (
            OSError,
            ConnectError,
            CannotListenError,
            ValueError,
            termios.error,
        ) as problem:  # pyserial's errors are OSErrors
            return str(problem) or type(problem).__name__
        self._wire = wire
        self._tell("")
        why = await wire.ended
        self._wire = None
        return why or "the line has ended"

    async def _open(self, wire: _Wire) -> None:
        match self._place:
            case Remote(host=host, port=port):
                await HostnameEndpoint(self._reactor, host, port, timeout=CONNECT_S).connect(_Once(wire))
            case Listen(host=host, port=port):
                await self._called(wire, host, port)
            case Device() as device:
                _must_be_terminal(device.path)
                _Terminal(  # type: ignore[no-untyped-call]  # Twisted gives it no types
                    wire, device.path, self._reactor, baudrate=device.speed, **_settings(device)
                )

    async def _called(self, wire: _Wire, host: str, port: int) -> None:
        """Wait for whoever connects first; nobody else can, while they stay."""
        called: Deferred[None] = Deferred()
        came = partial(self._reactor.callLater, 0, called.callback, None)  # then the wire knows its connection
        door = IReactorTCP(self._reactor).listenTCP(port, _Door(wire, came), interface=host)
        try:
            await called
        finally:
            door.stopListening()

    def _tell(self, why: str) -> None:
        if why == self.state:
            return
        self.state = why
        log.info("serial: {name}: {why}", name=self.name, why=why or "open")
        self._changed(why)


def _must_be_terminal(path: str) -> None:
    """Raise `OSError` unless it is a character device: opening some others does harm or waits."""
    if not stat.S_ISCHR(Path(path).stat().st_mode):
        raise OSError(f"{path} is no serial device")


def _settings(device: Device) -> dict[str, int | str | float | bool]:
    found = _FRAMING.fullmatch(device.framing)
    if found is None:
        raise PlaceError(f"{device.framing!r} is no framing")
    return {
        "bytesize": int(found["bits"]),
        "parity": found["parity"],
        "stopbits": int(found["stop"]),
        "rtscts": device.flow is Flow.RTS_CTS,
        "xonxoff": device.flow is Flow.XON_XOFF,
    }


def _discard(serial: Serial) -> None:
    """Throw away what the other end does not take: closing a terminal would wait 30 s for it."""
    try:
        termios.tcflush(serial, termios.TCIOFLUSH)
    except (termios.error, OSError):
        return  # it is unplugged


def _with_the_system(pipe: _Pipe) -> int:
    """Count the bytes that the system holds for it; 0 where it does not tell."""
    try:
        return int(struct.unpack("i", fcntl.ioctl(pipe.fileno(), termios.TIOCOUTQ, b"\0" * 4))[0])
    except (OSError, ValueError):
        return 0
