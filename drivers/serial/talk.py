"""Commands and answers on one opening of a modem's line, each with a deadline."""

from collections.abc import Callable
from typing import Final, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as LateError
from twisted.internet.interfaces import IReactorTime

from drivers.serial.at import Answer, AtCodec, News, Prompt
from drivers.serial.port import PortError

ANSWER_S: Final = 5.0
ESCAPE: Final = b"\x1b"
"Ends the entry of a message without sending it (27.005, 3.5.1)."
_OF_MESSAGES: Final = frozenset({"+CMTI", "+CDSI", "+CMT", "+CDS", "+CMGS"})
_DIRECT_MAX: Final = 1_000
"Messages that wait to be kept; the modem does not hold these."


class LostError(Exception):
    """The line has ended."""


class HangError(Exception):
    """The modem does not answer, or what it answers makes no sense."""


class Line(Protocol):
    """A line as a modem's conversation needs it; see `drivers.serial.port.Port`."""

    def write(self, data: bytes) -> None:
        """Send it; raises `PortError`."""

    def hang_up(self, reason: str) -> None:
        """End it; it is opened again."""


class Bell:
    """What a conversation waits at between two rounds."""

    def __init__(self, clock: IReactorTime) -> None:
        """Begin unrung."""
        self._clock = clock
        self._waiting: Deferred[None] | None = None
        self.rung = False
        self.closed = False
        "Whether nothing more is to be begun."

    def ring(self) -> None:
        """Have the next round begin at once."""
        self.rung = True
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.callback(None)

    def heeded(self) -> None:
        """Begin a round: what rang before is seen by it."""
        self.rung = False

    async def wait(self, wait_s: float) -> None:
        """Wait until it rings, or so long; not at all if it rang in this round."""
        if self.rung:
            return
        waiting: Deferred[None] = Deferred()
        self._waiting = waiting
        timer = self._clock.callLater(wait_s, self.ring)
        await waiting
        if timer.active():
            timer.cancel()


class Talk:
    """One opening of the line; once it has ended, everything raises `LostError`."""

    def __init__(self, clock: IReactorTime, line: Line, ring: Callable[[], None]) -> None:
        """Begin on an open line; `ring` is called when the modem tells of messages by itself."""
        self._clock = clock
        self._line: Line | None = line
        self._ring = ring
        self._codec = AtCodec()
        self._answer: Deferred[Answer | Prompt] | None = None
        self.direct: list[News] = []
        "What the modem gave without holding it, and late answers."

    @property
    def lost(self) -> bool:
        """Whether the line has ended."""
        return self._line is None

    def heard(self, data: bytes) -> None:
        """Take in what the modem says."""
        for heard in self._codec.receive(data):
            match heard:
                case News(name=name, pdu=message):
                    if (message or name == "+CMGS") and len(self.direct) < _DIRECT_MAX:
                        self.direct.append(heard)
                    if name in _OF_MESSAGES:
                        self._ring()
                case Answer() | Prompt():
                    answer, self._answer = self._answer, None
                    if answer is not None:
                        answer.callback(heard)

    def end(self, why: str) -> None:
        """Note that the line ended."""
        self._line = None
        answer, self._answer = self._answer, None
        if answer is not None:
            answer.errback(LostError(why))

    def hang_up(self, why: str) -> None:
        """End the line."""
        if self._line is not None:
            self._line.hang_up(why)

    def escape(self) -> None:
        """Leave the entry of a message, if the modem is in it."""
        self._write(ESCAPE)

    async def ask(self, command: str, deadline_s: float = ANSWER_S) -> Answer:
        """Give a command's result; raises `HangError` or `LostError`."""
        answer = await self._put(self._codec.command(command), deadline_s)
        if isinstance(answer, Prompt):
            raise HangError("it asked for a message")
        return answer

    async def begin(self, length: int, deadline_s: float) -> Answer | None:
        """Ask for a message's prompt; gives the refusal, None if the modem waits for the message."""
        answer = await self._put(self._codec.command(f"AT+CMGS={length}", prompt=True), deadline_s)
        return None if isinstance(answer, Prompt) else answer

    async def give(self, digits: str, deadline_s: float) -> Answer:
        """Hand the message over, and give the result."""
        answer = await self._put(self._codec.message(digits), deadline_s)
        if isinstance(answer, Prompt):
            raise HangError("it asked for the message twice")
        return answer

    def _write(self, data: bytes) -> None:
        if self._line is None:
            raise LostError("there is no line")
        try:
            self._line.write(data)
        except PortError as error:
            raise LostError(str(error)) from None

    async def _put(self, data: bytes, deadline_s: float) -> Answer | Prompt:
        answer: Deferred[Answer | Prompt] = Deferred()
        self._answer = answer
        try:
            self._write(data)
            return await answer.addTimeout(deadline_s, self._clock)
        except LateError:
            self._codec.give_up()
            raise HangError(f"no answer in {deadline_s:.0f} s") from None
        finally:
            self._answer = None
