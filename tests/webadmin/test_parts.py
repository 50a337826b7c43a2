"""The small parts that the pages are made of."""

import re
import subprocess
from datetime import UTC, date, datetime
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from babel import Locale

from appliance import api, live
from appliance.core import facts, model
from appliance.core import state as st
from appliance.core.effects import Candidate
from appliance.core.overflow import EXITS
from appliance.core.plugins import all_strategies, node_kinds
from appliance.core.views import MemberView
from appliance.daemon.disk import HALTED
from appliance.places import Places
from boot import certificate
from webadmin import decisions
from webadmin.bundle import BundleMissingError, built
from webadmin.calls_query import Filters, filters_of
from webadmin.decisions import key_text, reason_text
from webadmin.front_door import render
from webadmin.numerals import whole_number
from webadmin.programs import front_door, main, nginx_argv, web_argv
from webadmin.setup import fields, strategies, waiting_fields
from webadmin.setup.difference import differing, plain
from webadmin.setup.flow_form import kinds
from webadmin.setup.rows import Rows
from webadmin.setup.section import with_part
from webadmin.setup.summaries import path_text, summary_text
from webadmin.texts import LANGUAGES, texts
from webadmin.timeline import DIAL_CAUSES, LINES
from webadmin.times import Calendar, length, zone_of
from webadmin.ways import local
from webadmin.words import PART_STATES, PARTS, problem_text, title_of

HOUR = 3_600_000_000
NOON = 1_763_800_000_000_000


def a_calendar(zone: str) -> Calendar:
    """Make a calendar in English."""
    return Calendar(zone=zone_of(zone), locale=Locale.parse("en"))


def test_a_day_of_the_time_change_has_23_or_25_hours() -> None:
    """Days are those of the company's zone."""
    berlin = a_calendar("Europe/Berlin")
    for day, hours in ((date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 7, 1), 24)):
        assert berlin.next_midnight(day) - berlin.midnight(day) == hours * HOUR
        assert berlin.day_of(berlin.midnight(day)) == day
    assert str(zone_of("No/Such/Place")) == "UTC"
    assert str(zone_of("../etc/passwd")) == "UTC"


def test_times_in_words() -> None:
    """Times are written in the zone, spans without a leading zero hour."""
    moment = int(datetime(2026, 11, 21, 16, 5, 7, 89_000, UTC).timestamp() * 1_000_000)
    shanghai = a_calendar("Asia/Shanghai")
    assert shanghai.exact(moment) == "00:05:07.089"
    assert shanghai.date(moment) == "Nov 22, 2026"
    assert shanghai.iso(moment).startswith("2026-11-22T00:05:07")
    assert [length(span) for span in (0, 59_400_000, 61 * 1_000_000, 3_725 * 1_000_000, -5)] == [
        "0:00",
        "0:59",
        "1:01",
        "1:02:05",
        "0:00",
    ]


@pytest.mark.parametrize(
    ("address", "given"),
    [
        ("/calls?text=1", "/calls?text=1"),
        ("//elsewhere", "/"),
        ("https://elsewhere", "/"),
        ("/\\elsewhere", "/"),
        ("/a\r\nSet-Cookie: x", "/"),
        ("", "/"),
        ("/" + "a" * 3000, "/"),
        (None, "/"),
    ],
)
def test_ways_back_stay_here(address: str, given: str) -> None:
    """Only our own pages are led to."""
    assert local(address) == given


def test_whole_numbers() -> None:
    """ASCII digits alone, cut at the highest."""
    assert whole_number("12", 10) == 10
    assert whole_number("007", 10) == 7
    for text in ("", "-1", "1_0", "1.5", "\uff11", "9" * 40, None, 3):
        assert whole_number(text, 10) is None


def test_filters_survive_their_address() -> None:
    """What a filter says stands in its address, and is read back."""
    filters = Filters(
        since=date(2026, 11, 1),
        until=date(2026, 11, 2),
        queue="sales",
        text="138&x=1",
        outcome="abandoned",
        longer_s=30,
    )
    query = dict(pair.split("=", 1) for pair in filters.address(page=3).partition("?")[2].split("&"))
    assert query["page"] == "3"
    assert (
        filters_of(
            {
                "text": "138&x=1",
                "queue": "sales",
                "from": "2026-11-01",
                "until": "2026-11-02",
                "outcome": "abandoned",
                "longer": query["longer"],
            }
        )
        == filters
    )
    odd = filters_of(
        {
            "from": "yesterday",
            "until": "0001-01-01",
            "outcome": "x",
            "recorded": "maybe",
            "page": "-1",
            "longer": "-30",
            "text": "\x00a\n",
        }
    )
    assert odd == Filters(text="a")
    assert not Filters().any
    assert filters.any


