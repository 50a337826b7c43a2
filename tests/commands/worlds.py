"""Days whose people are known: how long each caller would wait and talk is settled before anybody is at work.

So the same callers can be lived through with other staffing, by the real Centre, and what really becomes of them is
the truth that `what-if` is held against. How long an agent lets it ring for a caller is settled too, each pair of them
by dice of its own: the more of them meet in another pairing, the more is new to who knows the first day alone.
"""

from dataclasses import dataclass
from functools import partial
from random import Random

from appliance.core import model
from appliance.core import state as st
from appliance.core.cdr import CDR
from appliance.replay import Recorded
from drivers.simulated.line import Line
from tests.commands.recorded import journal_of
from tests.core.world import World, a_company, a_flow, a_queue

QUEUES = ("support", "second")
DAY_S = 3600
TALK_S = 110
PATIENCE_S = 120.0
WRAP_UP_S = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Somebody who will call, and all that depends on nobody else."""

    at_s: float
    number: str
    patience_s: float
    talk_s: float


def the_callers(seed: int, agents: int) -> list[Caller]:
    """Draw the callers of a day on which so many agents have enough to do, and now and then too much."""
    dice = Random(f"{seed}/callers")  # noqa: S311  a day that must repeat
    load = dice.uniform(0.8, 1.25)
    callers: list[Caller] = []
    at_s = 60.0
    while at_s < DAY_S:
        callers.append(
            Caller(
                at_s=at_s,
                number=dice.choice(["2000", "2001"]),
                patience_s=dice.expovariate(1 / PATIENCE_S),
                talk_s=dice.lognormvariate(4.5, 0.6),
            )
        )
        at_s += dice.expovariate(load * agents / (TALK_S + WRAP_UP_S))
    return callers


class LivedDay:
    """A day as it really was with so many agents; nobody is at the phone of a caller who is called back."""

    def __init__(self, seed: int, agents: int, callers: list[Caller], *parts: model.Queue, **other: object) -> None:
        """Live through it; a company may have other queues and more."""
        self._seed = seed
        slugs = tuple(f"a{n}" for n in range(agents))
        queues = parts or [a_queue(slug, agents=slugs, wrap_up_s=WRAP_UP_S, ring_s=15) for slug in QUEUES]
        flows = tuple(
            a_flow(model.Node(id="wait", kind="queue", options={"queue": slug}), slug=slug) for slug in QUEUES
        )
        company = {
            "flows": flows,
            "numbers": tuple(model.Number(slug=f"200{n}", flow=slug) for n, slug in enumerate(QUEUES)),
            "agents": tuple(model.Agent(slug=slug, extension=f"1{n:02}") for n, slug in enumerate(slugs)),
            "extensions": tuple(model.Extension(slug=f"1{n:02}", agent=slug) for n, slug in enumerate(slugs)),
        }
        self.world = World(a_company(*queues, **{**company, **other}))  # type: ignore[arg-type]  # what differs
        self._callers: dict[object, Caller] = {}
        self._order: dict[object, int] = {}
        self.world.exchange.found()
        self.world.exchange.on_ring = self._rung
        self.world.sign_on(*slugs)
        for caller in callers:
            self.world.clock.callLater(caller.at_s, partial(self._call, caller))
        self.world.run(DAY_S + 3600)

    @property
    def records(self) -> list[CDR]:
        """All its calls."""
        return self.world.records()

    @property
    def queues(self) -> dict[str, model.Queue]:
        """Its workgroups."""
        return {slug: bound.queue for slug, bound in self.world.centre.directory.queues.items()}

    def recorded(self) -> Recorded:
        """Give its journal, as one that a box has written."""
        return journal_of(self.world.versions, self.world.facts)

    def _call(self, caller: Caller) -> None:
        line = self.world.exchange.call(caller.number, party=f"p{len(self._callers)}")
        self._order[line.leg] = len(self._callers)
        self._callers[line.leg] = caller
        self.world.clock.callLater(caller.patience_s, partial(self._give_up, line))

    def _give_up(self, line: Line) -> None:
        if line.doing not in {"bridged", "gone"}:
            self.world.exchange.end(line.leg)

    def _rung(self, line: Line) -> None:
        interaction = self.world.centre.state.interactions.get(line.interaction)
        number = self._order.get(interaction.leg, 0) if interaction is not None else 0
        dice = Random(f"{self._seed}/{line.agent}/{number}")  # noqa: S311  a day that must repeat
        self.world.clock.callLater(dice.uniform(1.5, 6), partial(self._pick_up, line))

    def _pick_up(self, line: Line) -> None:
        interaction = self.world.centre.state.interactions.get(line.interaction)
        self.world.exchange.pick_up(line)
        caller = self._callers.get(interaction.leg) if interaction is not None else None
        if caller is not None and interaction is not None and isinstance(interaction.state, st.Offered | st.Joining):
            self.world.clock.callLater(caller.talk_s, partial(self.world.exchange.end, interaction.leg))
