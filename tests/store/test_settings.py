"""What administrators change: whole or not at all, by whom and when, and back again."""

from collections.abc import Callable

import msgspec
import pytest

from appliance import api, document
from appliance.core import model
from appliance.records.opening import unexpanded
from appliance.store.opened import Store
from appliance.store.reader import Reader
from appliance.store.settings import Applied, SettingsRequest
from tests.store.stand import BEGIN, SECOND

WAIT_S = 60
DAY_US = 24 * 3600 * SECOND

Ask = Callable[[SettingsRequest], Applied]


@pytest.fixture
def ask(store: Store) -> Ask:
    """Ask as the administrator `root`, a second later each time."""
    times = iter(range(BEGIN, BEGIN + 10_000 * SECOND, SECOND))
    return lambda request: store.settings.apply(request, by="root", now_us=next(times)).result(WAIT_S)


def _put(name: str, part: model.Part | model.Company, base: str = "", **other: str) -> api.Put:
    return api.Put(base=base, list=name, value=msgspec.Raw(msgspec.json.encode(part)), **other)


def _person(slug: str, extension: str = "", *queues: str, **other: object) -> api.PutPerson:
    person = api.Person(slug=slug, **({"name": slug.title()} | other))  # type: ignore[arg-type]  # what differs
    return api.PutPerson(person=person, extension=extension, queues=queues)


def _codes(applied: Applied) -> list[tuple[str, str]]:
    return [(problem.code, problem.field) for problem in applied.reply.problems]


QUEUE = model.Queue(slug="support", title="Support")


def test_part_is_put_changed_and_dropped_in_versions_that_stay(ask: Ask, store: Store, reader: Reader) -> None:
    """Make a version of each change; every one of them can be read for ever."""
    first = ask(_put("queues", QUEUE))
    assert not first.reply.problems
    assert (first.version, first.equipment, first.reply.summary) == (first.reply.version, True, "put queues.support")
    second = ask(_put("queues", msgspec.structs.replace(QUEUE, ring_s=30), first.version))
    third = ask(api.Drop(base=second.version, list="queues", slug="support"))
    assert len({first.version, second.version, third.version}) == 3
    found = store.settings.configurations([first.version, second.version, "unknown"]).result(WAIT_S)
    assert [configuration.queues[0].ring_s for configuration in found.values()] == [20, 30]
    assert store.settings.configuration(third.version).result(WAIT_S).queues == ()
    assert reader.standing().version == third.version
    with pytest.raises(KeyError):
        store.settings.configuration("unknown").result(WAIT_S)
    changes = reader.changes().items
    assert [(change.summary, change.by, change.at) for change in changes][:2] == [
        ("drop queues.support", "root", BEGIN + 2 * SECOND),
        ("put queues.support", "root", BEGIN + SECOND),
    ]
    changed = reader.change(changes[1].id)
    assert changed is not None
    assert changed.lines == (document.DiffLine(path="queues.support.ring_s", before="20", after="30"),)
    assert reader.change(99) is None


def test_published_configuration_carries_its_calendar_and_what_people_edit_does_not(ask: Ask, reader: Reader) -> None:
    """Publish opening hours as moments, edit them as hours."""
    ask(_put("company", model.Company(title="Shop", zone="Asia/Shanghai")))
    hours = model.Hours(slug="day", week={"mon": (("09:00", "17:00"),)})
    ask(_put("hours", hours))
    published = reader.standing().configuration
    assert published.company.midnights
    assert published.hours[0].opening
    assert reader.document().configuration.hours == (hours,)
    assert unexpanded(published) == reader.document().configuration


def test_same_again_is_no_change(ask: Ask, reader: Reader) -> None:
    """Make no version and no change of what is so already."""
    first = ask(_put("queues", QUEUE))
    again = ask(_put("queues", QUEUE, first.version))
    assert (again.version, again.reply.version, again.reply.change) == ("", first.version, 0)
    assert len(reader.changes().items) == 1


