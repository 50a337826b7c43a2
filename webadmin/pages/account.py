"""My account: one's own password, language and light."""

from pyramid.response import Response

from appliance import api
from webadmin.page import FORM, About
from webadmin.permissions import Permission
from webadmin.request import PageRequest
from webadmin.texts import marked
from webadmin.words import problem_text

PAGE = About(label=marked("My account"), permission=Permission.SIGNED_IN, addresses=("/account",), methods=FORM)
LENGTH_MIN = 10
LENGTH_MAX = 1024


def view(request: PageRequest) -> Response:
    """Show it, or set a new password."""
    if request.method != "POST":
        return request.show("account", errors={}, done=False, length_min=LENGTH_MIN)
    errors = _errors(request)
    if not errors:
        reply = request.ask(
            api.SetPassword(
                person=request.person.slug,
                password=str(request.POST.get("password")),
                present=str(request.POST.get("present")),
            )
        )
        for problem in reply.problems:
            field = "present" if problem.code in {"wrong", "not_allowed"} else problem.field or "all"
            errors[field] = problem_text(request.say, problem)
    return request.show("account", status=422 if errors else 200, errors=errors, done=not errors, length_min=LENGTH_MIN)


def _errors(request: PageRequest) -> dict[str, str]:
    values = {name: request.POST.get(name, "") for name in ("present", "password", "again")}
    if not values["present"]:
        return {"present": request.say("Type your present password.")}
    if any(not isinstance(value, str) or len(value) > LENGTH_MAX for value in values.values()):
        return {"password": request.say("This is too long.")}
    if len(str(values["password"])) < LENGTH_MIN:
        return {"password": request.say("At least {count} characters, please.", count=LENGTH_MIN)}
    if values["password"] != values["again"]:
        return {"again": request.say("The two are not the same.")}
    return {}
