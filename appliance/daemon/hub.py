"""The hub: facts go in, the Centre decides, call effects leave at once, promises leave after their commit.

Everything here runs in the reactor's thread and waits for nothing. The order is fixed: a fact gets its centre time, the
Centre handles it, the row goes to the journal, call effects go to their exchange, and what was promised waits until the
journal says that the row is committed.
"""

from collections import deque
from collections.abc import Callable, Mapping
from typing import Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from appliance import api
from appliance.core import effects, facts
from appliance.core.callback import is_dialled
from appliance.core.centre import Centre
from appliance.replay import sum_of

SNAPSHOT_EVERY = 5_000
"Facts between two snapshots; one that tells of many calls counts as so many, for a restart reads them all."
ANSWERS_MAX = 1_000
"Commands that may wait for their answer at once; more are told to come later."
ANSWER_S = 10.0
"How long a command waits for its answer."
BACKLOG_FOR_COMMANDS = 20_000
"Rows waiting for their commit beyond which commands are told to come later; observations are always taken in."
BACKLOG_FOR_CALLS = 50_000
"""Rows waiting beyond which new calls are left to the exchange's own fall-back, so that those we have can end well.
A call makes about thirty rows, so these are some 1,600 calls; an arrival takes 0.8 KB."""
NESTED_MAX = 10_000
"Facts that may gather while one is handled."
DUE_LATE_S = 0.001
"Added to each alarm, so that the time it is for has passed when it rings."

report = Logger()


class BusyError(Exception):
    """The daemon cannot take or answer a command just now; try again."""


class Exchange(Protocol):
    """What drives one exchange."""

    @property
    def name(self) -> str:
        """What `Leg.exchange` says."""

    def perform(self, effect: effects.AnyCallEffect) -> None:
        """Do it, without waiting and without raising."""


class Diary(Protocol):
    """The journal, as the hub sees it."""

    @property
    def backlog(self) -> int:
        """How many rows wait for their commit."""

    def append(self, row: api.Row) -> bool:
        """Take a row, without waiting; False if too many wait."""


Listener = Callable[[api.Row, tuple[effects.AnyEffect, ...]], None]
"Told of each fact right after it was handled."
FiledListener = Callable[[effects.Kept], None]
"Told of what was kept, after its commit."


