"""SIP messages, bytes to values and back (RFC 3261): no socket, no clock, no dice.

What comes from the wire is never trusted: every limit is named here, and whatever is wrong with a datagram ends in
`RemoteProtocolError`. What we are asked to send is checked too: a value that would forge a line is refused with
`LocalProtocolError`. Text is UTF-8; bytes that are not UTF-8 pass through as surrogates and leave as they came.
"""

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

from typing_extensions import override

DATAGRAM_BYTES_MAX = 65_535
HEADERS_MAX = 200
LINE_CHARS_MAX = 8_192
CSEQ_MAX = 2**31 - 1
PORT_MAX = 65_535
VERSION = "SIP/2.0"
TRYING = 100
REQUEST_PENDING = 491

COMPACT = {
    "a": "accept-contact",
    "b": "referred-by",
    "c": "content-type",
    "d": "request-disposition",
    "e": "content-encoding",
    "f": "from",
    "i": "call-id",
    "j": "reject-contact",
    "k": "supported",
    "l": "content-length",
    "m": "contact",
    "o": "event",
    "r": "refer-to",
    "s": "subject",
    "t": "to",
    "u": "allow-events",
    "v": "via",
    "x": "session-expires",
}
"Short header names (RFC 3261 7.3.3 and the registry that followed)."

MANDATORY = ("via", "from", "to", "call-id", "cseq")

_TOKEN = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]+")
_STATUS = re.compile(r"SIP/2\.0 ([1-6][0-9]{2})(?: (.*))?", re.DOTALL)
_CSEQ = re.compile(r"([0-9]{1,10})[ \t]+([A-Za-z0-9\-.!%*_+`'~]+)")
_NUMBER = re.compile(r"[0-9]{1,6}")
_FORBIDDEN = re.compile(r"[\r\n\0]")
_USER_SAFE = "-_.!~*'()&=+$,;?/"


class RemoteProtocolError(ValueError):
    """The other side sent what is not SIP, or more of it than we take."""