def test_what_another_changed_meanwhile_is_stale_and_other_parts_are_not(ask: Ask) -> None:
    """Refuse to overwrite what the asker has not seen; let edits of other parts pass."""
    first = ask(_put("queues", QUEUE)).version
    ask(_put("queues", msgspec.structs.replace(QUEUE, ring_s=30), first))
    stale = ask(_put("queues", msgspec.structs.replace(QUEUE, ring_s=40), first))
    assert _codes(stale) == [("stale", "queues.support")]
    assert not ask(_put("queues", model.Queue(slug="sales"), first)).reply.problems
    assert _codes(ask(api.Drop(base=first, list="queues", slug="support"))) == [("stale", "queues.support")]
    assert _codes(ask(_put("queues", QUEUE, "unknown"))) == [("unknown", "base")]


def test_part_that_is_named_elsewhere_is_not_dropped(ask: Ask) -> None:
    """Refuse to drop what something names, and say where."""
    ask(_put("flows", model.Flow(slug="main", nodes=(model.Node(id="end", kind="hang_up"),))))
    ask(_put("numbers", model.Number(slug="2000", flow="main")))
    refused = ask(api.Drop(base="", list="flows", slug="main"))
    assert _codes(refused) == [("in_use", "numbers.2000.flow")]
    assert _codes(ask(api.Drop(base="", list="flows", slug="other"))) == [("unknown", "slug")]
    assert _codes(ask(api.Drop(base="", list="company", slug=""))) == [("unknown", "slug")]


WRONG = (
    ("queues", b'{"slug": "support", "ring_s": "long"}', "invalid", "queues"),
    ("queues", b'{"slug": "support", "unknown": 1}', "invalid", "queues"),
    ("queues", b"nonsense", "invalid", "queues"),
    ("queues", b'{"slug": "support", "title": "a\\u0000b"}', "invalid", "queues.title"),
    ("queues", b'{"slug": "support", "strategy_options": {"x": null}}', "invalid", "queues.strategy_options.x"),
    ("queues", b'{"slug": "support", "ring_s": 100000}', "out_of_range", "queues.support.ring_s"),
    ("elsewhere", b"{}", "unknown", "list"),
)


def test_value_that_is_wrong_is_refused_by_field(ask: Ask, reader: Reader) -> None:
    """Refuse what is wrong and name the field; nothing changes."""
    for name, value, code, field in WRONG:
        assert _codes(ask(api.Put(base="", list=name, value=msgspec.Raw(value)))) == [(code, field)]
    assert reader.standing().version == ""


def test_repeated_request_is_done_once_and_answered_the_same(ask: Ask, store: Store, reader: Reader) -> None:
    """Answer a token again as before, made password included; another asker's token is another."""
    request = msgspec.structs.replace(_person("ann"), token="t1")
    first = ask(request)
    again = ask(request)
    assert again.reply == first.reply
    assert (again.version, again.people, again.equipment) == ("", False, False)
    assert len(first.reply.password) >= 16
    assert len(reader.changes().items) == 1
    other = store.settings.apply(request, by="eve", now_us=BEGIN).result(WAIT_S)
    assert other.reply.password == ""
    refused = _put("queues", model.Queue(slug="Bad Slug"), token="t2")
    assert ask(refused).reply == ask(refused).reply


def test_person_comes_with_agent_phone_and_queues_in_one_change(ask: Ask, store: Store, reader: Reader) -> None:
    """Make agent, phone, SIP password and queues with a person, as one change that can be taken back."""
    ask(_put("queues", QUEUE))
    ask(_put("queues", model.Queue(slug="sales")))
    done = ask(_person("ann", "101", "support"))
    assert done.people
    assert done.equipment
    configuration = reader.document().configuration
    assert configuration.agents == (model.Agent(slug="ann", extension="101"),)
    assert configuration.extensions == (model.Extension(slug="101", agent="ann"),)
    assert [queue.agents for queue in configuration.queues] == [("ann",), ()]
    equipment = store.settings.equipment().result(WAIT_S)
    assert equipment == reader.equipment()
    assert equipment.names == {"ann": "Ann"}
    assert len(reader.secrets()["extension/101"]) >= 16

    moved = ask(_person("ann", "102", "sales"))
    assert moved.reply.password == "", "a person who has one keeps the password"
    configuration = reader.document().configuration
    assert [(phone.slug, phone.agent) for phone in configuration.extensions] == [("101", ""), ("102", "ann")]
    assert [queue.agents for queue in configuration.queues] == [(), ("ann",)]

    ask(api.Revert(change=moved.reply.change))
    assert reader.document().configuration.agents[0].extension == "101"
    ask(api.Revert(change=done.reply.change))
    assert (reader.document().people, reader.document().configuration.extensions) == ((), ())


