"""A centre, a simulated exchange and a clock, driven by hand: the shortest way to a waiting caller."""

from collections.abc import Callable

from appliance.core import effects, facts, model
from appliance.core import state as st
from appliance.core.cdr import CDR
from appliance.core.centre import Centre
from drivers.simulated.clock import HeapClock
from drivers.simulated.exchange import SimulatedExchange
from drivers.simulated.line import Line

BEGIN = 1_790_000_000_000_000
"When a world begins: some day in 2026, microseconds UTC."
SECOND = 1_000_000


def a_queue(slug: object = "support", **other: object) -> model.Queue:
    """Make a queue with agents ann and bob."""
    return model.Queue(**({"slug": slug, "agents": ("ann", "bob"), "wrap_up_s": 10} | other))  # type: ignore[arg-type]  # what differs


def a_flow(*nodes: model.Node, slug: str = "main") -> model.Flow:
    """Make a flow, or the usual one: a menu whose 1 leads to the queue `support`."""
    return model.Flow(
        slug=slug,
        nodes=nodes
        or (
            model.Node(
                id="menu",
                kind="menu",
                options={"prompt": "welcome", "choices": {"1": "Support"}, "tries": 2},
                exits={"1": "wait"},
            ),
            model.Node(id="wait", kind="queue", options={"queue": "support"}, exits={}),
        ),
    )


def a_company(*queues: model.Queue, flow: model.Flow | None = None, **other: object) -> model.Configuration:
    """Make a company with two agents, one flow and the number 2000."""
    parts: dict[str, object] = {
        "numbers": (model.Number(slug="2000", flow="main"),),
        "extensions": (model.Extension(slug="101", agent="ann"), model.Extension(slug="102", agent="bob")),
        "agents": (model.Agent(slug="ann", extension="101"), model.Agent(slug="bob", extension="102")),
        "queues": queues or (a_queue(),),
        "flows": (flow or a_flow(),),
        "breaks": (model.Reason(slug="lunch"),),
        "dispositions": (model.Reason(slug="order"),),
    }
    return model.Configuration(**(parts | other))  # type: ignore[arg-type]  # what differs


class World:
    """A centre at work on a simulated exchange."""

    def __init__(self, configuration: model.Configuration | None = None) -> None:
        """Publish the configuration, connect the exchange, sign nobody on."""
        self.versions: dict[str, model.Configuration] = {}
        self.clock = HeapClock(BEGIN)
        self.exchange = SimulatedExchange(self.clock, self._observed)
        self.centre = Centre(self.versions.__getitem__)
        self.effects: list[effects.AnyEffect] = []
        self.facts: list[tuple[int, facts.AnyFact]] = []
        self.tokens = 0
        self.cut_off = False
        "Whether the exchange neither hears us nor is heard."
        self.take(facts.Started(boot=1))
        self.publish(configuration or a_company())
        self.exchange.found()

    def publish(self, configuration: model.Configuration) -> None:
        """Let a configuration hold."""
        version = model.version_of(configuration)
        self.versions[version] = configuration
        self.take(facts.ConfigurationPublished(version=version))
        self.exchange.reachable = {extension.slug for extension in configuration.extensions}

    def _observed(self, fact: facts.AnyFact) -> None:
        if not self.cut_off:
            self.take(fact)

    def take(self, fact: facts.AnyFact) -> tuple[effects.AnyEffect, ...]:
        """Give the centre a fact now, and do what it asks."""
        self.facts.append((self.clock.now, fact))
        out = self.centre.handle(self.clock.now, fact)
        self.effects.extend(out)
        for effect in out:
            doing = effect.prompt if isinstance(effect, effects.Assure) else effect
            if isinstance(doing, effects.CallEffect) and not self.cut_off:
                self.exchange.perform(doing)
        return out

    def run(self, seconds: float = 0.1) -> None:
        """Let time pass, with everything that happens in it."""
        self.until(lambda: False, seconds)

    def until(self, true: Callable[[], bool], seconds: float) -> bool:
        """Let time pass until something is so, at most so long; tell whether it is."""
        end = self.clock.now + round(seconds * SECOND)
        while not true():
            moments = [at for at in (self.clock.next(), self.centre.deadline()) if at is not None and at <= end]
            if not moments:
                self.clock.now = end
                return true()
            if self.clock.next() == min(moments):
                self.clock.step()
            else:
                self.clock.now = max(min(moments), self.clock.now)
                self.take(facts.Due())
        return True

    def command(self, kind: type[facts.AgentCommand], agent: str, **more: object) -> str:
        """Let an agent ask for something; returns the refusal."""
        self.tokens += 1
        out = self.take(kind(token=str(self.tokens), agent=agent, **more))  # type: ignore[arg-type]  # each kind its own
        return next(e.refused for e in out if isinstance(e, effects.Answered))

    def sign_on(self, *agents: str) -> None:
        """Let agents take their seats, a second apart."""
        for agent in agents:
            assert not self.command(facts.SignOn, agent)
            self.run(1)

    def call(self, number: str = "2000", *, key: str = "1", **more: object) -> Line:
        """Let somebody call and, if a key is given, choose it."""
        line = self.exchange.call(number, party=f"p{len(self.exchange.lines)}", **more)  # type: ignore[arg-type]  # its own
        self.run()
        if key:
            self.exchange.press(line, key)
            self.run()
        return line

    def ringing(self, extension: str) -> Line:
        """Find the line that rings at an extension."""
        lines = [i for i in self.exchange.lines.values() if i.extension == extension and i.doing == "ringing"]
        assert len(lines) == 1, f"{len(lines)} calls ring at {extension}"
        return lines[0]

    def talk(self, extension: str = "101") -> Line:
        """Let the phone that rings be answered and joined."""
        line = self.ringing(extension)
        self.exchange.pick_up(line)
        self.run()
        assert line.doing == "bridged"
        return line

    def ringing_or_talking(self, agent: str) -> str:
        """Name the interaction that an agent has in hand."""
        state = self.centre.state.agents[agent].state
        assert isinstance(state, st.Ringing | st.Talking | st.WrapUp)
        return state.interaction

    def company_with_midnights(self, *midnights: int) -> model.Company:
        """Make a company whose days begin at these moments."""
        return model.Company(midnights=midnights)

    def records(self) -> list[CDR]:
        """List the records filed so far."""
        return [effect.cdr for effect in self.effects if isinstance(effect, effects.CallFiled)]

    def agent_is(self, agent: str) -> str:
        """Tell an agent's state."""
        return str(self.centre.state.agents[agent].state.__struct_config__.tag)

    def some(self, kind: type[effects.AnyEffect]) -> list[effects.AnyEffect]:
        """List the effects of a kind so far."""
        return [effect for effect in self.effects if isinstance(effect, kind)]


def plant(where: object, *methods: str) -> None:
    """Plant a defect of ours: these methods raise, with somebody's number in the text."""
    for method in methods:
        setattr(where, method, _raise)


def mend(where: object, *methods: str) -> None:
    """Take a planted defect out."""
    for method in methods:
        delattr(where, method)


def _raise(*_args: object, **_named: object) -> None:
    raise RuntimeError("13800138000")
