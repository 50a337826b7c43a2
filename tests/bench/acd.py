"""The ACD's decision, by the index and by a search over everybody, and the whole Centre under load.

A company of N agents has 40 skills and a queue for each, which all agents serve who have the skill at level 5, after 20
seconds of waiting at level 3. Each agent has 5 skills; there are 50 kinds of agents, or in the worst case as many as
agents, with 20 skills each. A decision *arrive* is for a caller who comes while every second agent is free, a decision
*free* for an agent who is freed while all others are busy and as many callers wait as there are agents.
"""

import gc
from collections.abc import Callable
from itertools import count
from random import Random
from time import process_time

from appliance.core import facts, model
from appliance.core import state as st
from appliance.core.centre import Centre
from appliance.core.directory import BoundQueue, Directory, suits
from appliance.core.effects import Offer
from appliance.core.facts import Leg
from appliance.core.index import Index, Place, member
from appliance.core.matching import first_match, why_not
from appliance.core.model import Need
from appliance.core.queue import Queues
from appliance.core.turn import Deadlines

SKILLS = 40
KINDS = 50
KNOWN, KNOWN_WORST = 5, 20
SECOND = 1_000_000
BREAK = "lunch"
SPEND_S = 0.4
"Processor time that a side may take for its decisions."
WANTED = 20_000
"Facts in a second of processor time that the whole Centre has to take in."
FREE, BUSY = st.Available(), st.SignedOut()


def company(agents: int, *, alike: bool) -> model.Configuration:
    """Make a company of so many agents, of 50 kinds or all different."""
    dice = Random(agents)  # noqa: S311  a bench draws its company
    kinds = [_skills(dice, alike=alike) for _ in range(KINDS if alike else agents)]
    everybody = tuple(
        model.Agent(slug=f"a{n}", extension=str(100_000 + n), skills=kinds[n % len(kinds)]) for n in range(agents)
    )
    return model.Configuration(
        agents=everybody,
        queues=tuple(
            model.Queue(
                slug=f"q{n}",
                agents=tuple(agent.slug for agent in everybody),
                requirement=(
                    Need(skill=f"s{n}", level=5, relax_s=20),
                    Need(skill=f"s{n}", level=3),
                ),
                wrap_up_s=0,
                ring_s=20,
            )
            for n in range(SKILLS)
        ),
    )


def _skills(dice: Random, *, alike: bool) -> dict[str, int]:
    names = dice.sample(range(SKILLS), KNOWN if alike else KNOWN_WORST)
    return {f"s{n}": dice.randint(1, 9) for n in names}


class Floor:
    """Agents and callers of a company, with index and queues, for decisions alone."""

    def __init__(self, agents: int, *, alike: bool, waiting: int, free: Callable[[int], bool]) -> None:
        """Let so many wait, and some be free."""
        self.directory = Directory(company(agents, alike=alike))
        self.state = st.State(now=10_000 * SECOND, seen=["here"])
        self.dice = Random(1)  # noqa: S311  as above
        for n in range(agents):
            agent = st.Agent(slug=f"a{n}", reachable=True, idle_since_wrap_up=self.dice.randrange(10_000))
            agent.state = FREE if free(n) else BUSY
            self.state.agents[agent.slug] = agent
        for _ in range(waiting):
            caller = self.caller()
            self.state.interactions[caller.id] = caller
        self.queues = Queues(self.state, Deadlines(self.state.deadlines), self.directory)
        known = self.directory.company
        self.index = Index(self.directory, self.state.agents, lambda agent: why_not(agent, known), self.queues.lends)
        self.queues.open(self.index)

    def caller(self) -> st.Interaction:
        """Make a caller who waits in some queue, for up to half a minute so far."""
        self.state.tickets += 1
        name = f"i{self.state.tickets}"
        entered = self.state.now - self.dice.randrange(30 * SECOND)
        waiting = st.Waiting(
            flow="", node="", queue=f"q{self.dice.randrange(SKILLS)}", entered_at=entered, ticket=self.state.tickets
        )
        return st.Interaction(
            id=name,
            participants=[st.Participant(leg=Leg("here", name), role=st.Role.CUSTOMER, doing=st.Doing.TOLD, since=0)],
            trunk="",
            number="",
            party="",
            view=facts.PartyView(),
            language="en",
            priority=self.dice.randint(1, 9),
            began=entered,
            since=entered,
            state=waiting,
            first=(0, 0),
        )