def test_person_who_leaves_takes_what_nobody_else_uses(ask: Ask, reader: Reader) -> None:
    """Remove agent and phone with the last person who was this agent; the name stays for old calls."""
    ask(_put("queues", QUEUE))
    ask(_person("ann", "101", "support"))
    ask(_person("bob", "101", "support", agent="ann"))
    ask(api.DropPerson(slug="ann"))
    assert len(reader.document().configuration.agents) == 1
    gone = ask(api.DropPerson(slug="bob"))
    configuration = reader.document().configuration
    assert (configuration.agents, configuration.extensions, configuration.queues[0].agents) == ((), (), ())
    assert reader.names()["ann"] == "Ann"
    assert _codes(ask(api.DropPerson(slug="bob"))) == [("unknown", "slug")]
    secret = reader.secrets()["extension/101"]
    ask(api.Revert(change=gone.reply.change))
    assert reader.secrets()["extension/101"] == secret, "undo is whole"
    ask(api.DropPerson(slug="bob"))
    ask(_person("eve", "101"))
    assert reader.secrets()["extension/101"] != secret, "a phone of somebody new has a new password"


def test_person_who_takes_no_calls_any_more_keeps_the_account(ask: Ask, reader: Reader) -> None:
    """Take agent and phone away from a person who stays."""
    ask(_person("ann", "101"))
    ask(_person("ann"))
    assert reader.document().configuration.agents == ()
    assert [person.slug for person in reader.document().people] == ["ann"]


REFUSED: tuple[tuple[SettingsRequest, str, str], ...] = (
    (_person("Bad Name"), "invalid", "slug"),
    (_person("ann", role="king"), "unknown", "people.ann.role"),
    (_person("ann", language="xx"), "unknown", "people.ann.language"),
    (_person("ann", "", "support"), "missing", "extension"),
    (_person("ann", "101", "nowhere"), "unknown", "queues"),
    (_person("ann", "102"), "in_use", "extension"),
    (_person("ann", "x"), "invalid", "extensions.x.slug"),
    (msgspec.structs.replace(_person("ann"), password="short"), "too_short", "password"),
    (_person("root", role="agent"), "last_administrator", "people"),
    (_person("root", role="administrator", disabled=True), "last_administrator", "people"),
    (api.DropPerson(slug="root"), "last_administrator", "people"),
    (api.Import(text="format = 1"), "last_administrator", "people"),
    (api.Import(text="[people.ann]\nrole = 'king'"), "unknown", "people.ann.role"),
    (api.Import(text="[queues"), "invalid", ""),
    (api.Import(text="[queues.a]\nring_s = 'x'"), "invalid", "queues.a.ring_s"),
    (api.Revert(change=99), "unknown", "change"),
    (api.SetSecret(of="extension/999"), "unknown", "of"),
    (api.SetSecret(of="extension/102", secret="has blank x"), "invalid", "secret"),
    (api.SetLanguage(language="xx"), "unknown", "language"),
)


def test_what_cannot_be_is_refused(ask: Ask, reader: Reader) -> None:
    """Refuse by a stable word and a field, and change nothing."""
    ask(_put("queues", QUEUE))
    ask(_person("root", role="administrator"))
    ask(_person("bob", "102"))
    before = reader.document()
    for request, code, field in REFUSED:
        assert (code, field) in _codes(ask(request)), request
    assert reader.document() == before
    assert len(reader.changes().items) == 3


def test_change_is_not_taken_back_over_a_later_one(ask: Ask, reader: Reader) -> None:
    """Refuse to take back what was changed again since; take back the later one first."""
    ask(_put("queues", QUEUE))
    first = ask(_put("queues", msgspec.structs.replace(QUEUE, ring_s=30)))
    second = ask(_put("queues", msgspec.structs.replace(QUEUE, ring_s=40)))
    assert _codes(ask(api.Revert(change=first.reply.change))) == [("stale", "queues.support")]
    back = ask(api.Revert(change=second.reply.change))
    assert reader.changes().items[0].reverts == second.reply.change
    assert back.reply.summary == f"revert {second.reply.change}"
    ask(api.Revert(change=first.reply.change))
    assert reader.document().configuration.queues[0].ring_s == 20


