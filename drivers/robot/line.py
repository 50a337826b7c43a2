"""A phone's line: its SIP socket, who it is, and questions that are asked again with a password if need be."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime, IReactorUDP
from twisted.internet.protocol import DatagramProtocol
from typing_extensions import override

from drivers.robot import digest, sip
from drivers.robot.sdp import Codec
from drivers.robot.stream import may_send
from drivers.robot.transactions import Transactions, Where
from drivers.robot.waits import RobotError

DATAGRAM_MAX = 65_535
STALE_NONCES_MAX = 2
"How often a question is asked again because the nonce was too old."


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Settings of a phone."""

    user: str
    "The user part of its address, and the name that it authenticates with."
    server: Where
    "Address and SIP port of the exchange."
    password: str | None = None
    tone_hz: int | None = None
    "What it says in each call; one of `sound.TONES` can be told from the others. None says silence."
    name: str = ""
    "The display name that it calls with."
    listen: str = "127.0.0.1"
    port: int = 0
    "Its own SIP port; 0 takes a free one."
    auto_answer_s: float | None = None
    "Answers a call after it has rung so long; None lets it ring."
    codecs: tuple[Codec, ...] = (Codec.PCMU, Codec.PCMA)
    hear_s_max: float = 60.0
    "How much of what is heard a call remembers."
    calls_max: int = 1_000
    "A call beyond that finds it busy."
    t1_s: float = 0.5
    "RFC 3261's T1: when a question is asked again for the first time."


class Line(DatagramProtocol):
    """Sends and takes SIP messages for one phone."""

    noisy = False
    heard: Callable[[sip.Request, Where], None]
    "Is given each new request."

    def __init__(self, clock: IReactorTime, options: Options) -> None:
        """Nothing is bound before `open`."""
        self.options = options
        self.transactions = Transactions(clock, self._write, t1_s=options.t1_s)
        self.heard = lambda _request, _where: None
        self.garbled = 0
        "Datagrams that were no SIP."
        self.unsent = 0
        "Datagrams that the system did not take; who waits for an answer to one will not get it."
        self.port = options.port

    def open(self, reactor: IReactorUDP) -> None:
        """Bind the SIP port."""
        address = reactor.listenUDP(self.options.port, self, self.options.listen, DATAGRAM_MAX).getHost()
        if not isinstance(address, IPv4Address | IPv6Address):
            raise RobotError(f"no UDP port but {address}")
        self.port = address.port

    def close(self) -> Deferred[None] | None:
        """Stop all timers and let go of the port, which is free once the result fires."""
        self.transactions.close()
        return None if self.transport is None else self.transport.stopListening()

    @property
    def contact(self) -> str:
        """Where this phone wants to be asked."""
        return f"<{sip.Uri(user=self.options.user, host=self.options.listen, port=self.port)}>"

    def via(self) -> str:
        """Give the Via of a new transaction."""
        return f"SIP/2.0/UDP {self.options.listen}:{self.port};rport;branch=z9hG4bK{secrets.token_hex(8)}"

    def reach(self, where: Where) -> Where:
        """Give `where` if this phone may send there, else the exchange: a stranger's word leads nowhere else."""
        server = self.options.server
        return where if may_send(self.options.listen, server[0], where[0]) and where[1] else server

    def server_uri(self, number: str = "") -> str:
        """Give the address of a number, or of nobody, at the exchange."""
        host, port = self.options.server
        return str(sip.Uri(user=number, host=host, port=port))

    async def ask(
        self,
        make: Callable[[tuple[tuple[str, str], ...]], sip.Request],
        where: Where,
        heard: Callable[[sip.Response], None] | None = None,
    ) -> sip.Response:
        """Ask a question, with the password once it is wanted; give the final answer, whatever it is.

        `make` writes the request, a new one each time, with the headers that it is given.
        """
        response = await self.transactions.ask(make(()), where, heard)
        attempt = 0
        while challenge := self._challenge(response, attempt):
            attempt += 1
            response = await self.transactions.ask(self._proven(make, challenge, response.code), where, heard)
        return response

    @override
    def datagramReceived(self, datagram: bytes, addr: Where) -> None:
        """Take one message; what is none is counted and forgotten, an empty one only keeps a path open."""
        if not datagram.strip(b"\r\n\0 "):
            return
        try:
            message = sip.parse(datagram)
            request = self.transactions.take(message, addr)
            if request is not None:
                self.heard(request, addr)
        except (sip.RemoteProtocolError, sip.LocalProtocolError):
            self.garbled += 1

    def _challenge(self, response: sip.Response, attempt: int) -> digest.Challenge | None:
        """Read what a response asks us to prove, if we can and have not failed to."""
        if response.code not in digest.CHALLENGES or self.options.password is None or attempt > STALE_NONCES_MAX:
            return None
        try:
            challenge = digest.find_challenge(response.code, response.headers)
        except sip.RemoteProtocolError:
            return None
        return challenge if challenge.stale or not attempt else None

    def _proven(
        self,
        make: Callable[[tuple[tuple[str, str], ...]], sip.Request],
        challenge: digest.Challenge,
        code: int,
    ) -> sip.Request:
        """Write the request again with the answer to a challenge."""
        draft = make(())
        credentials = digest.Credentials(user=self.options.user, password=self.options.password or "")
        value = digest.answer(challenge, credentials, draft.method, draft.uri, secrets.token_hex(8))
        headers = sip.Headers(fields=(*draft.headers.fields, (digest.CHALLENGES[code][1], value)))
        return sip.Request(method=draft.method, uri=draft.uri, headers=headers, body=draft.body)

    def _write(self, data: bytes, where: Where) -> None:
        try:
            if self.transport is not None:
                self.transport.write(data, where)
        except OSError:
            self.unsent += 1
