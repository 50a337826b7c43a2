"""Why a caller waited: who could not be offered the call then, worked out by replaying the journal."""

from dataclasses import dataclass

from pyramid.httpexceptions import HTTPNotFound
from pyramid.response import Response

from appliance.core.cdr import Segment, Stretch
from appliance.replay import Unoffered, explain_wait
from webadmin.decisions import reason_text
from webadmin.page import About
from webadmin.permissions import Permission
from webadmin.recorded import recorded_of
from webadmin.request import PageRequest
from webadmin.texts import marked
from webadmin.told import find_call

PAGE = About(
    label=marked("Why the wait"),
    permission=Permission.FLOOR,
    addresses=("/calls/{interaction:[0-9A-Za-z-]{3,64}}/waits/{number:\\d{1,4}}",),
)
LOOKS = 8
"Into how many parts a wait is divided to look at it."


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A moment of the wait as the page shows it."""

    at: int
    ahead: int
    eligible: int
    excluded: tuple[tuple[str, int], ...]
    in_sight: bool


def view(request: PageRequest) -> Response:
    """Show at some moments of a wait why nobody was offered the call."""
    told = find_call(request)
    number = int(request.matchdict["number"])
    if number >= len(told.cdr.segments) or told.cdr.segments[number].stretch not in {Stretch.WAITING, Stretch.CALLBACK}:
        raise HTTPNotFound
    segment = told.cdr.segments[number]
    queues = {queue.slug: queue.title or queue.slug for queue in request.standing.configuration.queues}
    looks = _looks(request, told.cdr.interaction, segment)
    return request.show(
        "call_wait",
        told=told,
        segment=segment,
        queue=queues.get(segment.queue, segment.queue),
        calendar=request.calendar,
        looks=looks,
    )


def moments_of(segment: Segment) -> list[int]:
    """Give the moments at which a wait is looked at: its beginning, its end, and some between."""
    length = max(0, segment.until - 1 - segment.since)
    return list(dict.fromkeys(segment.since + length * place // LOOKS for place in range(LOOKS + 1)))


def _looks(request: PageRequest, interaction: str, segment: Segment) -> list[Look] | None:
    """Give what was so at those moments, one after the other where it differs; None if it cannot be worked out."""
    recorded = recorded_of(request, segment.since, segment.until)
    if recorded is None:
        return None
    try:
        found = explain_wait(recorded, interaction, moments_of(segment))
    except (KeyError, ValueError):
        return None
    looks = [_look(request, one) for one in found]
    return [
        look for before, look in zip([None, *looks], looks, strict=False) if before is None or _differ(before, look)
    ]


def _differ(one: Look, other: Look) -> bool:
    return (one.ahead, one.eligible, one.excluded, one.in_sight) != (
        other.ahead,
        other.eligible,
        other.excluded,
        other.in_sight,
    )


def _look(request: PageRequest, one: Unoffered) -> Look:
    return Look(
        at=one.at,
        ahead=one.ahead,
        eligible=one.eligible,
        excluded=tuple((reason_text(request.say, reason), count) for reason, count in one.excluded.items()),
        in_sight=one.in_sight,
    )
