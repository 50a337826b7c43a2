"""The flow of a number as a form: its steps one below the other, each with its settings and its ways out."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_type_hints

from appliance.core import model
from appliance.core.plugins import NodeKind, node_kinds
from webadmin.numerals import whole_number
from webadmin.request import PageRequest
from webadmin.setup.choices import titled
from webadmin.setup.fields import Choices
from webadmin.texts import Texts, marked

KEYS = "1234567890*#"
NODES_MAX = 100
VALUE_MAX = 500
NUMBER_MAX = 1_000_000
KINDS: Mapping[str, str] = {
    "announce": marked("Announcement"),
    "menu": marked("Menu"),
    "queue": marked("Workgroup"),
    "transfer": marked("Transfer"),
    "hang_up": marked("Hang up"),
    "hours": marked("Opening hours"),
    "callback": marked("Callback"),
}
KIND_HELP: Mapping[str, str] = {
    "announce": marked("Says something and goes on."),
    "menu": marked("The caller chooses by a key."),
    "queue": marked("The caller waits for an agent of a workgroup."),
    "transfer": marked("The caller is sent on to an extension or an outside number."),
    "hang_up": marked("Says goodbye and ends the call."),
    "hours": marked("The way depends on whether we are open."),
    "callback": marked("The caller hangs up, keeps the place and is called back."),
}
LABELS: Mapping[str, str] = {
    "prompt": marked("Prompt"),
    "choices": marked("Keys"),
    "invalid": marked("Prompt after a wrong key"),
    "wait_s": marked("Wait for a key, s"),
    "tries": marked("How often it is said"),
    "queue": marked("Workgroup"),
    "extension": marked("Extension"),
    "outside": marked("Or a number outside"),
    "ring_s": marked("Ring at most, s"),
    "hours": marked("Opening hours"),
}
LISTS: Mapping[str, str] = {
    "prompt": "prompts",
    "invalid": "prompts",
    "queue": "queues",
    "hours": "hours",
    "extension": "extensions",
}
"Which list of the configuration an option chooses from, by the option's name."
EXITS: Mapping[str, str] = {
    "next": marked("then"),
    "open": marked("if open"),
    "closed": marked("if closed"),
    "timeout": marked("if the caller waited too long"),
    "full": marked("if the workgroup is full"),
    "failed": marked("if nobody answers there"),
    "service_level": marked("if the service level is too low"),
    "expected_wait": marked("if the wait will be too long"),
    "no_agents": marked("if no agent is signed on"),
    "left": marked("if the caller leaves by a key"),
    "refused": marked("if the caller cannot be called back"),
    "none": marked("if no key is pressed in the end"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One option of a step as the form shows it."""

    name: str
    label: str
    value: str
    choices: Choices | None
    "None for a line to type in."
    number: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way out of a step."""

    name: str
    label: str
    target: str
    key: bool
    "Whether the caller takes it by a key of the telephone."
    words: str
    "What the key chooses, in words."


@dataclass(frozen=True, slots=True, kw_only=True)
class StepView:
    """A step as the form shows it."""

    index: int
    id: str
    kind: str
    label: str
    help: str
    settings: tuple[Setting, ...]
    ways: tuple[Way, ...]


def option_types(kind: NodeKind) -> Mapping[str, object]:
    """Give the options of a kind with their types, in their order."""
    hints = get_type_hints(kind.Options)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind.Options)}


def defaults(kind: NodeKind) -> dict[str, object]:
    """Give the options that a new step begins with."""
    return {
        field.name: field.default
        for field in dataclasses.fields(kind.Options)
        if field.default is not dataclasses.MISSING
    }


def steps(request: PageRequest, nodes: tuple[model.Node, ...]) -> tuple[StepView, ...]:
    """Give the steps of a flow as the form shows them."""
    return tuple(_step(request, index, node) for index, node in enumerate(nodes) if node.kind in node_kinds())


def targets(request: PageRequest, nodes: tuple[model.Node, ...]) -> Choices:
    """Give where a way may lead."""
    named = [(node.id, f"{place} · {_described(request, node)}") for place, node in enumerate(nodes, 1)]
    return [("", request.say("end the call")), *named]


def _described(request: PageRequest, node: model.Node) -> str:
    """Say what a step is, with the first thing that it names."""
    kind = kind_label(node.kind, request.say)
    for option, name in LISTS.items():
        slug = node.options.get(option)
        part = next((part for part in getattr(request.standing.configuration, name) if part.slug == slug), None)
        if part is not None:
            return f"{kind}: {getattr(part, 'title', '') or part.slug}"
    return kind


def kind_label(kind: str, say: Texts) -> str:
    """Give the words for a kind of step."""
    return say(KINDS[kind]) if kind in KINDS else kind


def kinds(say: Texts) -> Choices:
    """Give all kinds of steps."""
    return [(kind, kind_label(kind, say)) for kind in node_kinds()]


def _step(request: PageRequest, index: int, node: model.Node) -> StepView:
    kind = node_kinds()[node.kind]
    say = request.say
    return StepView(
        index=index,
        id=node.id,
        kind=node.kind,
        label=kind_label(node.kind, say),
        help=say(KIND_HELP.get(node.kind, "")),
        settings=tuple(
            _setting(request, node, name, hint) for name, hint in option_types(kind).items() if hint in {str, int}
        ),
        ways=tuple(_ways(say, node, kind)),
    )


def _setting(request: PageRequest, node: model.Node, name: str, hint: object) -> Setting:
    known = defaults(node_kinds()[node.kind])
    value = node.options.get(name, known.get(name, ""))
    choices = None
    if name in LISTS:
        parts = getattr(request.standing.configuration, LISTS[name])
        choices = titled(parts, request.language, empty="—")
        if value and all(slug != value for slug, _ in choices):
            choices.append((str(value), str(value)))
    label = request.say(LABELS[name]) if name in LABELS else name
    return Setting(name=name, label=label, value=str(value), choices=choices, number=hint is int)


def _ways(say: Texts, node: model.Node, kind: NodeKind) -> list[Way]:
    chosen = node.options.get("choices")
    has_keys = "choices" in option_types(kind)
    words: Mapping[str, str] = chosen if isinstance(chosen, dict) else {}
    keys = [
        Way(
            name=key,
            label=say("key {key}", key=key),
            target=node.exits.get(key, ""),
            key=True,
            words=str(words.get(key, "")),
        )
        for key in (KEYS if has_keys else "")
    ]
    plain = [name for name in _exits(kind) if not has_keys or name not in KEYS]
    return keys + [
        Way(
            name=name,
            label=say(EXITS[name]) if name in EXITS else name,
            target=node.exits.get(name, ""),
            key=False,
            words="",
        )
        for name in plain
    ]


def _exits(kind: NodeKind) -> tuple[str, ...]:
    """Give the exits of a kind that do not depend on what was typed."""
    needed: dict[str, object] = {
        name: {"1": "-"} if name == "choices" else "1" if hint is str else 1
        for name, hint in option_types(kind).items()
    }
    needed |= defaults(kind)
    if "extension" in needed:
        needed["extension"] = "1"
    return tuple(name for name in kind.exits(kind.Options(**needed)) if name not in KEYS)


# -- reading what was typed


def typed_nodes(values: Mapping[str, str]) -> tuple[model.Node, ...]:
    """Read the steps of a form; what is not a step's field is passed over."""
    nodes = []
    for index in range(NODES_MAX):
        kind = values.get(f"node-{index}-kind", "")
        if f"node-{index}-kind" not in values:
            break
        if kind in node_kinds():
            nodes.append(_typed(values, index, kind))
    return tuple(nodes)


