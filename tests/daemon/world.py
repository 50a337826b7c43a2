"""A hub on a clock set by hand, with the real Centre, the simulated exchange, and a journal in memory."""

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar  # any: what a coroutine yields is Twisted's affair

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from appliance import api
from appliance.core import facts, model
from appliance.core.centre import Centre
from appliance.daemon.hub import Hub
from drivers.simulated.exchange import SimulatedExchange
from drivers.simulated.line import Line
from tests.contract.company import company

NOON = 1_795_262_400_000_000
"2026-11-21 12:00 UTC, microseconds."
STEP_S = 0.01
VERSION = model.version_of(company())

ResultT = TypeVar("ResultT")


class Memory:
    """A journal that commits when told to."""

    def __init__(self) -> None:
        """Begin empty."""
        self.rows: list[api.Row] = []
        self.committed = 0
        self.full = False

    @property
    def backlog(self) -> int:
        """How many rows wait for their commit."""
        return len(self.rows) - self.committed

    def append(self, row: api.Row) -> bool:
        """Take a row."""
        if not self.full:
            self.rows.append(row)
        return not self.full


class World:
    """A small contact centre, with nobody in it."""

    def __init__(self, *, centre: Centre | None = None) -> None:
        """Publish the company of the stories and let its phones be reachable."""
        self.clock = Clock()
        self.diary = Memory()
        self.broken: list[str] = []
        self.hub = Hub(
            centre=centre or Centre({VERSION: company()}.__getitem__),
            now=lambda: NOON + round(self.clock.seconds() * 1_000_000),
            reactor=self.clock,
            diary=self.diary,
            failed=self.broken.append,
        )
        self.exchange = SimulatedExchange(self.clock, self.hub.take)
        self.ringing: dict[str, Line] = {}
        self.exchange.on_ring = lambda line: self.ringing.__setitem__(line.extension, line)
        self.hub.attach(self.exchange)

    def open(self) -> None:
        """Start, as the daemon does."""
        self.hub.take(facts.Started(boot=1))
        self.hub.take(facts.ConfigurationPublished(version=VERSION))
        self.exchange.reachable.update(phone.slug for phone in company().extensions)
        self.exchange.found()
        self.commit()

    def commit(self) -> None:
        """Commit what the journal has."""
        self.diary.committed = len(self.diary.rows)
        if self.diary.rows:
            self.hub.committed(self.diary.rows[-1].sequence)

    def wait(self, seconds: float) -> None:
        """Let time pass, committing all along."""
        for _ in range(round(seconds / STEP_S)):
            self.clock.advance(STEP_S)
            self.commit()

    def until(self, true: Callable[[], bool], seconds: float = 60.0) -> None:
        """Let time pass until something is true."""
        for _ in range(round(seconds / STEP_S)):
            if true():
                return
            self.clock.advance(STEP_S)
            self.commit()
        raise AssertionError("it did not become true")

    def answer(self, asked: Coroutine[Deferred[Any], Any, ResultT]) -> ResultT:
        """Give what a coroutine returns once all is committed."""
        answers: list[ResultT] = []
        failures: list[BaseException] = []
        waiting = Deferred.fromCoroutine(asked)
        waiting.addCallbacks(answers.append, lambda failure: failures.append(failure.value))
        self.commit()
        if failures:
            raise failures[0]
        return answers[0]

    def sign_on(self, *agents: str) -> None:
        """Let agents take their seats, in this order."""
        for agent in agents:
            assert self.answer(self.hub.ask(facts.SignOn(token=f"on-{agent}", agent=agent))) == ""
            self.wait(0.1)

    def call_support(self, party: str = "p-1") -> Line:
        """Let somebody call and choose support; returns when the caller waits."""
        line = self.exchange.call("2001", party=party)
        self.until(lambda: line.hears == "prompt/en/menu")
        self.exchange.press(line, "1")
        self.until(lambda: line.doing in {"music", "bridged"})
        return line