def test_texts() -> None:
    """English is the source; Chinese is said where the catalogue has it; an unknown language gives English."""
    assert texts("xx")("Calls") == "Calls"
    assert texts("zh")("Calls") == "通话记录"
    assert texts("zh").plural("{count} agent", "{count} agents", 2) == "2 个座席"
    assert texts("en").plural("{count} agent", "{count} agents", 1) == "1 agent"
    assert texts("zh").tag == "zh-Hans"
    assert problem_text(texts("en"), api.Problem(code="never heard of")) == "The box refused this."
    assert problem_text(texts("en"), api.Problem(code="taken", detail="{x}%s")) == "This name is taken: {x}%s"


def test_every_word_of_health_is_a_word() -> None:
    """What an exchange and a disk say of themselves is said in words on the page, whatever it is."""
    assert {"ok", "starting", "down", "unregistered", "unreachable", "refused", HALTED} <= set(PART_STATES)
    assert set(PART_STATES) >= live.AMBER
    assert "configuration" in PARTS


def test_changes_in_words() -> None:
    """Summaries and places of the configuration are sentences."""
    say = texts("en")
    assert summary_text(say, "put queues.sales") == "Workgroups: sales set"
    assert summary_text(say, "put company") == "Company data set"
    assert summary_text(say, "revert 14") == "Change 14 taken back"
    assert summary_text(say, "set-secret extension/301") == "SIP password of extension/301 set"
    assert summary_text(say, "something else") == "something else"
    assert path_text(say, "numbers.8001.flow") == "Numbers: 8001"
    assert path_text(say, "odd") == "odd"


def test_reasons_have_a_title_in_some_language() -> None:
    """The person's language first, then another, then the name."""
    reason = model.Reason(slug="lunch", title={"en": "Lunch"})
    assert title_of(reason, "en") == title_of(reason, "zh") == "Lunch"
    assert title_of(model.Reason(slug="lunch"), "en") == "lunch"


def test_differences_are_readable() -> None:
    """A change is shown as lines taken away and added."""
    before = model.Queue(slug="sales", ring_s=20)
    after = model.Queue(slug="sales", ring_s=25)
    assert [line.strip() for line in differing(before, after) if "ring_s" in line] == ['+  "ring_s": 25']
    assert differing(before, before) == ()
    assert all(line.startswith("-") for line in differing(before, None))
    typed = {"slug": "sales", "strategy": "longest_idle", "wait_s_max": 900, "overflow": [{"when": "wait", "exit": ""}]}
    said = msgspec.convert({**typed, "callback": {"expire_s": 14_400}}, model.Queue)
    assert plain(said) == said
    assert msgspec.json.decode(msgspec.json.encode(plain(said))) == {
        "slug": "sales",
        "wait_s_max": 900,
        "overflow": [{"when": "wait"}],
        "callback": {},
    }
    configuration = with_part(model.Configuration(queues=(before,)), "queues", after)
    assert configuration.queues == (after,)


def places(home: Path) -> Places:
    """Make the places of a box."""
    return Places(home=home, port=41_500, cache=home)


def test_nginx_takes_the_configuration(tmp_path: Path) -> None:
    """Nginx itself says that what is rendered for it is well."""
    box = places(tmp_path)
    for folder in box.folders:
        folder.mkdir(exist_ok=True)
    certificate.ensure(box.certificate, box.key, listen=box.listen, now=datetime.now(UTC))
    text = render(front_door(box))
    (box.nginx / "nginx.conf").write_text(text)
    tried = subprocess.run([*nginx_argv(box, "/usr/sbin/nginx"), "-t"], capture_output=True, text=True, check=False)
    assert tried.returncode == 0, tried.stderr
    assert 'X-Switchroom-Session ""' in text
    assert not re.search(r"\$(args|request|query_string)\b", text.partition("log_format")[2].partition(";")[0])


