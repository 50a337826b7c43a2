"""The index against a search: whatever happens, it finds the caller and the agents that a search finds."""

from collections import Counter
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from appliance.core import model
from appliance.core import state as st
from appliance.core.directory import Directory
from appliance.core.facts import Leg, PartyView
from appliance.core.index import Index
from appliance.core.matching import NEXT_MAX, RING_MAX, candidates, first_match, why_not
from appliance.core.model import How, Need
from appliance.core.queue import Queues
from appliance.core.turn import Deadlines
from tests.core.world import SECOND

SKILLS = ("english", "cantonese", "billing")
SITES = ("", "north", "south")
STRATEGIES = {
    "longest_idle": {"count_breaks": True},
    "average_longest_idle": {},
    "round_robin": {},
    "ordered": {},
    "fewest_handled": {},
    "least_talk_time": {"all_queues": True},
    "most_skilled": {},
    "ring_all": {},
    "ring_some": {"at_once": 3},
    "random_agent": {"seed": 7},
    "percentage": {"shares": {"a0": 50, "a1": 30}},
}


def company(dice: Random) -> model.Configuration:
    """Draw a company: agents with skills and sites, queues that want, prefer, keep and borrow."""
    agents = tuple(
        model.Agent(
            slug=f"a{n}",
            extension=f"1{n:02}",
            site=dice.choice(SITES),
            units=dice.randint(1, 3),
            skills={skill: dice.randint(1, 9) for skill in SKILLS if dice.random() < 0.6},
        )
        for n in range(dice.randint(1, 8))
    )
    count = dice.randint(1, 4)
    return model.Configuration(
        company=model.Company(
            ageing_s=dice.choice((0, 0, 20)), rest_on_own_call=dice.random() < 0.5, voice_alone=dice.random() < 0.5
        ),
        agents=agents,
        numbers=tuple(model.Number(slug=f"20{n}", flow="", site=site) for n, site in enumerate(SITES)),
        queues=tuple(_queue(dice, n, count, agents) for n in range(count)),
    )


def _queue(dice: Random, number: int, count: int, agents: tuple[model.Agent, ...]) -> model.Queue:
    strategy = dice.choice(sorted(STRATEGIES))
    return model.Queue(
        slug=f"q{number}",
        agents=tuple(agent.slug for agent in dice.sample(agents, dice.randint(0, len(agents)))),
        strategy=strategy,
        strategy_options=STRATEGIES[strategy],  # type: ignore[arg-type]  # free-form
        weight=dice.randint(1, 3),
        requirement=tuple(
            Need(
                skill=dice.choice(SKILLS),
                level=dice.randint(1, 9),
                how=dice.choice(list(How)),
                relax_s=dice.choice((0, 10, 20, 30)),
            )
            for _ in range(dice.choice((0, 1, 1, 2, 3)))
        ),
        prefer_s=dice.choice((0, 0, 15)),
        local_s=dice.choice((0, 0, 12)),
        lenders=tuple(f"q{n}" for n in range(count) if n != number and dice.random() < 0.3),
    )


