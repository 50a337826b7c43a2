"""First steps: what a new box needs before its first call, one thing after the other; each can be left for later."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.response import Response

from appliance import api, root_work, trial_call
from appliance.client import Client, DoorClosedError
from appliance.first_boot import END, STEPS
from drivers.dahdi.alarms import OK, Standing
from webadmin.page import FORM, About
from webadmin.permissions import Permission
from webadmin.request import PageRequest
from webadmin.setup import first, machine
from webadmin.setup.fields import Field, Form, shown, typed
from webadmin.setup.section import find, posted
from webadmin.texts import LANGUAGES, marked, texts
from webadmin.words import PART_STATES, problem_text

PAGE = About(
    label=marked("First steps"),
    permission=Permission.SETUP,
    addresses=("/first-boot/{step:go-on|" + "|".join(STEPS) + "}",),
    methods=FORM,
)
TITLES: Mapping[str, str] = {
    "network": marked("Network"),
    "time": marked("Company and time"),
    "cards": marked("Telephone cards"),
    "trunk": marked("Line to a carrier"),
    "queue": marked("First workgroup"),
    "call": marked("Test call"),
}
FIELDS: Mapping[str, tuple[Field, ...]] = {
    "network": machine.NETWORK,
    "time": first.TIME,
    "trunk": first.CARRIER,
    "queue": first.WORKGROUP,
}
PLACES: Mapping[str, str] = {"extensions": "extension", "numbers": "number", "trunks": "host", "company": "zone"}
"Which field shows what is wrong with a part that has none of its name."
GREETING = marked("Thank you for calling {company}.")
"In the language of the prompts."
LOOK_S = 3.0


@dataclass(slots=True, kw_only=True)
class Told:
    """What came of a form."""

    form: Form | None = None
    problem: str = ""
    done: str = ""
    password: str = ""
    "A SIP password that was made; it is shown this once."


def view(request: PageRequest) -> Response:
    """Show a step, or do what it asks."""
    stands = request.first_boot
    if stands is None:
        return HTTPSeeOther("/setup")
    step = request.matchdict["step"]
    if step == "go-on":
        return HTTPSeeOther(address_of(STEPS[-1] if stands.step == END else stands.step))
    if request.method != "POST":
        return _show(request, step, Told())
    match str(request.POST.get("do", ""))[:20]:
        case "next":
            return _next(request, step)
        case "end":
            reply = request.ask(api.NoteStep(step=END))
            return _show(request, step, _refused(request, reply)) if reply.problems else HTTPSeeOther("/")
        case do:
            told = _do(request, step, do)
            return HTTPSeeOther(address_of(step)) if told is None else _show(request, step, told)


def address_of(step: str) -> str:
    """Give the address of a step."""
    return f"/first-boot/{step}"


def _next(request: PageRequest, step: str) -> Response:
    reply = request.ask(api.NoteStep(step=step))
    if reply.problems:
        return _show(request, step, _refused(request, reply))
    place = STEPS.index(step) + 1
    return HTTPSeeOther(address_of(STEPS[min(place, len(STEPS) - 1)]))


# -- what a step does


def _do(request: PageRequest, step: str, do: str) -> Told | None:
    """Do it; None to look at the step again as it is then."""
    match step, do:
        case "network", "confirm":
            return _confirmed(request)
        case "network", "take-back":
            return _asked(request, api.AskRoot(question=root_work.TakeBack()))
        case "trunk" | "call", "call":
            return _called(request, outside=step == "trunk")
    if step not in FIELDS:
        return None
    form = typed(FIELDS[step], request.say, _choices(), posted(request))
    return Told(form=form) if form.errors else _saved(request, step, form)


def _called(request: PageRequest, *, outside: bool) -> Told | None:
    number = "".join(sign for sign in str(request.POST.get("dialled", ""))[:40] if sign not in " -/()")
    if outside and not number:
        return Told(problem=request.say("Type the number to call."))
    return _asked(request, api.PlaceTestCall(number=number if outside else "", language=request.language))


def _confirmed(request: PageRequest) -> Told | None:
    change = str(request.POST.get("change", ""))
    if not root_work.CHANGE.fullmatch(change):
        return Told(problem=problem_text(request.say, api.Problem(code="unknown_change")))
    return _asked(request, api.AskRoot(question=root_work.Confirm(change=change)))


def _saved(request: PageRequest, step: str, form: Form) -> Told | None:
    match step:
        case "network":
            try:
                question = machine.question_of("network", form.values, "")
            except ValueError as error:
                form.errors[str(error).partition(" - at")[0]] = problem_text(request.say, api.Problem(code="invalid"))
                return Told(form=form)
            return _all(request, form, (api.AskRoot(question=question),))
        case "time":
            return _save_time(request, form)
        case "trunk":
            known = next((each for each in request.standing.configuration.trunks if each.slug == first.TRUNK), None)
            secret = str(form.values["secret"])
            more = (api.SetSecret(of=f"trunk/{first.TRUNK}", secret=secret),) if secret else ()
            return _all(request, form, (first.carrier(form.values, known), *more))
        case _:
            return _save_workgroup(request, form)


def _save_time(request: PageRequest, form: Form) -> Told | None:
    company = request.standing.configuration.company
    given = {name: form.values[name] for name in ("title", "language", "zone")}
    told = _all(request, form, (first.put("company", msgspec.structs.replace(company, **given)),))
    if told is None:
        reply = request.ask(api.AskRoot(question=root_work.SetTimeZone(zone=str(form.values["zone"]))))
        problems = [problem for problem in reply.problems if problem.code != "no_root_part"]
        if problems:
            return Told(form=form, problem=problem_text(request.say, problems[0]))
        return Told(done=request.say("Kept."))
    return told


def _save_workgroup(request: PageRequest, form: Form) -> Told | None:
    chief = next(each for each in request.standing.people if each.slug == request.person.slug)
    language = request.standing.configuration.company.language
    told = _all(request, form, first.workgroup(form.values, language, chief))
    if told is not None:
        return told
    made = request.ask(api.SetSecret(of=f"extension/{form.values['extension']}"))
    return _refused(request, made) if made.problems else Told(done=request.say("Kept."), password=made.password)


def _all(request: PageRequest, form: Form, asked: tuple[api.AnyRequest, ...]) -> Told | None:
    """Ask for one thing after the other, up to the first that is refused; None if none was."""
    for one in asked:
        reply = request.ask(one)
        for problem in reply.problems:
            said = problem_text(request.say, problem)
            parts = problem.field.split(".")
            place = next((name for name in (parts[-1], PLACES.get(parts[0], "")) if name in form.typed), "")
            if place:
                form.errors[place] = said
            return Told(form=form, problem="" if place else said)
    return None


def _asked(request: PageRequest, one: api.AnyRequest) -> Told | None:
    reply = request.ask(one)
    return _refused(request, reply) if reply.problems else None


def _refused(request: PageRequest, reply: api.Reply) -> Told:
    return Told(problem=" ".join(problem_text(request.say, problem) for problem in reply.problems))


# -- what a step shows


def _choices() -> dict[str, list[tuple[str, str]]]:
    return {**machine.choices(), "language": list(LANGUAGES.items())}


def _values(request: PageRequest, step: str, seen: root_work.Seen | None) -> dict[str, object]:
    """Give what stands now."""
    company = request.standing.configuration.company
    match step:
        case "network":
            return msgspec.structs.asdict(seen.network) if seen is not None else {}
        case "time":
            zone = company.zone if company.zone != "UTC" or seen is None or not seen.zone else seen.zone
            fresh = not company.title
            language = request.language if fresh else company.language
            return {"title": company.title, "language": language, "zone": "Etc/UTC" if zone == "UTC" else zone}
        case "trunk":
            trunk = find(request, "trunks", first.TRUNK)
            return msgspec.structs.asdict(trunk) if trunk is not None else {}
        case _:
            return _workgroup_values(request)


def _workgroup_values(request: PageRequest) -> dict[str, object]:
    configuration = request.standing.configuration
    number = next((each for each in configuration.numbers if each.flow == first.QUEUE), None)
    agent = next((each for each in configuration.agents if each.slug == (request.person.agent or "")), None)
    prompt = next((each for each in configuration.prompts if each.slug == first.WELCOME), None)
    company = configuration.company
    greeting = texts(company.language)(GREETING, company=company.title)
    known: dict[str, object] = {"greeting": next(iter(prompt.texts.values()), "") if prompt else greeting}
    if number is not None:
        known |= {"number": number.slug, "title": number.title}
    if agent is not None:
        known["extension"] = agent.extension
    return known


def _show(request: PageRequest, step: str, told: Told) -> Response:
    seen, away = _machine(request) if step in {"network", "time"} else (None, "")
    form = told.form
    if form is None and step in FIELDS:
        form = shown(FIELDS[step], request.say, _choices(), _values(request, step, seen))
    errors = form.errors if form is not None else {}
    stands = request.first_boot
    return request.show(
        "first_steps",
        status=422 if told.problem or errors else 200,
        step=step,
        steps=[(one, request.say(TITLES[one]), stands is not None and one in stands.done) for one in STEPS],
        form=form,
        errors=errors,
        told=told,
        seen=seen,
        away=away,
        here=address_of(step),
        port=request.host.partition(":")[2],
        clock=request.calendar.clock(request.now_us),
        cards=_cards(request) if step == "cards" else None,
        trunk=_trunk(request) if step == "trunk" else "",
        known=find(request, "trunks", first.TRUNK) is not None,
        call=_call(request, outside=step == "trunk") if step in {"trunk", "call"} else None,
        number=next((each.slug for each in request.standing.configuration.numbers if each.flow == first.QUEUE), ""),
        server=request.host.partition(":")[0],
        sip_port=request.box.sip_port,
        last=step == STEPS[-1],
    )


def _machine(request: PageRequest) -> tuple[root_work.Seen | None, str]:
    reply = request.ask(api.AskRoot(question=root_work.Look()))
    seen = reply.machine.seen if reply.machine is not None else None
    return seen, "" if seen is not None else " ".join(problem_text(request.say, one) for one in reply.problems)


def _cards(request: PageRequest) -> Standing | None:
    try:
        return Client(request.box.door, request.session_secret, timeout_s=LOOK_S).lines()
    except DoorClosedError:
        return None


def _trunk(request: PageRequest) -> tuple[bool, str]:
    """Tell how the trunk is, as the exchange sees it."""
    try:
        state = (
            Client(request.box.door, request.session_secret, timeout_s=LOOK_S)
            .health()
            .parts.get(f"trunk/{first.TRUNK}", "")
        )
    except DoorClosedError:
        state = ""
    words = PART_STATES.get(state)
    return state == OK, request.say(words) if words else ""


def _call(request: PageRequest, *, outside: bool) -> trial_call.TrialCall | None:
    """Give the test call that this step is about."""
    path = request.box.test_call
    found = trial_call.read(path) if path is not None else None
    return found if found is not None and bool(found.number) == outside else None
