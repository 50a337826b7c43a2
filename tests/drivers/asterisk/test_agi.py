"""The FastAGI server, without a network: its sessions, its limits, and its peers' bad manners."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import ILogObserver, LogEvent, globalLogPublisher
from typing_extensions import override
from zope.interface import implementer

from drivers.asterisk.agi import AgiOptions, AgiServer, Session, SessionEndedError
from drivers.asterisk.agi_commands import ANSWER, NOOP
from drivers.asterisk.codec import LocalProtocolError
from drivers.asterisk.codec_agi import Reply
from tests.drivers.asterisk.wire import environment


class Pipe(asyncio.Transport):
    """A connection whose other end is the test."""

    def __init__(self) -> None:
        """Begin open."""
        super().__init__()
        self.written = b""
        self.state = "open"

    @override
    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    @override
    def close(self) -> None:
        self.state = "closed"

    @override
    def abort(self) -> None:
        self.state = "aborted"


@dataclass(slots=True)
class Floor:
    """A server, its clock, and what it told."""

    clock: Clock = field(default_factory=Clock)
    begun: list[Session] = field(default_factory=list)
    ended: list[tuple[Session, str]] = field(default_factory=list)

    def server(self, sessions_max: int = 3) -> AgiServer:
        """Give a server that tells this floor."""
        options = AgiOptions(port=0, sessions_max=sessions_max, environment_s_max=5.0, session_s_max=60.0)
        return AgiServer(
            self.clock, options, on_session=self.begun.append, on_end=lambda one: self.ended.append((one, one.ended))
        )


def connect(server: AgiServer, data: bytes = b"") -> tuple[Session, Pipe]:
    """Connect, and say something."""
    session, pipe = server.build(), Pipe()
    session.connection_made(pipe)
    if data:
        session.data_received(data)
    return session, pipe


def result(reply: Deferred[Reply]) -> list[object]:
    """Give what the Deferred has, if it has anything."""
    found: list[object] = []
    reply.addCallbacks(found.append, lambda failure: found.append(failure.value))
    return found


@pytest.fixture
def warnings() -> Iterator[list[LogEvent]]:
    """Collect what the drivers log; what threads of other tests still have to say is theirs."""
    events: list[LogEvent] = []

    @implementer(ILogObserver)
    def observe(event: LogEvent) -> None:
        if str(event.get("log_namespace", "")).startswith("drivers."):
            events.append(event)

    globalLogPublisher.addObserver(observe)
    yield events
    globalLogPublisher.removeObserver(observe)


def test_a_session_is_told_once_it_says_what_it_is() -> None:
    """Then it answers one command after another."""
    floor = Floor()
    server = floor.server()
    session, pipe = connect(server)
    assert (server.sessions, floor.begun) == (1, [])
    session.data_received(environment("one"))
    assert floor.begun == [session]
    assert session.environment is not None
    assert session.environment.arguments == ("one",)
    first = result(session.command(ANSWER))
    assert (pipe.written, first) == (b"ANSWER\n", [])
    with pytest.raises(LocalProtocolError, match="waiting"):
        session.command(NOOP)
    session.data_received(b"200 result=0\n")
    assert first == [Reply(code=200, result="0")]
    session.close()
    assert (pipe.state, floor.ended, server.sessions) == ("closed", [(session, "done")], 0)
    session.data_received(b"HANGUP\n")
    session.connection_lost(None)
    assert floor.ended == [(session, "done")]
    assert floor.clock.getDelayedCalls() == []


def test_a_hang_up_is_only_noted() -> None:
    """The caller may be alive and talking: Asterisk also says it when it bridges the channel."""
    floor = Floor()
    session, pipe = connect(floor.server(), environment())
    waiting = result(session.command(ANSWER))
    session.data_received(b"200 result=-1\nHANGUP\n")
    assert waiting == [Reply(code=200, result="-1")]
    assert (session.hung_up, session.ended, pipe.state) == (True, "", "open")


@pytest.mark.parametrize(("error", "reason"), [(None, "closed by Asterisk"), (OSError("reset"), "lost: reset")])
def test_who_waits_is_told_when_the_session_ends(error: Exception | None, reason: str) -> None:
    """And whoever comes later."""
    floor = Floor()
    session, _ = connect(floor.server(), environment())
    failed = result(session.command(ANSWER))
    session.connection_lost(error)
    assert [type(one) for one in failed] == [SessionEndedError]
    assert floor.ended == [(session, reason)]
    with pytest.raises(SessionEndedError, match=reason):
        session.command(NOOP)
    session.close()
    session.fail("again")
    assert floor.ended == [(session, reason)]


def test_a_session_may_be_closed_from_within() -> None:
    """What the same bytes say after that is not read."""
    floor = Floor()
    server = floor.server()
    session, pipe = connect(server, environment())
    session.command(ANSWER).addCallback(lambda _: session.close("enough"))
    session.data_received(b"200 result=0\nHANGUP\n")
    assert (session.ended, session.hung_up, pipe.state) == ("enough", False, "closed")


def test_a_session_before_its_connection_is_nothing() -> None:
    """Nothing can be asked, nothing closed."""
    session = Floor().server().build()
    with pytest.raises(SessionEndedError, match="not connected"):
        session.command(ANSWER)
    session.close()
    session.fail("x")
    assert session.ended == ""


@pytest.mark.parametrize("data", [b"GET / HTTP/1.1\r\n\r\n", b"\0" * 9_000, environment() + b"200 result=0\n"])
def test_a_peer_who_speaks_something_else_is_dropped_with_one_line(data: bytes, warnings: list[LogEvent]) -> None:
    """And nobody else hears of him, unless he has begun well."""
    floor = Floor()
    server = floor.server()
    session, pipe = connect(server, data)
    assert (pipe.state, server.sessions, floor.begun, floor.ended) == ("aborted", 0, [], [])
    assert [event["log_format"] for event in warnings] == ["agi: session ended: {reason}"]
    assert session.ended


def test_one_session_too_many_is_refused() -> None:
    """Those that are there go on."""
    floor = Floor()
    server = floor.server(sessions_max=1)
    first, _ = connect(server, environment())
    second, pipe = connect(server)
    second.data_received(environment())
    second.connection_lost(None)
    assert (pipe.state, server.refused, server.sessions, floor.begun) == ("aborted", 1, 1, [first])
    first.close()
    third, _ = connect(server, environment())
    assert floor.begun == [first, third]


def test_who_does_not_say_what_he_is_is_dropped_in_time() -> None:
    """Only he; who has said it may stay until the session's own end."""
    floor = Floor()
    server = floor.server()
    known, _ = connect(server, environment())
    silent, pipe = connect(server, environment()[:-1])
    floor.clock.pump([1.0] * 4)
    late, _ = connect(server)
    assert silent.ended == ""
    floor.clock.advance(1.0)
    assert (silent.ended, pipe.state) == ("it did not say what it is", "aborted")
    assert (known.ended, late.ended, server.sessions) == ("", "", 2)
    floor.clock.pump([1.0] * 55)
    assert (known.ended, late.ended) == ("it lasted too long", "it did not say what it is")
    assert floor.ended == [(known, "it lasted too long")]
    assert floor.clock.getDelayedCalls() == []


def test_trouble_with_one_session_is_not_the_others(warnings: list[LogEvent]) -> None:
    """Neither when it begins nor when it ends."""

    def trouble(_: Session) -> None:
        raise RuntimeError("planted")

    server = AgiServer(Clock(), AgiOptions(port=0), on_session=trouble, on_end=trouble)
    session, pipe = connect(server, environment())
    assert (session.ended, pipe.state, server.sessions) == ("internal error", "closed", 0)
    assert len(warnings) == 2


def test_stopping_ends_every_session() -> None:
    """Each is told."""
    floor = Floor()
    server = floor.server()
    first, _ = connect(server, environment())
    connect(server)
    server.stop()
    assert floor.ended == [(first, "we stop")]
    assert server.sessions == 0


def test_it_does_not_listen_to_others() -> None:
    """AGI has no password."""
    for host in ("0.0.0.0", "192.0.2.1"):  # noqa: S104  this is what is refused
        with pytest.raises(ValueError, match="password"):
            AgiOptions(port=1, host=host)
    assert AgiOptions(port=1, host="::1").host == "::1"