def visit(caller: st.Interaction) -> st.Waiting:
    """Give the visit of somebody who waits."""
    assert isinstance(caller.state, st.Waiting)
    return caller.state


def arrive(agents: int, *, alike: bool) -> float:
    """Give the decisions in a second for a caller who comes: taken in, agent found and recorded, gone again."""
    floor = Floor(agents, alike=alike, waiting=0, free=lambda n: n % 2 == 0)
    callers = [floor.caller() for _ in range(200)]
    state, queues, index, directory = floor.state, floor.queues, floor.index, floor.directory
    for caller in callers:
        state.interactions[caller.id] = caller

    def decide(number: int) -> None:
        caller = callers[number % len(callers)]
        queues.enter(caller, visit(caller))
        first_match(directory, state, queues, index)
        queues.leave(caller, visit(caller))

    return _rate(decide)


def arrive_by_search(agents: int, *, alike: bool) -> float:
    """Give the same by a search over all agents."""
    floor = Floor(agents, alike=alike, waiting=0, free=lambda n: n % 2 == 0)
    callers = [floor.caller() for _ in range(200)]

    def decide(number: int) -> None:
        waiting = visit(callers[number % len(callers)])
        bound = floor.directory.queues[waiting.queue]
        needs = bound.stages[bound.stage(floor.state.now - waiting.entered_at)].needs
        min(_search(floor, bound, needs), default=None)

    return _rate(decide)


def _search(floor: Floor, bound: BoundQueue, needs: tuple[Need, ...]) -> list[tuple[int | str, ...]]:
    known, everybody = floor.directory.agents, floor.state.agents
    seat = floor.directory.seats("a0")[0]
    return [
        bound.strategy.rank(bound.options, agent, member(agent, seat))
        for slug in bound.queue.agents
        if not why_not(agent := everybody[slug]) and all(suits(known[slug], need) for need in needs)
    ]


def free(agents: int, *, alike: bool) -> float:
    """Give the decisions in a second for an agent who is freed: taken in, caller found and recorded, busy again."""
    floor = Floor(agents, alike=alike, waiting=agents, free=lambda _: False)
    order = [floor.state.agents[f"a{floor.dice.randrange(agents)}"] for _ in range(200)]

    def decide(number: int) -> None:
        agent = order[number % len(order)]
        agent.state = FREE
        floor.index.look(agent)
        first_match(floor.directory, floor.state, floor.queues, floor.index)
        agent.state = BUSY
        floor.index.look(agent)

    return _rate(decide)


def free_by_search(agents: int, *, alike: bool) -> float:
    """Give the same by a search over all callers."""
    floor = Floor(agents, alike=alike, waiting=agents, free=lambda _: False)
    order = [floor.directory.agents[f"a{floor.dice.randrange(agents)}"] for _ in range(200)]

    def decide(number: int) -> None:
        agent = order[number % len(order)]
        best: Place | None = None
        for caller in floor.state.interactions.values():
            waiting = visit(caller)
            bound = floor.directory.queues[waiting.queue]
            needs = bound.stages[bound.stage(floor.state.now - waiting.entered_at)].needs
            if all(suits(agent, need) for need in needs):
                place = floor.queues.place(caller, waiting)
                best = place if best is None else min(best, place)

    return _rate(decide)


def _rate(decide: Callable[[int], None]) -> float:
    for number in range(20):
        decide(number)
    gc.collect()
    gc.disable()
    try:
        done, began = 0, process_time()
        while process_time() - began < SPEND_S:
            for number in range(done, done + 10):
                decide(number)
            done += 10
        return done / (process_time() - began)
    finally:
        gc.enable()


