"""The queues: who waits, in which order, and what has been done today."""

import re
from bisect import bisect_left, insort
from collections.abc import Iterator
from typing import NamedTuple

from appliance.core import state as st
from appliance.core.directory import PRIORITY, SECOND_US, BoundQueue, Directory
from appliance.core.facts import LegAsked, PartyView
from appliance.core.figures import level_holds
from appliance.core.index import KEPT, Index, Place, PoolName
from appliance.core.turn import Deadlines
from appliance.core.waits import Return

PLACE = re.compile(r"[1-9],\d{1,18},\d{1,18}", re.ASCII)
"Priority, time of entry, number: what `Hold` wrote."
GIVEN_S = 30
"Seconds for which a caller is kept for the agent whom another one sent the caller to, should no phone ring at once."
RETURN_S = 600
"Seconds for which the place of a caller is kept whom a failing exchange cut off."


class _Spot(NamedTuple):
    place: Place
    pool: PoolName | None
    "None while the caller's exchange is not seen, or the queue is gone."


class Queues:
    """The waiting callers of each queue, in the order of their places."""

    def __init__(self, state: st.State, deadlines: Deadlines, directory: Directory) -> None:
        """Take over a state's counts; nobody waits yet."""
        self._state = state
        self._counts = state.counts
        self._deadlines = deadlines
        self._directory = directory
        self._waiting: dict[str, list[tuple[Place, str]]] = {}
        self._spots: dict[str, _Spot] = {}
        self._known: dict[str, dict[str, None]] = {}
        "Agent to the callers who are or were kept for that agent."
        self._changed: dict[str, None] = {}
        "Lenders whose agents may help out again, or no more."
        self.visits: dict[str, st.Waiting] = {}
        "Interaction to its place, of all who wait."
        self.index: Index

    def open(self, index: Index) -> None:
        """Let those of the state who wait stand in the pools."""
        self.index = index
        for interaction in self._state.interactions.values():
            if isinstance(interaction.state, st.Waiting):
                self.enter(interaction, interaction.state)

    # -- coming and going

    def enter(self, interaction: st.Interaction, waiting: st.Waiting) -> None:
        """Wait, at the place that arrival gave; coming back means the same place."""
        place = self.place(interaction, waiting)
        insort(self._waiting.setdefault(waiting.queue, []), (place, interaction.id))
        self.visits[interaction.id] = waiting
        self._spots[interaction.id] = _Spot(place, None)
        self._changed[waiting.queue] = None
        for agent in self._known_agents(interaction, waiting)[0]:
            self._known.setdefault(agent, {})[interaction.id] = None
        bound = self._directory.queues.get(waiting.queue)
        interaction.wrap_up_s = max(interaction.wrap_up_s, bound.queue.wrap_up_s if bound else 0)
        self.settle(interaction)

    def leave(self, interaction: st.Interaction, waiting: st.Waiting) -> None:
        """Wait no more."""
        spot = self._spots.pop(interaction.id)
        entries = self._waiting[waiting.queue]
        del entries[bisect_left(entries, (spot.place, interaction.id))]
        del self.visits[interaction.id]
        self._changed[waiting.queue] = None
        for agent in self._known_agents(interaction, waiting)[0]:
            self._known.get(agent, {}).pop(interaction.id, None)
        self._withdraw(interaction.id, spot)
        self._deadlines.drop(f"relax/{interaction.id}")

    def settle(self, interaction: st.Interaction) -> None:
        """Let a caller stand where the wait, the exchange and the agents at work say, and note when that changes."""
        waiting, spot = self.visits[interaction.id], self._spots[interaction.id]
        bound = self._directory.queues.get(waiting.queue)
        name: PoolName | None = None
        if bound is not None:
            self._note_change(interaction, waiting, bound)
            if interaction.leg.exchange in self._state.seen:
                name = self.pool_name(interaction)
        if name != spot.pool:
            self._withdraw(interaction.id, spot)
            self._spots[interaction.id] = _Spot(spot.place, name)
            if name is not None:
                self.index.enter(name, spot.place, interaction.id)

    def _withdraw(self, interaction: str, spot: _Spot) -> None:
        if spot.pool is not None:
            self.index.leave(spot.pool, spot.place, interaction)

    def pool_name(self, interaction: st.Interaction) -> PoolName:
        """Tell for whom somebody who waits is kept now: all of the queue who suit, those of a site, one agent."""
        waiting = self.visits[interaction.id]
        bound = self._directory.queues[waiting.queue]
        waited = self._state.now - waiting.entered_at
        agents, kept_us = self._known_agents(interaction, waiting)
        if waited < kept_us and (here := [agent for agent in agents if is_at_work(self._state.agents[agent])]):
            return here[0], KEPT, ""
        return (waiting.queue, *bound.pool(waited, self._directory.site(interaction.number)))

    def _note_change(self, interaction: st.Interaction, waiting: st.Waiting, bound: BoundQueue) -> None:
        agents, kept_us = self._known_agents(interaction, waiting)
        if len(bound.stages) == 1 and not agents:
            return
        waited = self._state.now - waiting.entered_at
        moments = [stage.since_us for stage in bound.stages]
        if agents:
            moments.append(kept_us)
        following = min((moment for moment in moments if moment > waited), default=None)
        if following is None:
            self._deadlines.drop(f"relax/{interaction.id}")
        else:
            self._deadlines.set(f"relax/{interaction.id}", waiting.entered_at + following)

    def _known_agents(self, interaction: st.Interaction, waiting: st.Waiting) -> tuple[tuple[str, ...], int]:
        """Name for whom a caller is kept at first, for the first who is at work, and for how long (microseconds)."""
        if interaction.given_to in self._state.agents:
            return (interaction.given_to,), GIVEN_S * SECOND_US
        bound = self._directory.queues.get(waiting.queue)
        if bound is None or not bound.queue.prefer_s:
            return (), 0
        known = dict.fromkeys((interaction.view.preferred, interaction.view.last_agent))
        agents = tuple(agent for agent in known if agent in bound.positions and agent in self._state.agents)
        return agents, bound.queue.prefer_s * SECOND_US

    # -- coming back

    def claim(self, fact: LegAsked) -> tuple[int, st.Waiting] | None:
        """Read the place that a leg's channel remembers: priority and queue visit; None if it is no place of ours."""
        if fact.queue not in self._directory.queues or not PLACE.fullmatch(fact.place):
            return None
        priority, entered_at, ticket = (int(number) for number in fact.place.split(","))
        if entered_at > self._state.now:
            return None
        self._state.tickets = max(self._state.tickets, ticket)
        number = self._directory.numbers.get(fact.number)
        flow = number.flow if number else ""
        return priority, st.Waiting(
            flow=flow,
            node=self._directory.queue_node(flow, fact.queue),
            queue=fact.queue,
            entered_at=entered_at,
            ticket=ticket,
        )

    def remember(self, interaction: st.Interaction, waiting: st.Waiting) -> None:
        """Keep the place of somebody whom a failing exchange cut off."""
        now, returns = self._state.now, self._state.returns
        while returns and (oldest := next(iter(returns))) and returns[oldest].until <= now:
            del returns[oldest]
        returns.pop(interaction.party, None)
        returns[interaction.party] = Return(
            queue=waiting.queue,
            priority=interaction.priority,
            entered_at=waiting.entered_at - interaction.credit_us,
            until=now + RETURN_S * SECOND_US,
        )

    def welcome(self, interaction: st.Interaction, waiting: st.Waiting) -> None:
        """Rank somebody who enters a queue: anew, or no worse than before an exchange cut the line."""
        interaction.priority = self.priority(waiting.queue, interaction.number, waiting.flow, interaction.view)
        interaction.credit_us = 0
        known = self._state.returns.get(interaction.party)
        if known is not None and known.queue == waiting.queue:
            del self._state.returns[interaction.party]
            if waiting.entered_at < known.until:
                interaction.priority = min(interaction.priority, known.priority)
                interaction.credit_us = waiting.entered_at - known.entered_at

    # -- what changes round them

    def follow(self, agent: str) -> None:
        """Take in that an agent came to work or left: those who are kept for the agent stand elsewhere now."""
        for interaction in list(self._known.get(agent, ())):
            self.settle(self._state.interactions[interaction])

    def look(self, exchange: str) -> None:
        """Take in that an exchange has come into sight or gone out of it."""
        for interaction in [self._state.interactions[name] for name in self.visits]:
            if interaction.leg.exchange == exchange:
                self.settle(interaction)

    def lends(self, queue: str) -> bool:
        """Whether a queue's agents may help out: nobody waits in it, and its service level of the day holds."""
        if self._waiting.get(queue):
            return False
        counts, bound = self._counts.get(queue), self._directory.queues[queue]
        if counts is None:
            return True
        return level_holds(counts, self._directory.measure, bound.queue.service_goal)

    def changed(self) -> Iterator[str]:
        """Name the queues that were entered, left or counted for since this was last asked."""
        changed, self._changed = self._changed, {}
        return iter(changed)

    # -- looking

    def place(self, interaction: st.Interaction, waiting: st.Waiting) -> Place:
        """Tell a caller's place over all queues; smallest is served first.

        With ageing it is the moment of arrival, set back by one step for each degree of priority above 9 and of weight
        above 1: as everybody ages alike, the order never changes, and nobody is passed by a caller who arrives more
        than 16 steps later. Without, it is priority, then weight, then arrival. The last number is the ticket.
        """
        since = waiting.entered_at - interaction.credit_us
        return self._place(waiting.queue, interaction.priority, since, waiting.ticket)

    def _place(self, queue: str, priority: int, since: int, ticket: int) -> Place:
        bound = self._directory.queues.get(queue)
        weight = bound.queue.weight if bound else 1
        step = self._directory.company.ageing_s * SECOND_US
        if step:
            return 0, 0, since + (priority - weight) * step, ticket
        return priority, -weight, since, ticket

    def priority(self, queue: str, number: str, flow: str, view: PartyView) -> int:
        """Tell a caller's priority: the first that is given of caller, class, flow, number and queue."""
        bound, dialled, walked = (
            self._directory.queues.get(queue),
            self._directory.numbers.get(number),
            self._directory.flows.get(flow),
        )
        return (
            view.priority
            or self._directory.company.grades.get(view.grade, 0)
            or (walked.priority if walked else 0)
            or (dialled.priority if dialled else 0)
            or (bound.queue.priority if bound else PRIORITY)
        )

    def length(self, queue: str) -> int:
        """Count those who wait."""
        return len(self._waiting.get(queue, ()))

    def position(self, interaction: str) -> int:
        """Tell how many are before somebody who waits, in the same queue."""
        entries = self._waiting[self.visits[interaction].queue]
        return bisect_left(entries, (self._spots[interaction].place, interaction))

    def ahead(self, interaction: st.Interaction, waiting: st.Waiting) -> int:
        """Count those who would be before somebody who entered now."""
        priority = self.priority(waiting.queue, interaction.number, waiting.flow, interaction.view)
        place = self._place(waiting.queue, priority, waiting.entered_at, waiting.ticket)
        return bisect_left(self._waiting.get(waiting.queue, ()), (place, interaction.id))

    def waiting(self, queue: str) -> Iterator[tuple[Place, str]]:
        """Go through those who wait, first served first."""
        return iter(self._waiting.get(queue, ()))

    def counts(self, queue: str) -> st.QueueCounts:
        """Give today's counts of a queue, to be added to."""
        self._changed[queue] = None
        return self._counts.setdefault(queue, st.QueueCounts())

    def new_day(self) -> None:
        """Begin the counts again."""
        self._counts.clear()
        self._changed.update(dict.fromkeys(self._directory.borrowers))


def is_at_work(agent: st.Agent) -> bool:
    """Whether an agent will take calls without having to come back first."""
    away = isinstance(agent.state, st.SignedOut | st.OnBreak | st.Missed)
    return agent.reachable and not (away or agent.wants_break or agent.wants_out)
