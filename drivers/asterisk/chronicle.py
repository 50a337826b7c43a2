"""The chronicle: what Asterisk writes down of every call by itself (CEL), read back for the time that we were away.

Asterisk appends a record at the birth and at the end of each channel, whether or not anybody listens. Each record opens
and closes the file, so that a renamed one grows no more: it is a *part*, read from any byte and removed once what it
tells is in the journal. For the numbers and names in it are in clear.

A record is one row of twelve quoted fields. A caller chooses name and number, so those may hold line ends, quotes and
what looks like a record; a quote within a field is doubled (RFC 4180), and no two fields that a caller chooses stand
side by side, so that nothing in a field can be taken for the beginning of a record, nor a torn record hide the next.
"""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import msgspec

from appliance.written import Page, Written
from drivers.asterisk.dialplan import CALLER, FALL_BACK, FROM_TRUNK

EVENTS = ("CHAN_START", "HANGUP")
FOLDER = "log/cel-custom"
"Where Asterisk puts its file, below its home."
FILE = "chronicle"
FIELDS = (
    "${eventtype}",
    "${eventtime}",
    "${CHANNEL(uniqueid)}",
    "${CHANNEL(linkedid)}",
    "${CHANNEL(exten)}",
    "${CHANNEL(channame)}",
    "${CALLERID(dnid)}",
    "${CHANNEL(context)}",
    "${CALLERID(num)}",
    "${CHANNEL(userfield)}",
    "${CALLERID(name)}",
    "${eventextra}",
)
LINE = ",".join(f"${{CSV_QUOTE({name})}}" for name in FIELDS)
"How `cel_custom.conf` says a record. Asterisk 22 takes these functions for its quick fields, 16 runs them."

BLOCK_BYTES = 32 * 1024
"Read at once."
RECORD_BYTES_MAX = 64 * 1024
"Longer is no record."
CALLS_MAX = 200
"Calls that are read at once,"
PAGE_BYTES_MAX = 1 << 20
"and bytes, where most of what is written is of other legs."
OPEN_MAX = 5_000
"Living channels whose birth is remembered."
SECOND_US = 1_000_000
ENDS_MAX = 1_000
ENDS_BYTES_MAX = 4_000_000
"Of ends that are not told yet. Those of calls that we know come first: who calls while we are away comes later."

_BEGIN = re.compile(rb'"(?=(?:CHAN_START|HANGUP)","\d{1,12}\.\d{6}",")')
_END = re.compile(rb'"HANGUP","(\d{1,12})\.(\d{6})","([A-Za-z0-9_.-]{1,120})","\3",')
"The end of a leg that no other one made: an offer's has its caller's Linkedid."
_FIELD = rb'"((?:[^"]|"")*+)"'
_RECORD = re.compile(b",".join([_FIELD] * len(FIELDS)) + rb"\s*")
_OWN_ID = re.compile(r"(?:[A-Za-z0-9_-]{1,80}-)?(\d{9,11})\.\d{1,10}")
"A Uniqueid that Asterisk made: systemname, second of birth, number. Those of offers and of customers called are ours."
_ENDPOINT = re.compile(r"PJSIP/(.{1,80})-[0-9a-f]{8}")
ESCAPED = re.compile(r'\\(["\\])')
"What PJSIP leaves escaped in a quoted display name (RFC 3261, 25.1)."
_EMERGENCY = ("sr-emergency", "sr-clear")


class Extra(msgspec.Struct, frozen=True, kw_only=True):
    """What Asterisk says of an end (main/cel.c)."""

    hangupcause: int = 0
    hangupsource: str = ""
    dialstatus: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Record:
    """A channel's birth or end."""

    ends: bool
    at_us: int
    uniqueid: str
    linkedid: str
    exten: str
    channel: str
    dialled: str
    context: str
    number: str
    userfield: str
    name: str
    extra: Extra

    @property
    def began_us(self) -> int:
        """When the channel was born, to the second: its id says so."""
        found = _OWN_ID.fullmatch(self.uniqueid)
        return int(found[1]) * SECOND_US if found else self.at_us


_extras = msgspec.json.Decoder(Extra)


