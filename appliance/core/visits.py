"""Queue visits as the records have them: what desk and wallboard count as it happens, and a report counts afterwards.

A call visits a queue each time that it comes to it, and each visit ends once: answered, given up, left otherwise,
turned into a callback, or broken by us or the exchange. It belongs to the day on which it ended. A caller who comes
back to the queue because the agent's phone died is on the same visit; a callback's own wait and result are figures of
their own.
"""

from collections.abc import Iterable

import msgspec

from appliance.core.cdr import CDR, Outcome, Segment, Stretch


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """A caller's wait on the line in one queue, and what became of it."""

    queue: str
    until: int
    "When it ended, centre time."
    outcome: Outcome
    wait_us: int
    talk_us: int = 0
    "Of the conversations that it led to, in the same queue."


def visits_of(cdr: CDR) -> list[Visit]:
    """List a call's queue visits."""
    visits = []
    for place, segment in enumerate(cdr.segments):
        if segment.stretch is Stretch.WAITING and segment.outcome is not None:
            visit = Visit(
                queue=segment.queue,
                until=segment.until,
                outcome=segment.outcome,
                wait_us=segment.until - segment.since,
                talk_us=_talk_us(segment.queue, cdr.segments[place + 1 :]),
            )
            visits.append(visit)
    return visits


def _talk_us(queue: str, rest: Iterable[Segment]) -> int:
    """Sum up the talk that follows a visit, up to the next one."""
    talk_us = 0
    for segment in rest:
        if segment.outcome is not None:
            break
        if segment.stretch is Stretch.TALKING and segment.queue == queue:
            talk_us += segment.until - segment.since
    return talk_us
