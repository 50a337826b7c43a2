"""A call: what happened, when, and why, beside its recording."""

from dataclasses import dataclass

from pyramid.response import Response

from appliance.core.cdr import Segment
from appliance.core.cdr import Stretch as Kind
from appliance.store.reader import Told
from webadmin.page import About
from webadmin.permissions import Permission
from webadmin.request import PageRequest
from webadmin.texts import marked
from webadmin.timeline import Teller
from webadmin.times import length
from webadmin.told import find_call
from webadmin.words import OUTCOMES, STRETCHES, UNRECORDED, title_of

PAGE = About(
    label=marked("Call"),
    permission=Permission.CALLS,
    addresses=("/calls/{day:\\d{4}-\\d{2}-\\d{2}}/{number:\\d{1,8}}", "/calls/{interaction:[0-9A-Za-z-]{3,64}}"),
)
WAITS = frozenset({Kind.WAITING, Kind.CALLBACK})


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A stretch of a call as the page shows it."""

    word: str
    of: str
    at: str
    length: str
    outcome: str
    wait: int | None
    "Of a wait in a queue: its place among the stretches, by which its reasons are found."
    never: bool
    "Whether nobody was offered the call meanwhile."


def view(request: PageRequest) -> Response:
    """Show one call."""
    told = find_call(request)
    cdr = told.cdr
    configuration = request.standing.configuration
    teller = Teller(say=request.say, calendar=request.calendar, configuration=configuration, names=request.names)
    reasons = {reason.slug: title_of(reason, request.language) for reason in configuration.dispositions}
    outcome = OUTCOMES[cdr.outcome]
    return request.show(
        "call",
        told=told,
        cdr=cdr,
        calendar=request.calendar,
        length=length,
        caller=told.label.number,
        name=told.label.name,
        queue=teller.queue(cdr.queue),
        agent=teller.agent(cdr.agent),
        outcome=outcome,
        outcome_key=str(cdr.outcome),
        cause=teller.cause(cdr.cause),
        results=[
            (teller.agent(w.agent), reasons.get(w.disposition, w.disposition), length(w.wrap_up_us)) for w in told.works
        ],
        stretches=[_stretch(request, teller, told, place) for place in range(len(cdr.segments))],
        names=request.names,
        moments=list(teller.tell(told)),
        recording=_recording(request, told),
        unrecorded=request.say(UNRECORDED[cdr.unrecorded]) if cdr.unrecorded else "",
        zone=configuration.company.zone,
    )


def _recording(request: PageRequest, told: Told) -> str:
    if not told.cdr.recording:
        return "none"
    if not request.has_permission(Permission.RECORDINGS):
        return "denied"
    return "there" if told.recording is not None else "soon"


def _stretch(request: PageRequest, teller: Teller, told: Told, place: int) -> Stretch:
    segment = told.cdr.segments[place]
    waits = segment.stretch in WAITS and segment.until > segment.since
    of = (
        teller.agent(segment.agent) if segment.agent else teller.queue(segment.queue) if segment.queue else segment.node
    )
    return Stretch(
        word=request.say(STRETCHES[segment.stretch]),
        of=of,
        at=request.calendar.exact(segment.since),
        length=length(segment.until - segment.since),
        outcome=request.say(OUTCOMES[segment.outcome].text) if segment.outcome else "",
        wait=place if waits else None,
        never=waits and not _offered(told, segment),
    )


def _offered(told: Told, segment: Segment) -> bool:
    """Whether somebody was offered the call in a stretch."""
    rows = (row for row in told.rows if segment.since <= row.now <= segment.until)
    return any(kept in told.decisions for row in rows for kept in row.kept)
