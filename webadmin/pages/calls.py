"""Calls: every finished call, newest first."""

from dataclasses import dataclass

from pyramid.response import Response

from appliance.store.reader import Listed
from webadmin.calls_query import OUTCOMES as OUTCOME_NAMES
from webadmin.calls_query import Filters, filters_of, quick
from webadmin.page import About
from webadmin.permissions import Permission
from webadmin.request import PageRequest
from webadmin.texts import marked
from webadmin.times import length
from webadmin.ways import call_addresses
from webadmin.words import OUTCOMES, Word

PAGE = About(label=marked("Calls"), permission=Permission.CALLS, addresses=("/calls",), rail=30, icon="calls")
SIZE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A call as the list shows it."""

    address: str
    when: str
    iso: str
    caller: str
    name: str
    number: str
    queue: str
    agent: str
    outcome: Word
    outcome_key: str
    wait: str
    talk: str
    recorded: bool


def view(request: PageRequest) -> Response:
    """Show a page of the calls that the filters leave."""
    filters = filters_of(request.GET)
    asked = filters if request.has_permission(Permission.FLOOR) else _own(request, filters.text, filters.page)
    found = request.reader.calls(asked.query(request.calendar, size=SIZE))
    addresses = call_addresses(request.reader, request.calendar, found.calls)
    configuration = request.standing.configuration
    today = request.calendar.day_of(request.now_us)
    return request.show(
        "calls",
        filters=asked,
        quick=quick(today),
        lines=[_line(request, call, addresses[call.cdr.interaction]) for call in found.calls],
        more=found.more,
        first=asked.page * SIZE + 1,
        count=request.reader.count(),
        queues=[(queue.slug, queue.title or queue.slug) for queue in configuration.queues],
        agents=[(agent.slug, request.names.get(agent.slug, agent.slug)) for agent in configuration.agents],
        numbers=[(number.slug, f"{number.slug} {number.title}".strip()) for number in configuration.numbers],
        outcomes=[(name, OUTCOMES[name]) for name in OUTCOME_NAMES],
        everything=request.has_permission(Permission.FLOOR),
        zone=configuration.company.zone,
    )


def _own(request: PageRequest, text: str, page: int) -> Filters:
    return Filters(agent=request.person.agent or "-", text=text, page=page)


def _line(request: PageRequest, call: Listed, address: str) -> Line:
    cdr = call.cdr
    titles = {queue.slug: queue.title for queue in request.standing.configuration.queues}
    return Line(
        address=address,
        when=request.calendar.moment(cdr.began),
        iso=request.calendar.iso(cdr.began),
        caller=call.label.number,
        name=call.label.name,
        number=cdr.number,
        queue=titles.get(cdr.queue) or cdr.queue,
        agent=request.names.get(cdr.agent, cdr.agent),
        outcome=OUTCOMES[cdr.outcome],
        outcome_key=str(cdr.outcome),
        wait=length(cdr.wait_us) if cdr.wait_us else "",
        talk=length(cdr.talk_us) if cdr.talk_us else "",
        recorded=bool(cdr.recording),
    )
