"""The Asterisk that both sides talk to: callers for FastAGI, a stream of events for AMI."""

import asyncio
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

from typing_extensions import override

ENVIRONMENT = (
    "agi_network: yes\nagi_network_script: call\nagi_request: agi://127.0.0.1/call\nagi_channel: PJSIP/trunk-{0:08x}\n"
    "agi_language: en\nagi_type: PJSIP\nagi_uniqueid: main-{0}\nagi_version: 22.10.1\nagi_callerid: 5550100\n"
    "agi_calleridname: Anna Schmidt\nagi_callingpres: 0\nagi_callingani2: 0\nagi_callington: 0\nagi_callingtns: 0\n"
    "agi_dnid: 2001\nagi_rdnis: unknown\nagi_context: trunk\nagi_extension: 2001\nagi_priority: 3\nagi_enhanced: 0.0\n"
    "agi_accountcode: \nagi_threadid: 140358505420480\n\n"
)
SCRIPT = (
    (b"ANSWER", b"200 result=0\n"),
    (b"SET VARIABLE", b"200 result=1\n"),
    (b"GET VARIABLE", b"200 result=1 (Anna Schmidt)\n"),
    (b"STREAM FILE", b"200 result=0 endpos=3404\n"),
    (b"GET OPTION", b"200 result=50 endpos=1200\n"),
    (b"WAIT FOR DIGIT", b"200 result=35\n"),
    (b"SAY DIGITS", b"200 result=0\n"),
    (b"EXEC", b"200 result=0\n"),
    (b"SET VARIABLE", b"200 result=1\n"),
    (b"NOOP", b"200 result=0\n"),
)
"Each command of a call, and what Asterisk answers."

CALL = (Path(__file__).parent / "call.ami").read_bytes()
"The events of a call, as Asterisk 22.10.1 wrote them: two legs, FastAGI, music, a bridge."
EVENTS = CALL.count(b"\r\n\r\n")
LAST = b"Event: BenchEnd\r\nPrivilege: system,all\r\n\r\n"


class WrongAnswerError(Exception):
    """A side did not do what a call needs; its figures say nothing."""


class RefusedError(Exception):
    """Nobody listens."""


class Floor:
    """The calls that are there at once, all at the same command: Asterisk answers when every one of them has asked.

    That is what a busy hour does to a server: all its sessions are there, and many become ready at the same time.
    """

    def __init__(
        self,
        port: int,
        *,
        calls: int,
        at_once: int,
        commands_max: int | None = None,
        caller: "Callable[[Floor, int], Caller] | None" = None,
    ) -> None:
        """Begin with no call; after so many commands of each nobody is answered any more."""
        self._caller = Caller if caller is None else caller
        self._commands_max = commands_max
        self._port = port
        self._calls = calls
        self._at_once = at_once
        self._there: set[Caller] = set()
        self._asking: list[Caller] = []
        self.commands = 0
        self.finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def open(self) -> None:
        """Make the next calls, so many as there are at once."""
        loop = asyncio.get_running_loop()
        for _ in range(min(self._at_once, self._calls)):
            self._calls -= 1
            number = self._calls
            await loop.create_connection(lambda: self._caller(self, number), "127.0.0.1", self._port)  # noqa: B023  called at once
        for caller in self._there:
            caller.begin()

    def entered(self, caller: "Caller") -> None:
        """Count a call in."""
        self._there.add(caller)

    def asks(self, caller: "Caller") -> None:
        """Take a command; answer all of them once everybody has asked."""
        self._asking.append(caller)
        if len(self._asking) == len(self._there):
            asking, self._asking = self._asking, []
            if caller.commands == self._commands_max:
                self.finished.set_result(None)
                return
            for one in asking:
                one.answer()

    def left(self, caller: "Caller", commands: int) -> None:
        """Count a call out, and make the next ones when all have gone."""
        self._there.discard(caller)
        self.commands += commands
        if not caller.satisfied and commands != self._commands_max:
            self.fail(WrongAnswerError(f"a call ended after {commands} commands"))
        elif not self._there and self._calls:
            self._opening = asyncio.ensure_future(self.open())
        elif not self._there and not self.finished.done():
            self.finished.set_result(None)

    def hang_up(self) -> None:
        """End the calls that are held."""
        for caller in tuple(self._there):
            caller.hang_up()

    def fail(self, error: WrongAnswerError) -> None:
        """End it all."""
        if not self.finished.done():
            self.finished.set_exception(error)


