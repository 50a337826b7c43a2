"""The link to Asterisk, on a clock of the test and with no network."""

import hashlib
from itertools import pairwise

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.task import Clock
from twisted.internet.testing import MemoryReactorClock

from drivers.asterisk import codec_ami
from drivers.asterisk.codec import LocalProtocolError
from drivers.asterisk.codec_ami import Action, AmiConnection, Answer
from drivers.asterisk.link import Account, Link, LinkDownError, LinkOptions, NoAnswerError, Wire
from tests.drivers.asterisk.pipes import HANGUP, Exchange, admit, pong, result, up
from tests.drivers.asterisk.wire import event, lines


def test_it_is_up_once_both_lines_are_logged_in() -> None:
    """By challenge: the secret is not sent. Only the line of events asks for them."""
    exchange = Exchange()
    link = exchange.link()
    events, calls = exchange.pipes
    login = admit(events)
    proof = hashlib.md5(b"4711e", usedforsecurity=False).hexdigest()
    assert {**login, "ActionID": ""} == {
        "Action": "Login",
        "ActionID": "",
        "AuthType": "MD5",
        "Username": "events",
        "Key": proof,
    }
    assert (link.up, exchange.changes) == (False, [])
    assert admit(calls)["Events"] == "off"
    assert (link.up, exchange.changes) == (True, ["up"])


def test_events_are_handed_on_in_order_also_before_it_is_up() -> None:
    """And one that nobody can take in is no reason to lose the line."""
    exchange = Exchange()
    exchange.link()
    admit(exchange.pipes[0])
    exchange.pipes[0].protocol.dataReceived(event("Newchannel") + event("Hangup"))
    assert [one.name for one in exchange.heard] == ["Newchannel", "Hangup"]
    assert exchange.changes == []


def test_an_action_is_answered() -> None:
    """On the line of calls, by ActionID."""
    exchange = Exchange()
    link = up(exchange)
    exchange.clock.advance(0)
    first = result(Deferred.fromCoroutine(link.act(HANGUP)))
    second = result(Deferred.fromCoroutine(link.act(HANGUP, action_id="mine")))
    one, two = pong(exchange.pipes[1])
    assert two["ActionID"] == "mine"
    data = lines(("Response", "Error"), ("ActionID", two["ActionID"]))
    exchange.pipes[1].protocol.dataReceived(data + lines(("Response", "Success"), ("ActionID", one["ActionID"])))
    assert [type(one) for one in (*first, *second)] == [Answer, Answer]
    assert isinstance(first[0], Answer)
    assert first[0].ok
    assert isinstance(second[0], Answer)
    assert not second[0].ok


def test_what_may_not_or_cannot_be_said_is_not_sent() -> None:
    """Each account has its names."""
    exchange = Exchange()
    link = up(exchange)
    exchange.clock.advance(0)
    pong(exchange.pipes[1])
    for action in (Action(name="Command"), Action(name="Hangup", headers=(("Channel", "a\r\nb"),))):
        (error,) = result(Deferred.fromCoroutine(link.act(action)))
        assert isinstance(error, LocalProtocolError)
    assert exchange.pipes[1].written == b""
    (error,) = result(Deferred.fromCoroutine(link.care(Action(name="Reload"))))
    assert isinstance(error, LinkDownError)


def test_care_has_a_line_of_its_own() -> None:
    """The link is up without it."""
    exchange = Exchange()
    link = exchange.link(care=True)
    for pipe in exchange.pipes[:2]:
        admit(pipe)
    assert link.up
    admit(exchange.pipes[2])
    answer = result(Deferred.fromCoroutine(link.care(Action(name="Reload"))))
    (said,) = exchange.pipes[2].said()
    exchange.pipes[2].protocol.dataReceived(lines(("Response", "Success"), ("ActionID", said["ActionID"])))
    assert isinstance(answer[0], Answer)


