"""The configuration that holds, indexed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import assert_never

import msgspec

from appliance.core import model
from appliance.core.plugins import NodeKind, Strategy, all_strategies, node_kinds, options_of
from appliance.core.views import Scope

SECOND_US = 1_000_000
PRIORITY = 5
"Of callers of whom nothing says otherwise."


@dataclass(frozen=True, slots=True)
class BoundNode:
    """A node with its kind and its options."""

    node: model.Node
    kind: NodeKind
    options: object


@dataclass(frozen=True, slots=True)
class Stage:
    """What is asked of agents for a caller of a certain wait; with each stage it becomes less."""

    since_us: int
    "How long the caller has waited when it begins."
    needs: tuple[model.Need, ...]
    local: bool
    "Whether callers of a site are kept for that site's agents."


@dataclass(frozen=True, slots=True)
class BoundQueue:
    """A queue with its strategy and the strategy's options."""

    queue: model.Queue
    strategy: Strategy
    options: object
    order: int
    "Queues of the same number give an agent the same key."
    positions: Mapping[str, int]
    "Agent to place in the queue's list."
    skills: tuple[str, ...]
    "What it asks for at all."
    stages: tuple[Stage, ...]
    "What is asked at first, and what from when on."
    sites: frozenset[str]
    "Of its agents; asked about, never gone through."

    def stage(self, waited_us: int) -> int:
        """Tell the stage of a caller who has waited so long."""
        number = len(self.stages) - 1
        while number and self.stages[number].since_us > waited_us:
            number -= 1
        return number

    def pool(self, waited_us: int, site: str) -> tuple[int, str]:
        """Name those of its agents who may be offered a caller of a site who has waited so long: stage and site."""
        number = self.stage(waited_us)
        return number, site if self.stages[number].local and site in self.sites else ""


class Seat(msgspec.Struct, frozen=True, gc=False):
    """An agent's place in a queue: the agent's own, or one that is lent.

    A msgspec struct because there is one for each agent in each queue.
    """

    bound: BoundQueue
    lender: str
    "The queue that lends the agent; empty if it is the agent's own."
    position: int
    level: int
    "The agent's levels in the skills that the queue requires, added up."
    pools: tuple[tuple[int, str], ...]
    "Stages and sites for whose callers the agent has all that is needed."


def suits(agent: model.Agent, need: model.Need) -> bool:
    """Whether an agent has what is needed; who has not the skill has no level in it, not level 0."""
    level = agent.skills.get(need.skill)
    if level is None:
        return False
    match need.how:
        case model.How.AT_LEAST:
            return level >= need.level
        case model.How.EXACT:
            return level == need.level
        case model.How.AT_MOST:
            return level <= need.level
        case _:
            assert_never(need.how)