def test_dropped_part_comes_back_in_its_place(ask: Ask, reader: Reader) -> None:
    """Put a part back where it stood."""
    for slug in ("a", "b", "c"):
        ask(_put("queues", model.Queue(slug=slug)))
    gone = ask(api.Drop(base="", list="queues", slug="b"))
    ask(_put("company", model.Company(title="Shop")))
    company = ask(_put("company", model.Company(title="Other")))
    ask(api.Revert(change=gone.reply.change))
    ask(api.Revert(change=company.reply.change))
    found = reader.document().configuration
    assert ([queue.slug for queue in found.queues], found.company.title) == (["a", "b", "c"], "Shop")


def test_import_replaces_everything_and_export_gives_it_back(ask: Ask, reader: Reader) -> None:
    """Bring in a whole text, tell its differences first, and give the same text out again."""
    ask(_put("queues", QUEUE))
    text = document.write(
        api.Document(
            configuration=model.Configuration(queues=(model.Queue(slug="sales", ring_s=25),)),
            people=(api.Person(slug="root", name="Root", role="administrator"),),
        )
    )
    dry = ask(api.Import(text=text, dry_run=True))
    assert "queues.sales.ring_s: - → 25" in dry.reply.summary.splitlines()
    assert dry.version == ""
    assert reader.document().configuration.queues == (QUEUE,)
    done = ask(api.Import(text=text))
    assert (done.people, bool(done.version)) == (True, True)
    assert document.write(reader.document()) == text
    assert ask(api.Import(text=text)).version == ""
    many = text + "".join(f"[queues.q{number}]\nring_s = 25\n" for number in range(300))
    assert ask(api.Import(text=many, dry_run=True)).reply.summary.endswith("\n… 101")


def test_secret_is_set_or_made_and_told_once(ask: Ask, reader: Reader) -> None:
    """Set a SIP password, or make one and tell it once; the change names it, not its value."""
    ask(_put("trunks", model.Trunk(slug="carrier", host="127.0.0.1")))
    made = ask(api.SetSecret(of="trunk/carrier"))
    assert len(made.reply.password) >= 16
    assert reader.secrets() == {"trunk/carrier": made.reply.password}
    given = ask(api.SetSecret(of="trunk/carrier", secret="correct-horse"))
    assert given.reply.password == ""
    assert reader.secrets() == {"trunk/carrier": "correct-horse"}
    changed = reader.change(given.reply.change)
    assert changed is not None
    assert (changed.change.summary, changed.lines) == ("set-secret trunk/carrier", ())


def test_language_is_each_persons_own(ask: Ask, store: Store) -> None:
    """Keep the language that a person chose; the console has none."""
    ask(_person("ann"))
    chosen = store.settings.apply(api.SetLanguage(language="zh"), by="ann", now_us=BEGIN).result(WAIT_S)
    assert chosen.people
    assert _codes(ask(api.SetLanguage(language="zh"))) == [("not_allowed", "language")]


def test_calendar_is_published_anew_in_time(store: Store) -> None:
    """Publish a first version, and the calendar anew long before it ends, and not before."""
    first = store.settings.expand(BEGIN).result(WAIT_S)
    assert first.version
    assert store.settings.expand(BEGIN + 300 * DAY_US).result(WAIT_S).version == ""
    later = store.settings.expand(BEGIN + 350 * DAY_US).result(WAIT_S)
    assert later.version not in {"", first.version}
    assert store.settings.current().result(WAIT_S).version == later.version


def test_zone_that_is_not_there_is_refused(ask: Ask) -> None:
    """Refuse a time zone that does not exist."""
    assert ask(_put("company", model.Company(zone="Mars/Olympus"))).reply.problems


def test_changes_come_in_pages(ask: Ask, reader: Reader) -> None:
    """Page through changes, newest first."""
    assert reader.changes().items == ()
    for number in range(60):
        ask(_put("queues", msgspec.structs.replace(QUEUE, title=str(number))))
    first, second, third = (reader.changes(page) for page in range(3))
    assert ([len(page.items) for page in (first, second, third)], first.more, second.more) == ([50, 10, 0], True, False)
    assert [change.id for change in (*first.items, *second.items)] == list(range(60, 0, -1))
