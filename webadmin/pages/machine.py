"""Machine: its place in the network, who is let in, its time zone, its two slots. Each change is on trial first."""

import msgspec
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.response import Response

from appliance import api, root_work
from webadmin.frame import setup_pages
from webadmin.page import FORM, About
from webadmin.permissions import Permission
from webadmin.request import PageRequest
from webadmin.setup.fields import Form, shown, typed
from webadmin.setup.machine import FORMS, choices, question_of
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


def view(request: PageRequest) -> Response:
    """Show how the machine is set, or have something changed."""
    if request.method != "POST":
        return _show(request)
    step = str(request.POST.get("step", ""))
    form = typed(FORMS[step], request.say, choices(), posted(request)) if step in FORMS else None
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


def _refused(request: PageRequest, step: str, form: Form | None, said: str) -> Response:
    if form is None:
        return _show(request, problem=problem_text(request.say, api.Problem(code="unknown_change")))
    form.errors[said.partition(" - at")[0]] = problem_text(request.say, api.Problem(code="invalid"))
    return _show(request, form=(step, form))


def _show(request: PageRequest, *, form: tuple[str, Form] | None = None, problem: str = "") -> Response:
    reply = request.ask(api.AskRoot(question=root_work.Look()))
    seen = reply.machine.seen if reply.machine is not None else None
    forms: dict[str, Form] = {}
    if seen is not None:
        kept = {"zone": {"zone": seen.zone or "Etc/UTC"}}
        kept |= {"network": msgspec.structs.asdict(seen.network), "firewall": msgspec.structs.asdict(seen.firewall)}
        forms = {name: shown(fields, request.say, choices(), kept[name]) for name, fields in FORMS.items()}
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