class LocalProtocolError(ValueError):
    """We were asked to send what SIP cannot carry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Uri:
    """A `sip:` address; `user` is unescaped and empty where there is none, `port` is 0 where none is named."""

    user: str = ""
    host: str
    port: int = 0
    params: str = ""
    "What follows the host, from its `;` or `?` on, as it came."
    scheme: str = "sip"

    @override
    def __str__(self) -> str:
        """Write the address with everything escaped that its user part may not hold."""
        user = quote(self.user, safe=_USER_SAFE, errors="surrogateescape") + "@" if self.user else ""
        port = f":{self.port}" if self.port else ""
        return f"{self.scheme}:{user}{self.host}{port}{self.params}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A name-addr: who is called or calls, as From, To, Contact and Route write it."""

    name: str = ""
    uri: str
    params: tuple[tuple[str, str], ...] = ()

    @property
    def tag(self) -> str:
        """The dialog tag, empty where there is none."""
        return dict(self.params).get("tag", "")

    @override
    def __str__(self) -> str:
        """Write it with the name quoted, whatever is in it."""
        name = quoted(self.name) + " " if self.name else ""
        params = "".join(f";{key}={value}" if value else f";{key}" for key, value in self.params)
        return f"{name}<{self.uri}>{params}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Headers:
    """The headers of a message in their order; names compare without regard to case or short form."""

    fields: tuple[tuple[str, str], ...]

    def every(self, name: str) -> tuple[str, ...]:
        """Each value of a header, one a line."""
        wanted = canonical(name)
        return tuple(value for key, value in self.fields if canonical(key) == wanted)

    def first(self, name: str, default: str = "") -> str:
        """Give the first value of a header."""
        values = self.every(name)
        return values[0] if values else default

    def listed(self, name: str) -> tuple[str, ...]:
        """Each element of a header whose lines may hold several, parted by commas."""
        return tuple(element for line in self.every(name) for element in split_list(line))

    @property
    def call_id(self) -> str:
        """The dialog's Call-ID."""
        return self.first("call-id")

    @property
    def cseq(self) -> tuple[int, str]:
        """The command sequence number and its method."""
        found = _CSEQ.fullmatch(self.first("cseq"))
        if found is None or int(found[1]) > CSEQ_MAX:
            raise RemoteProtocolError(f"bad CSeq {self.first('cseq')[:60]!r}")
        return int(found[1]), found[2]

    @property
    def branch(self) -> str:
        """The transaction's id, from the topmost Via; empty where an RFC 2543 element sent none."""
        vias = self.listed("via")
        return dict(parse_params(vias[0].partition(";")[2])).get("branch", "") if vias else ""

    @property
    def sender(self) -> Address:
        """The From header."""
        return parse_address(self.first("from"))

    @property
    def recipient(self) -> Address:
        """The To header."""
        return parse_address(self.first("to"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request, ready to be sent or as it came."""

    method: str
    uri: str
    headers: Headers
    body: bytes = b""

    def encode(self) -> bytes:
        """Write it; LocalProtocolError where a value would break out of its line."""
        if not _TOKEN.fullmatch(self.method) or not self.uri or re.search(r"\s", self.uri):
            raise LocalProtocolError(f"no request line from {self.method!r} {self.uri!r}")
        return _encode(f"{self.method} {self.uri} {VERSION}", self.headers, self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A response, ready to be sent or as it came."""

    code: int
    reason: str
    headers: Headers
    body: bytes = b""

    def encode(self) -> bytes:
        """Write it; LocalProtocolError where a value would break out of its line."""
        return _encode(f"{VERSION} {self.code} {self.reason}", self.headers, self.body)


Message = Request | Response


def canonical(name: str) -> str:
    """Give a header's long name in small letters."""
    lower = name.lower()
    return COMPACT.get(lower, lower)


def parse(datagram: bytes) -> Message:
    """Read one datagram; RemoteProtocolError says what is wrong with it."""
    if len(datagram) > DATAGRAM_BYTES_MAX:
        raise RemoteProtocolError(f"a datagram of {len(datagram)} bytes")
    head, rest = _split_head(datagram)
    lines = _unfold(head.decode("utf-8", "surrogateescape").replace("\r\n", "\n").split("\n"))
    headers = _headers(lines[1:])
    body = _body(headers, rest)
    status = _STATUS.fullmatch(lines[0])
    _, method = headers.cseq
    if status is not None:
        return Response(code=int(status[1]), reason=status[2] or "", headers=headers, body=body)
    parts = lines[0].split(" ")
    if len(parts) != len(("method", "uri", "version")) or parts[2] != VERSION or not parts[1]:
        raise RemoteProtocolError(f"no SIP start line: {lines[0][:60]!r}")
    if not _TOKEN.fullmatch(parts[0]) or parts[0] != method:
        raise RemoteProtocolError(f"a {parts[0][:60]!r} whose CSeq says {method[:60]!r}")
    return Request(method=parts[0], uri=parts[1], headers=headers, body=body)


def parse_address(text: str) -> Address:
    """Read a name-addr or addr-spec (RFC 3261 20.10: without `<>` the parameters belong to the header)."""
    text = text.strip()
    name = ""
    if text.startswith('"'):
        name, text = _unquote(text)
        text = text.lstrip()
        if not text.startswith("<"):
            raise RemoteProtocolError("a quoted name without an address")
    if "<" not in text:
        uri, _, params = text.partition(";")
        return Address(uri=uri.strip(), params=parse_params(params))
    plain, _, text = text.partition("<")
    uri, closed, params = text.partition(">")
    if not closed:
        raise RemoteProtocolError("an address without its >")
    return Address(name=name or plain.strip(), uri=uri.strip(), params=parse_params(params.partition(";")[2]))


def parse_params(text: str) -> tuple[tuple[str, str], ...]:
    """Read `;a=b;c` as pairs, names in small letters, values without their quotes."""
    found = []
    for part in split_list(text, ";"):
        key, _, value = part.partition("=")
        value = value.strip()
        found.append((key.strip().lower(), _unquote(value)[0] if value.startswith('"') else value))
    return tuple(found)


def parse_uri(text: str) -> Uri:
    """Read a sip, sips or tel address."""
    scheme, colon, rest = text.partition(":")
    scheme = scheme.lower()
    if not colon or scheme not in {"sip", "sips", "tel"}:
        raise RemoteProtocolError(f"no SIP address: {text[:60]!r}")
    if scheme == "tel":
        number, semicolon, params = rest.partition(";")
        return Uri(user=_unescape(number), host="", params=semicolon + params, scheme=scheme)
    user, _, rest = rest.rpartition("@")
    found = re.fullmatch(r"(\[[0-9A-Fa-f:.]{2,45}\]|[^\s:;?@\[\]]{1,253})(?::([0-9]{1,5}))?([;?].*)?", rest, re.DOTALL)
    if found is None or int(found[2] or 0) > PORT_MAX:
        raise RemoteProtocolError(f"no host in {text[:60]!r}")
    name = _unescape(user.partition(":")[0])
    return Uri(user=name, host=found[1], port=int(found[2] or 0), params=found[3] or "", scheme=scheme)


def split_list(text: str, separator: str = ",") -> tuple[str, ...]:
    """Split at separators that stand outside quotes and angle brackets; empty elements are dropped."""
    parts: list[str] = []
    start = 0
    inside_quotes = escaped = False
    brackets = 0
    for index, char in enumerate(text):
        if escaped:
            escaped = False
        elif inside_quotes:
            escaped = char == "\\"
            inside_quotes = char != '"'
        elif char == '"':
            inside_quotes = True
        elif char == "<":
            brackets += 1
        elif char == ">":
            brackets = max(0, brackets - 1)
        elif char == separator and not brackets:
            parts.append(text[start:index])
            start = index + 1
    parts.append(text[start:])
    return tuple(part.strip() for part in parts if part.strip())


def quoted(text: str) -> str:
    """Write a quoted string: any character but those that end a line."""
    if _FORBIDDEN.search(text):
        raise LocalProtocolError(f"a line break inside quotes: {text[:60]!r}")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _split_head(datagram: bytes) -> tuple[bytes, bytes]:
    found = re.search(rb"\r?\n\r?\n", datagram)
    if found is None:
        raise RemoteProtocolError("no empty line after the headers")
    return datagram[: found.start()].lstrip(b"\r\n"), datagram[found.end() :]


def _unfold(lines: list[str]) -> list[str]:
    unfolded: list[str] = []
    for line in lines:
        if unfolded and line[:1] in {" ", "\t"}:
            unfolded[-1] += " " + line.strip()
        else:
            unfolded.append(line)
        if len(unfolded[-1]) > LINE_CHARS_MAX:
            raise RemoteProtocolError(f"a line of more than {LINE_CHARS_MAX} characters")
    return unfolded


def _headers(lines: list[str]) -> Headers:
    if len(lines) > HEADERS_MAX:
        raise RemoteProtocolError(f"{len(lines)} headers")
    fields = []
    for line in lines:
        name, colon, value = line.partition(":")
        name = name.rstrip(" \t")
        if not colon or not _TOKEN.fullmatch(name) or _FORBIDDEN.search(value):
            raise RemoteProtocolError(f"no header: {line[:60]!r}")
        fields.append((name, value.strip(" \t")))
    headers = Headers(fields=tuple(fields))
    for name in MANDATORY:
        if not headers.first(name):
            raise RemoteProtocolError(f"no {name} header")
    return headers


def _body(headers: Headers, rest: bytes) -> bytes:
    length = headers.first("content-length", str(len(rest)))
    if not _NUMBER.fullmatch(length):
        raise RemoteProtocolError(f"bad Content-Length {length[:60]!r}")
    if int(length) > len(rest):
        raise RemoteProtocolError(f"{len(rest)} of {length} bytes of body")
    return rest[: int(length)]


def _unquote(text: str) -> tuple[str, str]:
    """Read the quoted string at the start of `text`; give it and what follows."""
    found = re.match(r'"((?:[^"\\]|\\.)*)"', text, re.DOTALL)
    if found is None:
        raise RemoteProtocolError("a quoted string without its end")
    return re.sub(r"\\(.)", r"\1", found[1], flags=re.DOTALL), text[found.end() :]


def _unescape(text: str) -> str:
    return unquote_to_bytes(text.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")


def _encode(start: str, headers: Headers, body: bytes) -> bytes:
    lines = [start]
    for name, value in headers.fields:
        if not _TOKEN.fullmatch(name):
            raise LocalProtocolError(f"no header name: {name!r}")
        lines.append(f"{name}: {value}")
    lines.append(f"Content-Length: {len(body)}")
    for line in lines:
        if _FORBIDDEN.search(line):
            raise LocalProtocolError(f"a line break inside a line: {line[:60]!r}")
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape") + body