class Chronicle:
    """The file and its parts, in one folder; for one thread at a time."""

    def __init__(self, home: Path) -> None:
        """Read what the Asterisk in `home` writes."""
        self._folder = home / FOLDER
        self._open: dict[str, _Record] = {}
        "Customers' channels whose end is not written yet."
        self._cut: tuple[int, frozenset[str]] | None = None

    def turn(self, after: int) -> None:
        """Make a part of what is written so far, if there is anything, with a number above `after` and all others."""
        file = self._folder / FILE
        if file.exists() and file.stat().st_size:
            number = max([after, *self.parts()]) + 1
            file.rename(self._folder / f"{FILE}.{number}")

    def parts(self) -> tuple[int, ...]:
        """List the parts, oldest first."""
        names = (path.suffix[1:] for path in self._folder.glob(f"{FILE}.*"))
        return tuple(sorted(int(name) for name in names if name.isascii() and name.isdigit()))

    def cut(self, at_us: int, living: frozenset[str]) -> None:
        """Note that the exchange was found restarted: whatever was born before and does not live was cut off."""
        self._cut = (at_us, living)

    def read(self, part: int, offset: int) -> Page:
        """Read on in a part, from a byte that `Page` or a call in it named or 0, as far as a page goes."""
        with (self._folder / f"{FILE}.{part}").open("rb") as file:
            if not _is_let_go(file):
                return Page(part=part, offset=offset, whole=False)
            file.seek(offset)
            calls: list[Written] = []
            torn = 0
            until = offset + PAGE_BYTES_MAX
            for end, piece in _pieces(iter(lambda: file.read(BLOCK_BYTES), b""), offset):
                record = _record(piece)
                torn += record is None
                call = None if record is None else self._heard(record, end)
                if call is not None:
                    calls.append(call)
                offset = end
                if len(calls) == CALLS_MAX or offset >= until:
                    return Page(part=part, offset=offset, calls=tuple(calls), whole=False, torn=torn)
        return Page(part=part, offset=offset, calls=tuple(calls), torn=torn)

    def cut_off(self, part: int, offset: int) -> Page | None:
        """Tell, after the last part, the calls that the exchange's own end cut off; None if there are none."""
        if self._cut is None:
            return None
        (at_us, living), self._cut = self._cut, None
        dead = [one for one in self._open.values() if one.at_us < at_us and one.uniqueid not in living]
        for one in dead:
            del self._open[one.uniqueid]
        calls: list[Written] = []
        for one in dead:
            call = _call_of(one, None, at_us, offset + len(calls) + 1)
            if call is not None:
                calls.append(call)
        return Page(part=part, offset=offset + len(calls), calls=tuple(calls)) if calls else None

    def ends(self) -> dict[str, int]:
        """Tell when the first of the legs ended whose end is not told yet, by Uniqueid; microseconds since 1970.

        Unlike all else it changes nothing, and may be asked from another thread.
        """
        found: dict[str, int] = {}
        left = ENDS_BYTES_MAX
        for name in (*(f"{FILE}.{part}" for part in self.parts()), FILE):
            with suppress(FileNotFoundError), (self._folder / name).open("rb") as file:
                block = file.read(left)
                left -= len(block)
                for second, micro, uniqueid in _END.findall(block):
                    if len(found) < ENDS_MAX:
                        found[uniqueid.decode()] = int(second) * SECOND_US + int(micro)
        return found

    def remove(self, part: int) -> None:
        """Remove a part that is known, with every number in it."""
        (self._folder / f"{FILE}.{part}").unlink(missing_ok=True)
        descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _heard(self, record: _Record, end: int) -> Written | None:
        if not _OWN_ID.fullmatch(record.uniqueid) or record.uniqueid != record.linkedid:
            return None  # a leg that another one made
        if not record.ends:
            if len(self._open) >= OPEN_MAX:
                del self._open[next(iter(self._open))]
            self._open[record.uniqueid] = record
            return None
        return _call_of(self._open.pop(record.uniqueid, None), record, record.at_us, end)


def _is_let_go(file: BinaryIO) -> bool:
    """Say whether nobody is about to write into a part: only then is a read lease given (fcntl(2))."""
    try:
        fcntl.fcntl(file.fileno(), fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except BlockingIOError:
        return False
    except OSError:
        return True  # a file system or an owner without leases; a record is written within microseconds
    fcntl.fcntl(file.fileno(), fcntl.F_SETLEASE, fcntl.F_UNLCK)
    return True


def _pieces(blocks: Iterator[bytes], offset: int) -> Iterator[tuple[int, bytes]]:
    """Cut bytes where records begin; each piece comes with the offset that follows it."""
    rest = b""
    for block in blocks:
        rest += block
        begins = [found.start() for found in _BEGIN.finditer(rest) if found.start()]
        last = 0
        for begin in begins:
            yield offset + begin, rest[last:begin]
            last = begin
        rest, offset = rest[last:], offset + last
        if len(rest) > RECORD_BYTES_MAX:
            offset += len(rest)
            yield offset, rest
            rest = b""
    if rest:
        yield offset + len(rest), rest


def _record(piece: bytes) -> _Record | None:
    """Read a record; None if it was torn, or is none."""
    found = _RECORD.fullmatch(piece)
    if found is None:
        return None
    kind, time, *texts, said = (field.replace(b'""', b'"').decode(errors="replace") for field in found.groups())
    uniqueid, linkedid, exten, channel, dialled, context, number, userfield, name = texts
    try:
        extra = _extras.decode(said) if said else Extra()
    except msgspec.DecodeError:
        return None
    second, _, micro = time.partition(".")
    return _Record(
        ends=kind == "HANGUP",
        at_us=int(second) * SECOND_US + int(micro),
        uniqueid=uniqueid,
        linkedid=linkedid,
        exten=exten,
        channel=channel,
        dialled=dialled,
        context=context,
        number=number,
        userfield=userfield,
        name=name,
        extra=extra,
    )


def _call_of(birth: _Record | None, end: _Record | None, ended_us: int, offset: int) -> Written | None:
    """Tell a call by the records of its birth and its end, one of which may be missing; None if it is none of ours.

    The offset is that of the byte that follows.
    """
    last = end or birth
    endpoint = _ENDPOINT.fullmatch(last.channel) if last is not None else None
    if last is None or endpoint is None:
        return None
    route = "fall_back" if last.context == FALL_BACK else "emergency" if last.context in _EMERGENCY else ""
    routed = route == "fall_back" and last.userfield.isascii() and last.userfield.isdigit()
    return Written(
        uniqueid=last.uniqueid,
        began=birth.at_us if birth is not None else last.began_us,
        ended=ended_us,
        code=last.extra.hangupcause,
        by_caller=last.extra.hangupsource == last.channel,
        endpoint=endpoint[1],
        dialled=last.exten if route == "emergency" else last.dialled or last.exten,
        number=last.number,
        name=ESCAPED.sub(r"\1", last.name),
        route=route,
        sure=bool(route) or last.context in {FROM_TRUNK, CALLER},
        routed=int(last.userfield[:11]) * SECOND_US if routed else 0,
        answered=bool(route) and last.extra.dialstatus == "ANSWER",
        cut=end is None,
        end=offset,
    )