def test_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot be started is one clear line."""
    monkeypatch.setenv("SWITCHROOM_HOME", str(tmp_path))
    assert main(["sing"]) == 64
    monkeypatch.setenv("SWITCHROOM_PORT", "zero")
    assert main(["web"]) == 64
    assert capsys.readouterr().err.count("\n") == 2
    assert web_argv(Path("/x/python"))[:3] == ["/x/python", "-m", "gunicorn"]


def test_a_front_end_that_is_not_built(tmp_path: Path) -> None:
    """It says what to do."""
    with pytest.raises(BundleMissingError, match="make run"):
        built(tmp_path)


def test_every_condition_of_overflow_is_offered() -> None:
    """A condition that the core knows can be chosen, with its own way out."""
    assert {when for when, _ in waiting_fields.CONDITIONS} == {"", *EXITS}
    assert set(EXITS.values()) <= {way for way, _ in waiting_fields.WAYS}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_console_offers_what_there_is(language: str) -> None:
    """An overflow leads to steps that exist, all with words; to voicemail only once there is a step for it."""
    offered = dict(kinds(texts(language)))
    assert set(offered) == set(node_kinds())
    assert all(words and words != kind for kind, words in offered.items())


def test_every_strategy_can_be_set_up() -> None:
    """Each setting has a label of its own; what a form shows of the settings, it says again."""
    say = texts("en")
    for name in all_strategies():
        assert strategies.label(say, name) not in {"", name}
        assert all(field.label and " " in field.label for field in strategies.fields(name))
    kept: dict[str, object] = {"shares": {"li-wei": 60, "anna-smith": 40}}
    shown_again = fields.shown(strategies.all_fields(), say, {}, strategies.data("percentage", kept))
    assert strategies.values(shown_again, "percentage") == kept
    assert strategies.values(shown_again, "longest_idle") == {}
    assert strategies.label(say, "gone") == "gone"


def test_rows() -> None:
    """Rows are read cell by cell; an empty first cell makes none, a wrong cell is shown again as it was typed."""
    say = texts("en")
    row = Rows(
        name="r",
        label="R",
        most=2,
        columns=(fields.Text(name="skill", label="Skill"), fields.Number(name="level", label="Level", low=1, high=9)),
    )
    assert row.read(["english", "5", "", "7"], [], say) == ({"skill": "english", "level": 5},)
    assert row.cells(({"skill": "english", "level": 5},))[0] == ("english", "5")
    assert row.cells(("english", "x", "chess"))[:2] == [("english", "x"), ("chess", "")]
    with pytest.raises(fields.FieldError):
        row.read(["english", "x"], [], say)
    with pytest.raises(fields.FieldError):
        row.read(["a", "1", "b", "2", "c", "3"], [], say)
    with pytest.raises(TypeError):
        Rows(name="r", label="R", columns=(fields.Check(name="c", label="C"),))


def test_every_figure_of_a_decision_has_its_words() -> None:
    """A strategy's key is numbers that have a name each, and then the agent: none is shown as a bare number."""
    agent, member = st.Agent(slug="ann", idle_since=NOON, idle_since_wrap_up=NOON), MemberView(2, 12)
    assert set(decisions.FIGURES) == set(all_strategies())
    for name, strategy in all_strategies().items():
        key = strategy.rank(strategy.Options(), agent, member)
        kinds = decisions.FIGURES[name]
        assert key[len(kinds) :] == ("ann",), name
        for language in LANGUAGES:
            words = key_text(texts(language), a_calendar("UTC"), name, Candidate("ann", key)).split(", ")
            assert len(words) == len(kinds)
            assert not any(word.isdecimal() for word in words), name


def test_every_fact_has_its_line_in_a_timeline() -> None:
    """None is shown by its tag."""
    tags = {str(fact.__struct_config__.tag) for fact in get_args(facts.AnyFact)}
    told_apart = {"phone-seen", "phone-busy"}
    assert tags - set(LINES) == told_apart
    told_by_more = {
        "phone-back",
        "phone-gone",
        "phone-own-call",
        "phone-own-over",
        "arrived",
        "key",
        "recordings-again",
        "recordings-stopped",
    }
    assert told_by_more == set(LINES) - tags
    assert set(DIAL_CAUSES) == {"no_answer", "busy", "refused", "unreachable", "no_number", "failed", "congested"}


def test_a_decision_in_words() -> None:
    """The numbers of a key are said as their strategy means them; what is unknown stands as it is."""
    say, calendar = texts("en"), a_calendar("UTC")

    def said(strategy: str, *key: int | str) -> str:
        return key_text(say, calendar, strategy, Candidate("ann", (*key, "ann")))

    assert said("most_skilled", -12) == "levels 12 in all"
    assert said("round_robin", 0, 2) == "no turn yet, place 3 on the list"
    assert said("round_robin", 7, 0) == "last turn 7, place 1 on the list"
    assert said("percentage", 1 << 62) == "no share"
    assert said("percentage", 250_000) == "share used 0.250"
    assert said("average_longest_idle", -(1 << 62)) == "no offer yet today"
    assert said("average_longest_idle", -90_000_000) == f"idle {length(90_000_000)} on average"
    assert said("fewest_handled", 3) == "3 handled today"
    assert said("longest_idle", 1_763_800_000_000_000).startswith("idle since ")
    assert said("of another release", 5, 1_763_800_000_000_000).startswith("5, idle since ")
    assert [reason_text(say, reason) for reason in ("skill", "on-break", "strange")] == [
        "Skill lacks",
        "On break",
        "strange",
    ]