async def decisions(side: str, *, freed: bool, agents: int, alike: bool = True) -> float:
    """Give a side's decisions in a second of processor time; `hundred` is the index itself with 100 agents."""
    by_index, by_search = (free, free_by_search) if freed else (arrive, arrive_by_search)
    if side == "search":
        return by_search(agents, alike=alike)
    return by_index(100 if side == "hundred" else agents, alike=alike)


# -- the whole Centre


async def centre_facts(side: str, *, agents: int, waiting: int) -> float:
    """Give the facts that the whole Centre takes in in a second of processor time."""
    return float(WANTED) if side == "wanted" else Load(agents, waiting).rate(calls=6_000)


def centre_company(agents: int) -> model.Configuration:
    """Give the company with a number for each queue and a telephone for each agent."""
    made = company(agents, alike=True)
    flows = tuple(
        model.Flow(slug=q.slug, nodes=(model.Node(id="wait", kind="queue", options={"queue": q.slug}),))
        for q in made.queues
    )
    return model.Configuration(
        agents=made.agents,
        queues=made.queues,
        flows=flows,
        numbers=tuple(model.Number(slug=str(2_000 + n), flow=flow.slug) for n, flow in enumerate(flows)),
        extensions=tuple(model.Extension(slug=a.extension, agent=a.slug) for a in made.agents),
        breaks=(model.Reason(slug=BREAK),),
    )


class Load:
    """Calls one after the other, with all agents talking and some callers waiting all the time."""

    def __init__(self, agents: int, waiting: int, centre: Centre | None = None) -> None:
        """Sign everybody on, and let the callers come; a Centre that is given has its configuration already."""
        made = self.configuration = centre_company(agents)
        self.centre = centre or Centre(lambda _: made)
        self.now = 10_000 * SECOND
        self.facts = 0
        self.dice = Random(2)  # noqa: S311  as above
        self.legs = (Leg("here", f"c{n}") for n in count())
        self.offers: list[tuple[str, str, Leg, Leg]] = []
        "Offer, interaction, the caller's leg and the agent's, of all who talk."
        if centre is None:
            self.take(facts.Started(boot=1))
            self.take(facts.ConfigurationPublished(version="one"))
        self.take(facts.LegsFound(exchange="here", reachable=tuple(a.extension for a in made.agents)))
        for agent in made.agents:
            self.take(facts.SignOn(token=agent.slug, agent=agent.slug))
        while sum(isinstance(i.state, st.Waiting) for i in self.centre.state.interactions.values()) < waiting:
            self.call()

    def take(self, fact: facts.AnyFact) -> None:
        """Give the Centre a fact, and answer the offers that it makes."""
        self.now += 1_000
        self.facts += 1
        for effect in self.centre.handle(self.now, fact):
            if isinstance(effect, Offer):
                self.answer(effect)

    def answer(self, effect: Offer) -> None:
        """Pick up, and let both talk."""
        caller = self.centre.state.interactions[effect.interaction].leg
        self.take(facts.OfferRang(offer=effect.offer))
        self.take(facts.OfferAnswered(offer=effect.offer, leg=effect.leg))
        self.take(facts.Bridged(legs=(caller, effect.leg)))
        self.offers.append((effect.offer, effect.interaction, caller, effect.leg))

    def call(self) -> None:
        """Let a caller come and wait."""
        leg = next(self.legs)
        number = str(2_000 + self.dice.randrange(SKILLS))
        self.take(facts.LegAsked(leg=leg, trunk="t", number=number, party="p"))

    def end(self) -> None:
        """Let a conversation end, which gives its agent to somebody who waits."""
        _, _, caller, agent = self.offers.pop(self.dice.randrange(len(self.offers)))
        self.take(facts.LegEnded(leg=caller))
        self.take(facts.LegEnded(leg=agent))

    def rate(self, calls: int) -> float:
        """Give the facts in a second of processor time over so many calls."""
        gc.collect()
        self.facts, began = 0, process_time()
        for _ in range(calls):
            self.call()
            self.end()
        return self.facts / (process_time() - began)
