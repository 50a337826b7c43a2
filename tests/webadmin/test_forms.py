"""Every form takes anything: what is typed becomes a part that can be published, or an error by its field."""

import importlib
from collections.abc import Mapping, Sequence
from random import Random

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from appliance.core import model
from appliance.core.check import check
from tests.hostile import HOSTILE
from tests.webadmin.conftest import Pages
from webadmin.pages import company, flows, people
from webadmin.request import PageRequest
from webadmin.setup.fields import Choices, Field, Form, differences, shown, typed
from webadmin.setup.flow_form import KEYS, rearranged, steps, targets, typed_nodes
from webadmin.setup.rows import Pick, Rows
from webadmin.setup.section import Section, made, with_part
from webadmin.setup.week import Stretches
from webadmin.texts import texts

CASES = 10_000
SECTIONS = ("trunks", "queues", "skills", "numbers", "phones", "prompts", "hours", "breaks", "dispositions", "lines")
SENDABLE = [value.encode("utf-8", "replace").decode() for value in HOSTILE]
"A browser sends UTF-8; what is none is tried in `test_pages`."
LETTERS = "aZ09 -_.,:;/\\'\"<>&%$#@!?=+*()[]{}|~^`\t\r\n\x00\x1b\x7f\x85\u200b\u202e\ufeff\uff11é中文😀"
NUMBERS = ("0", "1", "5", "9", "20", "300", "65535", "-1", "", "0x10", "1_0", "\uff11\uff12", "9" * 40, "1e3", " 7 ")
SLUGS = ("sales-2", "a", "8001", "901", "", "UPPER", "a" * 70, "~new", "none", "300")
CLOCKS = ("09:00-12:00", "9:00–17:30，18:00-20:00", "24:00-25:00", "08:00-07:00", "x", "1-2", "")
LINES = ("112", "10.0.0.0/8", "2026-12-25", "2026-02-31", "999999", "", "::1")
many = settings(
    max_examples=CASES,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
seeds = some.integers(0, 2**63)
"A case is drawn from a seed that hypothesis chooses and, where it fails, reports: ten times faster than its own texts."


def a_text(dice: Random) -> str:
    """Draw anything."""
    if dice.random() < 0.5:
        return dice.choice(SENDABLE)
    return "".join(dice.choices(LETTERS, k=dice.randrange(30))) * dice.choice((1, 1, 1, 100))


def an_answer(dice: Random, field: Field, choices: Choices) -> list[str]:
    """Draw what may be sent for a field: mostly sensible, sometimes anything."""
    if isinstance(field, Rows):
        of_rows = [an_answer(dice, column, choices)[:1] for _ in range(dice.randrange(4)) for column in field.columns]
        return [cell for cells in of_rows for cell in cells or [""]]
    count = dice.randrange(4) if field.kind in {"several", "ordered"} else dice.choice((0, 1, 1, 1, 2))
    sensible: Sequence[str]
    match field.kind:
        case "choice" | "several" | "ordered":
            sensible = [value for value, _ in choices] or [""]
        case "pick" if isinstance(field, Pick):
            sensible = [value for value, _ in field.words]
        case "number":
            sensible = NUMBERS
        case "check":
            sensible = ["y"]
        case "lines":
            sensible = ["\n".join(dice.choices(LINES, k=3)), dice.choice(LINES)]
        case _ if isinstance(field, Stretches):
            sensible = CLOCKS
        case _:
            sensible = SLUGS
    return [dice.choice(sensible) if dice.random() < 0.7 else a_text(dice) for _ in range(count)]


def sent(seed: int, fields: tuple[Field, ...], choices: Mapping[str, Choices]) -> dict[str, list[str]]:
    """Draw what somebody typed over a few fields of a form."""
    dice = Random(seed)  # noqa: S311  it draws test cases
    chosen = dice.sample(fields, k=dice.randint(1, min(4, len(fields))))
    return {field.name: an_answer(dice, field, choices.get(field.name, [])) for field in chosen}


def standing_form(
    fields: tuple[Field, ...], choices: Mapping[str, Choices], data: Mapping[str, object]
) -> dict[str, list[str]]:
    """Give what a browser sends of a form that nobody touched."""
    untouched = shown(fields, texts("en"), choices, data)
    return {
        field.field.name: cells_of(field.field, field.value)
        if field.field.kind == "rows"
        else list(untouched.strings(field.field.name))
        if field.field.kind in {"several", "ordered"}
        else [field.typed]
        for field in untouched
    }


def cells_of(field: Field, value: object) -> list[str]:
    """Give what a browser sends of rows."""
    return [cell for row in field.cells(value) for cell in row] if isinstance(field, Rows) else []


def a_request(pages: Pages) -> PageRequest:
    """Make a request as the pages see it, outside any route."""
    request = PageRequest(pages.request("/setup", "administrator").environ)
    request.registry = pages.config.registry
    return request


def says_it_all(form: Form) -> None:
    """Whatever was typed can be shown again, and said in a review."""
    for field in form:
        assert isinstance(field.typed, str)
    assert all(isinstance(word, str) for line in differences(None, form) for word in line)
    again = shown(form.fields, form.say, form.choices, form.values)
    assert differences(again, form) == () or form.errors


@pytest.mark.parametrize("name", SECTIONS)
def test_a_form_of_parts(pages: Pages, name: str) -> None:
    """A form of a list gives a configuration without a new fault, or says by the field what is wrong."""
    section: Section = importlib.import_module(f"webadmin.pages.{name}").SECTION
    request = a_request(pages)
    choices = section.choices(request)
    before = request.standing.configuration
    faults = set(check(before))
    known = next(iter(getattr(before, section.list)), None)
    untouched = standing_form(section.fields, choices, section.data(known)) if known is not None else {}

    @many
    @given(seeds)
    def try_it(seed: int) -> None:
        part = None if seed % 2 else known
        posted = sent(seed, section.fields, choices)
        form = typed(section.fields, texts("zh"), choices, {**untouched, **posted})
        says_it_all(form)
        if form.errors:
            return
        after, problems = made(section, form, part, before)
        if after is None or problems:
            assert problems
            return
        published = with_part(before, section.list, after)
        assert set(check(published)) <= faults
        assert model.decode(model.encode(published)) == published
        assert section.data(after).get("slug") == after.slug

    try_it()


def test_the_company_form(pages: Pages) -> None:
    """The company's form gives a company, or errors."""
    request = a_request(pages)
    choices = company.choices(request)
    standing = msgspec.structs.asdict(request.standing.configuration.company) | {"grades": ()}
    untouched = standing_form(company.FIELDS, choices, standing)

    @many
    @given(seeds)
    def try_it(seed: int) -> None:
        posted = sent(seed, company.FIELDS, choices)
        form = typed(company.FIELDS, texts("en"), choices, {**untouched, **posted})
        says_it_all(form)
        if not form.errors:
            made_of_it = company.made(request.standing.configuration.company, form)
            assert model.decode(model.encode(model.Configuration(company=made_of_it))).company == made_of_it

    try_it()


def test_the_form_of_people(pages: Pages) -> None:
    """The form of people gives a request that can be encoded, or errors."""
    request = a_request(pages)
    choices = people._choices(request)  # noqa: SLF001  the page has no other door for it
    untouched = standing_form(people.FIELDS, choices, {"slug": "tom", "name": "Tom", "extension": "399"})

    @many
    @given(seeds)
    def try_it(seed: int) -> None:
        posted = sent(seed, people.FIELDS, choices)
        form = typed(people.FIELDS, texts("en"), choices, {**untouched, **posted})
        says_it_all(form)
        if not form.errors and not people._errors(request, form, None):  # noqa: SLF001  as above
            assert people._request(a_posted(request), form, None).person.slug == form.text("slug")  # noqa: SLF001  as above

    try_it()


def a_posted(request: PageRequest) -> PageRequest:
    """Make the same request, with an empty form."""
    request.environ["REQUEST_METHOD"] = "POST"
    return request


NODE_NAMES = (
    *("option-prompt", "option-invalid", "option-queue", "option-hours", "option-extension", "option-outside"),
    *("option-ring_s", "option-wait_s", "option-tries"),
    *(f"exit-{name}" for name in ("next", "open", "closed", "timeout", "full", "failed", "none", *KEYS)),
    *(f"words-{key}" for key in KEYS),
)
KINDS = ("announce", "menu", "queue", "transfer", "hang_up", "hours", "nothing")
NODE_IDS = ("n1", "n2", "menu", "")
NODE_VALUES = ("welcome", "menu", "sales", "office", "300", "n1", "n2", "112", *NUMBERS)
BUTTONS = ("add", "remove:0", "up:1", "down:0", "down:9", "up:x", "", "edit")


def node_fields(dice: Random) -> dict[str, str]:
    """Draw the fields of some steps, with some of them missing or senseless."""
    fields = {}
    for index in range(dice.randrange(5)):
        fields[f"node-{index}-kind"] = dice.choice(KINDS)
        fields[f"node-{index}-id"] = dice.choice(NODE_IDS) if dice.random() < 0.8 else a_text(dice)
        for name in dice.sample(NODE_NAMES, k=dice.randrange(9)):
            fields[f"node-{index}-{name}"] = dice.choice(NODE_VALUES) if dice.random() < 0.7 else a_text(dice)
    return fields


def test_the_form_of_flows(pages: Pages) -> None:
    """The steps of a flow are read, shown, moved and removed whatever was typed; what is published has no new fault."""
    request = a_request(pages)
    before = request.standing.configuration
    faults = set(check(before))

    @many
    @given(seeds)
    def try_it(seed: int) -> None:
        dice = Random(seed)  # noqa: S311  it draws test cases
        nodes = rearranged(typed_nodes(node_fields(dice)), dice.choice(BUTTONS), "menu")
        assert len(steps(request, nodes)) == len(nodes)
        assert len(targets(request, nodes)) == len(nodes) + 1
        flow = model.Flow(slug="tried", title="", nodes=nodes)
        assert model.decode(model.encode(with_part(before, "flows", flow))).flows[-1] == flow
        assert set(check(with_part(before, "flows", flow))) >= faults

    try_it()


def test_the_form_of_flows_keeps_a_flow(pages: Pages) -> None:
    """A flow that is shown and sent back unchanged is the same flow."""
    request = a_request(pages)
    for flow in request.standing.configuration.flows:
        sent_back: dict[str, str] = {}
        for step in steps(request, flow.nodes):
            at = f"node-{step.index}"
            sent_back |= {f"{at}-id": step.id, f"{at}-kind": step.kind}
            sent_back |= {f"{at}-option-{setting.name}": setting.value for setting in step.settings}
            sent_back |= {f"{at}-exit-{way.name}": way.target for way in step.ways}
            sent_back |= {f"{at}-words-{way.name}": way.words for way in step.ways if way.key}
        assert sorted_nodes(typed_nodes(sent_back)) == sorted_nodes(flow.nodes)
    assert flows.PAGE.setup


def sorted_nodes(nodes: tuple[model.Node, ...]) -> list[bytes]:
    """Write nodes with their keys in a fixed order."""
    return [model.encode(model.Configuration(flows=(model.Flow(slug="x", nodes=(node,)),))) for node in nodes]
