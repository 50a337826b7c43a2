"""Company: what holds for all of it."""

import re
from collections.abc import Mapping
from zoneinfo import available_timezones

import msgspec
from pyramid.response import Response

from appliance import api
from appliance.core import model
from appliance.core.check import KEEP_DAYS_MAX, LEVELS, RELAX_S_MAX
from webadmin.frame import setup_pages
from webadmin.page import FORM, About
from webadmin.permissions import Permission
from webadmin.request import PageRequest
from webadmin.setup.difference import differing, plain
from webadmin.setup.fields import Check, Choice, Choices, Field, Form, Lines, Number, Text, shown, typed
from webadmin.setup.rows import Rows, of_table, table_of
from webadmin.setup.section import (
    Review,
    applied,
    base_of,
    carried,
    done,
    errors_of,
    new_faults,
    posted,
    show_review,
    token_of,
    worded,
)
from webadmin.texts import LANGUAGES, marked
from webadmin.words import FORMULAS

PAGE = About(
    label=marked("Company"),
    permission=Permission.SETUP,
    addresses=("/setup/company",),
    methods=FORM,
    setup=10,
    help=marked(
        "Name, language, time zone, emergency numbers, who comes first, and how long calls and recordings are kept."
    ),
)
ZONE = re.compile(r"[A-Z][A-Za-z]+(/[A-Za-z_+-]+)+|UTC")

KEPT: tuple[tuple[str, str, int, str], ...] = (
    (
        "keep_journal_days",
        marked("Keep timelines"),
        400,
        marked("After so many days a call has its record alone, and that day cannot be replayed; 0: for ever."),
    ),
    ("keep_calls_days", marked("Keep records of calls"), 0, marked("After so many days they are let go; 0: for ever.")),
    (
        "keep_recordings_days",
        marked("Keep recordings"),
        0,
        marked("After so many days they and their keys are let go; 0: for ever."),
    ),
)
"How long what is kept."

GROUPS: Mapping[str, str] = {
    "title": marked("Name and place"),
    "ageing_s": marked("Who comes first"),
    "level_formula": marked("Service level"),
    "keep_journal_days": marked("How long calls are kept"),
    "rest_on_own_call": marked("Calls at the agent"),
}
"Headings of the form, by the name of the first field under each."

FIELDS: tuple[Field, ...] = (
    Text(name="title", label=marked("Company name"), help=marked("Shown on the sign-in page and the wallboard.")),
    Choice(
        name="language",
        label=marked("Language"),
        help=marked("Of new people's pages, and of prompts where a number names no other."),
    ),
    Choice(
        name="zone",
        label=marked("Time zone"),
        help=marked("Days, opening hours and every time on these pages follow it."),
    ),
    Lines(
        name="emergency",
        label=marked("Emergency numbers"),
        help=marked("One a line, such as 110 or 112. They always go out, over every trunk in order."),
    ),
    Text(
        name="prefix",
        label=marked("Prefix for outside numbers"),
        longest=3,
        help=marked("What a phone dials before a number outside; emergency numbers pass with and without it."),
    ),
    Number(
        name="ageing_s",
        label=marked("Ageing"),
        low=0,
        high=RELAX_S_MAX,
        unit=marked("s"),
        help=marked(
            "So many seconds of waiting make up for one step of priority or weight, so that nobody waits for ever; "
            "0: priority is strict."
        ),
    ),
    Rows(
        name="grades",
        label=marked("Customer classes"),
        columns=(
            Text(name="grade", label=marked("Class"), longest=63),
            Number(name="priority", label=marked("Priority"), low=LEVELS[0], high=LEVELS[1], default=5),
        ),
        help=marked("The priority of callers of a class, such as gold; 1 is served first."),
    ),
    Choice(
        name="level_formula",
        label=marked("Formula"),
        help=marked("How callers who gave up count, on desk, wallboard and in reports, and where routing goes by it."),
    ),
    Check(
        name="level_flow_outs",
        label=marked("Callers who left otherwise count as not answered in time"),
        help=marked("Such as those who overflowed; in each workgroup that they left."),
    ),
    *(
        Number(name=name, label=label, low=0, high=KEEP_DAYS_MAX, default=default, unit=marked("days"), help=text)
        for name, label, default, text in KEPT
    ),
    Check(
        name="rest_on_own_call",
        label=marked("No call while the agent's phone is in a call of its own"),
        help=marked("Such as one that the agent has dialled."),
    ),
    Check(
        name="voice_alone",
        default=True,
        label=marked("A call takes the whole agent"),
        help=marked("Otherwise a call takes one of the agent's units, and others may come beside it."),
    ),
)


def view(request: PageRequest) -> Response:
    """Show the form, review it, apply it."""
    company = request.standing.configuration.company
    data = {**msgspec.structs.asdict(company), "grades": of_table(company.grades, "grade", "priority")}
    old = shown(FIELDS, request.say, choices(request), data)
    if request.method != "POST":
        return _show(request, old, {})
    form = typed(FIELDS, request.say, choices(request), posted(request))
    if request.POST.get("step") == "edit" or form.errors:
        return _show(request, form, form.errors)
    after = made(company, form)
    before = request.standing.configuration
    faults = new_faults(before, msgspec.structs.replace(before, company=after))
    if errors := errors_of(request, faults, "company", frozenset(form.values)):
        return _show(request, form, errors)
    review = Review(
        title=request.say(PAGE.label),
        differences=worded(old, form),
        lines=differing(company, after),
        action=request.path,
        back=PAGE.addresses[0],
        hidden=carried(request),
    )
    if request.POST.get("step") != "apply":
        return show_review(request, review)
    return _apply(request, review, after)


def made(company: model.Company, form: Form) -> model.Company:
    """Make the company that a form without errors says; what no field says stays as it is."""
    grades = table_of(form.values["grades"], "grade", "priority")
    return plain(msgspec.convert({**msgspec.structs.asdict(company), **form.values, "grades": grades}, model.Company))


def _apply(request: PageRequest, review: Review, after: model.Company) -> Response:
    value = msgspec.Raw(msgspec.json.encode(after))
    reply = request.ask(api.Put(token=token_of(request), base=base_of(request), list="company", value=value))
    if reply.problems:
        return show_review(request, review, errors_of(request, reply.problems, "company", frozenset()))
    return applied(PAGE.addresses[0], reply)


def choices(request: PageRequest) -> dict[str, Choices]:
    """Give the lists to choose from."""
    zones = sorted(zone for zone in available_timezones() if ZONE.fullmatch(zone))
    here = request.standing.configuration.company.zone
    return {
        "language": list(LANGUAGES.items()),
        "zone": [(zone, zone) for zone in dict.fromkeys([here, *zones])],
        "level_formula": [(str(formula), request.say(text)) for formula, text in FORMULAS.items()],
    }


def _show(request: PageRequest, form: Form, errors: Mapping[str, str]) -> Response:
    return request.show(
        "setup_company",
        status=422 if errors else 200,
        form=form,
        groups=GROUPS,
        purpose=request.say(PAGE.help),
        errors=errors,
        base=base_of(request) if request.method == "POST" else request.standing.version,
        menu=setup_pages(request),
        done=done(request),
    )
