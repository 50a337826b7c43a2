"""Questions and answers over a network that loses and doubles them (RFC 3261 17): UDP's timers, and nothing else.

Timers are few on purpose: a question or an INVITE's unacknowledged answer has one while it is repeated; what is only
kept to answer late doubles lies in a table that is swept when it is used.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from drivers.robot.sip import Headers, Message, Request, Response
from drivers.robot.waits import RobotError

T1_S = 0.5
T2_S = 4.0
LIFE_T1 = 64
"How many T1 a transaction lives: timers B, F, H and J."
KEPT_MAX = 20_000
"How many answered questions are kept for their doubles."

FINAL = 200
REFUSED = 300

Where = tuple[str, int]
"A host's address and a port."
_Key = tuple[str, str, str, int]


class NoAnswerError(RobotError):
    """Nobody answered a question within 64 T1."""


@dataclass(slots=True)
class _Question:
    """A request of ours that waits for its final answer."""

    request: Request
    where: Where
    data: bytes
    done: Deferred[Response]
    heard: Callable[[Response], None]
    interval_s: float
    until: float
    timer: IDelayedCall | None = None
    proceeding: bool = False


@dataclass(slots=True)
class _Answer:
    """A final answer of ours to an INVITE, said again until its ACK comes."""

    data: bytes
    where: Where
    interval_s: float
    until: float
    unheard: Callable[[], None]
    timer: IDelayedCall | None = None


@dataclass(slots=True)
class _Kept:
    """What a late double is answered with."""

    until: float
    data: bytes = b""
    where: Where = ("", 0)


@dataclass(slots=True)
class _Memory:
    """A bounded table whose entries live equally long, so that the oldest stands first."""

    kept: OrderedDict[_Key, _Kept] = field(default_factory=OrderedDict)

    def put(self, key: _Key, kept: _Kept, now: float) -> None:
        self.kept.pop(key, None)
        self.kept[key] = kept
        while len(self.kept) > KEPT_MAX or next(iter(self.kept.values())).until <= now:
            self.kept.popitem(last=False)

    def get(self, key: _Key, now: float) -> _Kept | None:
        kept = self.kept.get(key)
        return kept if kept is not None and kept.until > now else None


class Transactions:
    """All questions and answers of one SIP socket."""

    def __init__(self, clock: IReactorTime, send: Callable[[bytes, Where], None], *, t1_s: float = T1_S) -> None:
        """`send` puts one datagram on the wire."""
        self._clock = clock
        self._send = send
        self._t1_s = t1_s
        self._questions: dict[_Key, _Question] = {}
        self._answers: dict[_Key, _Answer] = {}
        self._received = _Memory()
        self._acks = _Memory()
        self.repeated = 0
        "How many datagrams were said again: a busy machine shows here first."

    def ask(
        self, request: Request, where: Where, heard: Callable[[Response], None] | None = None
    ) -> Deferred[Response]:
        """Send a request until it is answered; give the final response, whatever its code.

        `heard` gets each provisional response. NoAnswerError after 64 T1 (an INVITE that rings has no such end).
        An INVITE's refusal is acknowledged here, its acceptance by the caller through `acknowledge`.
        """
        question = _Question(
            request=request,
            where=where,
            data=request.encode(),
            done=Deferred(),
            heard=heard or (lambda _: None),
            interval_s=self._t1_s,
            until=self._clock.seconds() + LIFE_T1 * self._t1_s,
        )
        key = _key(request.headers, request.method)
        self._questions[key] = question
        self._send(question.data, where)
        self._repeat_question(key, question)
        return question.done

    def acknowledge(self, response: Response, ack: Request, where: Where) -> None:
        """Send the ACK of an accepted INVITE, and send it again whenever the acceptance is repeated."""
        data = ack.encode()
        self._acks.put(_dialog_key(response.headers, "ACK"), self._keep(data, where), self._clock.seconds())
        self._send(data, where)

    def respond(
        self, request: Request, response: Response, where: Where, unheard: Callable[[], None] | None = None
    ) -> None:
        """Answer a request and its doubles.

        An INVITE's final answer is said until its ACK comes; if none does, `unheard` is called.
        """
        data = response.encode()
        now = self._clock.seconds()
        self._received.put(_key(request.headers, request.method), self._keep(data, where), now)
        self._send(data, where)
        if request.method == "INVITE" and response.code >= FINAL:
            answer = _Answer(
                data=data,
                where=where,
                interval_s=self._t1_s,
                until=now + LIFE_T1 * self._t1_s,
                unheard=unheard or (lambda: None),
            )
            key = _dialog_key(request.headers, "ACK")
            self._stop_answer(key)
            self._answers[key] = answer
            self._repeat_answer(key, answer)

    def take(self, message: Message, where: Where) -> Request | None:
        """Take what came; give it back if it is a request that is new."""
        if isinstance(message, Response):
            self._take_response(message)
            return None
        now = self._clock.seconds()
        if message.method == "ACK":
            return message if self._stop_answer(_dialog_key(message.headers, "ACK")) else None
        key = _key(message.headers, message.method)
        kept = self._received.get(key, now)
        if kept is None:
            self._received.put(key, self._keep(b"", where), now)
            return message
        if kept.data:
            self.repeated += 1
            self._send(kept.data, kept.where)
        return None

    def give_up(self, request: Request) -> None:
        """Wait no more for the answer to a request of ours; it never fires."""
        question = self._questions.pop(_key(request.headers, request.method), None)
        if question is not None:
            _cancel(question.timer)

    def close(self) -> None:
        """Stop every timer; who still waits for an answer gets NoAnswerError."""
        questions, self._questions = self._questions, {}
        for question in questions.values():
            _cancel(question.timer)
            question.done.errback(NoAnswerError(f"the phone was stopped before {question.request.method} was answered"))
        for key in list(self._answers):
            self._stop_answer(key)

    def _keep(self, data: bytes, where: Where) -> _Kept:
        return _Kept(until=self._clock.seconds() + LIFE_T1 * self._t1_s, data=data, where=where)

    def _take_response(self, response: Response) -> None:
        number, method = response.headers.cseq
        key = _key(response.headers, method)
        question = self._questions.get(key)
        if question is None:
            ack = self._acks.get(_dialog_key(response.headers, "ACK"), self._clock.seconds())
            if ack is not None and method == "INVITE" and response.code >= FINAL:
                self.repeated += 1
                self._send(ack.data, ack.where)
            return
        if response.code < FINAL:
            question.proceeding = True
            question.heard(response)
            return
        del self._questions[key]
        _cancel(question.timer)
        if method == "INVITE" and response.code >= REFUSED:
            self.acknowledge(response, _refusal_ack(question.request, response, number), question.where)
        question.done.callback(response)

    def _repeat_question(self, key: _Key, question: _Question) -> None:
        invite = question.request.method == "INVITE"

        def fire() -> None:
            if question.proceeding and invite:
                return
            if self._clock.seconds() >= question.until:
                del self._questions[key]
                waited = f"within {LIFE_T1 * self._t1_s:g} s"
                question.done.errback(NoAnswerError(f"no answer to {question.request.method} {waited}"))
                return
            self.repeated += 1
            self._send(question.data, question.where)
            question.interval_s *= 2
            if not invite:
                question.interval_s = T2_S if question.proceeding else min(question.interval_s, T2_S)
            self._repeat_question(key, question)

        left_s = max(0.0, question.until - self._clock.seconds())
        question.timer = self._clock.callLater(min(question.interval_s, left_s), fire)

    def _repeat_answer(self, key: _Key, answer: _Answer) -> None:
        def fire() -> None:
            if self._clock.seconds() >= answer.until:
                del self._answers[key]
                answer.unheard()
                return
            self.repeated += 1
            self._send(answer.data, answer.where)
            answer.interval_s = min(2 * answer.interval_s, T2_S)
            self._repeat_answer(key, answer)

        left_s = max(0.0, answer.until - self._clock.seconds())
        answer.timer = self._clock.callLater(min(answer.interval_s, left_s), fire)

    def _stop_answer(self, key: _Key) -> bool:
        answer = self._answers.pop(key, None)
        if answer is None:
            return False
        _cancel(answer.timer)
        return True


def _key(headers: Headers, method: str) -> _Key:
    """Name a transaction (RFC 3261 17.1.3, 17.2.3); the Call-ID keeps RFC 2543's empty branches apart."""
    return (headers.branch, method, headers.call_id, headers.cseq[0])


def _dialog_key(headers: Headers, method: str) -> _Key:
    """Name an INVITE by what its ACK shares with it, whichever branch that has."""
    return (headers.sender.tag, method, headers.call_id, headers.cseq[0])


def _refusal_ack(request: Request, response: Response, number: int) -> Request:
    """Write the ACK of a refused INVITE: its own branch and route (RFC 3261 17.1.1.3)."""
    kept = tuple(field for field in request.headers.fields if field[0] in {"Via", "Route", "From", "Call-ID"})
    rest = (("Max-Forwards", "70"), ("To", response.headers.first("to")), ("CSeq", f"{number} ACK"))
    return Request(method="ACK", uri=request.uri, headers=Headers(fields=(*kept, *rest)))


def _cancel(timer: IDelayedCall | None) -> None:
    if timer is not None and timer.active():
        timer.cancel()