class Directory:
    """What the machines look up; made once a version. Raises `msgspec.ValidationError` on options that do not fit."""

    def __init__(self, configuration: model.Configuration) -> None:
        """Index a configuration that was checked before it was published."""
        self.company = configuration.company
        self.measure = configuration.company.measure
        self.trunks = tuple(trunk.slug for trunk in configuration.trunks)
        self.spans = model.by_slug(configuration.spans)
        self.numbers = model.by_slug(configuration.numbers)
        self.agents = model.by_slug(configuration.agents)
        self.extensions = model.by_slug(configuration.extensions)
        self.flows = model.by_slug(configuration.flows)
        self.breaks = model.by_slug(configuration.breaks)
        self.dispositions = model.by_slug(configuration.dispositions)
        self.opening = {hours.slug: hours.opening for hours in configuration.hours}
        self._orders: list[tuple[str, object]] = []
        self.queues = {queue.slug: self._bound(queue) for queue in configuration.queues}
        self.borrowers: dict[str, tuple[str, ...]] = {}
        "Queue to the queues that its agents are lent to."
        self._queues_of: dict[str, list[str]] = {}
        for bound in self.queues.values():
            for lender in bound.queue.lenders:
                self.borrowers[lender] = (*self.borrowers.get(lender, ()), bound.queue.slug)
            for slug in bound.queue.agents:
                self._queues_of.setdefault(slug, []).append(bound.queue.slug)
        self._seats: dict[str, tuple[Seat, ...]] = {}
        self._standings: dict[tuple[str, object], tuple[int, tuple[tuple[int, str], ...]]] = {}
        "Queue and what matters of an agent to the agent's level and pools there."
        self._nodes = {
            (flow.slug, node.id): BoundNode(
                node, node_kinds()[node.kind], options_of(node_kinds()[node.kind], node.options)
            )
            for flow in configuration.flows
            for node in flow.nodes
        }
        self.agents_at = {agent.extension: agent.slug for agent in configuration.agents}

    def _bound(self, queue: model.Queue) -> BoundQueue:
        strategy = all_strategies()[queue.strategy]
        options = options_of(strategy, queue.strategy_options)
        kind = (queue.strategy if strategy.SCOPE is Scope.AGENT else f"{queue.strategy}/{queue.slug}", options)
        if kind not in self._orders:
            self._orders.append(kind)
        return BoundQueue(
            queue,
            strategy,
            options,
            self._orders.index(kind),
            {slug: position for position, slug in enumerate(queue.agents)},
            tuple(dict.fromkeys(need.skill for need in queue.requirement)),
            _stages(queue),
            frozenset(self.agents[slug].site for slug in queue.agents if slug in self.agents),
        )

    # -- who serves whom

    def queues_of(self, agent: str) -> list[str]:
        """Name the queues that an agent serves."""
        return self._queues_of.get(agent, [])

    def seats(self, agent: str) -> tuple[Seat, ...]:
        """Say where an agent may be offered a call, own queues and those that borrow; worked out when first asked."""
        found = self._seats.get(agent)
        if found is None:
            found = self._seats[agent] = tuple(self._seats_of(self.agents[agent])) if agent in self.agents else ()
        return found

    def _seats_of(self, agent: model.Agent) -> Iterator[Seat]:
        own = self.queues_of(agent.slug)
        kind = (agent.site, *sorted(agent.skills.items()))
        for slug in own:
            yield self._seat(agent, kind, self.queues[slug], "")
        for lender in own:
            for slug in self.borrowers.get(lender, ()):
                if slug not in own:
                    yield self._seat(agent, kind, self.queues[slug], lender)

    def _seat(self, agent: model.Agent, kind: object, bound: BoundQueue, lender: str) -> Seat:
        known = self._standings.get((bound.queue.slug, kind))
        if known is None:
            known = self._standings[bound.queue.slug, kind] = _standing(agent, bound)
        position = bound.positions.get(agent.slug, len(bound.positions))
        return Seat(bound, lender, position, *known)

    def units(self, agent: str) -> int:
        """Tell how much an agent takes at once."""
        known = self.agents.get(agent)
        return known.units if known else 1

    def site(self, number: str) -> str:
        """Tell the site whose callers dial a number; empty if there is none."""
        known = self.numbers.get(number)
        return known.site if known else ""

    def node(self, flow: str, node: str) -> BoundNode | None:
        """Find a node; None if the flow or the node is gone."""
        return self._nodes.get((flow, node))

    def queue_node(self, flow: str, queue: str) -> str:
        """Find the node of a flow at which callers wait in a queue; empty if there is none."""
        if flow not in self.flows:
            return ""
        return next(
            (n.id for n in self.flows[flow].nodes if n.kind == "queue" and n.options.get("queue") == queue),
            "",
        )


def _standing(agent: model.Agent, bound: BoundQueue) -> tuple[int, tuple[tuple[int, str], ...]]:
    level = 0
    for skill in bound.skills:
        level += agent.skills.get(skill, 0)
    pools: list[tuple[int, str]] = []
    for number in range(len(bound.stages) - 1, -1, -1):
        stage = bound.stages[number]
        if not all(suits(agent, need) for need in stage.needs):
            break  # an earlier stage asks for all of this, and more
        pools.append((number, ""))
        if stage.local and agent.site:
            pools.append((number, agent.site))
    return level, tuple(pools)


def _stages(queue: model.Queue) -> tuple[Stage, ...]:
    local_us = queue.local_s * SECOND_US
    relaxed = [need.relax_s * SECOND_US for need in queue.requirement]
    return tuple(
        Stage(
            since,
            tuple(need for need in queue.requirement if not 0 < need.relax_s * SECOND_US <= since),
            since < local_us,
        )
        for since in sorted(dict.fromkeys((0, *relaxed, local_us)))
    )
