"""A visit: one HTTP request at the door, recognised, read, passed on and answered.

Whoever brings a session's secret in a header is a program of ours; whoever brings it in a cookie is a browser, and must
show for each command that the page it sits on is ours (`csrf_token`). No request, however odd, raises; each is answered
by a `Reply`.
"""

import hmac
import io
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol

import msgspec
from twisted.internet.defer import Deferred
from twisted.web.http_headers import Headers

from appliance import api
from appliance.client import CSRF_HEADER, SESSION_HEADER, csrf_token
from appliance.daemon.door import Answer, Door, refused
from appliance.daemon.live import Live, Stream
from appliance.daemon.rights import ADMINISTRATORS, LEADERS, Asker
from appliance.daemon.sessions import Sessions
from appliance.live import Health
from appliance.network import Standing as Network
from drivers.dahdi.alarms import Standing

BODY_BYTES_MAX = 256 * 1024
IMPORT_BYTES_MAX = 4 * 1024 * 1024
COOKIE = b"switchroom"
ADDRESS_HEADER = "X-Real-IP"
"Set by nginx, always; a browser cannot."
DETAIL_LENGTH_MAX = 300
COMMANDS = "/commands"


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What the entrances lead to."""

    door: Door
    live: Live
    sessions: Sessions
    health: Callable[[], Health]
    metrics: Callable[[], bytes]
    spans: Callable[[], Awaitable[Standing]]
    "The telephone cards, as the kernel tells of them now."
    network: Callable[[], Network]
    "What the network does to calls."


class Body(io.BytesIO):
    """A request's body, of which no more is kept than may be."""

    too_long = False

    def take(self, data: bytes) -> None:
        """Keep, or note that it is too much."""
        if self.too_long or self.tell() + len(data) > IMPORT_BYTES_MAX:
            self.too_long = True
        else:
            self.write(data)


class Wire(Protocol):
    """What a visit uses of `twisted.web.http.Request`, which has no types of its own."""

    method: bytes
    path: bytes
    requestHeaders: Headers
    received_cookies: dict[bytes, bytes]
    finished: int

    @property
    def body(self) -> Body:
        """All of it."""

    @property
    def gone(self) -> bool:
        """Whether the asker has left."""

    def setResponseCode(self, code: int) -> None:
        """Answer with this status."""

    def setHeader(self, name: bytes, value: bytes) -> None:
        """Answer with this header."""

    def write(self, data: bytes) -> None:
        """Send."""

    def finish(self) -> None:
        """End the answer."""

    def abort(self) -> None:
        """Cut the connection."""

    def notifyFinish(self) -> Deferred[None]:
        """Hear when the answer has ended or the asker has left."""

    def registerProducer(self, producer: object, *, streaming: bool) -> None:
        """Tell this producer when to pause."""

    def unregisterProducer(self) -> None:
        """Tell it no more."""


