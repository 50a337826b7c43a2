"""Logs: what each part of the box wrote, by call, part and level."""

from collections.abc import Mapping

from pyramid.httpexceptions import HTTPNotFound
from pyramid.response import Response

from appliance import logbook
from appliance.logbook import PARTS, SHOWN_MAX, Wanted
from webadmin.page import About
from webadmin.permissions import Permission
from webadmin.request import PageRequest
from webadmin.texts import marked

PAGE = About(label=marked("Logs"), permission=Permission.SETUP, addresses=("/system/logs",))
LEVELS: Mapping[str, str] = {
    "debug": marked("all"),
    "info": marked("from information on"),
    "warning": marked("from warnings on"),
    "error": marked("errors alone"),
}
SIGNS: Mapping[str, str] = {"debug": "·", "info": "●", "warning": "!", "error": "✕"}
WORD_MAX = 100


def view(request: PageRequest) -> Response:
    """Show the last lines that are asked for; `follow` looks again every two seconds."""
    if request.box.home is None:
        raise HTTPNotFound
    asked = {name: str(request.GET.get(name, ""))[:WORD_MAX].strip() for name in ("part", "level", "call", "text")}
    words = _words_of(request, asked["call"]) if asked["call"] else ()
    wanted = Wanted(part=asked["part"], level=asked["level"], words=words)
    lines = logbook.entries(request.box.home, wanted, limit=SHOWN_MAX * 4 if asked["text"] else SHOWN_MAX)
    if asked["text"]:
        lines = [line for line in lines if asked["text"].casefold() in line.text.casefold()][-SHOWN_MAX:]
    return request.show(
        "logs",
        lines=lines,
        asked_for=asked,
        follow=request.GET.get("follow") == "y",
        parts=PARTS,
        levels=LEVELS,
        signs=SIGNS,
        most=SHOWN_MAX,
        exact=request.calendar.moment,
        here=request.path_qs,
        zone=request.standing.configuration.company.zone,
    )


def _words_of(request: PageRequest, call: str) -> tuple[str, ...]:
    """Give what a call is called in logs: its interaction, its leg, its recording."""
    found = request.reader.call(call)
    if found is None:
        return (call,)
    return tuple(word for word in (call, found.cdr.leg.uniqueid, found.cdr.recording) if word)
