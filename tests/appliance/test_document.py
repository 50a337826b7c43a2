"""The text of a configuration: what it says comes back, and whatever else it is, it is refused in words."""

import random
from typing import TypeVar

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance import api
from appliance.core import model
from appliance.document import CHARACTERS_MAX, DiffLine, DocumentError, check_values, differences, read, write
from appliance.records.opening import expanded

TEXT = st.text(
    alphabet=st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n\t"),
    max_size=12,
)
VALUES = st.recursive(
    st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
PartT = TypeVar(
    "PartT",
    model.Trunk,
    model.Number,
    model.Extension,
    model.Agent,
    model.Queue,
    model.Flow,
    model.Hours,
    model.Prompt,
    model.Reason,
    model.SerialLine,
    api.Person,
)
OPTIONS = st.dictionaries(TEXT, VALUES, max_size=3)
TEXTS = st.dictionaries(TEXT, TEXT, max_size=2)
NUMBERS = st.integers(0, 10**6)
NODES = st.builds(model.Node, id=TEXT, kind=TEXT, options=OPTIONS, exits=TEXTS)
STRETCHES = st.lists(st.tuples(TEXT, TEXT), max_size=2).map(tuple)


def _tuples(items: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(items, max_size=3).map(tuple)


def _parts(kind: type[PartT], **fields: st.SearchStrategy[object]) -> st.SearchStrategy[tuple[PartT, ...]]:
    parts = st.builds(kind, slug=TEXT, **fields)
    return st.lists(parts, max_size=2, unique_by=lambda part: part.slug).map(tuple)


REASONS = _parts(model.Reason, title=TEXTS)
PARTS: dict[str, st.SearchStrategy[object]] = {
    "company": st.builds(model.Company, title=TEXT, emergency=_tuples(TEXT)),
    "trunks": _parts(model.Trunk, host=TEXT, accept=_tuples(TEXT), register=st.booleans()),
    "numbers": _parts(model.Number, title=TEXT, flow=TEXT),
    "extensions": _parts(model.Extension, agent=TEXT),
    "agents": _parts(model.Agent, extension=TEXT),
    "queues": _parts(model.Queue, title=TEXT, agents=_tuples(TEXT), strategy_options=OPTIONS, ring_s=NUMBERS),
    "flows": _parts(model.Flow, title=TEXT, nodes=st.lists(NODES, max_size=2).map(tuple)),
    "hours": _parts(model.Hours, week=st.dictionaries(TEXT, STRETCHES, max_size=2), closed=_tuples(TEXT)),
    "prompts": _parts(model.Prompt, texts=TEXTS),
    "breaks": REASONS,
    "dispositions": REASONS,
    "lines": _parts(model.SerialLine, place=TEXT, options=OPTIONS),
}
PEOPLE = _parts(api.Person, name=TEXT, role=TEXT, disabled=st.booleans())
WHOLES = st.builds(api.Document, configuration=st.builds(model.Configuration, **PARTS), people=PEOPLE)
TABLES = st.one_of(
    *(
        st.builds(api.Document, configuration=st.builds(model.Configuration, **{name: parts}))
        for name, parts in PARTS.items()
    ),
    st.builds(api.Document, people=PEOPLE),
)
"Documents of one table: drawn in a tenth of the time of whole ones."

SAMPLE = api.Document(
    configuration=model.Configuration(
        company=model.Company(title="商店", zone="Asia/Shanghai"),
        queues=(model.Queue(slug="support", agents=("ann", "bob")), model.Queue(slug="sales", ring_s=10)),
        flows=(
            model.Flow(
                slug="main",
                nodes=(model.Node(id="menu", kind="menu", options={"choices": {"1": "x"}}, exits={"1": "end"}),),
            ),
        ),
        hours=(model.Hours(slug="day", week={"mon": (("09:00", "17:30"),)}),),
        prompts=(model.Prompt(slug="hi", texts={"en": "Good day.\nOne moment.", "zh": "您好"}),),
    ),
    people=(api.Person(slug="ann", name='Ann "the" O\'Neil \\ 王'),),
)


def _reads_back(document: api.Document) -> None:
    text = write(document)
    again = read(text)
    assert again == document
    assert write(again) == text
    assert differences(document, again) == ()


@pytest.mark.slow
@settings(max_examples=10_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(TABLES)
def test_any_table_reads_back_the_same(document: api.Document) -> None:
    """Read back what was written, and write it the same again: whatever stands in each table."""
    _reads_back(document)


@pytest.mark.slow
@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
@given(WHOLES)
def test_any_document_reads_back_the_same(document: api.Document) -> None:
    """Read all tables of a document back together."""
    _reads_back(document)


@pytest.mark.slow
@settings(max_examples=10_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.text(alphabet=st.characters(), max_size=200) | st.binary(max_size=200).map(lambda raw: raw.decode("latin-1")),
    st.randoms(),
)
def test_any_other_text_is_refused_in_words(noise: str, dice: random.Random) -> None:
    """Refuse what is no configuration with `DocumentError` and nothing else, noise within a good text too."""
    good = write(SAMPLE)
    start = dice.randrange(len(good))
    spoilt = good[:start] + noise + good[start + dice.randrange(40) :]
    for text in (noise, spoilt):
        try:
            document = read(text)
        except DocumentError as error:
            assert str(error)  # noqa: PT017  either end is right
            continue
        model.encode(document.configuration)
        assert read(write(document)) == document


def test_text_reads_as_people_write_it() -> None:
    """Write a list as tables by slug, what is default left out, texts of several lines as such."""
    text = write(SAMPLE)
    assert "[queues.support]\nagents = [" in text
    assert "[queues.sales]\nring_s = 10\n" in text
    assert 'en = """\nGood day.\nOne moment."""' in text
    assert 'title = "商店"' in text


def test_calendar_stays_out_of_the_text() -> None:
    """Leave out the calendar that a published configuration carries, also if a text brings one."""
    published = msgspec.structs.replace(SAMPLE, configuration=expanded(SAMPLE.configuration, 1_790_000_000_000_000))
    assert write(published) == write(SAMPLE)
    assert differences(published, SAMPLE) == ()
    brought = read("[company]\nmidnights = [1]\n[hours.day]\nopening = [[1, 2]]\n").configuration
    assert (brought.company.midnights, brought.hours[0].opening) == ((), ())


@pytest.mark.parametrize(
    ("text", "path", "detail", "line"),
    [
        ("x = ", "", "Invalid value", 0),
        ("a = 1\nb =", "", "Invalid value", 0),
        ("a = 1\nb = [1\nc", "", "", 3),
        ("queues = 1", "queues", "should be a table", 0),
        ("[queues]\na = 1", "queues.a", "should be a table", 0),
        ("[queues.a]\nslug = 'b'", "queues.a.slug", "the table's name is the slug", 0),
        ("[queues.a]\nring_s = 'x'", "queues.a.ring_s", "Expected `int`", 0),
        ("[queues.a]\nagents = [1]", "queues.a.agents.0", "Expected `str`", 0),
        ("[queues.a]\nunheard = 1", "queues.a", "unknown field `unheard`", 0),
        ("[numbers.1]\n", "numbers.1", "missing required field `flow`", 0),
        ("[company]\ntitle = 1979-05-27", "company.title", "a date", 0),
        ("[company]\ntitle = 'a\u0085b'", "company.title", "control characters", 0),
        ('[company]\ntitle = "a\\u0000b"', "company.title", "control characters", 0),
        ('[company]\n"a\\u0000b" = 1', "company", "control characters", 0),
        ("[queues.a.strategy_options]\nx = 9007199254740993", "queues.a.strategy_options.x", "too large", 0),
        ("[queues.a.strategy_options]\nx = nan", "queues.a.strategy_options.x", "not a number", 0),
        (
            "[queues.a.strategy_options]\nx = " + "[" * 25 + "]" * 25,
            "queues.a.strategy_options.x",
            "nested too deep",
            0,
        ),
        ("x = " + "[" * 5000, "", "nested too deep", 0),
        ("format = 2", "format", "this release reads format 1", 0),
        ("[elsewhere]", "elsewhere", "unknown", 0),
        ("#" * (CHARACTERS_MAX + 1), "", "longer than", 0),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, path: str, detail: str, line: int) -> None:
    """Name the value or the line that is wrong, and why."""
    with pytest.raises(DocumentError) as refused:
        read(text)
    assert refused.value.path.startswith(path)
    assert detail in refused.value.detail
    assert refused.value.line == line


def test_list_with_a_slug_twice_is_not_written() -> None:
    """Refuse to write what could not be read."""
    twice = api.Document(configuration=model.Configuration(queues=(model.Queue(slug="a"), model.Queue(slug="a"))))
    with pytest.raises(DocumentError, match=r"queues\.a: stands twice"):
        write(twice)


def test_value_that_is_none_is_refused() -> None:
    """Refuse what JSON knows and TOML does not."""
    with pytest.raises(DocumentError, match="NoneType"):
        check_values({"a": [None]})
    check_values({"a": [True, 1.5, "x\n\t", -3]})


def test_key_that_looks_like_a_path_is_told_apart() -> None:
    """Quote a key with a full stop: it is another value than the one at that path."""
    queue = model.Queue(slug="support", strategy_options={"a": {"b": 1}, "a.b": 2})
    before = api.Document(configuration=model.Configuration(queues=(queue,)))
    assert differences(before, read(write(before))) == ()
    changed = msgspec.structs.replace(queue, strategy_options={"a": {"b": 1}, "a.b": 3})
    after = api.Document(configuration=model.Configuration(queues=(changed,)))
    path = 'queues.support.strategy_options."a.b"'
    assert differences(before, after) == (DiffLine(path=path, before="2", after="3"),)


def test_differences_are_told_value_by_value() -> None:
    """Tell each value that differs, defaults where both have the part, lists and their order as one."""
    configuration = SAMPLE.configuration
    queues = (
        model.Queue(slug="sales", ring_s=20),
        model.Queue(slug="support", agents=("bob",)),
        model.Queue(slug="new", priority=1),
    )
    after = api.Document(configuration=msgspec.structs.replace(configuration, queues=queues, flows=()))
    assert differences(SAMPLE, after) == (
        DiffLine(path="queues", before="support, sales", after="sales, support, new"),
        DiffLine(path="queues.sales.ring_s", before="10", after="20"),
        DiffLine(path="queues.support.agents", before="ann, bob", after="bob"),
        DiffLine(path="queues.new.priority", before="", after="1"),
        DiffLine(path="flows", before="main", after=""),
        DiffLine(path="flows.main.nodes.menu.kind", before="menu", after=""),
        DiffLine(path="flows.main.nodes.menu.options.choices.1", before="x", after=""),
        DiffLine(path="flows.main.nodes.menu.exits.1", before="end", after=""),
        DiffLine(path="flows.main.nodes", before="menu", after=""),
        DiffLine(path="people", before="ann", after=""),
        DiffLine(path="people.ann.name", before='Ann "the" O\'Neil \\ 王', after=""),
    )