class Visit:
    """One request and its answer."""

    def __init__(self, wire: Wire, house: House, *, console: Asker | None) -> None:
        """Begin; `console` is who came through the console's entrance, None at the other."""
        self._wire = wire
        self._house = house
        self._console = console
        self._answered = False

    async def answer(self) -> None:
        """Answer, whatever was asked."""
        path = self._wire.path.decode("ascii", "replace")
        match self._wire.method, path:
            case b"GET", "/live" | "/live/colleagues":
                self._live(colleagues=path != "/live")
            case b"GET", "/health":
                self._send(HTTPStatus.OK, b"application/json", api.encode(self._house.health()))
            case b"GET", "/metrics":
                self._metrics()
            case b"GET", "/lines":
                await self._lines()
            case b"GET", "/network":
                self._network()
            case b"POST", _ if path == COMMANDS or path.startswith(COMMANDS + "/"):
                self.reply(*await self._command(path[len(COMMANDS) + 1 :]))
            case _, "/live" | "/live/colleagues" | "/health" | "/metrics" | "/lines" | "/network" | "/commands":
                self.reply(*refused(HTTPStatus.METHOD_NOT_ALLOWED, "not_found"))
            case _:
                self.reply(*refused(HTTPStatus.NOT_FOUND, "not_found"))

    def reply(self, status: HTTPStatus, reply: api.Reply) -> None:
        """Send a reply, if nothing was sent yet and somebody still waits."""
        self._send(status, b"application/json", api.encode(reply))

    def _send(self, status: HTTPStatus, content_type: bytes, body: bytes) -> None:
        wire = self._wire
        if wire.gone or wire.finished or self._answered:
            return
        self._answered = True
        wire.setResponseCode(status)
        wire.setHeader(b"Content-Type", content_type)
        wire.setHeader(b"Cache-Control", b"no-store")
        wire.setHeader(b"Content-Length", b"%d" % len(body))
        wire.write(body)
        wire.finish()

    # -- commands

    async def _command(self, tag: str) -> Answer:
        if self._console is None and not self._header(SESSION_HEADER) and self._cookie() and not self._is_our_page():
            return refused(HTTPStatus.FORBIDDEN, "csrf")
        body = self._wire.body
        if body.too_long:
            return refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_long", detail=str(IMPORT_BYTES_MAX))
        try:
            request = read(body.getvalue(), tag)
        except msgspec.ValidationError as error:
            return refused(HTTPStatus.BAD_REQUEST, "invalid", *_place_of(str(error)))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            return refused(HTTPStatus.BAD_REQUEST, "invalid", detail=str(error)[:DETAIL_LENGTH_MAX])
        if not isinstance(request, api.Import) and len(body.getvalue()) > BODY_BYTES_MAX:
            return refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_long", detail=str(BODY_BYTES_MAX))
        return await self._house.door.ask(self._asker(), request, self._header(ADDRESS_HEADER))

    # -- reading

    async def _lines(self) -> None:
        asker = self._asker()
        if asker is None or asker.role not in LEADERS:
            self.reply(*refused(HTTPStatus.FORBIDDEN, "not_allowed"))
            return
        self._send(HTTPStatus.OK, b"application/json", api.encode(await self._house.spans()))

    def _network(self) -> None:
        asker = self._asker()
        if asker is None or asker.role not in ADMINISTRATORS:
            self.reply(*refused(HTTPStatus.FORBIDDEN, "not_allowed"))
        else:
            self._send(HTTPStatus.OK, b"application/json", api.encode(self._house.network()))

    def _live(self, *, colleagues: bool) -> None:
        asker = self._asker()
        if asker is None:
            self.reply(*refused(HTTPStatus.UNAUTHORIZED, "not_signed_in"))
            return
        reading = Reading(self._wire)
        self._wire.setHeader(b"Content-Type", b"text/event-stream; charset=utf-8")
        self._wire.setHeader(b"Cache-Control", b"no-store")
        self._wire.setHeader(b"X-Accel-Buffering", b"no")
        stream = self._house.live.open(asker, reading, colleagues=colleagues)
        if stream is None:
            self.reply(*refused(HTTPStatus.TOO_MANY_REQUESTS, "too_many"))
            return
        self._answered = True
        reading.begin(self._house.live, stream)

    def _metrics(self) -> None:
        asker = self._asker()
        if asker is None or asker.role not in ADMINISTRATORS:
            self.reply(*refused(HTTPStatus.FORBIDDEN, "not_allowed"))
        else:
            self._send(HTTPStatus.OK, b"text/plain; version=0.0.4", self._house.metrics())

    # -- who asks

    def _asker(self) -> Asker | None:
        if self._console is not None:
            return self._console
        return self._house.sessions.by_secret(self._header(SESSION_HEADER) or self._cookie())

    def _cookie(self) -> str:
        return self._wire.received_cookies.get(COOKIE, b"").decode("ascii", "replace")

    def _is_our_page(self) -> bool:
        return hmac.compare_digest(self._header(CSRF_HEADER).encode(), csrf_token(self._cookie()).encode())

    def _header(self, name: str) -> str:
        values = self._wire.requestHeaders.getRawHeaders(name.encode("ascii"), [b""])
        return values[-1].decode("utf-8", "replace")


class Reading:
    """A live stream's connection: tells the stream when the reader is slow or gone."""

    def __init__(self, wire: Wire) -> None:
        """Write to this asker."""
        self._wire = wire
        self._live: Live | None = None
        self._stream: Stream | None = None

    def begin(self, live: Live, stream: Stream) -> None:
        """Follow the reader from now on."""
        self._live, self._stream = live, stream
        self._wire.notifyFinish().addBoth(lambda _: live.close(stream))
        self._wire.registerProducer(self, streaming=True)

    def write(self, data: bytes) -> None:
        """Send."""
        if not self._wire.gone and not self._wire.finished:
            self._wire.write(data)

    def finish(self) -> None:
        """End in order."""
        if not self._wire.gone and not self._wire.finished:
            self._wire.unregisterProducer()
            self._wire.finish()

    def abort(self) -> None:
        """Cut."""
        if not self._wire.gone and not self._wire.finished:
            self._wire.abort()

    def pauseProducing(self) -> None:
        """Hear that the reader is slow (twisted.internet.interfaces.IPushProducer)."""
        if self._live is not None and self._stream is not None:
            self._live.pause(self._stream)

    def resumeProducing(self) -> None:
        """Hear that the reader has taken all."""
        if self._live is not None and self._stream is not None:
            self._live.resume(self._stream)

    def stopProducing(self) -> None:
        """Hear that the reader is gone."""
        if self._live is not None and self._stream is not None:
            self._live.close(self._stream)


def read(body: bytes, tag: str) -> api.AnyRequest:
    """Read a request; where the path names it, the body need not.

    Raises `msgspec.DecodeError`, `msgspec.ValidationError`, `UnicodeDecodeError` or `RecursionError`.
    """
    if not tag:
        return api.decode_request(body)
    fields: Mapping[str, msgspec.Raw] = msgspec.json.decode(body or b"{}", type=dict[str, msgspec.Raw])
    return api.decode_request(msgspec.json.encode({**fields, "type": tag}))


def _place_of(message: str) -> tuple[str, str]:
    """Split msgspec's message into the field's path and what is wrong: `Expected `str`, got `int` - at `$.person`."""
    detail, _, path = message.partition(" - at `$")
    return path.rstrip("`").lstrip(".")[:DETAIL_LENGTH_MAX], detail[:DETAIL_LENGTH_MAX]
