"""The Asterisk Gateway Interface over TCP (FastAGI), sans-I/O: bytes in, frozen messages out; commands in, bytes out.

The wire format, from Asterisk's res/res_agi.c: Asterisk connects and sends its environment, one `agi_name: value` a
line, ended by an empty line. Then it waits: each command is one line, each reply is `200 result=… (…) endpos=…`, or
`510`, `511`, or a usage text between `520-` and `520 `. Lines end with LF. `HANGUP` may stand before any reply.

Rules that keep it simple
- One command at a time: a second one would cut a `STREAM FILE` short and take its reply away (res_agi.c, `res == 1`).
- `HANGUP` and the end of the connection say that Asterisk has left *us*, never that the caller is gone.
- A value may have line ends in it (a caller's number is percent-decoded by SIP; see snapshot.py). So the names of an
  environment are taken in Asterisk's order, what stands between two of them belongs to the first, and it does not end
  before the last. Nothing may follow unasked, and whatever does not fit is the end of the connection.
"""

import re
from collections.abc import Iterable, Iterator
from enum import Enum

import msgspec

from drivers.asterisk.agi_commands import Command
from drivers.asterisk.codec import LINE_BYTES_MAX, LocalProtocolError, RemoteProtocolError

ENVIRONMENT_BYTES_MAX = 16_384
ENVIRONMENT_LINES_MAX = 200
REPLY_BYTES_MAX = 16_384
REPLY_LINES_MAX = 100

