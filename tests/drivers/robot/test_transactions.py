"""RFC 3261's timers, on made-up time."""

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from drivers.robot import transactions
from drivers.robot.dialog import respond
from drivers.robot.sip import Headers, Request, Response, parse
from drivers.robot.transactions import NoAnswerError, Transactions

PEER = ("127.0.0.1", 5060)


def a_request(method: str = "OPTIONS", *, branch: str = "z9hG4bKa", number: int = 1, tag: str = "t") -> Request:
    """Make a request."""
    fields = (
        ("Via", f"SIP/2.0/UDP h;branch={branch}"),
        ("Max-Forwards", "70"),
        ("Route", "<sip:r;lr>"),
        ("From", f"<sip:a@h>;tag={tag}"),
        ("To", "<sip:b@h>"),
        ("Call-ID", "c"),
        ("CSeq", f"{number} {method}"),
    )
    return Request(method=method, uri="sip:b@h", headers=Headers(fields=fields))


class Wire:
    """One side of a network on made-up time: what was sent, when, and what came of questions."""

    def __init__(self) -> None:
        """Begin at 0."""
        self.time = Clock()
        self.sent: list[tuple[float, bytes]] = []
        self.side = Transactions(self.time, lambda data, _where: self.sent.append((self.time.seconds(), data)))
        self.told: list[str] = []

    def ask(self, request: Request) -> Deferred[None]:
        """Ask, and note what comes of it."""
        asked = self.side.ask(request, PEER, lambda response: self.told.append(f"{response.code}"))
        return asked.addCallbacks(self._answered, self._failed)

    def hear(self, request: Request, code: int, tag: str = "x") -> None:
        """Let an answer come."""
        self.side.take(respond(request, code, "R", tag=tag), PEER)

    def pass_time(self, seconds: float) -> None:
        """Let time pass, in small steps."""
        for _ in range(round(seconds / 0.25)):
            self.time.advance(0.25)

    @property
    def moments(self) -> list[float]:
        """When something was sent."""
        return [moment for moment, _ in self.sent]

    def _answered(self, response: Response) -> None:
        self.told.append(f"final {response.code}")

    def _failed(self, failure: Failure) -> None:
        assert isinstance(failure.value, NoAnswerError)
        self.told.append(str(failure.value))


