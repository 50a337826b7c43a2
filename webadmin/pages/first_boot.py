"""First boot: who stands at the box and knows its set-up code becomes the administrator. Gone once there is one."""

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.response import Response

from appliance import api
from webadmin.page import FORM, About
from webadmin.permissions import Permission
from webadmin.request import LANGUAGE_COOKIE, SESSION_COOKIE, VISIT_COOKIE, YEAR_S, PageRequest, keep
from webadmin.setup.fields import Field, Form, Secret, Text, shown, typed
from webadmin.setup.section import posted
from webadmin.texts import LANGUAGES, marked
from webadmin.words import problem_text

PAGE = About(label=marked("First boot"), permission=Permission.ANYBODY, addresses=("/first-boot",), methods=FORM)
FIELDS: tuple[Field, ...] = (
    Text(
        name="code",
        label=marked("Set-up code"),
        needed=True,
        longest=40,
        help=marked("The box shows it on its screen and its serial line, so that nobody else takes it before you."),
    ),
    Text(name="name", label=marked("Your name"), longest=100, help=marked("As your colleagues see it.")),
    Text(
        name="person",
        label=marked("Sign-in name"),
        needed=True,
        longest=63,
        default="admin",
        help=marked("Small letters, digits and hyphens."),
    ),
    Secret(name="password", label=marked("Password"), help=marked("At least 10 characters; you choose it.")),
    Secret(name="repeated", label=marked("The password once more")),
)


def view(request: PageRequest) -> Response:
    """Show the form, or take it."""
    if request.first_boot is None or not request.first_boot.is_open:
        return HTTPSeeOther("/")
    chosen = request.GET.get("language", "")
    if request.method != "POST" and chosen in LANGUAGES:
        response: Response = HTTPSeeOther(PAGE.addresses[0])
        keep(response, LANGUAGE_COOKIE, chosen, age_s=YEAR_S)
        return response
    if request.method != "POST":
        return _form(request, shown(FIELDS, request.say, {}, {}))
    form = typed(FIELDS, request.say, {}, posted(request))
    if form.values["password"] != form.values["repeated"]:
        form.errors["repeated"] = request.say("This is not the same password.")
    return _form(request, form) if form.errors else _take(request, form)


def _take(request: PageRequest, form: Form) -> Response:
    reply = request.ask(
        api.TakeBox(
            code=str(form.values["code"]),
            person=str(form.values["person"]),
            password=str(form.values["password"]),
            name=str(form.values["name"]),
            language=request.language,
            address=request.address,
        )
    )
    if reply.problems or not reply.session:
        return _refused(request, form, reply)
    response = HTTPSeeOther("/first-boot/go-on")
    keep(response, SESSION_COOKIE, reply.session)
    response.delete_cookie(VISIT_COOKIE, path="/")
    return response


def _refused(request: PageRequest, form: Form, reply: api.Reply) -> Response:
    problem = reply.problems[0] if reply.problems else api.Problem(code="other")
    said = problem_text(request.say, problem)
    field = problem.field.rpartition(".")[2]
    place = {"slug": "person"}.get(field, field)
    if problem.code == "box_taken":
        return request.show("first_boot", status=409, form=None, errors={}, problem=said)
    if place in {one.name for one in FIELDS}:
        form.errors[place] = said
        return _form(request, form)
    return _form(request, form, problem=said)


def _form(request: PageRequest, form: Form, problem: str = "") -> Response:
    wrong = bool(form.errors or problem)
    response = request.show("first_boot", status=422 if wrong else 200, form=form, errors=form.errors, problem=problem)
    keep(response, VISIT_COOKIE, request.visit)
    return response
