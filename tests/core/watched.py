"""A world that is watched, and contradictions to plant in it."""

from appliance.core import effects, facts, model
from appliance.core import state as st
from appliance.core.facts import Leg
from appliance.core.invariants import Watch
from appliance.core.rules import Broken, Rule
from tests.core.world import World, a_company


class Watched:
    """A world, and a watch that began when something was already going on."""

    def __init__(self, world: World) -> None:
        """Begin to watch."""
        self.world = world
        self.state = world.centre.state
        self.watch = Watch(world.centre)

    @property
    def call(self) -> st.Interaction:
        """The first interaction."""
        return next(iter(self.state.interactions.values()))

    def look(self, *asked: effects.AnyEffect, fact: facts.AnyFact | None = None, about: str = "") -> set[Rule]:
        """Look after a fact that is said to have had these effects; returns the rules that are broken."""
        return {broken.rule for broken in self.found(*asked, fact=fact, about=about)}

    def found(
        self, *asked: effects.AnyEffect, fact: facts.AnyFact | None = None, about: str = ""
    ) -> tuple[Broken, ...]:
        """Look, and give everything that is said of it."""
        self.world.centre.about = (about,) if about else ()
        return self.watch.look(self.world.clock.now, fact or facts.Due(), asked)

    def change(self, state: st.InteractionState) -> None:
        """Let the first call be in another state, behind the Centre's back."""
        self.call.state = state


def waiting(*queues: model.Queue, callers: int = 1) -> Watched:
    """Let somebody wait, with nobody at work."""
    world = World(a_company(*queues) if queues else None)
    for _ in range(callers):
        world.call()
    return Watched(world)


def ringing(*agents: str) -> Watched:
    """Let a phone ring."""
    world = World()
    world.sign_on(*(agents or ("ann",)))
    world.call()
    return Watched(world)


def talking() -> Watched:
    """Let two talk."""
    world = World()
    world.sign_on("ann")
    world.call()
    world.talk()
    return Watched(world)


def decided(watched: Watched, agent: str = "ann", interaction: str = "") -> effects.Decided:
    """Say that an agent was chosen."""
    name = interaction or watched.call.id
    return effects.Decided(
        offer="o-1", interaction=name, queue="support", strategy="x", chosen=effects.Candidate(agent, (1,))
    )


def offer(watched: Watched, number: str, agent: str = "ann") -> effects.Offer:
    """Say that a phone is to ring."""
    return effects.Offer(
        offer=number,
        interaction=watched.call.id,
        leg=Leg("simulated", number),
        agent=agent,
        extension="101",
        party="p",
        queue="support",
        ring_s=5,
    )
