"""What routing is to know of a caller: class, own priority, who looks after them, whether they are refused."""

from collections.abc import Mapping

from pyramid.httpexceptions import HTTPNotFound
from pyramid.response import Response

from appliance import api
from webadmin.page import FORM, About
from webadmin.permissions import Permission
from webadmin.request import PageRequest
from webadmin.setup.choices import agents
from webadmin.texts import marked
from webadmin.told import find_call
from webadmin.words import problem_text

PAGE = About(
    label=marked("Caller"),
    permission=Permission.FLOOR,
    addresses=("/calls/{interaction:[0-9A-Za-z-]{3,64}}/caller",),
    methods=FORM,
)
PRIORITIES = range(10)
LENGTH_MAX = 64


def view(request: PageRequest) -> Response:
    """Show what is known, or change it; it holds from the caller's next call on."""
    told = find_call(request)
    if not told.label.number:
        raise HTTPNotFound
    errors: dict[str, str] = {}
    if request.method == "POST":
        reply = request.ask(_asked(dict(request.POST.items()), told.cdr.party))
        for problem in reply.problems:
            errors[problem.field or "all"] = problem_text(request.say, problem)
    known = request.reader.routed(told.cdr.party)
    return request.show(
        "call_caller",
        status=422 if errors else 200,
        told=told,
        known=known,
        errors=errors,
        done=request.method == "POST" and not errors,
        grades=sorted(request.standing.configuration.company.grades.items()),
        priorities=PRIORITIES,
        agents=agents(request),
    )


def _asked(typed: Mapping[str, object], party: str) -> api.SetParty:
    said = {name: str(typed.get(name, ""))[:LENGTH_MAX] for name in ("grade", "priority", "preferred")}
    priority = said["priority"]
    return api.SetParty(
        party=party,
        grade=said["grade"],
        priority=int(priority) if priority.isascii() and priority.isdigit() else 0,
        preferred=said["preferred"],
        blocked="blocked" in typed,
    )
