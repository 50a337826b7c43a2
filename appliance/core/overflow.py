"""Overflow: when a caller leaves a queue unanswered, and by which exit of the queue's node.

An interaction leaves each queue in this way at most once, unless an agent has talked meanwhile: an exit that leads
straight back to a queue already left is not taken, and whoever comes back by a choice of their own waits there without
any overflow. So nobody is passed to and fro, and nobody is passed on more often than there are queues.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from appliance.core import estimate
from appliance.core import state as st
from appliance.core.directory import BoundNode, BoundQueue, Directory
from appliance.core.figures import level_holds
from appliance.core.hours import closes_at, is_open
from appliance.core.staffing import Staffing
from appliance.core.steps import Enqueue, Heard, Leave, Say, Step, Visit
from appliance.core.turn import Deadlines
from appliance.core.waits import Outlook

SECOND_US = 1_000_000
EXITS = {
    "length": "full",
    "wait": "timeout",
    "service_level": "service_level",
    "expected_wait": "expected_wait",
    "no_agents": "no_agents",
    "closing": "closed",
}
"Condition to the exit that is its own."
COUNTED_MIN = 10
"With fewer calls counted today there is no service level to go by."
HOPS_MAX = 20
"Announcements and the like that are followed to see where an exit leads."


class Lengths(Protocol):
    """What overflow asks of the queues."""

    def length(self, queue: str) -> int:
        """Count those who wait."""

    def ahead(self, interaction: st.Interaction, waiting: st.Waiting) -> int:
        """Count those who would be before somebody who entered now."""

    def counts(self, queue: str) -> st.QueueCounts:
        """Give today's counts."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One condition of a queue."""

    when: str
    limit: int
    exit: str
    forced: bool = False
    "Whether it holds though its exit leads nowhere: the call is ended politely then."


def rules_of(bound: BoundQueue) -> tuple[Rule, ...]:
    """Give the conditions of a queue in the order in which they are asked."""
    queue = bound.queue
    rules = [Rule(one.when, one.limit, one.exit or EXITS[one.when]) for one in queue.overflow]
    if queue.length_max:
        rules.append(Rule("length", queue.length_max, "full", forced=True))
    if queue.wait_s_max:
        rules.append(Rule("wait", queue.wait_s_max, "timeout", forced=True))
    return tuple(rules)


