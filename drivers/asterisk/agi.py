"""The FastAGI server: one session for each channel that the dialplan hands to us, on loopback only.

A native `asyncio.Protocol` round the sans-I/O codec, because Twisted's own transports cost three times as much (see
the benches). It needs an asyncio loop: in the daemon the one below Twisted's asyncioreactor.

A session's end says nothing about the caller: Asterisk also leaves us when it bridges or redirects the channel.
"""

import asyncio
import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger
from typing_extensions import override

from drivers.asterisk.agi_commands import Command
from drivers.asterisk.codec import RemoteProtocolError
from drivers.asterisk.codec_agi import AgiConnection, Environment, HungUp, Reply

_SWEEP_S = 1.0

log = Logger()


class SessionEndedError(Exception):
    """The session ended before the command was answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgiOptions:
    """Where the server listens, and how much it takes."""

    port: int
    host: str = "127.0.0.1"
    "A loopback address: AGI has no password."
    sessions_max: int = 2_000
    environment_s_max: float = 5.0
    "How long a connection may take to say what it is."
    session_s_max: float = 3_600.0
    "How long a session may last; a caller who waits is in the dialplan's loop, not here."

    def __post_init__(self) -> None:
        """Refuse an address that others can reach."""
        if not ipaddress.ip_address(self.host).is_loopback:
            raise ValueError(f"FastAGI has no password, so it cannot listen on {self.host}")


class Session(asyncio.Protocol):
    """One channel while it is in our hands: ask it for one command after another.

    `environment` is there from `on_session` on. `ended` is a reason once the session is over.
    """

    __slots__ = ("_agi", "_awaited", "_server", "_then", "_transport", "ended", "environment", "hung_up", "since")

    def __init__(self, server: "AgiServer") -> None:
        """Begin before the connection is made."""
        self._server = server
        self._agi = AgiConnection()
        self._awaited: Deferred[Reply] | None = None
        self._then: Callable[[Reply], None] = _unasked
        self._transport: asyncio.Transport | None = None
        self.environment: Environment | None = None
        self.hung_up = False
        "Whether Asterisk has said that it took the channel away; it still answers some commands then."
        self.ended = ""
        self.since = 0.0

    def command(self, command: Command) -> Deferred[Reply]:
        """Send a command and give its reply; a 510, 511 or 520 is a reply too.

        Raises `LocalProtocolError` while another command is unanswered; the Deferred fails with `SessionEndedError`.
        """
        reply: Deferred[Reply] = Deferred()
        self.ask(command, reply.callback)
        self._awaited = reply
        return reply

    def ask(self, command: Command, then: Callable[[Reply], None]) -> None:
        """Send a command and have its reply handed to `then`; who asks so learns from `on_end` that none will come.

        Half the cost of `command`, for what is said often. Raises as `command`.
        """
        if self._transport is None or self.ended:
            raise SessionEndedError(f"{command.name}: {self.ended or 'not connected'}")
        self._transport.write(self._agi.send(command))
        self._then = then

    def close(self, reason: str = "done") -> None:
        """End the session: the dialplan goes on with the channel. What is still unsent is sent first."""
        if not self.ended and self._transport is not None:
            self._transport.close()
            self._end(reason)

    def fail(self, reason: str) -> None:
        """End the session at once, with one line in the log."""
        if not self.ended and self._transport is not None:
            log.warn("agi: session ended: {reason}", reason=reason)  # noqa: G010  Twisted's logger
            self._transport.abort()
            self._end(reason)

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection, or refuse it if there are too many."""
        # A stream server makes no other transport, and uvloop's is no subclass.
        self._transport = cast("asyncio.Transport", transport)  # see above
        self._server.entered(self)

    @override
    def data_received(self, data: bytes) -> None:
        """Read what Asterisk says and hand it on."""
        if self.ended:
            return
        reply = self._agi.answer(data)
        if reply is not None:
            self._awaited = None
            self._then(reply)
            return
        try:
            for message in self._agi.receive(data):
                if self._hear(message):
                    return
        except RemoteProtocolError as error:
            self.fail(str(error))

    def _hear(self, message: Environment | Reply | HungUp) -> bool:
        """Take in one message; give whether the session is over."""
        if isinstance(message, Reply):
            self._awaited = None
            self._then(message)
        elif isinstance(message, HungUp):
            self.hung_up = True
        else:
            self.environment = message
            self._server.introduced(self)
        return bool(self.ended)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """Tell who waits that the session is over."""
        self._end("closed by Asterisk" if exc is None else f"lost: {exc}")
        self._transport = None

    def _end(self, reason: str) -> None:
        if self.ended:
            return
        self.ended = reason
        self._then = _unasked  # who was to have it holds us, as a rule
        awaited, self._awaited = self._awaited, None
        if awaited is not None:
            awaited.errback(SessionEndedError(reason))
        self._server.left(self)


