"""Session descriptions, bytes to values and back (RFC 4566, 3264), as far as a telephone of G.711 needs them."""

import re
from dataclasses import dataclass
from enum import Enum

BODY_BYTES_MAX = 16_384
LINES_MAX = 500
MEDIA_MAX = 16
PORT_MAX = 65_535
EVENTS_TYPE = 101
"The payload type that we offer for digits."

_MEDIA = re.compile(r"([A-Za-z0-9]{1,20}) ([0-9]{1,5})(?:/[0-9]{1,5})? ([A-Za-z0-9/]{1,40})((?: [^ ]{1,40}){0,64})")
_CONNECTION = re.compile(r"IN IP([46]) ([0-9A-Za-z.:\-]{1,253})(?:/.*)?")
_RTPMAP = re.compile(r"rtpmap:([0-9]{1,3}) ([A-Za-z0-9.\-_]{1,40})/([0-9]{1,6})(?:/.*)?")
_PTIME = re.compile(r"ptime:([0-9]{1,3})")


class SdpError(ValueError):
    """The other side's description is none, or more than we take."""


class Codec(Enum):
    """A codec that we speak; the value is its name in a description and its static payload type (RFC 3551)."""

    PCMU = ("PCMU", 0)
    PCMA = ("PCMA", 8)

    @property
    def payload_type(self) -> int:
        """The static payload type."""
        return self.value[1]


