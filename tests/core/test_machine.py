"""A state machine of hypothesis over the Centre: whatever is done in whatever order, every invariant holds.

Where one does not, hypothesis shrinks what was done to the shortest story that breaks it.
"""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as draw
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule
from typing_extensions import override

from appliance.core import effects, facts, model
from appliance.core.centre import Centre
from appliance.core.invariants import Watch
from drivers.simulated.line import Line
from tests.core.test_flows import node
from tests.core.world import World, a_company, a_flow, a_queue

AGENTS = ("ann", "bob")
EXTENSIONS = ("101", "102")
LINES_MAX = 6
COMMANDS = (facts.SignOn, facts.SignOff, facts.EndBreak, facts.EndWrapUp)
AGENT = draw.sampled_from(AGENTS)
NTH = draw.integers(min_value=0, max_value=LINES_MAX - 1)


def two_queues() -> model.Configuration:
    """Make a company whose two queues share an agent, with limits on length and wait."""
    return a_company(
        a_queue(wait_s_max=40, ring_s=8, wrap_up_s=5),
        a_queue("sales", agents=("bob",), length_max=3, ring_s=5, wrap_up_s=0, priority=3),
        flow=a_flow(
            node("menu", "menu", {"1": "support", "2": "sales"}, prompt="w", choices={"1": "a", "2": "b"}, tries=2),
            node("support", "queue", {"timeout": "sales"}, queue="support"),
            node("sales", "queue", {"next": "bye", "full": "bye"}, queue="sales"),
            node("bye", "hang_up", prompt="bye"),
        ),
    )


class WatchedWorld(World):
    """A world in which every fact is followed by a look at every invariant."""

    watch: Watch | None = None

    @override
    def take(self, fact: facts.AnyFact) -> tuple[effects.AnyEffect, ...]:
        out = super().take(fact)
        if self.watch is not None:
            assert not self.watch.look(self.clock.now, fact, out)
            assert not self.watch.audit()
        assert not any(isinstance(effect, effects.Quarantined) for effect in out)
        return out


class Machine(RuleBasedStateMachine):
    """Callers, agents, phones, a daemon and an exchange, each of which may do anything at any time."""

    def __init__(self) -> None:
        """Open, with nobody at work."""
        super().__init__()
        self.world = WatchedWorld(two_queues())
        self.world.watch = Watch(self.world.centre)

    def line(self, nth: int, *doing: str) -> Line | None:
        """Find the n-th line that does one of these, counted round and round."""
        lines = [line for line in self.world.exchange.lines.values() if line.doing in doing]
        return lines[nth % len(lines)] if lines else None

    @precondition(lambda self: len(self.world.exchange.lines) < LINES_MAX)
    @rule(party=draw.sampled_from(["p1", "p2", "p3"]))
    def call(self, party: str) -> None:
        """Let somebody call."""
        self.world.exchange.call("2000", party=party)
        self.world.run(0.01)

    @rule(nth=NTH, key=draw.sampled_from("129"))
    def press(self, nth: int, key: str) -> None:
        """Press a key that a prompt waits for."""
        if line := self.line(nth, "prompt"):
            self.world.exchange.press(line, key)
            self.world.run(0.01)

    @rule(nth=NTH)
    def pick_up(self, nth: int) -> None:
        """Pick up a phone that rings."""
        if line := self.line(nth, "ringing"):
            self.world.exchange.pick_up(line)

    @rule(nth=NTH, cause=draw.sampled_from(["busy", "refused", "unreachable"]))
    def refuse(self, nth: int, cause: str) -> None:
        """Let a phone that rings refuse."""
        if line := self.line(nth, "ringing"):
            self.world.exchange.refuse(line, cause)

    @rule(nth=NTH, cause=draw.sampled_from([16, 27]))
    def hang_up(self, nth: int, cause: int) -> None:
        """End a leg, whosever it is."""
        if line := self.line(nth, "music", "bridged", "prompt", "idle", "ringing", "asking"):
            self.world.exchange.end(line.leg, cause)

    @rule(agent=AGENT, kind=draw.sampled_from(COMMANDS))
    def ask(self, agent: str, kind: type[facts.AgentCommand]) -> None:
        """Let an agent ask for something."""
        self.world.command(kind, agent)

    @rule(agent=AGENT)
    def take_break(self, agent: str) -> None:
        """Let an agent ask for a break."""
        self.world.command(facts.TakeBreak, agent, reason="lunch")

    @rule(agent=AGENT, by_s=draw.sampled_from([0, 5]))
    def extend(self, agent: str, by_s: int) -> None:
        """Let an agent need more time."""
        self.world.command(facts.ExtendWrapUp, agent, by_s=by_s)

    @rule(extension=draw.sampled_from(EXTENSIONS), reachable=draw.booleans())
    def phone(self, extension: str, *, reachable: bool) -> None:
        """Let a phone come or go."""
        self.world.exchange.see(extension, reachable=reachable)

    @rule(seconds=draw.sampled_from([0.001, 0.5, 3, 11, 60]))
    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.world.run(seconds)

    @rule(away_s=draw.sampled_from([0, 2]))
    def restart(self, away_s: float) -> None:
        """Kill the daemon after a snapshot, and let it come back."""
        world = self.world
        world.cut_off = True
        world.watch = None
        world.centre = Centre.restore(world.centre.snapshot(), world.versions.__getitem__)
        world.run(away_s)
        world.cut_off = False
        world.watch = Watch(world.centre)
        world.take(facts.Started(boot=world.centre.state.boot + 1))
        world.exchange.forsake(0.1)
        world.exchange.found()

    @rule()
    def crash(self) -> None:
        """Kill the exchange, and let it come back empty."""
        self.world.exchange.crash()
        self.world.exchange.found(restarted=True)

    @rule(away_s=draw.sampled_from([0, 2]))
    def lose(self, away_s: float) -> None:
        """Lose the line to the exchange, and find it again."""
        self.world.take(facts.ExchangeLost(exchange="simulated"))
        self.world.run(away_s)
        self.world.exchange.found()

    @override
    def teardown(self) -> None:
        """See that the same facts give the same effects and the same state."""
        again = Centre(self.world.versions.__getitem__)
        out = [effect for now, fact in self.world.facts for effect in again.handle(now, fact)]
        assert out == self.world.effects
        assert again.snapshot() == self.world.centre.snapshot()


TestMachine = Machine.TestCase
TestMachine.settings = settings(
    max_examples=150, stateful_step_count=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