def test_a_question_is_repeated_at_e_and_given_up_at_f() -> None:
    """A question is repeated at e and given up at f."""
    wire = Wire()
    wire.ask(a_request())
    wire.pass_time(40)
    assert wire.moments == [0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    assert wire.told == ["no answer to OPTIONS within 32 s"]
    assert not wire.time.getDelayedCalls()
    assert wire.side.repeated == 10


def test_an_invite_is_repeated_at_a_and_given_up_at_b() -> None:
    """An invite is repeated at a and given up at b."""
    wire = Wire()
    wire.ask(a_request("INVITE"))
    wire.pass_time(40)
    assert wire.moments == [0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5]
    assert wire.told == ["no answer to INVITE within 32 s"]


def test_an_invite_that_rings_is_repeated_no_more_and_has_no_end() -> None:
    """An invite that rings is repeated no more and has no end."""
    wire = Wire()
    wire.ask(a_request("INVITE"))
    wire.hear(a_request("INVITE"), 180)
    wire.pass_time(200)
    wire.hear(a_request("INVITE"), 200)
    assert wire.moments == [0]
    assert wire.told == ["180", "final 200"]


def test_a_question_that_is_worked_on_is_repeated_slowly() -> None:
    """A question that is worked on is repeated slowly."""
    wire = Wire()
    wire.ask(a_request())
    wire.hear(a_request(), 100)
    wire.pass_time(10)
    assert wire.moments == [0, 0.5, 4.5, 8.5]
    wire.hear(a_request(), 200)
    wire.hear(a_request(), 200)
    assert wire.told == ["100", "final 200"]
    assert not wire.time.getDelayedCalls()


def test_a_refused_invite_is_acknowledged_each_time() -> None:
    """A refused invite is acknowledged each time."""
    wire = Wire()
    wire.ask(a_request("INVITE"))
    for _ in range(2):
        wire.hear(a_request("INVITE"), 486)
    acks = [parse(data) for _, data in wire.sent[1:]]
    assert len(acks) == 2
    ack = acks[0]
    assert isinstance(ack, Request)
    assert (ack.method, ack.uri, ack.headers.branch, ack.headers.cseq) == ("ACK", "sip:b@h", "z9hG4bKa", (1, "ACK"))
    assert ack.headers.recipient.tag == "x"
    assert ack.headers.first("route") == "<sip:r;lr>"
    wire.pass_time(33)
    wire.hear(a_request("INVITE"), 486)
    assert len(wire.sent) == 3


def test_an_accepted_invite_is_acknowledged_again_when_the_acceptance_is_repeated() -> None:
    """An accepted invite is acknowledged again when the acceptance is repeated."""
    wire = Wire()
    wire.ask(a_request("INVITE"))
    accepted = respond(a_request("INVITE"), 200, "OK", tag="x")
    wire.side.take(accepted, PEER)
    wire.side.acknowledge(accepted, a_request("ACK", branch="z9hG4bKb"), PEER)
    wire.side.take(accepted, PEER)
    wire.side.take(respond(a_request("INVITE"), 180, "R", tag="x"), PEER)
    wire.side.take(respond(a_request("BYE"), 200, "OK", tag="x"), PEER)
    assert [data[:3] for _, data in wire.sent] == [b"INV", b"ACK", b"ACK"]


def test_an_answer_is_said_again_to_a_double_and_not_to_one_not_yet_answered() -> None:
    """An answer is said again to a double and not to one not yet answered."""
    wire = Wire()
    request = a_request()
    assert wire.side.take(request, PEER) is request
    assert wire.side.take(request, PEER) is None
    assert wire.sent == []
    wire.side.respond(request, respond(request, 200, "OK"), PEER)
    assert wire.side.take(request, PEER) is None
    assert len(wire.sent) == 2
    wire.pass_time(32)
    assert wire.side.take(request, PEER) is request


def test_an_answer_to_an_invite_is_said_until_its_ack() -> None:
    """An answer to an invite is said until its ack."""
    wire = Wire()
    invite = a_request("INVITE")
    wire.side.take(invite, PEER)
    wire.side.respond(invite, respond(invite, 180, "Ringing", tag="x"), PEER)
    wire.side.respond(invite, respond(invite, 200, "OK", tag="x"), PEER)
    wire.pass_time(4)
    assert wire.moments == [0, 0, 0.5, 1.5, 3.5]
    assert wire.side.take(a_request("ACK", branch="other"), PEER) is not None
    assert wire.side.take(a_request("ACK", branch="other"), PEER) is None
    wire.pass_time(40)
    assert len(wire.sent) == 5
    assert not wire.time.getDelayedCalls()


def test_an_answer_that_is_never_acknowledged_is_told() -> None:
    """An answer that is never acknowledged is told."""
    wire = Wire()
    invite = a_request("INVITE")
    wire.side.respond(invite, respond(invite, 200, "OK", tag="x"), PEER, lambda: wire.told.append("unheard"))
    wire.pass_time(33)
    assert wire.told == ["unheard"]
    assert len(wire.sent) == 11
    wire.side.respond(invite, respond(invite, 486, "Busy", tag="x"), PEER)
    wire.side.respond(invite, respond(invite, 487, "Gone", tag="x"), PEER)
    wire.pass_time(33)
    assert not wire.time.getDelayedCalls()


def test_closing_ends_every_timer_and_every_question() -> None:
    """Closing ends every timer and every question."""
    wire = Wire()
    wire.ask(a_request())
    wire.ask(a_request("INVITE", branch="z9hG4bKc"))
    wire.side.respond(a_request("INVITE"), respond(a_request("INVITE"), 200, "OK"), PEER)
    given_up = a_request("INFO", branch="z9hG4bKd")
    wire.ask(given_up)
    wire.side.give_up(given_up)
    wire.side.give_up(given_up)
    wire.side.close()
    assert wire.told == [f"the phone was stopped before {method} was answered" for method in ("OPTIONS", "INVITE")]
    assert not wire.time.getDelayedCalls()


def test_what_is_kept_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept has a limit."""
    monkeypatch.setattr(transactions, "KEPT_MAX", 3)
    wire = Wire()
    for number in range(5):
        request = a_request(branch=f"z9hG4bK{number}")
        wire.side.take(request, PEER)
        wire.side.respond(request, respond(request, 200, "OK"), PEER)
    assert wire.side.take(a_request(branch="z9hG4bK4"), PEER) is None
    assert wire.side.take(a_request(branch="z9hG4bK0"), PEER) is not None
