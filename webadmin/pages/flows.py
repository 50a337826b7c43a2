"""Flows: what the callers of a number meet, step by step."""

from collections.abc import Mapping

import msgspec
from pyramid.httpexceptions import HTTPNotFound
from pyramid.response import Response

from appliance import api
from appliance.core import model
from webadmin.frame import setup_pages
from webadmin.request import PageRequest
from webadmin.setup.difference import differing
from webadmin.setup.fields import Field, Form, Number, shown, typed
from webadmin.setup.flow_form import kind_label, kinds, rearranged, steps, targets, typed_nodes
from webadmin.setup.named import NAMED, SLUG, title
from webadmin.setup.section import (
    NEW,
    Column,
    Difference,
    Review,
    Section,
    answer,
    applied,
    base_of,
    carried,
    find,
    new_faults,
    posted,
    show_review,
    token_of,
    with_part,
)
from webadmin.texts import marked
from webadmin.words import problem_text

STEPS_SHOWN = 5
FIELDS: tuple[Field, ...] = (
    SLUG,
    title(marked("What the numbers' form calls it.")),
    Number(
        name="priority",
        label=marked("Priority"),
        low=0,
        high=9,
        help=marked("Of those who come this way: 1 is served first, 9 last; 0 leaves it to the workgroup."),
    ),
)


def _steps_in_short(request: PageRequest, part: model.Part) -> str:
    nodes = part.nodes if isinstance(part, model.Flow) else ()
    shown_steps = [kind_label(node.kind, request.say) for node in nodes[:STEPS_SHOWN]]
    return " → ".join(shown_steps + ["…"] * (len(nodes) > STEPS_SHOWN))


def _numbers(request: PageRequest, part: model.Part) -> str:
    return ", ".join(n.slug for n in request.standing.configuration.numbers if n.flow == part.slug)


SECTION = Section(
    list="flows",
    address="/setup/flows",
    title=marked("Flows"),
    place=55,
    purpose=marked(
        "What callers meet, step by step: announcements, menus, workgroups, transfers. Several numbers may share one."
    ),
    add=marked("Add a flow"),
    fields=FIELDS,
    columns=(
        *NAMED,
        Column(label=marked("Steps"), text=_steps_in_short),
        Column(label=marked("Numbers"), text=_numbers),
    ),
)
PAGE = SECTION.page


def view(request: PageRequest) -> Response:
    """Show the flows, or one's steps, review or removal."""
    slug = request.matchdict.get("slug")
    step = str(request.POST.get("step", "")) if request.method == "POST" else ""
    if slug is None or step in {"drop", "drop-apply"}:
        return answer(request, SECTION)
    flow = find(request, "flows", slug)
    if flow is None and slug != NEW:
        raise HTTPNotFound
    known = flow if isinstance(flow, model.Flow) else None
    if request.method != "POST":
        values: dict[str, object] = (
            {"slug": known.slug, "title": known.title, "priority": known.priority} if known else {}
        )
        form = shown(FIELDS, request.say, {}, values)
        return _show(request, form, known, known.nodes if known else (), {})
    return _change(request, known, step)


def _change(request: PageRequest, flow: model.Flow | None, step: str) -> Response:
    sent = posted(request)
    if flow is not None:
        sent["slug"] = [flow.slug]
    form = typed(FIELDS, request.say, {}, sent)
    values = {name: said[0] for name, said in sent.items()}
    nodes = typed_nodes(values)
    if step not in {"review", "apply"}:
        return _show(request, form, flow, rearranged(nodes, step, values.get("new-kind", "")), {})
    slug = form.text("slug")
    if not form.errors and flow is None and find(request, "flows", slug) is not None:
        form.errors["slug"] = request.say("This name is taken: {detail}", detail=slug)
    if form.errors:
        return _show(request, form, flow, nodes, form.errors)
    after = model.Flow(slug=slug, title=form.text("title"), priority=int(form.text("priority")), nodes=nodes)
    before = request.standing.configuration
    if faults := new_faults(before, with_part(before, "flows", after)):
        return _show(request, form, flow, nodes, _errors(request, faults, after))
    return _review_or_apply(request, form, flow, after)


def _review_or_apply(request: PageRequest, form: Form, flow: model.Flow | None, after: model.Flow) -> Response:
    review = Review(
        title=request.say(PAGE.label),
        differences=_differences(request, flow, after),
        lines=differing(flow, after),
        action=request.path,
        back=PAGE.addresses[0],
        hidden=carried(request),
    )
    if request.POST.get("step") != "apply":
        return show_review(request, review)
    value = msgspec.Raw(msgspec.json.encode(after))
    reply = request.ask(api.Put(token=token_of(request), base=base_of(request), list="flows", value=value))
    if reply.problems:
        return _show(request, form, flow, after.nodes, _errors(request, reply.problems, after))
    return applied(PAGE.addresses[0], reply)


def _errors(request: PageRequest, problems: tuple[api.Problem, ...], flow: model.Flow) -> dict[str, str]:
    """Say what is wrong at the step that it is about."""
    errors: dict[str, str] = {}
    places = {node.id: str(index) for index, node in enumerate(flow.nodes)}
    for problem in problems:
        path = problem.field.removeprefix(f"flows.{flow.slug}").removeprefix(".").split(".")
        sentence = problem_text(request.say, problem)
        if path[0] in places:
            key = f"node-{places[path[0]]}"
        elif path[0] in {"slug", "title", "priority"}:
            key = path[0]
        else:
            key = "all"
        errors[key] = f"{errors[key]} {sentence}" if key in errors else sentence
    return errors


def _differences(request: PageRequest, flow: model.Flow | None, after: model.Flow) -> tuple[Difference, ...]:
    say = request.say
    found = []
    if (flow.title if flow else "") != after.title:
        found.append(Difference(label=say("Title"), before=flow.title if flow else "", after=after.title))
    if (flow.priority if flow else 0) != after.priority:
        was = str(flow.priority) if flow else ""
        found.append(Difference(label=say("Priority"), before=was, after=str(after.priority)))
    old = {node.id: node for node in flow.nodes} if flow else {}
    new = {node.id: node for node in after.nodes}
    for place, node in enumerate(after.nodes, 1):
        label = say("Step {number}", number=place)
        words = kind_label(node.kind, say)
        if node.id not in old:
            found.append(Difference(label=label, before="", after=words))
        elif old[node.id] != node:
            found.append(Difference(label=label, before="", after=say("{kind}, changed", kind=words)))
    found += [
        Difference(label=say("Step removed"), before=kind_label(node.kind, say), after="")
        for slug, node in old.items()
        if slug not in new
    ]
    if flow and [node for node in old if node in new] != [node for node in new if node in old]:
        found.append(Difference(label=say("Order of the steps"), before="", after=say("changed")))
    return tuple(found)


def _show(
    request: PageRequest,
    form: Form,
    flow: model.Flow | None,
    nodes: tuple[model.Node, ...],
    errors: Mapping[str, str],
) -> Response:
    return request.show(
        "setup_flow",
        status=422 if errors else 200,
        section=SECTION,
        form=form,
        part=flow,
        steps=steps(request, nodes),
        targets=targets(request, nodes),
        kinds=kinds(request.say),
        errors=errors,
        base=base_of(request) if request.method == "POST" else request.standing.version,
        menu=setup_pages(request),
        title=(flow.title or flow.slug) if flow else "",
    )
