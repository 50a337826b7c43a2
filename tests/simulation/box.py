"""A box in a simulated world: the daemon with its disk and its line to the exchange, each of which may fail.

What a crash can tell apart is kept apart here: what was committed, what was only handled, what was promised, what was
asked of the exchange and never reached it. The Centre is the real one.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2b
from random import Random

import msgspec

from appliance.core import effects, facts, model
from appliance.core.cdr import CDR
from appliance.core.centre import Centre
from drivers.simulated.clock import HeapClock
from drivers.simulated.exchange import SimulatedExchange
from drivers.simulated.line import Line
from tests.simulation.writing import EVERY_S, Writing

BEGIN = 1_790_000_000_000_000
"When a world begins: some day in 2026, microseconds UTC."
SECOND = 1_000_000
COMMIT_S = (0.02, 0.1)
"From a fact to the commit that holds it."
RETRY_S = 0.25
"After which a leg asks again where nobody answered."
BY_AGI = (effects.AnswerLeg, effects.Prompt, effects.Hold, effects.Forward)
"Effects that reach a leg through its own connection, AMI or not."
ASKED_BY_AGI = (facts.LegAsked, facts.Prompted)

_encoder = msgspec.msgpack.Encoder()


class WrongError(AssertionError):
    """Something that must hold did not."""


@dataclass(slots=True)
class Entry:
    """A fact as the journal holds it, and what came of it."""

    now: int
    fact: facts.AnyFact
    digest: bytes
    "Of the bytes of its effects."


@dataclass(slots=True, kw_only=True)
class Disk:
    """What outlives a kill."""

    entries: list[Entry] = field(default_factory=list)
    snapshot: bytes = b""
    snapshot_at: int = 0
    "How many entries it holds."
    boot: int = 0
    records: list[CDR] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    "What was answered to commands: acknowledged, never to be forgotten."
    fails: bool = False
    "Whether the next commit fails."
    snapshots: int = 0


Observer = Callable[[int, facts.AnyFact, tuple[effects.AnyEffect, ...]], None]
"Told of each fact with its time and effects, right after it was handled."


class Box:
    """The daemon at work: facts go to the Centre, effects to the exchange, rows to the disk, promises after them."""

    cut_off: Callable[[Line], None]
    "Told of each line that a failing exchange cuts."

    def __init__(self, clock: HeapClock, dice: Random, versions: dict[str, model.Configuration]) -> None:
        """Stand switched off."""
        self.clock = clock
        self.dice = dice
        self.versions = versions
        self.disk = Disk()
        self.exchange = SimulatedExchange(clock, self.observe)
        self.writing = Writing(clock, self.exchange)
        self.centre: Centre | None = None
        "The daemon's; None while it is dead."
        self.link = False
        "Whether AMI is up."
        self.exchange_up = True
        self.exchange_restarted = False
        "Whether the exchange was restarted and nobody has told the Centre."
        self.late_hang_ups = 0.0
        "Share of hang-ups that are told seconds late."
        self.late_bridges = 0.0
        "Share of bridges that the exchange makes seconds late."
        self.lateness_us = 0
        "How late a deadline is noticed."
        self.began: Callable[[Centre], Observer] = lambda _centre: lambda _now, _fact, _asked: None
        "Makes the observer of a Centre that begins."
        self.performed: Callable[[effects.AnyCallEffect], None] = lambda _effect: None
        "Told of what reached the exchange."
        self.about_to: Callable[[Centre, int], None] = lambda _centre, _now: None
        "Told of the time of each fact that is about to be handled."
        self.went_wrong: Callable[[str], None] = lambda _what: None
        "Told of each fault that was felt."
        self.cut_off = lambda _line: None
        self.heard: Callable[[facts.AnyFact], None] = lambda _fact: None
        "Told of what the exchange reports, whether or not anybody listens."
        self.handled = 0
        self.tokens = 0
        self._observer: Observer = lambda _now, _fact, _asked: None
        self._tail: list[Entry] = []
        self._promised: list[effects.AnyPromise] = []
        self._unseen = False
        "Whether AMI is gone and nobody has noticed."
        self._life = 0
        "Counts starts, so that a dead daemon's timers do nothing."

    # -- life

    def start(self) -> None:
        """Come up, unless it is up: read the disk, replay, connect."""
        if self.centre is not None:
            return
        disk = self.disk
        disk.boot += 1
        if disk.boot > 1:
            self.went_wrong("started again")
        self._life += 1
        of = self.versions.__getitem__
        centre = Centre.restore(disk.snapshot, of) if disk.snapshot else Centre(of)
        for number, entry in enumerate(disk.entries[disk.snapshot_at :], disk.snapshot_at):
            if digest(centre.handle(entry.now, entry.fact)) != entry.digest:
                raise WrongError(f"replay: entry {number}, {entry.fact}, gave other effects than when it happened")
        for token, answer in list(disk.answers.items())[-200:]:
            if centre.state.answered.get(token) != answer:
                raise WrongError(f"acknowledged: the answer to {token} was given and is forgotten")
        self.centre = centre
        self._observer = self.began(centre)
        self.take(facts.Started(boot=disk.boot))
        self.writing.begin(self.take)
        self._later(EVERY_S / 2, self._read)
        self._later(self.dice.uniform(0.05, 0.5), self.connect)

    def kill(self) -> None:
        """Die: what was not committed is gone, and what was promised with it."""
        self.centre = None
        self.link = self._unseen = False
        self._tail.clear()
        self._promised.clear()
        self._life += 1
        self.exchange.forsake(RETRY_S)

    def connect(self) -> None:
        """Let AMI come up, if both ends live, and tell what is there."""
        if self.centre is None or not self.exchange_up or self.link:
            return
        self._notice()
        self.link = True
        restarted, self.exchange_restarted = self.exchange_restarted, False
        self.exchange.found(restarted=restarted, gone=self.writing.gone())

    def _read(self) -> None:
        """Take in what the exchange wrote down by itself, from time to time."""
        if self.centre is None:
            return
        last = self.centre.state.chronicles[self.exchange.name].part
        self.writing.tell(self.take, last, exchange_up=self.exchange_up, quiet=self.quiet)
        self._later(EVERY_S, self._read)

    def lose_link(self, unseen_s: float) -> None:
        """Let AMI go silent; the daemon notices after a while."""
        self.link = False
        self._unseen = True
        self._later(unseen_s, self._notice)

    def _notice(self) -> None:
        if self._unseen:
            self._unseen = False
            self.take(facts.ExchangeLost(exchange=self.exchange.name))

    def crash_exchange(self) -> None:
        """Kill the exchange; every call is gone. The daemon sees it at once."""
        self.link = self._unseen = False
        self.exchange_up = False
        self.exchange_restarted = True
        cut = list(self.exchange.lines.values())
        self.exchange.crash()
        for line in cut:
            self.cut_off(line)

    def _later(self, seconds: float, what: Callable[[], object]) -> None:
        life = self._life
        self.clock.callLater(seconds, lambda: what() if life == self._life else None)

    # -- facts

    def observe(self, fact: facts.AnyFact) -> None:
        """Hear what the exchange reports, unless nobody listens."""
        self.heard(fact)
        if isinstance(fact, facts.LegEnded) and self.dice.random() < self.late_hang_ups:
            self.went_wrong("late hang-up")
            self.clock.callLater(self.dice.uniform(0.1, 4), lambda: self._hear(fact))
        else:
            self._hear(fact)

    def _hear(self, fact: facts.AnyFact) -> None:
        if self.centre is None:
            self.went_wrong("fact lost on the way")
            if isinstance(fact, ASKED_BY_AGI):
                self.exchange.forsake(RETRY_S, fact.leg)
        elif self.link or isinstance(fact, (*ASKED_BY_AGI, facts.ExchangeLost)):
            self.take(fact)
        else:
            self.went_wrong("fact lost on the way")

    def take(self, fact: facts.AnyFact) -> tuple[effects.AnyEffect, ...]:
        """Handle a fact, do what the Centre asks, and have it written down."""
        if self.centre is None:
            return ()
        now = self.clock.now
        self.about_to(self.centre, now)
        asked = self.centre.handle(now, fact)
        self.handled += 1
        self._observer(now, fact, asked)
        self._tail.append(Entry(now, fact, digest(asked)))
        if len(self._tail) == 1:
            self._later(self.dice.uniform(*COMMIT_S), self._commit)
        for effect in asked:
            if isinstance(effect, effects.CallEffect):
                self._perform(effect)
            else:
                self._promised.append(effect)
        return asked

    def command(self, kind: type[facts.AgentCommand], agent: str, **more: object) -> None:
        """Let an agent ask for something."""
        self.tokens += 1
        self.take(kind(token=str(self.tokens), agent=agent, **more))  # type: ignore[arg-type]  # each kind its own

    def publish(self, company: model.Configuration) -> None:
        """Let a configuration hold."""
        version = model.version_of(company)
        self.versions[version] = company
        self.take(facts.ConfigurationPublished(version=version))

    def due(self) -> int | None:
        """Tell when a deadline is noticed."""
        deadline = self.centre.deadline() if self.centre else None
        return None if deadline is None else deadline + self.lateness_us

    # -- effects and the disk

    def _perform(self, effect: effects.AnyCallEffect) -> None:
        if not self.exchange_up or not (self.link or isinstance(effect, BY_AGI) or self._asks(effect)):
            return
        if isinstance(effect, effects.Bridge) and self.dice.random() < self.late_bridges:
            self.went_wrong("late bridge")
            self.clock.callLater(self.dice.uniform(1, 9), lambda: self.exchange.perform(effect))
            return
        self.exchange.perform(effect)
        self.performed(effect)

    def _asks(self, effect: effects.AnyCallEffect) -> bool:
        if not isinstance(effect, effects.HangUp | effects.FallBack):
            return False
        line = self.exchange.lines.get(effect.leg)
        return line is not None and line.doing == "asking"

    def _commit(self) -> None:
        disk = self.disk
        if disk.fails:
            disk.fails = False
            self.went_wrong("commit failed")
            self.kill()
            self.clock.callLater(self.dice.uniform(0.5, 3), self.start)
            return
        disk.entries += self._tail
        self._tail.clear()
        for promise in self._promised:
            match promise:
                case effects.CallFiled(cdr=cdr):
                    disk.records.append(cdr)
                case effects.Assure(prompt=prompt):
                    self._perform(prompt)
                case effects.Answered(token=token, refused=refused):
                    disk.answers[token] = refused
                case _:
                    pass
        self._promised.clear()
        if self.centre is not None and len(disk.entries) - disk.snapshot_at > 300:
            disk.snapshot, disk.snapshot_at = self.centre.snapshot(), len(disk.entries)
            disk.snapshots += 1

    @property
    def quiet(self) -> bool:
        """Whether everything that was handled is written down."""
        return not self._tail

    def replay(self) -> None:
        """Handle everything that was committed once more; raises `WrongError` at the first difference."""
        again = Centre(self.versions.__getitem__)
        for number, entry in enumerate(self.disk.entries):
            if digest(again.handle(entry.now, entry.fact)) != entry.digest:
                raise WrongError(f"replay: entry {number}, {entry.fact}, gave other effects than when it happened")
        if self.centre is not None and not self._tail and again.snapshot() != self.centre.snapshot():
            raise WrongError("replay: the state differs from the one that the day ended with")


def digest(asked: tuple[effects.AnyEffect, ...]) -> bytes:
    """Sum up the bytes of some effects."""
    return blake2b(_encoder.encode(asked), digest_size=8).digest()
