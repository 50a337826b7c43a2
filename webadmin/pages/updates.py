"""Updates: what runs, what lies ready, how the present update is; a bundle is sent here, installed, and taken back."""

from collections.abc import Iterator

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.response import Response

from appliance import api, root_work, updates
from appliance.updates import OVER, WAITING, Phase, Plan, Plans
from appliance.words import PHASES, UPDATE_WHYS
from webadmin.frame import setup_pages
from webadmin.page import FORM, About
from webadmin.permissions import Permission
from webadmin.request import PageRequest
from webadmin.texts import marked
from webadmin.words import problem_text

PAGE = About(
    label=marked("Updates"),
    permission=Permission.SETUP,
    addresses=("/setup/updates", "/setup/updates/bundles/{name}"),
    methods=FORM,
    setup=96,
    help=marked("The release that runs, a new one installed beside it, and the way back."),
)
WAY: tuple[Phase, ...] = (Phase.INSTALL, Phase.QUIET, Phase.SWITCH, Phase.TRY, Phase.GOOD)
MEGABYTE = 1_000_000
WRONG = {
    "name": marked("This is no name of a bundle: letters, digits, dots and hyphens, and .raucb at its end."),
    "size": marked("It is empty, or larger than any bundle."),
}
NO_ROOM = marked("It could not be kept: {why}")


def view(request: PageRequest) -> Response:
    """Show how updates are, take a bundle that is sent piece by piece, or do what was clicked."""
    name = request.matchdict.get("name")
    if name is not None and request.method != "POST":
        raise HTTPNotFound
    if name is not None:
        return _take(request, name)
    if request.method != "POST":
        return _show(request)
    at_once = bool(request.POST.get("at_once"))
    match str(request.POST.get("do", "")).partition(":"):
        case "begin", _, bundle if root_work.BUNDLE.fullmatch(bundle):
            asked = api.Update(work="begin", bundle=bundle, at_once=at_once)
        case "take-back", _, _:
            asked = api.Update(work="take_back", at_once=at_once)
        case "stop", _, _:
            asked = api.Update(work="stop")
        case "at-once", _, _:
            asked = api.Update(work="at_once")
        case _:
            return _show(request)
    reply = request.ask(asked)
    if reply.problems:
        return _show(request, " ".join(problem_text(request.say, problem) for problem in reply.problems))
    return HTTPSeeOther(PAGE.addresses[0])


def _take(request: PageRequest, name: str) -> Response:
    """Keep a bundle as it comes; the answer is a sentence, for the script that sends it."""
    folder, plan = request.box.updates, _plan(request)
    if folder is None:
        raise HTTPNotFound
    said = ""
    if plan is not None and plan.phase not in OVER:
        said = problem_text(request.say, api.Problem(code="update_runs"))
    else:
        updates.tidy(folder, keep=())
        try:
            updates.stage(folder, name, _pieces(request))
            said = updates.looked(folder / name).problem
        except ValueError as error:
            said = request.say(WRONG.get(str(error), WRONG["size"]))
        except OSError as error:
            said = request.say(NO_ROOM, why=error.strerror or error)
    response = Response(json_body={"problem": said}, status=422 if said else 200)
    response.content_type = "application/json"
    return response


def _pieces(request: PageRequest) -> Iterator[bytes]:
    """Give what is sent as it comes; one that is cut off is an error."""
    left = request.content_length or 0
    while left > 0:
        piece = request.body_file_raw.read(min(updates.PIECE_BYTES, left))
        if not piece:
            raise OSError("cut off")
        left -= len(piece)
        yield piece


def _plan(request: PageRequest) -> Plan | None:
    return Plans(request.box.update).read() if request.box.update is not None else None


def _show(request: PageRequest, problem: str = "") -> Response:
    reply = request.ask(api.AskRoot(question=root_work.Look()))
    seen = reply.machine.seen if reply.machine is not None else None
    plan, slots = _plan(request), seen.slots if seen is not None else ()
    away = "" if slots else " ".join(problem_text(request.say, one) for one in reply.problems)
    why = "" if plan is None or plan.phase is Phase.GOOD else plan.why
    folder = request.box.updates
    return request.show(
        "setup_updates",
        status=422 if problem else 200,
        slots=slots,
        away=away or problem_text(request.say, api.Problem(code="no_slots")),
        plan=plan,
        way=[(phase, request.say(PHASES[phase].text)) for phase in WAY],
        phase=(PHASES[plan.phase].sign, request.say(PHASES[plan.phase].text)) if plan is not None else None,
        why=request.say(UPDATE_WHYS[why]) if why in UPDATE_WHYS else why,
        over=plan is None or plan.phase in OVER,
        waits=plan is not None and plan.phase in WAITING,
        bundles=[updates.looked(path) for path in updates.staged(folder)] if folder is not None else [],
        reserve=any(slot.good and not slot.booted for slot in slots),
        megabytes=lambda size: request.say("{count} MB", count=-(-size // MEGABYTE)),
        problem=problem,
        purpose=request.say(PAGE.help),
        menu=setup_pages(request),
    )