class Floor:
    """A state with its queues and its index, changed by hand."""

    def __init__(self, dice: Random) -> None:
        """Let nobody wait and nobody work."""
        self.dice = dice
        configuration = company(dice)
        self.directory = Directory(configuration)
        self.state = st.State(now=1_000 * SECOND, seen=["here"])
        for agent in configuration.agents:
            self.state.agents[agent.slug] = st.Agent(slug=agent.slug)
        self.wire()

    def wire(self) -> None:
        """Make queues and index anew from the state."""
        self.queues = Queues(self.state, Deadlines(self.state.deadlines), self.directory)
        company = self.directory.company
        self.index = Index(
            self.directory,
            self.state.agents,
            lambda agent: why_not(agent, company, self.directory.units(agent.slug)),
            self.queues.lends,
        )
        self.queues.open(self.index)

    def change(self) -> None:
        """Let something happen."""
        match self.dice.randrange(8):
            case 0 | 1 | 2:
                self.change_agent()
            case 3 | 4:
                self.arrive()
            case 5:
                self.go()
            case 6:
                self.wait()
            case _:
                self.count()

    def change_agent(self) -> None:
        """Let an agent be in another state, with other figures."""
        dice, now = self.dice, self.state.now
        agent = self.state.agents[dice.choice(sorted(self.state.agents))]
        free: tuple[st.AgentState, ...] = (st.Available(), st.Available(), st.Available())
        agent.state = dice.choice((*free, st.SignedOut(), st.OnBreak(reason="x"), st.Missed(cause="x")))
        agent.reachable, agent.busy = dice.random() < 0.9, dice.random() < 0.1
        agent.load = dice.choice((0, 0, 0, 1, 2))
        agent.idle_since = agent.idle_since_wrap_up = now - dice.randrange(1_000)
        agent.handled, agent.talk_us = dice.randrange(5), dice.randrange(1_000)
        agent.idles, agent.idle_us = dice.randrange(3), dice.randrange(1_000)
        for queue in self.directory.queues:
            figures = [dice.randrange(5) for _ in range(4)]
            agent.work[queue] = st.Work(
                handled=figures[0], talk_us=figures[1], offered=figures[2], last_turn=figures[3]
            )
        self.index.look(agent)
        self.queues.follow(agent.slug)

    def arrive(self) -> None:
        """Let a caller wait."""
        self.state.tickets += 1
        name = f"i{self.state.tickets}"
        queue = self.dice.choice(sorted(self.directory.queues))
        agents = ("", "", *self.state.agents)
        view = PartyView(last_agent=self.dice.choice(agents), preferred=self.dice.choice(agents))
        interaction = st.Interaction(
            id=name,
            participants=[
                st.Participant(
                    leg=Leg(self.dice.choice(("here", "here", "there")), name),
                    role=st.Role.CUSTOMER,
                    doing=st.Doing.TOLD,
                    since=0,
                )
            ],
            trunk="",
            number=self.dice.choice(("200", "201", "202", "")),
            party="",
            view=view,
            language="en",
            priority=self.dice.randint(1, 9),
            began=self.state.now,
            since=self.state.now,
            state=st.Waiting(flow="", node="", queue=queue, entered_at=self.state.now, ticket=self.state.tickets),
            first=(0, 0),
        )
        self.state.interactions[name] = interaction
        self.queues.enter(interaction, self.waiting(interaction))

    def waiting(self, interaction: st.Interaction) -> st.Waiting:
        """Give the visit of somebody who waits."""
        assert isinstance(interaction.state, st.Waiting)
        return interaction.state

    def go(self) -> None:
        """Let a caller leave."""
        if self.state.interactions:
            interaction = self.state.interactions.pop(self.dice.choice(sorted(self.state.interactions)))
            self.queues.leave(interaction, self.waiting(interaction))

    def wait(self) -> None:
        """Let time pass, and what it relaxes; or an exchange come into sight or go out of it."""
        self.state.now += self.dice.randrange(12) * SECOND
        for interaction in self.state.interactions.values():
            due = self.state.deadlines.get(f"relax/{interaction.id}")
            if due is not None and due <= self.state.now:
                self.queues.settle(interaction)
        if self.dice.random() < 0.3:
            self.state.seen[:] = self.dice.choice((["here"], ["there"], ["here", "there"], []))
            for exchange in ("here", "there"):
                self.queues.look(exchange)

    def count(self) -> None:
        """Let a queue's service level change."""
        counts = self.queues.counts(self.dice.choice(sorted(self.directory.queues)))
        counts.answered += 1
        counts.answered_within += self.dice.randrange(2)

    def check(self) -> None:
        """Hold the index against a search."""
        for queue in self.queues.changed():
            if self.queues.lends(queue):
                self.index.lent_again(queue)
        found = first_match(self.directory, self.state, self.queues, self.index)
        heads = []
        for interaction in self.state.interactions.values():
            if interaction.leg.exchange in self.state.seen:
                eligible, _ = candidates(self.directory, self.queues, self.state.agents, interaction)
                if eligible:
                    own = self.directory.queues_of(eligible[0].agent)
                    waiting = self.waiting(interaction)
                    kept = eligible[0].agent in self.directory.queues[waiting.queue].positions
                    assert kept == (waiting.queue in own)
                    heads.append((not kept, self.queues.place(interaction, waiting), interaction))
        if found is None:
            assert not heads
            return
        _, _, interaction = min(heads, key=lambda head: head[:2])
        assert found.interaction is interaction
        eligible, others = candidates(self.directory, self.queues, self.state.agents, interaction)
        width = found.queue.strategy.width(found.queue.options) or RING_MAX
        if found.queue.queue.strategy == "random_agent":
            assert set(found.chosen) <= set(eligible)
        else:
            assert [*found.chosen, *found.next] == eligible[: width + NEXT_MAX]
            assert found.chosen == tuple(eligible[:width])
        assert found.excluded == dict(sorted(Counter(others.values()).items()))


@pytest.mark.parametrize("first", range(0, 400, 100))
def test_the_index_finds_what_a_search_finds(first: int) -> None:
    """In any company, after anything."""
    for seed in range(first, first + 100):
        floor = Floor(Random(seed))  # noqa: S311  a test draws its companies
        for _ in range(40):
            floor.change()
            floor.check()
        floor.wire()
        floor.check()


@settings(max_examples=30, deadline=None)
@given(dice=some.randoms(use_true_random=False))
def test_an_index_made_anew_is_the_same(dice: Random) -> None:
    """Nothing is remembered that the state does not say."""
    floor = Floor(dice)
    for _ in range(25):
        floor.change()
    before = first_match(floor.directory, floor.state, floor.queues, floor.index)
    floor.wire()
    assert first_match(floor.directory, floor.state, floor.queues, floor.index) == before
