"""A line to an Asterisk that is played by hand: both ends without a network, on a clock that only a test moves."""

# ruff: noqa: N802, N803, N815  names that Twisted's interfaces give

from collections.abc import Iterable
from dataclasses import dataclass, field

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import ConnectError, ConnectionDone
from twisted.internet.interfaces import IProtocol, IProtocolFactory, IStreamClientEndpoint, ITCPTransport
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from zope.interface import implementer

from drivers.asterisk.codec_ami import Action, Answer, Event
from drivers.asterisk.link import Account, Link, LinkOptions
from tests.drivers.asterisk.wire import GREETING, lines

HERE = IPv4Address("TCP", "127.0.0.1", 5038)
HANGUP = Action(name="Hangup", headers=(("Channel", "box-1.1"),))


def failure(error: Exception) -> Failure:
    """Give the error as Twisted hands it on."""
    found: list[Failure] = []
    waiting: Deferred[None] = fail(error)
    waiting.addErrback(found.append)
    return found[0]


@implementer(ITCPTransport)
class Pipe:
    """A connection whose other end is the test."""

    def __init__(self, protocol: IProtocol) -> None:
        """Begin open."""
        self.protocol = protocol
        self.open = True
        self.written = b""

    def write(self, data: bytes) -> None:
        """Keep it until the test looks."""
        self.written += data

    def writeSequence(self, data: Iterable[bytes]) -> None:
        """Keep it all."""
        self.written += b"".join(data)

    def abortConnection(self) -> None:
        """End at once."""
        self.end("aborted")

    def loseConnection(self) -> None:
        """End at once too."""
        self.end("lost")

    def loseWriteConnection(self) -> None:
        """End at once too."""
        self.end("half lost")

    def end(self, reason: str) -> None:
        """Tell the protocol, once."""
        if self.open:
            self.open = False
            self.protocol.connectionLost(failure(ConnectionDone(reason)))

    def said(self) -> list[dict[str, str]]:
        """Give what was written since the last time, as headers."""
        messages = self.written.decode().split("\r\n\r\n")[:-1]
        self.written = b""
        return [dict(line.split(": ", 1) for line in message.split("\r\n")) for message in messages]

    def getPeer(self) -> IPv4Address:
        """Give the loopback."""
        return HERE

    getHost = getPeer

    def getTcpNoDelay(self) -> bool:
        """Say no."""
        return False

    getTcpKeepAlive = getTcpNoDelay

    def setTcpNoDelay(self, enabled: bool) -> None:  # noqa: FBT001  Twisted's interface
        """Take no notice."""

    setTcpKeepAlive = setTcpNoDelay


@implementer(IStreamClientEndpoint)
@dataclass(slots=True)
class Exchange:
    """An Asterisk that the test plays: it takes connections, or refuses them."""

    clock: Clock = field(default_factory=Clock)
    refuses: bool = False
    silent: bool = False
    silence: list[IProtocolFactory] = field(default_factory=list)
    tries: list[float] = field(default_factory=list)
    pipes: list[Pipe] = field(default_factory=list)
    heard: list[Event] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[IProtocol]:
        """Take a connection."""
        self.tries.append(self.clock.seconds())
        if self.refuses:
            return fail(ConnectError(string="refused"))  # type: ignore[no-untyped-call]  # Twisted has no types there
        if self.silent:
            self.silence.append(protocolFactory)
            return Deferred()
        protocol = protocolFactory.buildProtocol(HERE)
        assert protocol is not None
        pipe = Pipe(protocol)
        self.pipes.append(pipe)
        protocol.makeConnection(pipe)
        return succeed(protocol)

    def link(self, *, care: bool = False) -> Link:
        """Give a link to it that has been started."""
        options = LinkOptions(
            events=Account(user="events", secret="e"),
            calls=Account(user="calls", secret="c"),
            care=Account(user="care", secret="k") if care else None,
            prefix="b1-",
        )
        link = Link(
            self.clock,
            self,
            options,
            on_event=self.heard.append,
            on_up=lambda: self.changes.append("up"),
            on_down=self.changes.append,
        )
        link.start()
        return link


def admit(pipe: Pipe, *, ok: bool = True) -> dict[str, str]:
    """Let a connection log in, and give what it said."""
    pipe.protocol.dataReceived(GREETING)
    (challenge,) = pipe.said()
    pipe.protocol.dataReceived(
        lines(("Response", "Success"), ("ActionID", challenge["ActionID"]), ("Challenge", "4711"))
    )
    (login,) = pipe.said()
    answer = ("Response", "Success") if ok else ("Response", "Error")
    pipe.protocol.dataReceived(lines(answer, ("ActionID", login["ActionID"]), ("Message", "as it is")))
    return login


def up(exchange: Exchange, *, care: bool = False) -> Link:
    """Give a link that is up."""
    link = exchange.link(care=care)
    for pipe in tuple(exchange.pipes):
        admit(pipe)
    assert exchange.changes == ["up"]
    return link


def pong(pipe: Pipe) -> list[dict[str, str]]:
    """Answer the pings of a connection, and give what else it said."""
    others = []
    for said in pipe.said():
        if said["Action"] == "Ping":
            pipe.protocol.dataReceived(lines(("Response", "Success"), ("ActionID", said["ActionID"]), ("Ping", "Pong")))
        else:
            others.append(said)
    return others


def result(pending: Deferred[Answer] | Deferred[None]) -> list[object]:
    """Give what the Deferred has, if it has anything: an answer or an exception."""
    found: list[object] = []
    pending.addCallbacks(found.append, lambda failure: found.append(failure.value))
    return found