def _unasked(reply: Reply) -> None:
    """Take no reply: the codec lets none through that was not asked for."""


class AgiServer:
    """The listening port and its sessions."""

    def __init__(
        self,
        reactor: IReactorTime,
        options: AgiOptions,
        *,
        on_session: Callable[[Session], None],
        on_end: Callable[[Session], None],
    ) -> None:
        """Begin without a port.

        `on_session` is called once a session has said what it is, `on_end` once after that (`Session.ended` tells why).
        """
        self._reactor = reactor
        self._options = options
        self._on_session = on_session
        self._on_end = on_end
        self._sessions: dict[Session, None] = {}
        self._strangers: dict[Session, None] = {}
        self._sweep: IDelayedCall | None = None
        self._server: asyncio.Server | None = None
        self.refused = 0
        "How many connections were one too many."

    @property
    def sessions(self) -> int:
        """How many connections there are."""
        return len(self._sessions)

    async def start(self) -> None:
        """Listen; raises `OSError` if the port is in use."""
        await deferLater(self._reactor, 0)  # at start-up Twisted calls us before its loop runs
        loop = asyncio.get_running_loop()
        make = loop.create_server(self.build, self._options.host, self._options.port, backlog=1_024)
        self._server = await Deferred.fromFuture(loop.create_task(make))

    def stop(self) -> None:
        """Close the port and every session."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for session in tuple(self._sessions):
            session.close("we stop")

    def build(self) -> Session:
        """Give a session for a new connection."""
        return Session(self)

    def entered(self, session: Session) -> None:
        """Count a new connection in."""
        if len(self._sessions) >= self._options.sessions_max:
            self.refused += 1
            session.fail(f"there are {len(self._sessions)} sessions already")
            return
        session.since = self._reactor.seconds()
        self._sessions[session] = None
        self._strangers[session] = None
        if self._sweep is None:
            self._sweep = self._reactor.callLater(_SWEEP_S, self._sweep_now)

    def introduced(self, session: Session) -> None:
        """Hand on a session that has said what it is."""
        del self._strangers[session]
        try:
            self._on_session(session)
        except Exception:  # noqa: BLE001  whatever it is, one call's trouble is not the others'
            log.failure("agi: a session could not be begun")
            session.close("internal error")

    def left(self, session: Session) -> None:
        """Count a connection out."""
        known = self._sessions.pop(session, session) is None
        stranger = self._strangers.pop(session, session) is None
        if not self._sessions and self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None
        if not known or stranger:
            return
        try:
            self._on_end(session)
        except Exception:  # noqa: BLE001  as above
            log.failure("agi: a session's end could not be told")

    def _sweep_now(self) -> None:
        self._sweep = self._reactor.callLater(_SWEEP_S, self._sweep_now)
        now = self._reactor.seconds()
        self._end_older(self._strangers, now - self._options.environment_s_max, "it did not say what it is")
        self._end_older(self._sessions, now - self._options.session_s_max, "it lasted too long")

    def _end_older(self, sessions: dict[Session, None], limit: float, reason: str) -> None:
        """End the sessions that began before the limit; a dict keeps them in the order they came."""
        for session in tuple(sessions):
            if session.since > limit:
                return
            session.fail(reason)
