"""Text messages: what came in and what went out, each with its state, and sending one."""

from dataclasses import dataclass

from pyramid.httpexceptions import HTTPForbidden, HTTPSeeOther
from pyramid.response import Response

from appliance import api, sms
from appliance.client import Client, DoorClosedError
from appliance.store.reader import Sms
from webadmin.numerals import whole_number
from webadmin.page import FORM, About
from webadmin.permissions import Permission
from webadmin.request import PageRequest
from webadmin.setup.section import token_of
from webadmin.texts import marked
from webadmin.words import MODEMS, TEXTS, Word, problem_text

PAGE = About(
    label=marked("Text messages"),
    permission=Permission.TEXTS,
    addresses=("/texts",),
    methods=FORM,
    rail=35,
    icon="texts",
)
SIZE = 50
NUMBER_MAX = 10**12
TEXT_LENGTH_MAX = 1_320


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A text as the list shows it."""

    id: int
    when: str
    iso: str
    outgoing: bool
    number: str
    name: str
    by: str
    text: str
    state: Word
    state_key: str
    parts: str
    why: str
    readable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ModemLine:
    """A modem as the page shows it."""

    line: str
    title: str
    state: Word
    well: bool
    operator: str
    signal: int


def view(request: PageRequest) -> Response:
    """Show the newest, or send one."""
    if request.method == "POST":
        return _send(request)
    return _show(request)


def _send(request: PageRequest) -> Response:
    if not request.has_permission(Permission.SEND_TEXT):
        raise HTTPForbidden
    values = {name: str(request.POST.get(name, ""))[: 4 * TEXT_LENGTH_MAX] for name in ("number", "text", "line")}
    reply = request.ask(
        api.SendSms(
            token=token_of(request),
            number=values["number"].strip(),
            text=values["text"].replace("\r\n", "\n").strip(),
            line=values["line"],
        )
    )
    if reply.problems:
        errors = {problem.field or "all": problem_text(request.say, problem) for problem in reply.problems}
        return _show(request, values, errors)
    return HTTPSeeOther(f"{PAGE.addresses[0]}?sent={reply.message}")


def _show(request: PageRequest, values: dict[str, str] | None = None, errors: dict[str, str] | None = None) -> Response:
    before = whole_number(request.GET.get("before"), NUMBER_MAX) or 0
    found = request.reader.texts(before, SIZE + 1)
    modems = _modems(request)
    return request.show(
        "texts",
        status=422 if errors else 200,
        lines=[_line(request, text) for text in found[:SIZE]],
        older=found[SIZE - 1].id if len(found) > SIZE else 0,
        before=before,
        modems=modems,
        may_send=request.has_permission(Permission.SEND_TEXT) and bool(modems),
        may_set_up=request.has_permission(Permission.SETUP),
        values=values or {"number": "", "text": "", "line": ""},
        errors=errors or {},
        sent=whole_number(request.GET.get("sent"), NUMBER_MAX),
        length_max=TEXT_LENGTH_MAX,
        token=token_of(request),
        zone=request.standing.configuration.company.zone,
    )


def _modems(request: PageRequest) -> list[ModemLine]:
    """Give the modems of the configuration; how they are the daemon says, while it is there."""
    known: dict[str, sms.Modem] = {}
    try:
        health = Client(request.box.door, request.session_secret, timeout_s=3.0).health()
        known = {modem.line: modem for modem in health.modems}
    except DoorClosedError:
        pass  # the page can be read all the same
    found = []
    for line in request.standing.configuration.lines:
        if line.kind == "sms-modem":
            modem = known.get(line.slug, sms.Modem(line=line.slug))
            found.append(
                ModemLine(
                    line=line.slug,
                    title=line.title or line.slug,
                    state=MODEMS[modem.fitness],
                    well=modem.fitness is sms.Fitness.READY,
                    operator=modem.operator,
                    signal=modem.signal_percent,
                )
            )
    return found


def _line(request: PageRequest, text: Sms) -> Line:
    return Line(
        id=text.id,
        when=request.calendar.moment(text.at),
        iso=request.calendar.iso(text.at),
        outgoing=text.outgoing,
        number=text.number,
        name=text.name,
        by=request.names.get(text.by, text.by),
        text=text.text,
        state=TEXTS[text.state],
        state_key=str(text.state),
        parts=f"{text.done}/{text.parts}" if text.parts > 1 else "",
        why=text.why,
        readable=text.readable,
    )
