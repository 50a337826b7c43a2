"""The expected wait as callers hear it: whole days through the real Centre, against the estimate of app_queue.

What is scored is what was said: the intervals in the prompts, held against the moment at which the bridge was made.
"""

from dataclasses import dataclass, field
from functools import partial
from random import Random

import pytest

from appliance.core import effects, facts, model
from appliance.core.estimate import SHARE
from drivers.simulated.line import Line
from tests.core.world import SECOND, World, a_company, a_flow, a_queue

DAY_S = 30_000
AGENTS = 7
HANDLED_S = 200
PATIENCE_S = 900


@dataclass(slots=True)
class Told:
    """What a caller was told, and when."""

    at: int
    low_s: int
    high_s: int
    holdtime_s: int
    "What app_queue would have said at that moment, less what had been waited by then."


@dataclass(slots=True)
class Score:
    """What became of what was said."""

    told: int = 0
    inside: int = 0
    near: int = 0
    "Half a minute off at most, as app_queue rounds to minutes."
    off_s: float = 0.0
    holdtime_off_s: float = 0.0


@dataclass
class Days:
    """A company over whole days: two workgroups that share their agents, and callers of two priorities."""

    dice: Random
    world: World = field(init=False)
    told: dict[object, list[Told]] = field(default_factory=dict)
    came: dict[object, int] = field(default_factory=dict)
    holdtime_s: int = 0
    "`recalc_holdtime` of app_queue.c: three quarters of what it was, one quarter of the new."
    score: Score = field(default_factory=Score)
    seen: int = 0

    def __post_init__(self) -> None:
        """Sign everybody on."""
        agents = tuple(f"a{n}" for n in range(AGENTS))
        waiting = model.WaitingCaller(expected_wait=True, first_s=2, every_s=90)
        queues = [a_queue(slug, agents=agents, waiting=waiting, wrap_up_s=20) for slug in ("support", "second")]
        flows = tuple(
            a_flow(model.Node(id="wait", kind="queue", options={"queue": queue.slug}), slug=queue.slug)
            for queue in queues
        )
        self.world = World(
            a_company(
                *queues,
                flows=flows,
                numbers=tuple(model.Number(slug=f"200{n}", flow=queue.slug) for n, queue in enumerate(queues)),
                agents=tuple(model.Agent(slug=agent, extension=f"1{n:02}") for n, agent in enumerate(agents)),
                extensions=tuple(model.Extension(slug=f"1{n:02}", agent=agent) for n, agent in enumerate(agents)),
            )
        )
        self.world.exchange.found()
        self.world.exchange.on_ring = lambda line: self.later(self.dice.uniform(2, 6), partial(self.pick_up, line))
        self.world.sign_on(*agents)

    def later(self, delay_s: float, what: partial[None]) -> None:
        """Let something happen so many seconds from now."""
        self.world.clock.callLater(delay_s, what)

    def pick_up(self, line: Line) -> None:
        """Answer, talk, hang up."""
        self.world.exchange.pick_up(line)
        self.later(self.dice.lognormvariate(5.0, 0.6), partial(self.world.exchange.end, line.leg))

    def come(self) -> None:
        """Call, and give up in the end."""
        view = facts.PartyView(priority=self.dice.choice([0, 0, 0, 0, 4]))
        line = self.world.exchange.call(self.dice.choice(["2000", "2001"]), party="p", view=view)
        self.came[line.leg] = self.world.clock.now
        self.later(self.dice.expovariate(1 / PATIENCE_S), partial(self.give_up, line))

    def give_up(self, line: Line) -> None:
        """Hang up, if nobody has answered: what was said and is over by then was wrong."""
        if line.doing not in {"bridged", "gone"}:
            for told in self.told.pop(line.leg, []):
                self.score.told += self.world.clock.now > told.at + told.high_s * SECOND
            self.world.exchange.end(line.leg)

    def day(self) -> None:
        """Live through a day with two rushes."""
        at_s = 0.0
        while at_s < DAY_S:
            rush = 0.2 < at_s / DAY_S < 0.5 or 0.7 < at_s / DAY_S < 0.9
            at_s += self.dice.expovariate(AGENTS / HANDLED_S * (1.12 if rush else 0.8))
            self.later(at_s, partial(self.come))
        end = self.world.clock.now + (DAY_S + 3600) * SECOND
        while self.world.clock.now < end:
            self.world.run(5)
            self.look()

    def look(self) -> None:
        """Take in what was said and what became of it."""
        fresh, self.seen = self.world.facts[self.seen :], len(self.world.facts)
        said = [effect for effect in self.world.effects if isinstance(effect, effects.Prompt)]
        self.world.effects.clear()
        for prompt in said:
            low_s, high_s = (int(sound.rpartition("-")[2]) for sound in (("0-0", *prompt.sounds)[-2:]))
            interaction = next((i for i in self.world.centre.state.interactions.values() if i.leg == prompt.leg), None)
            if interaction is None or interaction.comfort is None or interaction.comfort.said is None:
                continue
            at = interaction.comfort.said.at
            # The sounds say what was meant; when it was meant, the Centre knows to the microsecond.
            assert (interaction.comfort.said.low_s, interaction.comfort.said.high_s) == (low_s, high_s)
            left_s = max(0, self.holdtime_s - (at - self.came[prompt.leg]) // SECOND)
            self.told.setdefault(prompt.leg, []).append(Told(at, low_s, high_s, left_s))
        for at, fact in fresh:
            if isinstance(fact, facts.Bridged):
                self.answered(at, fact)

    def answered(self, at: int, fact: facts.Bridged) -> None:
        """Hold a wait against what was said of it."""
        caller = fact.legs[0]
        self.holdtime_s = (self.holdtime_s * 3 + (at - self.came[caller]) // SECOND) >> 2
        for told in self.told.pop(caller, []):
            wait_s = (at - told.at) / SECOND
            self.score.told += 1
            self.score.inside += told.low_s <= wait_s <= told.high_s
            self.score.near += abs(told.holdtime_s - wait_s) <= 30
            self.score.off_s += abs((told.low_s + told.high_s) / 2 - wait_s)
            self.score.holdtime_off_s += abs(told.holdtime_s - wait_s)


@pytest.mark.slow
def test_what_callers_hear_covers_its_share() -> None:
    """Within three points over whole days; the middle is nearer than what app_queue would have said."""
    days = Days(Random(3))  # noqa: S311  no secret: simulated days
    for _ in range(4):
        days.day()
    score = days.score
    outlooks = days.world.centre.state.outlooks.values()
    told, inside = sum(o.told for o in outlooks), sum(o.inside for o in outlooks)
    assert score.told > 1500
    assert abs(inside / told - SHARE / 1000) < 0.03
    assert abs(score.inside / score.told - SHARE / 1000) < 0.03
    assert score.off_s < score.holdtime_off_s
    assert score.near < score.inside
