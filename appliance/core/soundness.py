"""Soundness: what a single record, interaction or agent must be in itself, whatever happened before.

`invariants.py` asks here; nothing in it asks the index, and all of it is worked out from state and configuration.
"""

from collections.abc import Iterator

from appliance.core import model
from appliance.core import state as st
from appliance.core.cdr import CDR, Stretch
from appliance.core.directory import Directory

SECOND_US = 1_000_000
AWAY = (st.SignedOut, st.OnBreak, st.Missed)


def faults_of(cdr: CDR) -> Iterator[str]:
    """Say what does not add up in a record: its segments touch each other, and are the whole of it."""
    at = cdr.began
    for segment in cdr.segments:
        if segment.since != at or segment.until < segment.since:
            yield f"has a gap at {at}: the next segment begins at {segment.since}"
        at = segment.until
    if at != cdr.ended:
        yield f"ends at {cdr.ended}, its segments at {at}"
    for stretches, us in (
        ((Stretch.WAITING,), cdr.wait_us),
        ((Stretch.TALKING,), cdr.talk_us),
        ((Stretch.CALLBACK, Stretch.CALLING), cdr.callback_us),
    ):
        total = sum(s.until - s.since for s in cdr.segments if s.stretch in stretches)
        if us != total:
            yield f"has {us} us {stretches[0]}, its segments have {total}"


def deadlines_of(directory: Directory, state: st.State, interaction: st.Interaction) -> tuple[str, ...]:
    """Name the deadlines without which whatever holds an interaction might hold it for ever."""
    name = interaction.id
    needed: tuple[str, ...] = ()
    match interaction.state:
        case st.Waiting() as waiting:
            needed = _holds(directory, state, interaction, waiting)
        case st.Offered(rings=rings):
            needed = tuple(f"ring/{ring.offer}" for ring in rings)
        case st.Joining():
            needed = (f"join/{name}",)
        case st.Leaving():
            needed = (f"leave/{name}",)
        case st.Calling():
            needed = (f"callback/{name}", f"expire/{name}")
        case st.Suspended():
            needed = (f"expire/{name}",)
        case _:
            pass
    return needed


def _holds(directory: Directory, state: st.State, interaction: st.Interaction, waiting: st.Waiting) -> tuple[str, ...]:
    """Name what ends the holds of a caller who waits: skills, site, the agent they know, a queue that is gone."""
    name, bound = interaction.id, directory.queues.get(waiting.queue)
    if bound is None:
        return () if interaction.is_called_back else (f"wait/{name}",)
    waited = state.now - waiting.entered_at
    queue, view = bound.queue, interaction.view
    relaxes = max((need.relax_s for need in queue.requirement), default=0)
    known = any(agent in queue.agents and agent in state.agents for agent in (view.preferred, view.last_agent))
    held_s = max(relaxes, queue.local_s, queue.prefer_s if known else 0)
    needed = [f"relax/{name}"] if waited < held_s * SECOND_US else []
    if interaction.is_called_back:
        needed.append(f"expire/{name}")
        if queue.callback is not None and queue.callback.hours:
            needed.append(f"callback/{name}")
    return tuple(needed)


def is_out_of_hours(directory: Directory, state: st.InteractionState, since: int, now: int) -> bool:
    """Whether a customer may not be called back at any moment of a stretch of time."""
    bound = directory.queues.get(state.waiting.queue) if isinstance(state, st.Calling) else None
    rules = bound.queue.callback if bound is not None else None
    if rules is None or not rules.hours:
        return False
    return not any(begins <= now and since < ends for begins, ends in directory.opening.get(rules.hours, ()))


def at_work(directory: Directory, state: st.State, queue: str) -> int:
    """Count the agents of a queue whose phones can be reached, neither signed out, nor on a break, nor *missed*."""
    bound = directory.queues.get(queue)
    known = (state.agents.get(slug) for slug in (bound.queue.agents if bound is not None else ()))
    return sum(agent is not None and agent.reachable and not isinstance(agent.state, AWAY) for agent in known)


def may_rise(directory: Directory, queue: str) -> bool:
    """Whether a queue's callers may be told a position worse than the one before."""
    bound = directory.queues.get(queue)
    return (bound.queue.waiting if bound is not None else model.WaitingCaller()).position_may_rise
