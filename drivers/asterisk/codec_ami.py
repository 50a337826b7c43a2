"""The Asterisk Manager Interface, sans-I/O: bytes in, frozen messages out; actions in, bytes out.

The wire format, from Asterisk's main/manager.c: one greeting line, then messages of `Name: value` lines, each line
ended by CR LF and each message by an empty line. A message that begins with `Response` answers the action of the
same ActionID; one with `EventList: start` is followed by events of that ActionID up to one with `EventList: Complete`.

Rules that keep it simple
- A message is kept as its text; a header is looked for when it is asked for. Most headers never are.
- A repeated header keeps every value (`Variable`, `ChanVariable`, `Output`); `get` gives the first.
- Answers are matched by ActionID alone, never by order.
- A caller's number may have line ends in it (`snapshot.py`): an event about a channel is read when it is whole.
- An event that nobody wants is passed over by its name. What comes after it is looked at only if no number can be going
  on where it begins; if one can, the events passed over are read after all.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

import msgspec

from drivers.asterisk.codec import LINE_BYTES_MAX, LocalProtocolError, RemoteProtocolError, clean, encode
from drivers.asterisk.snapshot import CLOSED_BYTES, STATUS, closed, mend, whole

ACTION_HEADERS_MAX = 127
"AST_MAX_MANHEADERS is 128; a message with more is refused as a whole."
ACTION_LINE_BYTES_MAX = 1_022
"Asterisk reads an action's line into 1,024 bytes, CR LF among them, and loses the message if it does not fit."
MESSAGE_BYTES_MAX = 65_536
MESSAGE_HEADERS_MAX = 512
SHORT_BYTES = 4 * MESSAGE_HEADERS_MAX
"A message that is no longer can break none of the limits above."
LIST_EVENTS_MAX = 10_000
PENDING_MAX = 1_000
PASSED_MAX = 64
"""How many events passed over are kept, until what comes after them is known to be no part of a number.

A number that says `Event: ` as often as it can makes ten of them, and an event has at most a handful of numbers.
"""

_GREETING = b"Asterisk Call Manager/"
_END = b"\r\n"
_MESSAGE_END = b"\r\n\r\n"
_EVENT = b"Event: "
_RESPONSE = b"Response: "
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,79}")
_ACTION_ID = re.compile(r"[A-Za-z0-9_.:/-]{1,64}")
_GOOD = frozenset({"Success", "Goodbye", "Follows"})


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """What we ask Asterisk to do: an action's name and its headers in order, names may repeat."""

    name: str
    headers: tuple[tuple[str, str], ...] = ()


