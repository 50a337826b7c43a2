"""System: how the parts of the box are."""

from dataclasses import dataclass

from pyramid.response import Response

from appliance import live
from appliance.client import Client, DoorClosedError
from webadmin.page import About
from webadmin.permissions import Permission
from webadmin.request import PageRequest
from webadmin.texts import marked
from webadmin.words import PART_STATES, PARTS

PAGE = About(label=marked("System"), permission=Permission.SYSTEM, addresses=("/system",), rail=90, icon="system")
TRUNK = "trunk/"
LINE = "line/"
SPAN = "span/"
SIGNALLING = "signalling/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of the box and how it is."""

    title: str
    state: str
    well: bool
    amber: bool = False


def view(request: PageRequest) -> Response:
    """Show every part with its state in words."""
    try:
        health = Client(request.box.door, request.session_secret, timeout_s=3.0).health()
        parts = {"daemon": "ok", **health.parts}
    except DoorClosedError:
        health = live.Health()
        parts = {"daemon": "away"}
    standing = request.standing
    return request.show(
        "system",
        parts=[_part(request, name, state) for name, state in (*parts.items(), ("web", "ok"))],
        health=health,
        version=standing.version,
        calls=request.reader.count(),
        zone=standing.configuration.company.zone,
        now=request.calendar.clock(request.now_us),
    )


def _part(request: PageRequest, name: str, state: str) -> Part:
    known = PARTS.get(name)
    title = request.say(known) if known else name
    if name.startswith(TRUNK):
        title = request.say("Trunk {name}", name=name.removeprefix(TRUNK))
    if name.startswith(LINE):
        title = request.say("Serial line {name}", name=name.removeprefix(LINE))
    if name.startswith(SPAN):
        title = request.say("Span {number}", number=name.removeprefix(SPAN))
    if name.startswith(SIGNALLING):
        title = request.say("Signalling of span {number}", number=name.removeprefix(SIGNALLING))
    word = PART_STATES.get(state)
    return Part(title=title, state=request.say(word) if word else state, well=state == "ok", amber=state in live.AMBER)
