"""The other end of a phone's line, by hand: a socket that says any bytes and tells what it hears."""

import secrets

from twisted.internet.address import IPv4Address
from twisted.internet.interfaces import IReactorTime, IReactorUDP
from twisted.internet.protocol import DatagramProtocol
from typing_extensions import override

from drivers.robot import sip
from drivers.robot.dialog import respond
from drivers.robot.waits import Waits

OFFER = (
    b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    b"m=audio 9 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n"
)
DEADLINE_S = 5.0


def bound(udp: IReactorUDP, protocol: DatagramProtocol) -> int:
    """Bind a free port of loopback."""
    address = udp.listenUDP(0, protocol, "127.0.0.1", 65_535).getHost()
    assert isinstance(address, IPv4Address)
    return address.port


class Peer(DatagramProtocol):
    """A SIP peer without a mind of its own."""

    noisy = False

    def __init__(self, clock: IReactorTime) -> None:
        """Begin unbound."""
        self.heard: list[sip.Message] = []
        self.where = ("127.0.0.1", 9)
        self.port = 0
        self._waits = Waits(clock, "peer")

    def open(self, udp: IReactorUDP) -> None:
        """Bind a port."""
        self.port = bound(udp, self)

    async def close(self) -> None:
        """Let the port go."""
        if self.transport is not None and (closed := self.transport.stopListening()) is not None:
            await closed

    def talk_to(self, port: int) -> None:
        """Say what follows to this port."""
        self.where = ("127.0.0.1", port)

    def say(self, data: bytes) -> None:
        """Send a datagram."""
        assert self.transport is not None
        self.transport.write(data, self.where)

    def ask(
        self, method: str, *extra: tuple[str, str], body: bytes = b"", number: int = 1, call: str = "c1", to: str = ""
    ) -> sip.Request:
        """Send a request of a call, and give it."""
        fields = (
            ("Via", f"SIP/2.0/UDP 127.0.0.1:{self.port};branch=z9hG4bK{secrets.token_hex(6)}"),
            ("From", '"Peer" <sip:peer@127.0.0.1>;tag=p'),
            ("To", to or "<sip:bob@127.0.0.1>"),
            ("Call-ID", call),
            ("CSeq", f"{number} {method}"),
            *extra,
        )
        request = sip.Request(method=method, uri="sip:bob@127.0.0.1", headers=sip.Headers(fields=fields), body=body)
        self.say(request.encode())
        return request

    def invite(self, *extra: tuple[str, str], body: bytes = OFFER, call: str = "c1") -> sip.Request:
        """Send an INVITE."""
        return self.ask("INVITE", ("Contact", f"<sip:peer@127.0.0.1:{self.port}>"), *extra, body=body, call=call)

    def answer(self, request: sip.Request, code: int, *extra: tuple[str, str], body: bytes = b"") -> None:
        """Answer a request."""
        contact = ("Contact", f"<sip:peer@127.0.0.1:{self.port}>")
        self.say(respond(request, code, "R", tag="p", extra=(contact, *extra), body=body).encode())

    async def request(self, method: str) -> sip.Request:
        """Wait for a request of this method, and take it."""
        return await self._waits.until(lambda: self._request(method), f"a {method}", DEADLINE_S)

    async def response(self, code: int, method: str) -> sip.Response:
        """Wait for a response with this code, and take it."""
        return await self._waits.until(lambda: self._response(code, method), f"{code} to {method}", DEADLINE_S)

    @override
    def datagramReceived(self, datagram: bytes, addr: tuple[str, int]) -> None:
        """Keep what came."""
        self.heard.append(sip.parse(datagram))
        self._waits.look()

    def _request(self, method: str) -> sip.Request | None:
        for message in self.heard:
            if isinstance(message, sip.Request) and message.method == method:
                self.heard.remove(message)
                return message
        return None

    def _response(self, code: int, method: str) -> sip.Response | None:
        for message in self.heard:
            if isinstance(message, sip.Response) and (message.code, message.headers.cseq[1]) == (code, method):
                self.heard.remove(message)
                return message
        return None