def test_an_action_without_an_answer_fails_in_time() -> None:
    """What comes later is a stray, and the line lives as long as pings are answered."""
    exchange = Exchange()
    link = up(exchange)
    answer = result(Deferred.fromCoroutine(link.act(HANGUP, deadline_s=2.5)))
    (said,) = pong(exchange.pipes[1])
    for _ in range(3):
        exchange.clock.advance(1)
        for pipe in exchange.pipes:
            pong(pipe)
    assert isinstance(answer[0], NoAnswerError)
    exchange.pipes[1].protocol.dataReceived(lines(("Response", "Success"), ("ActionID", said["ActionID"])))
    assert link.up


def test_a_line_whose_pings_are_not_answered_is_dead() -> None:
    """Three seconds, then a new connection; who waits is told."""
    exchange = Exchange()
    link = up(exchange)
    answer = result(Deferred.fromCoroutine(link.act(HANGUP, deadline_s=60)))
    exchange.clock.advance(0)
    for _ in range(3):
        assert link.up
        exchange.clock.advance(1)
        pong(exchange.pipes[0])
    assert (link.up, exchange.pipes[1].open, exchange.pipes[0].open) == (False, False, True)
    assert isinstance(answer[0], LinkDownError)
    assert exchange.changes[1:] == ["no answer to a ping for 3.0 s"]
    exchange.clock.advance(0.1)
    admit(exchange.pipes[2])
    assert exchange.changes[2:] == ["up"], "every up means that events may have been missed"
    assert result(Deferred.fromCoroutine(link.act(HANGUP))) == []


@pytest.mark.parametrize("data", [b"Garbage: 1\r\n\r\n", b"x" * 9_000, b"Event: X\r\n" + b"A: b\r\n" * 600 + b"\r\n"])
def test_a_line_that_is_not_ami_is_dead(data: bytes) -> None:
    """It is of no more use."""
    exchange = Exchange()
    link = up(exchange)
    exchange.pipes[0].protocol.dataReceived(data)
    exchange.pipes[0].protocol.dataReceived(data)
    assert (link.up, exchange.pipes[0].open) == (False, False)


def run(exchange: Exchange, seconds: float) -> None:
    """Let time pass, with every ping answered."""
    for _ in range(round(seconds / 0.05)):
        exchange.clock.advance(0.05)
        for pipe in exchange.pipes:
            pong(pipe)


def test_the_pause_grows_while_asterisk_is_away() -> None:
    """From 0.1 s to 2 s; after a line that lived well it is the shortest again."""
    exchange = Exchange()
    link = up(exchange)
    exchange.refuses = True
    for _ in range(2):
        run(exchange, 6)
        exchange.tries.clear()
        exchange.tries.append(exchange.clock.seconds())
        exchange.pipes[0].end("Asterisk was killed")
        run(exchange, 9)
        times = exchange.tries
        pauses = [round(later - earlier, 1) for earlier, later in pairwise(times)]
        assert pauses == [0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0]
        exchange.refuses = False
        run(exchange, 2)
        exchange.pipes[0] = exchange.pipes.pop()
        admit(exchange.pipes[0])
        exchange.refuses = True
    assert link.up
    assert [change for change in exchange.changes if change != "up"] == [
        "Connection was closed cleanly: Asterisk was killed."
    ] * 2
    assert exchange.changes.count("up") == 3


def test_a_log_in_that_is_refused_or_not_answered_is_tried_again() -> None:
    """It may be a secret that is about to be reloaded."""
    exchange = Exchange()
    link = exchange.link()
    admit(exchange.pipes[0], ok=False)
    assert not exchange.pipes[0].open
    silent = exchange.pipes[1]
    run(exchange, 4)
    assert not silent.open
    for pipe in exchange.pipes:
        if pipe.open:
            admit(pipe)
    assert link.up