class Overflows:
    """Watches over those who wait, and those who are about to."""

    def __init__(
        self, state: st.State, deadlines: Deadlines, queues: Lengths, staffing: Staffing, directory: Directory
    ) -> None:
        """Take over a state."""
        self._state = state
        self._deadlines = deadlines
        self._queues = queues
        self._staffing = staffing
        self._directory = directory
        self._rules = {slug: rules_of(bound) for slug, bound in directory.queues.items()}

    def at_entry(self, now: int, interaction: st.Interaction, flow: str, node: str, queue: str) -> str:
        """Name the exit by which a caller leaves instead of entering; empty if the caller may wait."""
        visit = st.Waiting(flow=flow, node=node, queue=queue, entered_at=now, ticket=self._state.tickets + 1)
        for rule in self._of(now, interaction, visit):
            if self._holds_at_entry(now, interaction, visit, rule):
                return rule.exit
        return ""

    def _holds_at_entry(self, now: int, interaction: st.Interaction, visit: st.Waiting, rule: Rule) -> bool:
        queue = visit.queue
        match rule.when:
            case "length":
                return self._queues.length(queue) >= rule.limit
            case "service_level":
                counts = self._queues.counts(queue)
                counted = counts.answered + counts.abandoned
                return counted >= COUNTED_MIN and not level_holds(counts, self._directory.measure, rule.limit)
            case "expected_wait":
                outlook = self._state.outlooks.get(queue, Outlook())
                ahead = self._queues.ahead(interaction, visit)
                wait = estimate.expected(outlook, ahead, self._staffing.at_work(queue))
                return wait is not None and wait.middle_us > rule.limit * SECOND_US
            case "no_agents":
                return not self._staffing.signed_on(queue) and f"alone/{queue}" not in self._state.deadlines
            case "closing":
                return not self._is_open(now, queue)
            case _:
                return False

    def arm(self, now: int, interaction: st.Interaction, waiting: st.Waiting) -> None:
        """Set the clock by which a waiting caller will leave, at once if the queue is gone."""
        name = f"wait/{interaction.id}"
        if waiting.queue not in self._directory.queues:
            self._deadlines.set(name, now)
            return
        moments = [
            moment
            for rule in self._of(now, interaction, waiting)
            if (moment := self._moment(now, interaction.since, waiting.queue, rule))
        ]
        if moments:
            self._deadlines.set(name, max(min(moments), now))
        else:
            self._deadlines.drop(name)

    def _moment(self, now: int, since: int, queue: str, rule: Rule) -> int:
        """Tell when a caller leaves who waits since then; a talk or a callback's wait before it does not count."""
        match rule.when:
            case "wait":
                return since + rule.limit * SECOND_US
            case "closing" if self._directory.queues[queue].queue.hours:
                return closes_at(self._opening(queue), now) + rule.limit * SECOND_US
            case _:
                return 0

    def due(self, now: int, interaction: st.Interaction, waiting: st.Waiting) -> str:
        """Name the exit by which a caller whose time is over leaves; empty if nothing asks for it any more."""
        if waiting.queue not in self._directory.queues:
            return EXITS["wait"]
        for rule in self._of(now, interaction, waiting):
            moment = self._moment(now, interaction.since, waiting.queue, rule)
            closed = rule.when != "closing" or not self._is_open(now, waiting.queue)
            if moment and closed and moment <= now:
                return rule.exit
        return ""

    def alone(self, now: int, interaction: st.Interaction, waiting: st.Waiting) -> str:
        """Name the exit of a caller in whose queue nobody has been signed on for long enough; empty for none."""
        rules = self._of(now, interaction, waiting) if not self._staffing.signed_on(waiting.queue) else ()
        return next((rule.exit for rule in rules if rule.when == "no_agents"), "")

    # -- where exits lead

    def _of(self, now: int, interaction: st.Interaction, waiting: st.Waiting) -> Iterator[Rule]:
        if waiting.queue in interaction.left:
            return
        bound = self._directory.node(waiting.flow, waiting.node)
        for rule in self._rules.get(waiting.queue, ()):
            target = bound.node.exits.get(rule.exit, "") if bound else ""
            if target:
                leads_to = self._leads_to(now, waiting.flow, target)
                if leads_to != waiting.queue and leads_to not in interaction.left:
                    yield rule
            elif rule.forced:
                yield rule

    def _leads_to(self, now: int, flow: str, node: str) -> str:
        """Name the queue that a caller comes to from a node without any choice; empty if there is none."""
        for _ in range(HOPS_MAX):
            bound = self._directory.node(flow, node)
            if bound is None:
                return ""
            step = self._unasked(now, bound)
            if isinstance(step, Enqueue):
                return step.queue
            if not isinstance(step, Leave):
                return ""
            node = bound.node.exits.get(step.exit, "")
        return ""

    def _unasked(self, now: int, bound: BoundNode) -> Step:
        """Tell how a node goes on if nobody presses anything."""
        step = bound.kind.enter(bound.options, Visit(now=now, opening=self._directory.opening))
        for _ in range(HOPS_MAX):
            if isinstance(step, Say):
                step = bound.kind.hear(bound.options, Heard(key="", tries=step.tries))
        return step

    def _opening(self, queue: str) -> tuple[tuple[int, int], ...]:
        return self._directory.opening.get(self._directory.queues[queue].queue.hours, ())

    def _is_open(self, now: int, queue: str) -> bool:
        return not self._directory.queues[queue].queue.hours or is_open(self._opening(queue), now)
