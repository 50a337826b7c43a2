"""Go to anything: what the palette finds."""

import re
from collections.abc import Iterator

import msgspec
from pyramid.response import Response

from appliance.store.reader import Query
from webadmin.frame import rail, setup_pages
from webadmin.page import About
from webadmin.permissions import Permission
from webadmin.request import PageRequest
from webadmin.texts import marked
from webadmin.ways import call_addresses

PAGE = About(label=marked("Go to anything"), permission=Permission.SIGNED_IN, addresses=("/go",))
FOUND_MAX = 12
TEXT_MAX = 60
CALLER = re.compile(r"\+?[0-9]{3,20}")


def view(request: PageRequest) -> Response:
    """Give pages, workgroups, people and calls that fit a few letters."""
    wanted = request.GET.get("q", "")[:TEXT_MAX].strip().casefold()
    found = []
    for title, kind, href in _all(request, wanted):
        if wanted in title.casefold():
            found.append({"title": title, "kind": kind, "href": href})
        if len(found) == FOUND_MAX:
            break
    return Response(msgspec.json.encode({"found": found}), content_type="application/json", charset="utf-8")


def _all(request: PageRequest, wanted: str) -> Iterator[tuple[str, str, str]]:
    say = request.say
    for entry in (*rail(request), *setup_pages(request)):
        yield entry.label, say("Page"), entry.address
    yield say("My account"), say("Page"), "/account"
    configuration = request.standing.configuration
    if request.has_permission(Permission.SETUP):
        for queue in configuration.queues:
            yield f"{queue.title or queue.slug}", say("Workgroup"), f"/setup/queues/{queue.slug}"
        for person in request.standing.people:
            yield f"{request.names.get(person.slug, person.slug)}", say("Person"), f"/setup/people/{person.slug}"
        for number in configuration.numbers:
            yield f"{number.slug} {number.title}".strip(), say("Number"), f"/setup/numbers/{number.slug}"
    if CALLER.fullmatch(wanted) and request.has_permission(Permission.FLOOR):
        calls = request.reader.calls(Query(text=wanted, size=FOUND_MAX)).calls
        addresses = call_addresses(request.reader, request.calendar, calls)
        for call in calls:
            when = request.calendar.moment(call.cdr.began)
            yield f"{call.label.number} · {when}", say("Call"), addresses[call.cdr.interaction]