@pytest.mark.parametrize("late", [False, True])
def test_stopping_ends_every_line_and_makes_no_other(late: bool) -> None:  # noqa: FBT001  a parameter of the test
    """Whether they are up or on their way."""
    exchange = Exchange()
    link = up(exchange, care=False) if not late else exchange.link(care=True)
    done = result(Deferred.fromCoroutine(link.stop()))
    assert done == [None]
    assert [pipe.open for pipe in exchange.pipes] == [False] * len(exchange.pipes)
    run(exchange, 5)
    assert exchange.clock.getDelayedCalls() == []
    assert not link.up
    assert exchange.changes in ([], ["up"])
    (error,) = result(Deferred.fromCoroutine(link.act(HANGUP)))
    assert isinstance(error, LinkDownError)
    assert result(Deferred.fromCoroutine(link.stop())) == [None]


def test_stopping_while_a_connection_is_being_made_drops_it() -> None:
    """Also if it is made after all."""
    exchange = Exchange(silent=True)
    link = exchange.link()
    assert result(Deferred.fromCoroutine(link.stop())) == [None]
    assert [pipe.open for pipe in exchange.pipes] == []
    for factory in exchange.silence:
        exchange.silent = False
        exchange.connect(factory)
    assert [pipe.open for pipe in exchange.pipes] == [False, False]


def test_stopping_while_tcp_connects_is_no_error() -> None:
    """Asterisk is away, or so busy that it does not accept."""
    reactor = MemoryReactorClock()  # type: ignore[no-untyped-call]  # Twisted gives it no types
    options = LinkOptions(events=Account(user="e", secret="e"), calls=Account(user="c", secret="c"))
    endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", 5038)
    link = Link(reactor, endpoint, options, on_event=print, on_up=print, on_down=print)
    link.start()
    assert [connector.stoppedConnecting for connector in reactor.connectors] == [False, False]
    assert result(Deferred.fromCoroutine(link.stop())) == [None]
    assert [connector.stoppedConnecting for connector in reactor.connectors] == [True, True]


def test_a_line_that_is_being_ended_pings_no_more() -> None:
    """Its end is on the way, but the connection is not yet lost."""
    clock = Clock()
    wire = Wire(clock, AmiConnection(prefix="", wanted=None), print)
    wire.keep_alive()
    wire.end("not AMI")
    clock.advance(0)
    assert clock.getDelayedCalls() == []


def test_trouble_of_a_receiver_is_not_the_lines() -> None:
    """It is logged, and the next one is heard."""

    def trouble(*_: object) -> None:
        calls.append(1)
        raise RuntimeError("planted")

    calls: list[int] = []
    exchange = Exchange()
    options = LinkOptions(events=Account(user="e", secret="e"), calls=Account(user="c", secret="c"))
    link = Link(exchange.clock, exchange, options, on_event=trouble, on_up=trouble, on_down=trouble)
    link.start()
    for pipe in tuple(exchange.pipes):
        admit(pipe)
    exchange.pipes[0].protocol.dataReceived(event() + event())
    assert (link.up, len(calls)) == (True, 3)
    exchange.pipes[0].end("x")
    assert (link.up, len(calls)) == (False, 4)


def test_too_many_unanswered_actions_end_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line on which even a ping cannot be asked is of no use."""
    monkeypatch.setattr(codec_ami, "PENDING_MAX", 2)
    exchange = Exchange()
    link = up(exchange)
    for _ in range(2):
        result(Deferred.fromCoroutine(link.act(HANGUP, deadline_s=60)))
    exchange.clock.advance(0)
    assert not link.up
    (error,) = result(Deferred.fromCoroutine(link.act(HANGUP)))
    assert isinstance(error, LinkDownError)


def test_a_secret_is_not_shown() -> None:
    """Not in a log line of the options either."""
    assert "hidden" not in repr(
        LinkOptions(events=Account(user="e", secret="hidden"), calls=Account(user="c", secret="hidden"))
    )
