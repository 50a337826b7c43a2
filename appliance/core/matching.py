"""Matching: which waiting caller goes to which free agent.

Callers are served by place over all queues in which somebody is free; the queue's strategy chooses among its eligible
agents. One predicate says who is eligible, and everybody uses it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from appliance.core import state as st
from appliance.core.directory import BoundQueue, Directory
from appliance.core.effects import Candidate
from appliance.core.queue import Queues
from appliance.core.views import AgentView, InteractionView, QueueView

NEXT_MAX = 5
"How many others than the chosen one a decision records."


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A caller and the agent chosen for the caller."""

    interaction: st.Interaction
    waiting: st.Waiting
    queue: BoundQueue
    chosen: Candidate
    next: tuple[Candidate, ...]
    excluded: dict[str, int]


def why_not(agent: st.Agent) -> str:
    """Say why an agent is not eligible for an offer; empty if eligible."""
    if not isinstance(agent.state, st.Available):
        return str(agent.state.__struct_config__.tag)
    return "" if agent.reachable else "unreachable"


def first_match(
    directory: Directory,
    agents: dict[str, st.Agent],
    interactions: dict[str, st.Interaction],
    queues: Queues,
    seen: list[str],
) -> Match | None:
    """Find the caller to be served now, and by whom; None if nobody can be.

    A caller on an exchange that we do not see just now is passed over until we do.
    """
    heads = sorted(
        head for queue in queues.queues() if (head := _head(directory, agents, interactions, queues, seen, queue))
    )
    if not heads:
        return None
    interaction = interactions[heads[0][1]]
    waiting = queues.visits[interaction.id]
    bound = directory.queues[waiting.queue]
    excluded: dict[str, int] = {}
    candidates: list[Candidate] = []
    for agent in _members(bound, agents):
        if reason := why_not(agent):
            excluded[reason] = excluded.get(reason, 0) + 1
        else:
            candidates.append(Candidate(agent.slug, _key(bound, agent, interaction, waiting)))
    candidates.sort(key=lambda candidate: candidate.key)
    return Match(
        interaction=interaction,
        waiting=waiting,
        queue=bound,
        chosen=candidates[0],
        next=tuple(candidates[1 : NEXT_MAX + 1]),
        excluded=excluded,
    )


def _head(
    directory: Directory,
    agents: dict[str, st.Agent],
    interactions: dict[str, st.Interaction],
    queues: Queues,
    seen: list[str],
    queue: str,
) -> tuple[tuple[int, int, int], str] | None:
    bound = directory.queues.get(queue)
    if bound is None or all(why_not(agent) for agent in _members(bound, agents)):
        return None
    return next((entry for entry in queues.waiting(queue) if interactions[entry[1]].leg.exchange in seen), None)


def _members(bound: BoundQueue, agents: dict[str, st.Agent]) -> Iterator[st.Agent]:
    return (agents[slug] for slug in bound.queue.agents if slug in agents)


def _key(bound: BoundQueue, agent: st.Agent, interaction: st.Interaction, waiting: st.Waiting) -> tuple[int | str, ...]:
    return bound.strategy.rank(
        bound.options,
        AgentView(slug=agent.slug, idle_since=agent.idle_since, idle_since_wrap_up=agent.idle_since_wrap_up),
        QueueView(slug=bound.queue.slug),
        InteractionView(id=interaction.id, priority=interaction.priority, entered_at=waiting.entered_at),
    )