class Hub:
    """The one place through which facts reach the Centre."""

    def __init__(
        self,
        *,
        centre: Centre,
        now: Callable[[], int],
        reactor: IReactorTime,
        diary: Diary,
        failed: Callable[[str], None],
    ) -> None:
        """Join a recovered Centre to its journal; `failed` is told, once, why the daemon cannot go on."""
        self.centre = centre
        self._now = now
        self._reactor = reactor
        self._diary = diary
        self._failed = failed
        self._exchanges: dict[str, Exchange] = {}
        self._listeners: list[Listener] = []
        self._filed: list[FiledListener] = []
        self._nested: deque[facts.AnyFact] = deque()
        self._handling = False
        self._promised: deque[tuple[int, effects.AnyPromise]] = deque()
        self._answers: dict[str, list[Deferred[str]]] = {}
        self._commits: deque[tuple[int, Deferred[None]]] = deque()
        "Who waits for the commit of a fact."
        self._alarm: IDelayedCall | None = None
        self._alarm_at: int | None = None
        self._broken = False
        self.snapshot_due = False
        "Whether `SNAPSHOT_EVERY` facts have been handled since `snapshot_taken`."
        self._since_snapshot = 0
        self.counts: dict[str, int] = {}
        "How often each kind of fact was taken in, by tag."
        self.quarantined = 0
        self.left_alone = 0
        "New calls that were left to the exchange's fall-back."

    # -- who hears what

    def attach(self, exchange: Exchange) -> None:
        """Let effects for this exchange's legs reach it."""
        self._exchanges[exchange.name] = exchange

    def listen(self, listener: Listener) -> None:
        """Hear of every fact, right after it was handled."""
        self._listeners.append(listener)

    def listen_filed(self, listener: FiledListener) -> None:
        """Hear of every record, after its commit."""
        self._filed.append(listener)

    @property
    def now(self) -> int:
        """Centre time, microseconds."""
        return self._now()

    # -- facts

    def take(self, fact: facts.AnyFact) -> None:
        """Take a fact in. Never raises, never waits; a fact that comes while another is handled is handled after it."""
        if self._broken or (self._diary.backlog >= BACKLOG_FOR_CALLS and self._leave_alone(fact)):
            return
        if len(self._nested) >= NESTED_MAX:
            self._break("facts come faster than they can be handled")
            return
        self._nested.append(fact)
        if self._handling:
            return
        self._handling = True
        try:
            while self._nested:
                self._handle(self._nested.popleft())
        finally:
            self._handling = False
        self._set_alarm()

    def _leave_alone(self, fact: facts.AnyFact) -> bool:
        """Send a new call to its exchange's fall-back; False if the fact is anything else."""
        known = self.centre.state.legs
        if not isinstance(fact, facts.LegAsked) or fact.leg in known or fact.interaction or is_dialled(fact.leg):
            return False
        if not self.left_alone:
            report.error("the journal cannot be written: new calls are left to the exchange's fall-back")
        self.left_alone += 1
        self._perform(effects.FallBack(leg=fact.leg))
        return True

    async def ask(self, command: facts.AnyFact) -> str:
        """Put a command to the Centre; returns its refusal, empty if it was done, after the commit.

        Raises `BusyError` if too many wait already, or no answer comes within `ANSWER_S`.
        """
        if not isinstance(command, facts.Command):
            raise TypeError("only commands are answered")
        if self._broken or len(self._answers) >= ANSWERS_MAX or self._diary.backlog >= BACKLOG_FOR_COMMANDS:
            raise BusyError
        token = command.token
        answer: Deferred[str] = Deferred()
        waiting = self._answers.setdefault(token, [])
        waiting.append(answer)
        answer.addTimeout(ANSWER_S, self._reactor, onTimeoutCancel=_too_late)
        if len(waiting) == 1:
            self.take(command)
        try:
            return await answer
        finally:
            if answer in waiting:
                waiting.remove(answer)
            if not waiting and self._answers.get(token) is waiting:
                del self._answers[token]

    def _handle(self, fact: facts.AnyFact) -> None:
        now = self._now()
        asked = self.centre.handle(now, fact)
        sequence = self.centre.state.sequence
        row = api.Row(
            sequence=sequence,
            now=now,
            fact=fact,
            kept=tuple(effect for effect in asked if isinstance(effect, effects.Kept)),
            about=self.centre.about,
            effects_sum=sum_of(asked),
        )
        if not self._diary.append(row):
            self._break("the journal cannot keep up with the calls")
            return
        for effect in asked:
            if isinstance(effect, effects.AnyPromise):
                self._promised.append((sequence, effect))
            else:
                self._perform(effect)
        self._count(fact)
        for listener in self._listeners:
            _tell(listener, row, asked)

    def _perform(self, effect: effects.AnyCallEffect) -> None:
        leg = effect.legs[0] if isinstance(effect, effects.Bridge) else effect.leg
        exchange = self._exchanges.get(leg.exchange)
        if exchange is None:
            report.error("no exchange {exchange} for {effect}", exchange=leg.exchange, effect=type(effect).__name__)
            return
        try:
            exchange.perform(effect)
        except Exception:  # noqa: BLE001  a driver's fault must not stop the others' calls; it is logged whole
            report.failure("the exchange failed at {effect}", effect=type(effect).__name__)

    def _count(self, fact: facts.AnyFact) -> None:
        tag = str(fact.__struct_config__.tag)
        self.counts[tag] = self.counts.get(tag, 0) + 1
        self._since_snapshot += max(1, len(fact.calls)) if isinstance(fact, facts.CallsTold) else 1
        if self._since_snapshot >= SNAPSHOT_EVERY:
            self.snapshot_due = True

    def snapshot_taken(self) -> None:
        """Begin to count facts anew."""
        self._since_snapshot = 0
        self.snapshot_due = False

    # -- time

    def _set_alarm(self) -> None:
        deadline = self.centre.deadline()
        if self._broken:
            deadline = None
        if deadline == self._alarm_at and (self._alarm is None) == (deadline is None):
            return
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        self._alarm_at = deadline
        if deadline is not None:
            wait_s = max(0, deadline - self._now()) / 1_000_000 + DUE_LATE_S
            self._alarm = self._reactor.callLater(wait_s, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        self._alarm_at = None
        deadline = self.centre.deadline()
        if deadline is not None and deadline <= self._now():
            self.take(facts.Due())
        else:
            self._set_alarm()

    # -- what the journal says

    def committed(self, sequence: int) -> None:
        """Let go of what was promised up to this fact. In the reactor's thread."""
        while self._promised and self._promised[0][0] <= sequence:
            self._keep(self._promised.popleft()[1])
        while self._commits and self._commits[0][0] <= sequence:
            self._commits.popleft()[1].callback(None)

    def committed_all(self) -> Deferred[None]:
        """Wait until everything that was taken in by now is committed; for ever if the daemon cannot go on."""
        waiting: Deferred[None] = Deferred()
        self._commits.append((self.centre.state.sequence, waiting))
        return waiting

    def failed(self, error: str) -> None:
        """Stop: the journal has failed for good, so nothing may be promised any more. In the reactor's thread."""
        self._break(error)

    def _keep(self, promise: effects.AnyPromise) -> None:
        if isinstance(promise, effects.Answered):
            for answer in list(self._answers.pop(promise.token, ())):
                answer.callback(promise.refused)
            return
        if isinstance(promise, effects.Assure):
            self._perform(promise.prompt)
            return
        if isinstance(promise, effects.Quarantined):
            self.quarantined += 1
            report.error("the Centre could not digest {fact}: {error}", fact=promise.fact, error=promise.error)
        for listener in self._filed:
            try:
                listener(promise)
            except Exception:  # noqa: BLE001  one who listens must not keep the others from hearing
                report.failure("a listener failed at {promise}", promise=type(promise).__name__)

    def close(self) -> None:
        """Take nothing more in: the daemon is about to stop, in order."""
        self._broken = True
        self._set_alarm()
        for answers in list(self._answers.values()):
            for answer in list(answers):
                answer.errback(BusyError())
        self._answers.clear()

    def _break(self, why: str) -> None:
        if self._broken:
            return
        self._broken = True
        self._set_alarm()
        report.critical("the daemon cannot go on: {why}", why=why)
        self._failed(why)

    @property
    def performing(self) -> Mapping[str, Exchange]:
        """The exchanges by name."""
        return self._exchanges


def _tell(listener: Listener, row: api.Row, asked: tuple[effects.AnyEffect, ...]) -> None:
    try:
        listener(row, asked)
    except Exception:  # noqa: BLE001  one who listens must not keep the others from hearing
        report.failure("a listener failed at {fact}", fact=type(row.fact).__name__)


def _too_late(_result: object, _timeout_s: float) -> str:
    raise BusyError
