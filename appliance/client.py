"""A small synchronous client of the daemon's door, for pages, commands and tests.

It speaks HTTP over the unix sockets of the daemon (`door.sock` for programs with a session, `console.sock` for the
user who runs the box) and the words of `appliance.api`, nothing else.
"""

import hashlib
import http.client
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec
from typing_extensions import override

from appliance import api, live, network
from drivers.dahdi.alarms import Standing

SESSION_HEADER = "X-Switchroom-Session"
CSRF_HEADER = "X-Switchroom-CSRF"
ANSWER_BYTES_MAX = 16 * 1024 * 1024
EVENT_BYTES_MAX = 16 * 1024 * 1024


class DoorClosedError(Exception):
    """The daemon is not there, or did not answer in time or in our words."""


def csrf_token(session: str) -> str:
    """Make what a page of this session sends in `X-Switchroom-CSRF`: 64 hexadecimal digits that do not betray it."""
    return hashlib.sha256(b"switchroom csrf\n" + session.encode()).hexdigest()


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, socket_path: str, timeout_s: float) -> None:
        super().__init__("localhost", timeout=timeout_s)
        self._socket_path = socket_path
        self._timeout_s = timeout_s

    @override
    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self._timeout_s)
        self.sock.connect(self._socket_path)


class Client:
    """One asker at the door; every request is a connection of its own."""

    def __init__(self, socket_path: str | Path, session: str = "", *, timeout_s: float = 10.0) -> None:
        """Speak to the daemon behind `socket_path` as the person whose session's secret is given."""
        self._socket_path = str(socket_path)
        self._session = session
        self._timeout_s = timeout_s

    def send(self, request: api.AnyRequest) -> api.Reply:
        """Ask the daemon; the reply tells what was refused. Raises `DoorClosedError`."""
        body = self._exchange("POST", "/commands", api.encode(request))
        try:
            return msgspec.json.decode(body, type=api.Reply)
        except msgspec.DecodeError as error:
            raise DoorClosedError(f"the daemon's answer cannot be read: {error}") from error

    def health(self) -> live.Health:
        """How the box is. Raises `DoorClosedError`."""
        body = self._exchange("GET", "/health", b"")
        try:
            return msgspec.json.decode(body, type=live.Health)
        except msgspec.DecodeError as error:
            raise DoorClosedError(f"the daemon's answer cannot be read: {error}") from error

    def lines(self) -> Standing:
        """Ask how the telephone cards are. Raises `DoorClosedError`."""
        body = self._exchange("GET", "/lines", b"")
        try:
            return msgspec.json.decode(body, type=Standing)
        except msgspec.DecodeError as error:
            raise DoorClosedError(f"the daemon's answer cannot be read: {error}") from error

    def network(self) -> network.Standing:
        """Ask what the network does to calls. Raises `DoorClosedError`."""
        body = self._exchange("GET", "/network", b"")
        try:
            return msgspec.json.decode(body, type=network.Standing)
        except msgspec.DecodeError as error:
            raise DoorClosedError(f"the daemon's answer cannot be read: {error}") from error

    def live(self) -> Iterator[tuple[str, live.LiveView]]:
        """Follow what happens as (event, view): `view` whole first, then `delta` at least every 2 s, to `signed-out`.

        Raises `DoorClosedError` if the stream cannot be opened, is not for this asker, or the daemon goes.
        """
        connection = _UnixConnection(self._socket_path, self._timeout_s)
        try:
            connection.request("GET", "/live", headers=self._headers())
            answer = connection.getresponse()
            if answer.status != http.client.OK:
                raise DoorClosedError(f"the live stream answers {answer.status}")
            yield from _events(answer)
        except (OSError, http.client.HTTPException) as error:
            raise DoorClosedError(f"the daemon is not there: {error}") from error
        finally:
            connection.close()

    def _headers(self) -> dict[str, str]:
        headers = {"Content-Type": "application/json"}
        if self._session:
            headers[SESSION_HEADER] = self._session
        return headers

    def _exchange(self, method: str, path: str, body: bytes) -> bytes:
        connection = _UnixConnection(self._socket_path, self._timeout_s)
        try:
            connection.request(method, path, body=body, headers=self._headers())
            return connection.getresponse().read(ANSWER_BYTES_MAX)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise DoorClosedError(f"the daemon is not there: {error}") from error
        finally:
            connection.close()


def _events(stream: BinaryIO | http.client.HTTPResponse) -> Iterator[tuple[str, live.LiveView]]:
    """Server-sent events (WHATWG HTML, section 9.2) of our own writing: one `data` line an event."""
    event = ""
    while line := stream.readline(EVENT_BYTES_MAX):
        name, _, value = line.rstrip(b"\n").partition(b": ")
        if name == b"event":
            event = value.decode("ascii", "replace")
        elif name == b"data" and event in {"view", "delta"}:
            yield event, msgspec.json.decode(value, type=live.LiveView)
        elif name == b"data" and event == "signed-out":
            return
