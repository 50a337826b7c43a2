"""A call: what happened, when, and why, beside its recording."""

from dataclasses import dataclass

from pyramid.response import Response

from appliance.core.cdr import Segment
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A stretch of a call as the page shows it."""

    word: str
    of: str
    at: str
    length: str
    outcome: str


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
        stretches=[_stretch(request, teller, segment) for segment in cdr.segments],
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


def _stretch(request: PageRequest, teller: Teller, segment: Segment) -> Stretch:
    of = (
        teller.agent(segment.agent) if segment.agent else teller.queue(segment.queue) if segment.queue else segment.node
    )
    return Stretch(
        word=request.say(STRETCHES[segment.stretch]),
        of=of,
        at=request.calendar.exact(segment.since),
        length=length(segment.until - segment.since),
        outcome=request.say(OUTCOMES[segment.outcome].text) if segment.outcome else "",
    )
