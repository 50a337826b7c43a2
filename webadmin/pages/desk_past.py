"""Earlier calls: what the caller at this desk called about before."""

from collections.abc import Mapping
from dataclasses import dataclass

from pyramid.httpexceptions import HTTPNoContent
from pyramid.response import Response

from appliance.client import Client, DoorClosedError
from appliance.store.reader import Listed
from webadmin.page import About
from webadmin.permissions import Permission
from webadmin.request import PageRequest
from webadmin.texts import marked
from webadmin.times import length
from webadmin.ways import call_addresses
from webadmin.words import OUTCOMES, title_of

PAGE = About(label=marked("Earlier calls"), permission=Permission.DESK, addresses=("/desk/past/{interaction}",))
SHOWN_MAX = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """An earlier call as the desk shows it."""

    address: str
    when: str
    queue: str
    sign: str
    outcome: str
    talk: str
    agent: str
    result: str
    notes: tuple[str, ...]


def view(request: PageRequest) -> Response:
    """Show them for a call that this person sees live, and nothing for any other: it may just have left the desk."""
    interaction = request.matchdict["interaction"]
    try:
        party = _party(request, interaction)
    except DoorClosedError:
        return request.show("past", away=True, own_note=_own_note(request, interaction))
    if party is None:
        raise HTTPNoContent
    calls = [call for call in request.reader.past_calls(party, SHOWN_MAX + 1) if call.cdr.interaction != interaction]
    addresses = call_addresses(request.reader, request.calendar, calls[:SHOWN_MAX])
    past = [_past(request, call, addresses) for call in calls[:SHOWN_MAX]]
    withheld = not past and not _has_number(request, party)
    return request.show("past", away=False, calls=past, own_note=_own_note(request, interaction), withheld=withheld)


def _own_note(request: PageRequest, interaction: str) -> str:
    """Give what this agent has written about the call so far."""
    notes = request.reader.notes((interaction,)).get(interaction, ())
    return next((note.text for note in notes if note.agent == request.person.agent), "")


def _party(request: PageRequest, interaction: str) -> str | None:
    """Ask the daemon whose call it is; None if this person does not see it. Raises `DoorClosedError`."""
    client = Client(request.box.door, request.session_secret, timeout_s=2.0)
    for _event, seen in client.live():
        call = seen.calls.get(interaction)
        return call.party if call else None
    return None


def _has_number(request: PageRequest, party: str) -> bool:
    label = request.reader.labels((party,)).get(party)
    return bool(label and label.number)


def _past(request: PageRequest, call: Listed, addresses: Mapping[str, str]) -> Past:
    cdr = call.cdr
    configuration = request.standing.configuration
    told = request.reader.call(cdr.interaction)
    works = told.works if told else ()
    notes = told.notes if told else ()
    reasons = {reason.slug: title_of(reason, request.language) for reason in configuration.dispositions}
    titles = {queue.slug: queue.title or queue.slug for queue in configuration.queues}
    word = OUTCOMES[cdr.outcome]
    return Past(
        address=addresses[cdr.interaction],
        when=request.calendar.moment(cdr.began),
        queue=titles.get(cdr.queue, cdr.queue),
        sign=word.sign,
        outcome=request.say(word.text),
        talk=length(cdr.talk_us) if cdr.talk_us else "",
        agent=request.names.get(cdr.agent, cdr.agent),
        result=", ".join(reasons.get(work.disposition, work.disposition) for work in works if work.disposition),
        notes=tuple(note.text for note in notes),
    )
