"""Matching: which waiting caller goes to which free agent.

Callers are served by place over all queues in which somebody is free for them; the queue's strategy chooses among its
eligible agents. One predicate, `why_not_for`, says who is eligible and why somebody is not; the index keeps what it
says, and whoever wants to check or explain a decision asks it.
"""

from dataclasses import dataclass

from appliance.core import model
from appliance.core import state as st
from appliance.core.capacity import VOICE, why_full
from appliance.core.directory import BoundQueue, Directory, Seat, suits
from appliance.core.effects import Candidate
from appliance.core.index import KEPT, Index, Pool, member
from appliance.core.queue import Queues

NEXT_MAX = 5
"How many others than the chosen ones a decision records."
RING_MAX = 50
"How many phones ring at once for one caller."
NO_COMPANY = model.Company()


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A caller and the agents chosen for the caller."""

    interaction: st.Interaction
    waiting: st.Waiting
    queue: BoundQueue
    chosen: tuple[Candidate, ...]
    "Whose phones are to ring; one, unless the strategy rings several."
    next: tuple[Candidate, ...]
    excluded: dict[str, int]


def why_not(agent: st.Agent, company: model.Company = NO_COMPANY, units: int = 1) -> str:
    """Say why an agent who takes so many units at once is not eligible for any call; empty if eligible for some."""
    if not isinstance(agent.state, st.Available):
        return str(agent.state.__struct_config__.tag)
    if not agent.reachable:
        return "unreachable"
    if agent.busy and company.rest_on_own_call:
        return "own_call"
    return why_full(agent, company, units, VOICE)


def why_not_for(directory: Directory, queues: Queues, agent: st.Agent, interaction: st.Interaction) -> str:
    """Say why an agent may not be offered a waiting interaction now; empty if nothing is against it."""
    why = why_not(agent, directory.company, directory.units(agent.slug))
    if why:
        return why
    queue, stage, site = queues.pool_name(interaction)
    if stage == KEPT:
        return "" if queue == agent.slug else "preferred"
    seats = [seat for seat in directory.seats(agent.slug) if seat.bound.queue.slug == queue]
    reasons = [_why_not_here(queues, seat, directory.agents[agent.slug], stage, site) for seat in seats]
    return "" if "" in reasons else next(iter(reasons), "not_member")


def _why_not_here(queues: Queues, seat: Seat, agent: model.Agent, stage: int, site: str) -> str:
    if seat.lender and not queues.lends(seat.lender):
        return "not_lent"
    if not all(suits(agent, need) for need in seat.bound.stages[stage].needs):
        return "skill"
    return "site" if site and agent.site != site else ""


def candidates(
    directory: Directory, queues: Queues, agents: dict[str, st.Agent], interaction: st.Interaction
) -> tuple[list[Candidate], dict[str, str]]:
    """Go through all agents for a waiting interaction: those who are eligible, in order, and why the others are not.

    This is the full list behind a decision, worked out without the index. The others are the queue's own agents; those
    who are lent come after its own, in the order of the lenders.
    """
    eligible: list[tuple[int, Candidate]] = []
    others: dict[str, str] = {}
    bound = directory.queues[queues.visits[interaction.id].queue]
    ranks = {lender: number for number, lender in enumerate(("", *bound.queue.lenders))}
    for agent in agents.values():
        seats = [seat for seat in directory.seats(agent.slug) if seat.bound is bound]
        why = why_not_for(directory, queues, agent, interaction) if seats else "not_member"
        if not why:
            rank = min(ranks[seat.lender] for seat in seats if not seat.lender or queues.lends(seat.lender))
            key = bound.strategy.rank(bound.options, agent, member(agent, seats[0]))
            eligible.append((rank, Candidate(agent.slug, key)))
        elif seats and not seats[0].lender:
            others[agent.slug] = why
    eligible.sort(key=lambda entry: (entry[0], entry[1].key))
    return [candidate for _, candidate in eligible], others


def first_match(directory: Directory, state: st.State, queues: Queues, index: Index) -> Match | None:
    """Find the caller to be served now, and by whom; None if nobody can be.

    A caller on an exchange that we do not see just now stands in no pool until we do.
    """
    pool = index.head()
    return None if pool is None else _match(directory, state, queues, index, pool)


def _match(directory: Directory, state: st.State, queues: Queues, index: Index, pool: Pool) -> Match:
    interaction = state.interactions[pool.waiting[0][1]]
    waiting = queues.visits[interaction.id]
    bound = directory.queues[waiting.queue]
    width = bound.strategy.width(bound.options) or RING_MAX
    found = index.choose(pool, bound, state.turns.get(waiting.queue, 0), width + NEXT_MAX)
    listed = tuple(Candidate(slug, key) for key, slug in found)
    return Match(
        interaction=interaction,
        waiting=waiting,
        queue=bound,
        chosen=listed[:width],
        next=listed[width:],
        excluded=index.excluded(pool, waiting.queue),
    )