class Caller(asyncio.Protocol):
    """One call in FastAGI: it answers each command of the script, in order."""

    __slots__ = ("_floor", "_reply", "_rest", "_transport", "commands", "number")

    environment = ENVIRONMENT

    def __init__(self, floor: Floor, number: int) -> None:
        """Begin before the connection."""
        self.number = number
        self._floor = floor
        self.commands = 0
        self._reply = b""
        self._rest = b""
        self._transport: asyncio.Transport | None = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # a stream's
        self._floor.entered(self)

    @override
    def data_received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._reply = self.reply_to(line)
            self.commands += 1
            self._floor.asks(self)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._floor.left(self, self.commands)

    @property
    def satisfied(self) -> bool:
        """Whether every command of the call has come."""
        return self.commands == len(SCRIPT)

    def reply_to(self, line: bytes) -> bytes:
        """Give the answer to a command; anything but the next of the script is wrong."""
        command, reply = SCRIPT[self.commands] if self.commands < len(SCRIPT) else (b"nothing", b"")
        if not line.startswith(command):
            self._floor.fail(WrongAnswerError(f"{line!r} in place of {command!r}"))
        return reply

    def begin(self) -> None:
        """Say the environment."""
        if self._transport is not None:
            self._transport.write(self.environment.format(self.number).encode())

    def answer(self) -> None:
        """Answer the last command."""
        if self._transport is not None:
            self._transport.write(self._reply)

    def hang_up(self) -> None:
        """End the call."""
        if self._transport is not None:
            self._transport.close()


async def call(port: int, *, calls: int, at_once: int) -> int:
    """Make so many calls, so many at once; give the number of commands that were answered."""
    floor = Floor(port, calls=calls, at_once=at_once)
    try:
        await floor.open()
    except OSError as error:
        raise RefusedError("nobody listens") from error
    await floor.finished
    return floor.commands


async def hold(port: int, *, calls: int) -> Floor:
    """Make so many calls that all wait for the answer to their second command; they last as long as their floor."""
    floor = Floor(port, calls=calls, at_once=calls, commands_max=2)
    await floor.open()
    await floor.finished
    return floor


class Manager(asyncio.Protocol):
    """One AMI connection: it lets everybody in, and streams to who wants events."""

    def __init__(self, stream: Callable[[], Iterator[bytes]]) -> None:
        """Begin; each piece is written when the one before it has gone."""
        self._stream = stream
        self._rest = b""
        self._pieces: Iterator[bytes] = iter(())
        self._paused = False
        self._streams = False
        self._transport: asyncio.Transport | None = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # a stream's
        self._transport.set_write_buffer_limits(high=65_536)
        self._transport.write(b"Asterisk Call Manager/11.0.0\r\n")

    @override
    def data_received(self, data: bytes) -> None:
        *actions, self._rest = (self._rest + data).split(b"\r\n\r\n")
        for action in actions:
            found = dict(re.findall(rb"(?m)^(\w+): (.*?)\r?$", action))
            lines = [b"Response: Success", b"Challenge: 1", b"Ping: Pong"]
            if b"ActionID" in found:
                lines.insert(1, b"ActionID: " + found[b"ActionID"])
            self._write(b"\r\n".join(lines) + b"\r\n\r\n")
            if found[b"Action"] == b"Login" and found.get(b"Events") != b"off":
                self._streams = True
                self._pieces = self._stream()
                self.resume_writing()

    @override
    def pause_writing(self) -> None:
        self._paused = True

    @override
    def resume_writing(self) -> None:
        self._paused = False
        while not self._paused and (piece := next(self._pieces, b"")):
            self._write(piece)

    def tell(self, data: bytes) -> None:
        """Write something now, if this is a connection for events."""
        if self._streams:
            self._write(data)

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)


def events(calls: int) -> Iterator[bytes]:
    """Give the events of so many calls, and one that says that it is over."""
    for _ in range(calls):
        yield CALL
    yield LAST