def _typed(values: Mapping[str, str], index: int, kind_name: str) -> model.Node:
    kind = node_kinds()[kind_name]
    known = defaults(kind)
    options: dict[str, object] = {}
    for name, hint in option_types(kind).items():
        said = values.get(f"node-{index}-option-{name}", "").strip()[:VALUE_MAX]
        number = whole_number(said, NUMBER_MAX) if hint is int else None
        value: object = said if number is None else number
        if hint in {str, int} and value not in {known.get(name), ""}:
            options[name] = value
    exits = {}
    for name in (*KEYS, *_exits(kind)):
        target = values.get(f"node-{index}-exit-{name}", "")[:VALUE_MAX]
        if target:
            exits[name] = target
    if "choices" in option_types(kind):
        options["choices"] = {
            key: words
            for key in KEYS
            if (words := values.get(f"node-{index}-words-{key}", "").strip()[:VALUE_MAX]) or key in exits
        }
    return model.Node(id=values.get(f"node-{index}-id", "")[:VALUE_MAX], kind=kind_name, options=options, exits=exits)


# -- changing the order and number of steps


def rearranged(nodes: tuple[model.Node, ...], step: str, new_kind: str) -> tuple[model.Node, ...]:
    """Do what a button of the form says: `add`, `remove:2`, `up:2`, `down:2`."""
    what, _, said = step.partition(":")
    if what == "add" and new_kind in node_kinds() and len(nodes) < NODES_MAX:
        kind = node_kinds()[new_kind]
        options: dict[str, object] = {"choices": {}} if "choices" in option_types(kind) else {}
        return (*nodes, model.Node(id=_fresh(nodes, new_kind), kind=new_kind, options=options))
    index = whole_number(said, NODES_MAX)
    if index is None or index >= len(nodes):
        return nodes
    listed = list(nodes)
    if what == "remove":
        gone = listed.pop(index)
        return tuple(_without(node, gone.id) for node in listed)
    other = {"up": index - 1, "down": index + 1}.get(what, -1)
    if 0 <= other < len(listed):
        listed[index], listed[other] = listed[other], listed[index]
    return tuple(listed)


def _without(node: model.Node, target: str) -> model.Node:
    kept = {name: to for name, to in node.exits.items() if to != target}
    return model.Node(id=node.id, kind=node.kind, options=node.options, exits=kept)


def _fresh(nodes: tuple[model.Node, ...], kind: str) -> str:
    taken = {node.id for node in nodes}
    stem = kind.replace("_", "-")
    return next(name for n in range(1, NODES_MAX + 2) if (name := stem if n == 1 else f"{stem}-{n}") not in taken)
