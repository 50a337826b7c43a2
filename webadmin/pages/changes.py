"""Changes: who changed what and when, and the way back."""

from dataclasses import dataclass

from pyramid.httpexceptions import HTTPNotFound
from pyramid.response import Response

from appliance import api
from webadmin.frame import setup_pages
from webadmin.numerals import whole_number
from webadmin.page import FORM, About
from webadmin.permissions import Permission
from webadmin.request import PageRequest
from webadmin.setup.section import applied, done, errors_of, token_of
from webadmin.setup.summaries import summary_text
from webadmin.texts import marked
from webadmin.ways import local

PAGE = About(
    label=marked("Changes"),
    permission=Permission.SETUP,
    addresses=("/setup/changes", "/setup/changes/{id:\\d{1,12}}"),
    methods=FORM,
    setup=90,
    help=marked("Every change of the configuration: who, when, what, and a button that takes it back."),
)
PAGE_MAX = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A change as the list shows it."""

    id: int
    when: str
    who: str
    summary: str
    reverts: int


def view(request: PageRequest) -> Response:
    """Show all changes, or one with its difference; take one back."""
    said = request.matchdict.get("id")
    if said is None:
        if request.method == "POST":
            raise HTTPNotFound
        return _list(request)
    if request.method == "POST":
        return _revert(request, int(said))
    return _one(request, int(said), {})


def _list(request: PageRequest) -> Response:
    page = whole_number(request.GET.get("page"), PAGE_MAX) or 0
    found = request.reader.changes(page)
    return request.show(
        "setup_changes",
        purpose=request.say(PAGE.help),
        lines=[_line(request, change) for change in found.items],
        page=page,
        more=found.more,
        menu=setup_pages(request),
        done=done(request),
        zone=request.standing.configuration.company.zone,
    )


def _line(request: PageRequest, change: api.Change) -> Line:
    who = request.say("command line") if change.by == "console" else request.names.get(change.by) or change.by
    return Line(
        id=change.id,
        when=request.calendar.moment(change.at),
        who=who,
        summary=summary_text(request.say, change.summary),
        reverts=change.reverts,
    )


def _one(request: PageRequest, number: int, errors: dict[str, str]) -> Response:
    changed = request.reader.change(number)
    if changed is None:
        raise HTTPNotFound
    return request.show(
        "setup_change",
        status=422 if errors else 200,
        line=_line(request, changed.change),
        change=changed.change,
        differences=changed.lines,
        menu=setup_pages(request),
        errors=errors,
        zone=request.standing.configuration.company.zone,
    )


def _revert(request: PageRequest, number: int) -> Response:
    if request.reader.change(number) is None:
        raise HTTPNotFound
    reply = request.ask(api.Revert(token=token_of(request), change=number))
    if reply.problems:
        return _one(request, number, errors_of(request, reply.problems, "", frozenset()))
    return applied(local(request.POST.get("back", ""), PAGE.addresses[0]).split("?")[0], reply)