_NAMES = (
    "agi_network",
    "agi_network_script",
    "agi_request",
    "agi_channel",
    "agi_language",
    "agi_type",
    "agi_uniqueid",
    "agi_version",
    "agi_callerid",
    "agi_calleridname",
    "agi_callingpres",
    "agi_callingani2",
    "agi_callington",
    "agi_callingtns",
    "agi_dnid",
    "agi_rdnis",
    "agi_context",
    "agi_extension",
    "agi_priority",
    "agi_enhanced",
    "agi_accountcode",
    "agi_threadid",
)
_PLACES = {name: place for place, name in enumerate(_NAMES)}
_LAST = f"\n{_NAMES[-1]}: ".encode()
_ARGUMENTS = "".join(f"(?:agi_arg_{number}: .*\n" for number in range(1, 10)) + ")?" * 9
_WELL = re.compile("".join((*(f"{name}: .*\n" for name in _NAMES), _ARGUMENTS, "\n")).encode()).fullmatch
"An environment as nearly every call has it: no value with a line end, few arguments."
_PLAIN = re.compile(r"200 result=([!-~]{0,80})(?: \(([^\r\n()]{0,1000})\))?(?: endpos=([0-9]{1,18}))?\n").fullmatch
_PLAIN_BYTES_MAX = 4_096
"More than a plain reply has."
_CODE = re.compile(r"([1-9][0-9]{2})([ -])(.*)", re.DOTALL)
_ENDPOS = re.compile(r"(?:^| )endpos=(-?[0-9]{1,18})$")
_HANGUP = b"HANGUP\n"
_OK = 200
_KEYS = {str(ord(key)): key for key in "0123456789*#ABCD"}


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """What Asterisk tells of the channel when it connects, kept as text until somebody asks."""

    text: str
    "LF, then the lines of the environment with LF between them."

    def get(self, name: str, default: str = "") -> str:
        """Give the value of a name such as `agi_uniqueid`, or the default."""
        key = f"\n{name}: "
        start = self.text.find(key)
        if start < 0:
            return default
        start += len(key)
        end = self.text.find("\n", start)
        return self.text[start:end] if end >= 0 else self.text[start:]

    def __getitem__(self, name: str) -> str:
        """Give the value of a name that has to be there."""
        value = self.get(name, "\n")
        if value == "\n":
            raise KeyError(name)
        return value

    def as_dict(self) -> dict[str, str]:
        """Give all of it."""
        return dict(line.split(": ", 1) for line in self.text.split("\n")[1:])

    @property
    def arguments(self) -> tuple[str, ...]:
        """What the dialplan gave after the address: AGI(agi://…,first,second)."""
        arguments: list[str] = []
        while (value := self.get(f"agi_arg_{len(arguments) + 1}", "\n")) != "\n":
            arguments.append(value)
        return tuple(arguments)


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What Asterisk answered to one command."""

    code: int
    "200 done, 510 unknown command, 511 not on a dead channel, 520 wrong arguments."
    result: str = ""
    "What stands after `result=`; -1 is a failure, or the channel was taken from us."
    data: str = ""
    "What stands in the parentheses, or the words of a refusal."
    endpos: int | None = None
    "Where the sound stopped, in samples."

    @property
    def ok(self) -> bool:
        """Whether the command was carried out."""
        return self.code == _OK and self.result != "-1"

    @property
    def digit(self) -> str:
        """The key that ended the command, or nothing: Asterisk gives its character code."""
        return _KEYS.get(self.result, "")


class HungUp(msgspec.Struct, frozen=True, kw_only=True):
    """Asterisk has taken the channel from this connection: hung up, bridged or redirected."""


_COMMON = {f"200 result={result}\n".encode(): Reply(code=_OK, result=result) for result in ("0", "1", "-1", *_KEYS)}
"Nine replies of ten."


class State(Enum):
    """Where a connection is."""

    ENVIRONMENT = "environment"
    IDLE = "idle"
    WAITING = "waiting"
    CLOSED = "closed"


_IDLE = State.IDLE
_WAITING = State.WAITING
"Looked up for every command: an Enum is slow to give its members."


class AgiConnection:
    """Our side of one FastAGI connection."""

    __slots__ = ("_buffer", "state")

    def __init__(self) -> None:
        """Begin before the environment."""
        self.state = State.ENVIRONMENT
        self._buffer = b""

    def send(self, command: Command) -> bytes:
        """Give the bytes of the command; its reply is awaited from now on."""
        if self.state is not _IDLE:
            raise LocalProtocolError(f"a command while the connection is in state {self.state.value}")
        self.state = _WAITING
        return command.line

    def answer(self, data: bytes) -> Reply | None:
        """Give the awaited reply if the bytes are just that, as nearly always; else None: `receive` is to read them.

        It is what `receive` would give, for a third of the cost.
        """
        if self.state is not _WAITING or self._buffer:
            return None
        reply = _COMMON.get(data) or _plain(data)
        if reply is not None:
            self.state = _IDLE
        return reply

    def receive(self, data: bytes) -> Iterable[Environment | Reply | HungUp]:
        """Take in some bytes and give the messages that they complete; run the iterator to its end.

        Raises `RemoteProtocolError`, after the messages before it, at what is not AGI; nothing is read from then on.
        """
        if self.state is State.CLOSED:
            raise RemoteProtocolError("the connection has failed before")
        self._buffer += data
        return self._messages()

    def _messages(self) -> Iterator[Environment | Reply | HungUp]:
        try:
            while self._buffer:
                message = self._environment() if self.state is State.ENVIRONMENT else self._line()
                if message is None:
                    return
                yield message
        except RemoteProtocolError:
            self.state = State.CLOSED
            self._buffer = b""
            raise

    def _take(self, size: int) -> bytes:
        """Take so much from the buffer; what is left may only be a `HANGUP`, for we have asked for nothing yet."""
        taken, self._buffer = self._buffer[:size], self._buffer[size:]
        if self._buffer and not (_HANGUP.startswith(self._buffer) or self._buffer.startswith(_HANGUP)):
            raise RemoteProtocolError("more came than was asked for")
        return taken

    def _environment(self) -> Environment | None:
        if len(self._buffer) <= LINE_BYTES_MAX and _WELL(self._buffer) and b"\r" not in self._buffer:
            text = "\n" + self._buffer[:-2].decode(errors="replace")
            self._buffer = b""
            self.state = State.IDLE
            return Environment(text=text)
        last = self._buffer.find(_LAST)
        end = -1 if last < 0 else self._buffer.find(b"\n\n", last + 1)
        block = self._buffer if end < 0 else self._buffer[:end]
        if len(block) > ENVIRONMENT_BYTES_MAX or block.count(b"\n") >= ENVIRONMENT_LINES_MAX:
            raise RemoteProtocolError("the environment has no end")
        if len(block) > LINE_BYTES_MAX and max(map(len, block.split(b"\n"))) > LINE_BYTES_MAX:
            raise RemoteProtocolError(f"a line of the environment is longer than {LINE_BYTES_MAX} bytes")
        if not block.startswith((b"agi_", b"agi_"[: len(block)])):
            raise RemoteProtocolError("the environment does not begin with a name")
        if end < 0:
            return None
        self.state = State.IDLE
        return Environment(text="\n".join(("", *_in_order(self._take(end + 2).decode(errors="replace").split("\n")))))

    def _line(self) -> Reply | HungUp | None:
        if self._buffer.startswith(_HANGUP):
            self._buffer = self._buffer[len(_HANGUP) :]
            return HungUp()
        end = self._buffer.find(b"\n")
        if end < 0:
            if len(self._buffer) > LINE_BYTES_MAX:
                raise RemoteProtocolError(f"a line is longer than {LINE_BYTES_MAX} bytes")
            return None
        if self.state is not State.WAITING:
            raise RemoteProtocolError("a reply without a command")
        reply = self._reply(end)
        if reply is not None:
            self.state = State.IDLE
        return reply

    def _reply(self, end: int) -> Reply | None:
        if self._buffer.startswith(b"200 "):
            return self._result(end)
        match = _CODE.fullmatch(self._buffer[:end].decode(errors="replace"))
        if match is None or match[1] == "200":
            raise RemoteProtocolError("a reply does not begin with a code")
        if match[2] == "-":
            return self._usage(int(match[1]), match[3])
        self._take(end + 1)
        return Reply(code=int(match[1]), data=match[3])

    def _usage(self, code: int, text: str) -> Reply | None:
        """Read `520-…`, the lines of the usage text, and `520 …`."""
        last = self._buffer.find(f"\n{code} ".encode())
        end = -1 if last < 0 else self._buffer.find(b"\n", last + 1)
        if end < 0:
            if len(self._buffer) > REPLY_BYTES_MAX:
                raise RemoteProtocolError("a usage text has no end")
            return None
        self._take(end + 1)
        return Reply(code=code, data=text)

    def _result(self, end: int) -> Reply | None:
        """Read `200 result=… (…) endpos=…`; what stands in the parentheses may have line ends in it."""
        for _ in range(REPLY_LINES_MAX):
            reply = _parse_result(self._buffer[:end].decode(errors="replace")[len("200 ") :])
            if reply is not None:
                self._take(end + 1)
                return reply
            end = self._buffer.find(b"\n", end + 1)
            if end < 0 and len(self._buffer) <= REPLY_BYTES_MAX:
                return None
            if end < 0:
                break
        raise RemoteProtocolError("a value has no end")


def _in_order(lines: list[str]) -> Iterator[str]:
    """Give the lines whose names come in Asterisk's order; the others are the rest of a value."""
    place = -1
    arguments = 0
    for line in lines:
        name, colon, value = line.partition(": ")
        if not colon:
            continue
        if name == f"agi_arg_{arguments + 1}" and place == len(_NAMES) - 1:
            arguments += 1
        elif _PLACES.get(name, -1) > place:
            place = _PLACES[name]
        else:
            continue
        yield f"{name}: {value}".removesuffix("\r")


def _plain(data: bytes) -> Reply | None:
    """Give the reply if the bytes are one line with one value and nothing to think about."""
    if len(data) > _PLAIN_BYTES_MAX:
        return None
    match = _PLAIN(data.decode("utf-8", "replace"))
    if match is None:
        return None
    result, value, endpos = match.groups("")
    return Reply(code=_OK, result=result, data=value, endpos=int(endpos) if endpos else None)


def _parse_result(text: str) -> Reply | None:
    """Give the reply, or None if its parenthesis is still open."""
    if not text.startswith("result="):
        raise RemoteProtocolError("a reply has no result")
    result, _, rest = text[len("result=") :].partition(" ")
    endpos = _ENDPOS.search(rest) if "endpos=" in rest else None
    if endpos is not None:
        rest = rest[: endpos.start()]
    if rest.startswith("("):
        if not rest.endswith(")"):
            return None
        rest = rest[1:-1]
    return Reply(code=_OK, result=result, data=rest, endpos=None if endpos is None else int(endpos[1]))
