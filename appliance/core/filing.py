"""Filing: what a state counts as in the record of a call, and the record itself."""

from typing import assert_never

from appliance.core import state as st
from appliance.core.cdr import CDR, Outcome, Segment, Stretch

FAILURES = ("switch_failure", "internal_error", "unknown_number", "flow_loop", "blocked")
"Causes that make a call's outcome `failed`, unless somebody talked."
Visited = st.Waiting | st.Offered | st.Joining | st.Connected | st.Suspended | st.Calling
"States that belong to a queue visit."
LIVE = (Stretch.WAITING,)
LATER = (Stretch.CALLBACK, Stretch.CALLING)


def waiting_of(state: Visited) -> st.Waiting:
    """Tell the queue visit that a state belongs to."""
    return state if isinstance(state, st.Waiting) else state.waiting


def stretch_of(interaction: st.Interaction, state: st.InteractionState) -> tuple[Stretch, str, str, str]:
    """Tell what a state of an interaction is in its record: stretch, node, queue, agent."""
    match state:
        case st.Walking(flow=flow, node=node) | st.Forwarded(flow=flow, node=node):
            stretch = Stretch.FLOW if isinstance(state, st.Walking) else Stretch.FORWARDED
            return stretch, f"{flow}/{node}" if node else "", "", ""
        case st.Connected(agent=agent, waiting=waiting):
            return Stretch.TALKING, "", waiting.queue, agent
        case st.Leaving():
            return Stretch.FLOW, "", "", ""
        case st.Calling(waiting=waiting):
            return Stretch.CALLING, "", waiting.queue, ""
        case st.Waiting() | st.Offered() | st.Joining() | st.Suspended():
            waiting = waiting_of(state)
            stretch = Stretch.CALLBACK if interaction.is_callback(waiting) else Stretch.WAITING
            return stretch, "", waiting.queue, ""
        case _:
            assert_never(state)


def end_stretch(interaction: st.Interaction, until: int, outcome: Outcome | None) -> None:
    """Write down the stretch that an interaction's state was, unless it was nothing."""
    stretch, node, queue, agent = stretch_of(interaction, interaction.state)
    if until > interaction.since or outcome is not None or stretch is Stretch.TALKING:
        interaction.segments.append(
            Segment(
                stretch=stretch,
                since=interaction.since,
                until=until,
                node=node,
                queue=queue,
                agent=agent,
                outcome=outcome,
            )
        )
    interaction.since = until


def pass_by(interaction: st.Interaction, now: int, queue: str, outcome: Outcome) -> None:
    """Write down a queue visit that was over as it began: it is counted, so the record has it too."""
    end_stretch(interaction, now, None)
    interaction.segments.append(
        Segment(stretch=Stretch.WAITING, since=now, until=now, queue=queue, outcome=outcome),
    )


def record(interaction: st.Interaction, now: int, cause: str, last: tuple[int, int]) -> CDR:
    """Make the record of an interaction that is over."""
    segments = tuple(interaction.segments)
    talking = [segment for segment in segments if segment.stretch is Stretch.TALKING]
    return CDR(
        interaction=interaction.id,
        leg=interaction.leg if interaction.callback is None else interaction.callback.line,
        trunk=interaction.trunk,
        number=interaction.number,
        party=interaction.party,
        began=interaction.began,
        ended=now,
        outcome=_outcome(interaction, segments, cause),
        cause=cause,
        segments=segments,
        queue=next((s.queue for s in reversed(segments) if s.queue), ""),
        agent=talking[-1].agent if talking else "",
        wait_us=_sum(segments, LIVE),
        talk_us=_sum(segments, (Stretch.TALKING,)),
        recording=interaction.recording if talking else "",
        unrecorded=interaction.unrecorded if talking else None,
        medium="voice" if interaction.callback is None else "callback",
        callback_us=_sum(segments, LATER),
        attempts=interaction.callback.attempts if interaction.callback else 0,
        first=interaction.first,
        last=last,
    )


def _sum(segments: tuple[Segment, ...], stretches: tuple[Stretch, ...]) -> int:
    return sum(segment.until - segment.since for segment in segments if segment.stretch in stretches)


def _outcome(interaction: st.Interaction, segments: tuple[Segment, ...], cause: str) -> Outcome:
    if any(segment.stretch is Stretch.TALKING for segment in segments):
        return Outcome.ANSWERED
    if cause in FAILURES:
        return Outcome.FAILED
    if interaction.callback is not None:
        return Outcome.CALLBACK
    if any(segment.outcome is Outcome.ABANDONED for segment in segments):
        return Outcome.ABANDONED
    return Outcome.FLOWED_OUT if interaction.left_queue else Outcome.SELF_SERVED
