"""Sign in: a name, a password, a session."""

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.response import Response

from appliance import api
from webadmin.page import FORM, About
from webadmin.permissions import Permission
from webadmin.request import LANGUAGE_COOKIE, SESSION_COOKIE, VISIT_COOKIE, YEAR_S, PageRequest, keep
from webadmin.texts import LANGUAGES, marked
from webadmin.ways import local
from webadmin.words import problem_text

PAGE = About(label=marked("Sign in"), permission=Permission.ANYBODY, addresses=("/sign-in",), methods=FORM)
NAME_LENGTH_MAX = 63
PASSWORD_LENGTH_MAX = 1024


def view(request: PageRequest) -> Response:
    """Show the form, or take it."""
    if request.method == "POST":
        return _take(request)
    chosen = request.GET.get("language", "")
    if chosen in LANGUAGES:
        response: Response = HTTPSeeOther("/sign-in")
        keep(response, LANGUAGE_COOKIE, chosen, age_s=YEAR_S)
        return response
    if request.signed is not None:
        return HTTPSeeOther(local(request.GET.get("next", "")))
    return _form(request, there=local(request.GET.get("next", "")))


def _take(request: PageRequest) -> Response:
    name = request.POST.get("person", "")
    password = request.POST.get("password", "")
    there = local(request.POST.get("next", ""))
    if not isinstance(name, str) or not isinstance(password, str):
        return _form(request, there=there, problem="wrong")
    name = name.strip()
    if not 0 < len(name) <= NAME_LENGTH_MAX or not 0 < len(password) <= PASSWORD_LENGTH_MAX:
        return _form(request, there=there, name=name[:NAME_LENGTH_MAX], problem="wrong")
    reply = request.ask(api.SignIn(person=name, password=password, address=request.address))
    if reply.problems or not reply.session:
        code = reply.problems[0].code if reply.problems else "other"
        return _form(request, there=there, name=name, problem="wrong" if code == "not_allowed" else code)
    response = HTTPSeeOther(there)
    keep(response, SESSION_COOKIE, reply.session)
    response.delete_cookie(VISIT_COOKIE, path="/")
    return response


def _form(request: PageRequest, *, there: str, name: str = "", problem: str = "") -> Response:
    company = request.standing.configuration.company.title
    said = problem_text(request.say, api.Problem(code=problem)) if problem else ""
    response = request.show("sign_in", next=there, name=name, problem=said, company=company)
    if problem and problem != "daemon_gone":
        response.status_int = 403
    if problem == "daemon_gone":
        response.status_int = 503
    if not request.session_secret:
        keep(response, VISIT_COOKIE, request.visit)
    return response