class Direction(Enum):
    """Which way audio goes, seen by who wrote it."""

    BOTH = "sendrecv"
    SEND = "sendonly"
    RECEIVE = "recvonly"
    NONE = "inactive"

    @property
    def sends(self) -> bool:
        """Whether its writer sends."""
        return self in {Direction.BOTH, Direction.SEND}

    @property
    def receives(self) -> bool:
        """Whether its writer listens."""
        return self in {Direction.BOTH, Direction.RECEIVE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """One side's audio: where it listens, and in what."""

    host: str
    port: int
    "0 declines the audio."
    codecs: tuple[tuple[Codec, int], ...]
    "Codecs that we know with their payload types, best first."
    events: int | None = None
    "The payload type of RFC 4733 digits."
    direction: Direction = Direction.BOTH
    ptime_ms: int = 20
    others: tuple[tuple[str, str, str], ...] = ()
    "Media lines that are not the audio we take: kind, protocol, formats. An answer declines each of them."
    audio_line: int = 0
    "Which of the media lines, counted from 0, is the audio."


def offer(host: str, port: int, codecs: tuple[Codec, ...], direction: Direction) -> Description:
    """Describe our own audio as an offer does."""
    numbered = tuple((codec, codec.payload_type) for codec in codecs)
    return Description(host=host, port=port, codecs=numbered, events=EVENTS_TYPE, direction=direction)


def answer(theirs: Description, host: str, port: int, codecs: tuple[Codec, ...], direction: Direction) -> Description:
    """Answer an offer: the first of their codecs that we speak, their payload types, no more directions than they take.

    SdpError where there is nothing in common.
    """
    common = tuple((codec, number) for codec, number in theirs.codecs if codec in codecs)
    if not common or not theirs.port:
        raise SdpError("no audio in common")
    sends = direction.sends and theirs.direction.receives
    receives = direction.receives and theirs.direction.sends
    ways = {(True, True): Direction.BOTH, (True, False): Direction.SEND, (False, True): Direction.RECEIVE}
    return Description(
        host=host,
        port=port,
        codecs=common[:1],
        events=theirs.events,
        direction=ways.get((sends, receives), Direction.NONE),
        others=theirs.others,
        audio_line=theirs.audio_line,
    )


def encode(description: Description, session: int, version: int) -> bytes:
    """Write a description; `version` grows by one with each change (RFC 3264 8)."""
    family = "IP6" if ":" in description.host else "IP4"
    types = [number for _, number in description.codecs] + ([] if description.events is None else [description.events])
    audio = [f"m=audio {description.port} RTP/AVP {' '.join(map(str, types))}"]
    audio += [f"a=rtpmap:{number} {codec.value[0]}/8000" for codec, number in description.codecs]
    if description.events is not None:
        audio += [f"a=rtpmap:{description.events} telephone-event/8000", f"a=fmtp:{description.events} 0-16"]
    audio += [f"a=ptime:{description.ptime_ms}", f"a={description.direction.value}"]
    media = [[f"m={kind} 0 {protocol} {formats}"] for kind, protocol, formats in description.others]
    media.insert(description.audio_line, audio)
    lines = [
        "v=0",
        f"o=- {session} {version} IN {family} {description.host}",
        "s=-",
        f"c=IN {family} {description.host}",
        "t=0 0",
        *(line for section in media for line in section),
    ]
    return ("\r\n".join(lines) + "\r\n").encode("ascii")


def parse(body: bytes) -> Description:
    """Read the other side's description; SdpError where it is none or has no audio line."""
    if len(body) > BODY_BYTES_MAX:
        raise SdpError(f"a description of {len(body)} bytes")
    lines = [line.strip() for line in body.decode("utf-8", "replace").splitlines() if line.strip()]
    if len(lines) > LINES_MAX or not lines or lines[0] != "v=0":
        raise SdpError("no session description")
    sections: list[list[str]] = [[]]
    for line in lines:
        if line.startswith("m="):
            sections.append([])
        sections[-1].append(line)
    session, *media = sections
    if len(media) > MEDIA_MAX:
        raise SdpError(f"{len(media)} media lines")
    heads = [_media_line(section[0]) for section in media]
    index = next((i for i, head in enumerate(heads) if head[0] == "audio" and head[2] == "RTP/AVP"), None)
    if index is None:
        raise SdpError("no plain audio among the media")
    _, port, _, formats = heads[index]
    names = _names(media[index])
    return Description(
        host=_connection(media[index]) or _connection(session) or "",
        port=port,
        codecs=_codecs(formats, names),
        events=next((number for number in formats if names.get(number) == "TELEPHONE-EVENT"), None),
        direction=_direction(media[index]) or _direction(session) or Direction.BOTH,
        ptime_ms=_ptime_ms(media[index]),
        others=tuple(
            (kind, protocol, _written(media[i][0])) for i, (kind, _, protocol, _) in enumerate(heads) if i != index
        ),
        audio_line=index,
    )


def _media_line(line: str) -> tuple[str, int, str, tuple[int, ...]]:
    found = _MEDIA.fullmatch(line.removeprefix("m="))
    if found is None or int(found[2]) > PORT_MAX:
        raise SdpError(f"no media line: {line[:60]!r}")
    numbers = tuple(int(item) for item in found[4].split() if item.isascii() and item.isdigit())
    return found[1].lower(), int(found[2]), found[3].upper(), numbers


def _written(line: str) -> str:
    """Give the formats of a media line for its refusal; they are unused there but must be some."""
    formats = line.split(" ", 3)[3:]
    return formats[0] if formats and formats[0].isascii() else "0"


def _connection(lines: list[str]) -> str | None:
    for line in lines:
        if line.startswith("c="):
            found = _CONNECTION.fullmatch(line.removeprefix("c="))
            if found is None:
                raise SdpError(f"no address: {line[:60]!r}")
            return found[2]
    return None


def _names(lines: list[str]) -> dict[int, str]:
    """Read which codec each payload type names; the static ones need no line."""
    names = {codec.payload_type: codec.value[0] for codec in Codec}
    for line in lines:
        found = _RTPMAP.fullmatch(line.removeprefix("a="))
        if found is not None:
            names[int(found[1])] = found[2].upper() if found[3] == "8000" else ""
    return names


def _codecs(formats: tuple[int, ...], names: dict[int, str]) -> tuple[tuple[Codec, int], ...]:
    ours = {codec.value[0]: codec for codec in Codec}
    return tuple((ours[names[number]], number) for number in formats if names.get(number) in ours)


def _direction(lines: list[str]) -> Direction | None:
    words = {f"a={direction.value}": direction for direction in Direction}
    return next((words[line] for line in lines if line in words), None)


def _ptime_ms(lines: list[str]) -> int:
    for line in lines:
        found = _PTIME.fullmatch(line.removeprefix("a="))
        if found is not None and int(found[1]):
            return int(found[1])
    return 20
