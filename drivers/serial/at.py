"""What a modem says on its line, without a line: lines torn anywhere become answers, prompts and news.

3GPP TS 27.007 and 27.005 (V.250 below them). One command at a time. What comes between a command and its result and is
none of it is news (an unsolicited result code) or nothing; the echo of what we said is nothing. Nothing that a modem
says can make this raise: a line without end is thrown away, an answer without end is cut.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

LINE_MAX: Final = 2_048
"Octets of a line; the longest that means anything, a PDU, has some 350."
LINES_MAX: Final = 2_000
"Lines of an answer; a listing has two a message."
PROMPT: Final = b"> "

_PDU = re.compile(r"(?:[0-9A-Fa-f]{2}){8,500}", re.ASCII)
_FAILURE = re.compile(r"\+(?P<kind>CMS|CME) ERROR: *(?P<code>.{0,80})")
_REFUSALS: Final = ("ERROR", "COMMAND NOT SUPPORT", "TOO MANY PARAMETERS", "NO CARRIER", "ABORTED")
_WITH_PDU: Final = ("+CMT:", "+CDS:", "+CBM:")
_NEWS: Final = (*_WITH_PDU, "+CMTI:", "+CDSI:", "+CBMI:", "+CRING:", "+CLIP:", "RING", "^", "*", "+CUSD:", "+ZUSIMR:")
"How lines begin that are never part of an answer to what we ask."


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """Something that the modem tells by itself."""

    name: str
    "`+CMTI`, or the whole line where it has no colon."
    values: tuple[str, ...] = ()
    pdu: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The result of the command."""

    ok: bool
    code: str = ""
    "Of a failure: a number or words, after `CMS `, `CME `, or nothing known."
    lines: tuple[str, ...] = ()

    def values(self, name: str) -> tuple[str, ...] | None:
        """Give the values of the first line of that name, None if there is none."""
        return next((values_of(line) for line in self.lines if line.startswith(f"{name}:")), None)

    def messages(self, name: str) -> Iterator[tuple[tuple[str, ...], str]]:
        """Give every line of that name with the PDU that follows it."""
        for line, after in zip(self.lines, self.lines[1:], strict=False):
            if line.startswith(f"{name}:") and _PDU.fullmatch(after):
                yield values_of(line), after


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """The modem wants the message."""


Heard = News | Answer | Prompt


def values_of(line: str) -> tuple[str, ...]:
    """Give what follows the name: values between commas, without quotation marks; a comma within them is theirs."""
    values: list[str] = [""]
    quoted = False
    for character in line.partition(":")[2].strip():
        if character == '"':
            quoted = not quoted
        elif character == "," and not quoted:
            values.append("")
        else:
            values[-1] += character
    return tuple(value.strip() for value in values)


class _Wants(Enum):
    NOTHING = auto()
    RESULT = auto()
    PROMPT = auto()


@dataclass(slots=True)
class AtCodec:
    """The state between two pieces of what a modem says."""

    dropped: int = 0
    "Lines that meant nothing: noise, late answers, news that nobody asked for."
    _rest: bytes = b""
    _skipping: bool = False
    _wants: _Wants = _Wants.NOTHING
    _echoes: tuple[str, ...] = ()
    _lines: list[str] = field(default_factory=list)
    _news: News | None = None

    def command(self, text: str, *, prompt: bool = False) -> bytes:
        """Begin a command; gives what to write. With `prompt` the next thing may be the prompt."""
        self._wants = _Wants.PROMPT if prompt else _Wants.RESULT
        self._echoes, self._lines = (text,), []
        return f"{text}\r".encode("ascii")

    def message(self, pdu: str) -> bytes:
        """Give the message after a prompt."""
        self._wants = _Wants.RESULT
        self._echoes = (*self._echoes, pdu)
        return f"{pdu}\x1a".encode("ascii")

    def give_up(self) -> None:
        """Wait for no result any more."""
        self._wants = _Wants.NOTHING
        self._lines = []

    def receive(self, data: bytes) -> Iterator[Heard]:
        """Read a piece."""
        *whole, rest = (self._rest + data).replace(b"\n", b"\r").split(b"\r")
        for line in whole:
            if self._skipping or len(line) > LINE_MAX:
                self._skipping = False
                self.dropped += 1
                continue
            yield from self._line(line.decode("latin-1").strip("\0 \x1a\x1b"))
        if len(rest) > LINE_MAX:
            self._skipping, rest = True, b""
        if self._wants is _Wants.PROMPT and rest.endswith(PROMPT) and rest.strip(b"> \0") == b"":
            self._wants, rest = _Wants.NOTHING, b""
            yield Prompt()
        self._rest = rest

    def _line(self, line: str) -> Iterator[Heard]:
        bare = line.removeprefix("> ")
        if not bare or bare in self._echoes:
            return
        if self._news is not None and _PDU.fullmatch(line):
            yield News(name=self._news.name, values=self._news.values, pdu=line)
            self._news = None
        elif line.startswith(_NEWS):
            yield from self._told(line)
        elif line.startswith("+CMGS:") and (self._wants is not _Wants.RESULT or len(self._echoes) == 1):
            yield News(name="+CMGS", values=values_of(line))  # late, it says still what was sent
        elif self._wants is _Wants.NOTHING:
            self.dropped += 1
        else:
            yield from self._part(line)

    def _told(self, line: str) -> Iterator[Heard]:
        news = News(name=line.partition(":")[0], values=values_of(line))
        if line.startswith(_WITH_PDU):
            self._news = news
        else:
            yield news

    def _part(self, line: str) -> Iterator[Heard]:
        failure = _FAILURE.fullmatch(line)
        if line == "OK":
            yield self._end(Answer(ok=True, lines=tuple(self._lines)))
        elif failure is not None:
            yield self._end(Answer(ok=False, code=f"{failure['kind']} {failure['code']}", lines=tuple(self._lines)))
        elif line in _REFUSALS:
            yield self._end(Answer(ok=False, lines=tuple(self._lines)))
        elif len(self._lines) < LINES_MAX:
            self._lines.append(line)
        else:
            self.dropped += 1

    def _end(self, answer: Answer) -> Answer:
        self._wants = _Wants.NOTHING
        self._lines = []
        return answer
