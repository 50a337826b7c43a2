"""Every fault that keeps a configuration from being published."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as some

from appliance.core import model
from appliance.core.check import PARTS_MAX, check
from appliance.core.fault import Fault
from tests.core.test_flows import node
from tests.core.world import a_company, a_flow, a_queue


def sound() -> model.Configuration:
    """Make a company without a fault."""
    return a_company(
        prompts=(model.Prompt(slug="welcome", title="Welcome", texts={"en": "Welcome.", "zh": "您好。"}),),
        trunks=(model.Trunk(slug="carrier", title="Carrier", host="127.0.0.1", accept=("127.0.0.0/8",)),),
        hours=(
            model.Hours(slug="office", week={"mon": (("09:00", "12:00"), ("13:00", "24:00"))}, closed=("2026-12-25",)),
        ),
        breaks=(model.Reason(slug="lunch", title={"en": "Lunch", "zh": "午餐"}),),
    )


def codes(**changes: object) -> list[tuple[str, str]]:
    """List path and code of the faults after a change."""
    return [(fault.path, fault.code) for fault in check(msgspec.structs.replace(sound(), **changes))]


def test_a_sound_company_has_no_fault() -> None:
    """Nor has an empty one."""
    assert check(sound()) == ()
    assert check(model.Configuration()) == ()
    assert model.decode(model.encode(sound())) == sound()


@pytest.mark.parametrize(
    ("company", "path"),
    [
        (model.Company(language="fr"), "company.language"),
        (model.Company(title="a\nb"), "company.title"),
        (model.Company(title="a" * 300), "company.title"),
        (model.Company(prefix="abc"), "company.prefix"),
        (model.Company(emergency=("1", "112")), "company.emergency"),
        (model.Company(zone="no zone;"), "company.zone"),
        (model.Company(ageing_s=-1), "company.ageing_s"),
        (model.Company(keep_journal_days=-1), "company.keep_journal_days"),
        (model.Company(keep_recordings_days=36_501), "company.keep_recordings_days"),
        (model.Company(grades={"gold": 0, "tin": 9}), "company.grades.gold"),
        (model.Company(grades={"Gold!": 1}), "company.grades.Gold!"),
    ],
)
def test_faults_of_the_company(company: model.Company, path: str) -> None:
    """Each names its field."""
    assert [where for where, _ in codes(company=company)] == [path]


@pytest.mark.parametrize(
    ("trunk", "path", "code"),
    [
        ({"host": "a;b"}, "trunks.c.host", "invalid"),
        ({"host": ""}, "trunks.c.host", "invalid"),
        ({"accept": ("x\ny",)}, "trunks.c.accept", "invalid"),
        ({"username": "a b"}, "trunks.c.username", "invalid"),
        ({"register": True}, "trunks.c.username", "empty"),
        ({"port": 0}, "trunks.c.port", "out_of_range"),
        ({"title": "\x00"}, "trunks.c.title", "invalid"),
        ({"slug": "A B"}, "trunks.A B.slug", "invalid"),
    ],
)
def test_faults_of_a_trunk(trunk: dict[str, object], path: str, code: str) -> None:
    """Each names its field."""
    made = msgspec.convert({"slug": "c", "host": "h"} | trunk, model.Trunk)
    assert codes(trunks=(made,)) == [(path, code)]


def test_names_that_lead_nowhere_and_names_twice() -> None:
    """Of numbers, extensions, agents and queues."""
    assert codes(numbers=(model.Number(slug="2000", flow="none"),)) == [("numbers.2000.flow", "missing")]
    assert codes(numbers=(model.Number(slug="2000", flow="main", language="fr"),)) == [
        ("numbers.2000.language", "unknown")
    ]
    assert codes(numbers=(model.Number(slug="101", flow="main"),)) == [("numbers.101", "twice")]
    assert codes(numbers=(model.Number(slug="2000", flow="main"),) * 2) == [("numbers.2000", "twice")]
    extensions = sound().extensions
    assert codes(extensions=(*extensions, model.Extension(slug="103", agent="zoe"))) == [
        ("extensions.103.agent", "missing")
    ]
    assert codes(extensions=(*extensions, model.Extension(slug="112"))) == [("extensions.112.slug", "twice")]
    agents = (*sound().agents, model.Agent(slug="zoe", extension="999"))
    assert codes(agents=agents) == [("agents.zoe.extension", "missing")]
    twins = (*sound().agents, model.Agent(slug="zoe", extension="101"))
    assert codes(agents=twins) == [("extensions.101.agent", "twice")]


@pytest.mark.parametrize(
    ("queue", "path", "code"),
    [
        ({"agents": ("ann", "zoe")}, "agents", "missing"),
        ({"agents": ("ann", "ann")}, "agents", "twice"),
        ({"music": "../x"}, "music", "invalid"),
        ({"strategy": "dice"}, "strategy", "unknown"),
        ({"strategy_options": {"luck": 1}}, "strategy_options", "invalid"),
        ({"ring_s": 1}, "ring_s", "out_of_range"),
        ({"priority": 10}, "priority", "out_of_range"),
        ({"weight": 0}, "weight", "out_of_range"),
        ({"requirement": (model.Need(skill="magic", level=1),)}, "requirement", "missing"),
        ({"requirement": (model.Need(skill="english", level=0),)}, "requirement", "out_of_range"),
        ({"requirement": (model.Need(skill="english", level=1, relax_s=-1),)}, "requirement", "out_of_range"),
        ({"requirement": (model.Need(skill="english", level=1),) * 21}, "requirement", "too_many"),
        ({"lenders": ("support",)}, "lenders", "missing"),
        ({"lenders": ("none",)}, "lenders", "missing"),
    ],
)
def test_faults_of_a_queue(queue: dict[str, object], path: str, code: str) -> None:
    """Each names its field."""
    made = msgspec.structs.replace(a_queue(), **queue)
    ann, bob = sound().agents
    assert codes(queues=(made,), agents=(msgspec.structs.replace(ann, skills={"english": 5}), bob)) == [
        (f"queues.support.{path}", code)
    ]


def test_faults_of_lenders_agents_numbers_and_flows() -> None:
    """Names lead somewhere, once; levels and priorities are 1 to 9."""
    lent = (a_queue(lenders=("other", "other")), a_queue("other"))
    assert codes(queues=lent) == [("queues.support.lenders", "twice")]
    ann, bob = sound().agents
    for changes, path in (
        ({"site": "No Where"}, "site"),
        ({"skills": {"English!": 5}}, "skills.English!"),
        ({"skills": {"english": 10}}, "skills.english"),
    ):
        agents = (msgspec.structs.replace(ann, **changes), bob)
        assert codes(agents=agents) == [(f"agents.ann.{path}", "invalid")]
    assert codes(agents=(msgspec.structs.replace(ann, units=0), bob)) == [("agents.ann.units", "out_of_range")]
    (number,) = sound().numbers
    assert codes(numbers=(msgspec.structs.replace(number, site="north"),)) == [("numbers.2000.site", "missing")]
    assert codes(numbers=(msgspec.structs.replace(number, priority=10),)) == [("numbers.2000.priority", "out_of_range")]
    assert codes(flows=(msgspec.structs.replace(a_flow(), priority=10),)) == [("flows.main.priority", "out_of_range")]


@pytest.mark.parametrize(
    ("nodes", "path", "code"),
    [
        ([node("x", "dance")], "x.kind", "unknown"),
        ([node("X Y", "hang_up")], "X Y", "invalid"),
        ([node("x", "menu")], "x.options", "invalid"),
        ([node("x", "hang_up"), node("x", "hang_up")], "nodes", "twice"),
        ([node("x", "announce", {"left": "x"}, prompt="welcome")], "x.exits", "unknown"),
        ([node("x", "announce", {"next": "y"}, prompt="welcome")], "x.exits.next", "missing"),
        ([node("x", "announce", prompt="none")], "x.options.prompt", "missing"),
        ([node("x", "queue", queue="none")], "x.options.queue", "missing"),
        ([node("x", "transfer", extension="999")], "x.options.extension", "missing"),
        ([node("x", "transfer", outside="555&SIP/x")], "x.options.outside", "invalid"),
    ],
)
def test_faults_of_a_flow(nodes: list[model.Node], path: str, code: str) -> None:
    """Each names its node and field."""
    assert codes(flows=(a_flow(*nodes),)) == [(f"flows.main.{path}", code)]


def test_an_empty_flow_is_a_fault() -> None:
    """It would hang up on everybody."""
    assert codes(flows=(model.Flow(slug="main"),)) == [("flows.main.nodes", "empty")]


@pytest.mark.parametrize(
    ("hours", "path", "code"),
    [
        ({"week": {"monday": ()}}, "week", "unknown"),
        ({"week": {"mon": (("9", "10"),)}}, "week.mon", "invalid"),
        ({"week": {"mon": (("10:00", "09:00"),)}}, "week.mon", "invalid"),
        ({"week": {"mon": (("09:00", "12:00"), ("11:00", "13:00"))}}, "week.mon", "invalid"),
        ({"closed": ("christmas",)}, "closed", "invalid"),
    ],
)
def test_faults_of_hours(hours: dict[str, object], path: str, code: str) -> None:
    """Each names its field."""
    made = msgspec.convert({"slug": "office"} | hours, model.Hours)
    assert codes(hours=(made,)) == [(f"hours.office.{path}", code)]


@pytest.mark.parametrize(
    ("texts", "code"),
    [({"fr": "Bonjour"}, "unknown"), ({"en": " "}, "empty"), ({"en": "a" * 3000}, "too_long")],
)
def test_faults_of_a_prompt(texts: dict[str, str], code: str) -> None:
    """Each names its language."""
    prompts = (model.Prompt(slug="welcome", texts=texts),)
    assert [c for _, c in codes(prompts=prompts)] == [code]


def test_titles_in_two_languages_and_lists_without_end() -> None:
    """Are held to the same limits."""
    assert codes(breaks=(model.Reason(slug="lunch", title={"en": "a\tb"}),)) == [("breaks.lunch.title", "invalid")]
    many = tuple(model.Reason(slug=f"r{n}") for n in range(PARTS_MAX + 1))
    assert ("breaks", "too_many") in codes(breaks=many)


@given(some.binary())
def test_any_bytes_are_a_document_or_a_clear_error(document: bytes) -> None:
    """Nothing else leaves `decode`, and whatever is decoded can be checked."""
    try:
        decoded = model.decode(document)
    except msgspec.MsgspecError:
        return
    assert all(isinstance(fault, Fault) for fault in check(decoded))