class Message(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The headers of one message, kept as text until somebody asks."""

    text: str
    "The lines of the message, with CR LF between them."

    def get(self, name: str, default: str = "") -> str:
        """Give the first value of the header, or the default; names are compared as written."""
        text = self.text
        _, found, rest = text.partition(f"\r\n{name}:")
        if not found:
            if not text.startswith(f"{name}:"):
                return default
            rest = text[len(name) + len(":") :]
        return rest.partition("\r\n")[0].removeprefix(" ")

    def all(self, name: str) -> tuple[str, ...]:
        """Give every value of the header, in order."""
        return tuple(value for found, value in self.headers() if found == name)

    def headers(self) -> tuple[tuple[str, str], ...]:
        """Give all headers in order; a line without a colon is left out."""
        pairs = (line.partition(":") for line in self.text.split("\r\n"))
        return tuple((name, value.removeprefix(" ")) for name, colon, value in pairs if colon)


class Greeting(msgspec.Struct, frozen=True, kw_only=True):
    """The first line of a connection."""

    version: str
    "The version of the interface, such as 11.0.0 (not Asterisk's)."


class Event(Message, frozen=True, kw_only=True, gc=False):
    """Something that happened in Asterisk."""

    name: str


class Answer(Message, frozen=True, kw_only=True):
    """What came back for an action, with the events of its list if it has one."""

    action_id: str
    ok: bool
    events: tuple[Event, ...] = ()

    @property
    def message(self) -> str:
        """Asterisk's own words for it."""
        return self.get("Message")


@dataclass(slots=True)
class _Pending:
    """An action that has no whole answer yet."""

    response: Message | None = None
    events: list[Event] = field(default_factory=list)


def write_action(action: Action, action_id: str) -> bytes:
    """Give the bytes of the action; raise `LocalProtocolError` if a header could not be said as one line."""
    headers = (("Action", action.name), ("ActionID", action_id), *action.headers)
    if len(headers) > ACTION_HEADERS_MAX:
        raise LocalProtocolError(f"{action.name} has {len(headers)} headers; at most {ACTION_HEADERS_MAX} are read")
    lines: list[bytes] = []
    for name, value in headers:
        if not _NAME.fullmatch(name):
            raise LocalProtocolError(f"{name!r} cannot be the name of a header")
        what = f"the header {name} of {action.name!r}"
        lines.append(encode(f"{name}: {clean(value, what=what)}", what=what, bytes_max=ACTION_LINE_BYTES_MAX))
    return _END.join(lines) + _MESSAGE_END


def _name(block: bytes) -> bytes:
    end = block.find(_END)
    return block[len(_EVENT) : end] if end >= 0 else block[len(_EVENT) :]


class AmiConnection:
    """Our side of one AMI connection: its unread bytes and its unanswered actions."""

    __slots__ = (
        "_buffer",
        "_closed",
        "_greeted",
        "_lists",
        "_looked_at",
        "_next",
        "_passed",
        "_pending",
        "_prefix",
        "_torn",
        "_wanted",
        "mended",
        "strays",
    )

    def __init__(self, *, prefix: str = "", wanted: Collection[str] | None = None) -> None:
        """Begin before the greeting.

        `prefix` stands before the number in each ActionID. `wanted` are the events to hand out, all if None; the
        others are dropped before they are decoded.
        """
        self._prefix = prefix
        self._wanted = None if wanted is None else frozenset(name.encode() for name in wanted)
        self._looked_at = None if self._wanted is None else self._wanted | {STATUS}
        self._passed: list[bytes] = []
        self._buffer = bytearray()
        self._greeted = False
        self._closed = False
        self._next = 0
        self._pending: dict[str, _Pending] = {}
        self._lists = 0
        self._torn = b""
        self.mended = 0
        "How many events had a line end in a value."
        self.strays = 0
        "How many answers nobody waited for."

    @property
    def pending(self) -> int:
        """How many actions have no whole answer yet."""
        return len(self._pending)

    def send(self, action: Action, *, action_id: str | None = None) -> tuple[str, bytes]:
        """Give the ActionID and the bytes of the action; its answer is awaited from now on.

        Who has to know an event of the action (`OriginateResponse`) that may overtake its answer gives the ActionID.
        """
        if not self._greeted or self._closed:
            raise LocalProtocolError(f"{action.name} before the greeting or after the end")
        if len(self._pending) >= PENDING_MAX:
            raise LocalProtocolError(f"{action.name}: {PENDING_MAX} actions have no answer yet")
        if action_id is None:
            self._next += 1
            action_id = f"{self._prefix}{self._next}"
        if not _ACTION_ID.fullmatch(action_id) or action_id in self._pending:
            raise LocalProtocolError(f"{action.name}: {action_id!r} is no ActionID, or is awaited already")
        data = write_action(action, action_id)
        self._pending[action_id] = _Pending()
        return action_id, data

    def forget(self, action_id: str) -> None:
        """Stop waiting for an answer; what still comes of it is counted as a stray."""
        pending = self._pending.pop(action_id, None)
        if pending is not None and pending.response is not None:
            self._lists -= 1

    def receive(self, data: bytes) -> Iterator[Greeting | Event | Answer]:
        """Take in some bytes and give the messages that they complete; run the iterator to its end.

        Raises `RemoteProtocolError`, after the messages before it, at what is not AMI; nothing is read from then on.
        """
        if self._closed:
            raise RemoteProtocolError("the connection has failed before")
        known = len(self._buffer)
        self._buffer += data
        return self._messages(known)

    def _messages(self, known: int) -> Iterator[Greeting | Event | Answer]:
        try:
            if not self._greeted:
                greeting = self._greet()
                if greeting is None:
                    return
                yield greeting
                known = 0
            if self._buffer.find(_MESSAGE_END, max(0, known - len(_MESSAGE_END) + 1)) >= 0:
                *blocks, rest = bytes(self._buffer).split(_MESSAGE_END)
                self._buffer = bytearray(rest)
                yield from self._blocks(blocks)
            self._check_size(self._buffer)
        except RemoteProtocolError:
            self._closed = True
            self._buffer.clear()
            raise

    def _blocks(self, blocks: list[bytes]) -> Iterator[Event | Answer]:
        looked_at = self._looked_at
        read = 0
        for number, block in enumerate(blocks):
            plain = not self._torn and not self._lists and len(block) <= SHORT_BYTES and block.startswith(_EVENT)
            if plain and looked_at is not None and _name(block) not in looked_at:
                continue
            if self._passed or read < number:
                self._look_back(blocks[max(read, number - PASSED_MAX) : number])
                plain = plain and not self._torn
            read = number + 1
            message = self._event(block) if plain else self._read(block)
            if message is not None:
                yield message
        self._passed = [*self._passed, *blocks[read:]][-PASSED_MAX:]

    def _look_back(self, passed: list[bytes]) -> None:
        """Read the events passed over, if what comes after them may be part of a number in one of them.

        They are as unwanted as before: what it is for is the event that is not yet whole, `_torn`.
        """
        passed = [*self._passed, *passed][-PASSED_MAX:]
        self._passed = []
        end = passed[-1] + _MESSAGE_END
        if not closed(end[-CLOSED_BYTES:] if len(end) >= CLOSED_BYTES else _MESSAGE_END.join([*passed, b""])):
            for block in passed:
                self._read(block)

    def _greet(self) -> Greeting | None:
        end = self._buffer.find(_END)
        head = bytes(self._buffer[: end if end >= 0 else None])
        if not (head.startswith(_GREETING) or (end < 0 and _GREETING.startswith(head))):
            raise RemoteProtocolError("the greeting is not Asterisk's")
        if len(head) > LINE_BYTES_MAX:
            raise RemoteProtocolError("the greeting has no end")
        if end < 0:
            return None
        self._greeted = True
        del self._buffer[: end + len(_END)]
        return Greeting(version=head[len(_GREETING) :].decode(errors="replace").strip())

    def _check_size(self, block: bytes | bytearray) -> None:
        if len(block) <= LINE_BYTES_MAX:
            return
        if len(block) > MESSAGE_BYTES_MAX:
            raise RemoteProtocolError(f"a message is longer than {MESSAGE_BYTES_MAX} bytes")
        if max(map(len, block.split(_END))) > LINE_BYTES_MAX + 1:  # a CR whose LF is still to come is not the line's
            raise RemoteProtocolError(f"a line is longer than {LINE_BYTES_MAX} bytes")

    def _read(self, block: bytes) -> Event | Answer | None:
        block, self._torn = self._torn + block, b""
        while block.startswith(_END):  # empty lines between messages mean nothing
            block = block[len(_END) :]
        if not block:
            return None
        self._check_size(block)
        if block.count(_END) >= MESSAGE_HEADERS_MAX:
            raise RemoteProtocolError(f"a message has more than {MESSAGE_HEADERS_MAX} headers")
        if block.startswith(_EVENT):
            return self._event(block)
        if block.startswith(_RESPONSE):
            return self._response(Message(text=block.decode(errors="replace")))
        raise RemoteProtocolError("a message is neither an event nor a response")

    def _event(self, block: bytes) -> Event | Answer | None:
        if not whole(block):
            mended = mend(block)
            if mended is None:
                self._torn = block + _MESSAGE_END
                return None
            self.mended += 1
            block = mended
        name = _name(block)
        unwanted = self._wanted is not None and name not in self._wanted
        if unwanted and not self._lists:
            return None
        event = Event(name=name.decode("utf-8", "replace"), text=block.decode("utf-8", "replace"))
        if self._lists:
            action_id = event.get("ActionID")
            pending = self._pending.get(action_id)
            if pending is not None and pending.response is not None:
                return self._listed(action_id, pending.response, pending.events, event)
        return None if unwanted else event

    def _listed(self, action_id: str, response: Message, events: list[Event], event: Event) -> Answer | None:
        if event.get("EventList"):
            self.forget(action_id)
            return Answer(action_id=action_id, ok=True, text=response.text, events=tuple(events))
        if len(events) >= LIST_EVENTS_MAX:
            raise RemoteProtocolError(f"a list has more than {LIST_EVENTS_MAX} events")
        events.append(event)
        return None

    def _response(self, response: Message) -> Answer | None:
        action_id = response.get("ActionID")
        pending = self._pending.get(action_id)
        if pending is None or pending.response is not None:
            self.strays += 1
            return None
        if response.get("EventList").lower() == "start":
            pending.response = response
            self._lists += 1
            return None
        del self._pending[action_id]
        return Answer(action_id=action_id, ok=response.get("Response") in _GOOD, text=response.text)
