"""Machine: its place in the network, who is let in, its time zone, its two slots. Each change is on trial first."""

from collections.abc import Mapping
from zoneinfo import available_timezones

import msgspec
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.response import Response

from appliance import api, root_work
from webadmin.frame import setup_pages
from webadmin.page import FORM, About
from webadmin.permissions import Permission
from webadmin.request import PageRequest
from webadmin.setup.fields import Choice, Choices, Field, Form, Lines, Text, shown, typed
from webadmin.setup.section import posted
from webadmin.texts import marked
from webadmin.words import problem_text

PAGE = About(
    label=marked("Machine"),
    permission=Permission.SETUP,
    addresses=("/setup/machine",),
    methods=FORM,
    setup=95,
    help=marked("Address, name and time servers of the box, who is let in, and the release that runs."),
)
NETWORK: tuple[Field, ...] = (
    Text(
        name="host",
        label=marked("Name of the box"),
        needed=True,
        longest=63,
        help=marked("Small letters, digits and hyphens."),
    ),
    Text(
        name="interface",
        label=marked("Network card"),
        longest=15,
        help=marked("Such as eth0; empty for any wired one. An address of your own needs one."),
    ),
    Text(
        name="address",
        label=marked("Address"),
        longest=18,
        help=marked("IPv4 with its prefix, such as 192.168.1.10/24; empty asks the network (DHCP)."),
    ),
    Text(name="gateway", label=marked("Gateway"), longest=15, help=marked("Within the same network.")),
    Lines(name="dns", label=marked("Name servers"), help=marked("One address a line; empty takes those of DHCP.")),
    Lines(
        name="ntp", label=marked("Time servers"), help=marked("One name or address a line; empty takes Debian's own.")
    ),
)
FIREWALL: tuple[Field, ...] = (
    Lines(
        name="console",
        label=marked("Who may open these pages"),
        help=marked("One network a line, such as 192.168.0.0/16. All others are dropped."),
    ),
    Lines(
        name="phones",
        label=marked("Where phones and trunks are"),
        help=marked("Networks from which calls may come in unasked."),
    ),
    Lines(
        name="media",
        label=marked("Where the sound of calls may come from"),
        help=marked("A carrier's sound seldom comes from the address of its calls: 0.0.0.0/0 is everywhere."),
    ),
)
ZONE: tuple[Field, ...] = (
    Choice(name="zone", label=marked("Time zone of the machine"), help=marked("Its own logs are written in it.")),
)
FORMS: Mapping[str, tuple[Field, ...]] = {"network": NETWORK, "firewall": FIREWALL, "zone": ZONE}


def view(request: PageRequest) -> Response:
    """Show how the machine is set, or have something changed."""
    if request.method != "POST":
        return _show(request)
    step = str(request.POST.get("step", ""))
    form = typed(FORMS[step], request.say, _choices(), posted(request)) if step in FORMS else None
    if form is not None and form.errors:
        return _show(request, form=(step, form))
    try:
        question = question_of(step, form.values if form else {}, str(request.POST.get("change", "")))
    except ValueError as error:
        return _refused(request, step, form, str(error))
    reply = request.ask(api.AskRoot(question=question))
    if reply.problems:
        told = " ".join(problem_text(request.say, problem) for problem in reply.problems)
        return _show(request, form=(step, form) if form else None, problem=told)
    return HTTPSeeOther(PAGE.addresses[0])


def question_of(step: str, values: Mapping[str, object], change: str) -> root_work.AnyQuestion:
    """Make the question; `ValueError` names the field that no machine can be set by."""
    match step:
        case "network":
            return root_work.SetNetwork(network=msgspec.convert(values, root_work.Network))
        case "firewall":
            return root_work.SetFirewall(firewall=msgspec.convert(values, root_work.Firewall))
        case "zone":
            return root_work.SetTimeZone(zone=str(values["zone"]))
        case "confirm":
            return root_work.Confirm(change=change)
        case "take-back":
            return root_work.TakeBack()
        case _:
            return root_work.Look()


def _refused(request: PageRequest, step: str, form: Form | None, said: str) -> Response:
    if form is None:
        return _show(request, problem=problem_text(request.say, api.Problem(code="unknown_change")))
    form.errors[said.partition(" - at")[0]] = problem_text(request.say, api.Problem(code="invalid"))
    return _show(request, form=(step, form))


def _choices() -> Mapping[str, Choices]:
    zones = sorted(zone for zone in available_timezones() if root_work.ZONE.fullmatch(zone))
    return {"zone": [(zone, zone) for zone in zones]}


def _show(request: PageRequest, *, form: tuple[str, Form] | None = None, problem: str = "") -> Response:
    reply = request.ask(api.AskRoot(question=root_work.Look()))
    seen = reply.machine.seen if reply.machine is not None else None
    forms: dict[str, Form] = {}
    if seen is not None:
        kept = {"zone": {"zone": seen.zone or "Etc/UTC"}}
        kept |= {"network": msgspec.structs.asdict(seen.network), "firewall": msgspec.structs.asdict(seen.firewall)}
        forms = {name: shown(fields, request.say, _choices(), kept[name]) for name, fields in FORMS.items()}
    if form is not None and seen is not None:
        forms[form[0]] = form[1]
    away = "" if seen is not None else " ".join(problem_text(request.say, one) for one in reply.problems)
    errors = form[1].errors if form is not None else {}
    return request.show(
        "setup_machine",
        status=422 if problem or errors else 200,
        seen=seen,
        forms=forms,
        errors=errors,
        problem=problem,
        away=away,
        purpose=request.say(PAGE.help),
        menu=setup_pages(request),
    )
