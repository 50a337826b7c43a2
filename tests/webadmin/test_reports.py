"""The service level's formula: set in the console, and printed beside every figure that is reckoned by it."""

from collections.abc import Iterator
from datetime import date
from urllib.parse import urlencode

import msgspec
import pytest

from appliance import api, document
from appliance.core import model
from appliance.core.cdr import Outcome
from appliance.core.figures import Formula, Measure
from appliance.store.reader import Query
from tests.webadmin.conftest import WAIT_S, Pages
from tests.webadmin.test_forms import a_request, standing_form
from webadmin.pages import company as page
from webadmin.texts import texts
from webadmin.words import formula_texts
from webadmin.workgroup_days import DAYS_MAX, days_of

ANSWERED_ONLY = "answered in time / answered"
NOW_US = 1_800_000_000_000_000


@pytest.fixture
def changed(pages: Pages) -> Iterator[Pages]:
    """Let the company count answered calls alone, and those who left otherwise as not met; taken back afterwards."""
    standing = a_request(pages).standing
    company = msgspec.structs.replace(
        standing.configuration.company, level_formula=Formula.ANSWERED_ONLY, level_flow_outs=True
    )
    value = msgspec.Raw(msgspec.json.encode(company))
    put = api.Put(base=standing.version, list="company", value=value)
    done = pages.store.settings.apply(put, by="admin", now_us=NOW_US).result(WAIT_S).reply
    assert not done.problems
    yield pages
    back = pages.store.settings.apply(api.Revert(change=done.change), by="admin", now_us=NOW_US).result(WAIT_S).reply
    assert not back.problems
    assert a_request(pages).standing.configuration.company.measure == Measure()


def test_the_formula_is_chosen_and_reviewed(pages: Pages) -> None:
    """As a browser sends the form; the review says what is different, in words and as the document has it."""
    request = a_request(pages)
    company = request.standing.configuration.company
    data = {**msgspec.structs.asdict(company), "grades": ()}
    form = standing_form(page.FIELDS, page.choices(request), data)
    form |= {"level_formula": ["within_met"], "level_flow_outs": ["1"], "step": ["review"]}
    sent = pages.request("/setup/company", "administrator", post={})
    sent.body += b"&" + urlencode(form, doseq=True).encode()
    text = pages.answer(sent).text
    assert "(answered in time + early abandons) / (answered + abandoned)" in text
    assert "+  &#34;level_formula&#34;: &#34;within_met&#34;" in text
    assert "+  &#34;level_flow_outs&#34;: true" in text


def test_the_document_keeps_it() -> None:
    """Exported and imported again; a formula that there is not is refused where it stands."""
    company = model.Company(level_formula=Formula.WITHIN_LEFT_OUT, level_flow_outs=True)
    written = document.write(api.Document(configuration=model.Configuration(company=company)))
    assert 'level_formula = "within_left_out"' in written
    assert document.read(written).configuration.company.measure == company.measure
    with pytest.raises(document.DocumentError, match="level_formula"):
        document.read(written.replace("within_left_out", "as_we_like"))


@pytest.mark.parametrize("address", ["/desk", "/floor", "/floor/wall", "/reports"])
def test_pages_print_the_formula(changed: Pages, address: str) -> None:
    """The company's, with its switch; desk and wallboard have the words of all, for what the daemon says is newer."""
    role = "agent" if address == "/desk" else "supervisor"
    text = changed.get(address, role).text
    said = f"{ANSWERED_ONLY}, those who left otherwise counted as not met"
    assert f"{said}; short abandons are left out." in text
    assert f'title="{said}"' in text
    if address != "/reports":
        for name, words in formula_texts(texts("en")).items():
            assert f'<i data-word="{name}">{words}</i>' in text


def test_programs_are_told_the_formula(changed: Pages) -> None:
    """By its name, and with its T; the figures are those of the page."""
    calls = changed.reader.calls(Query(size=1_000)).calls
    ends = [(segment.queue, segment.outcome) for call in calls for segment in call.cdr.segments]
    asked = f"from={_day(changed, -2)}&until={_day(changed, 0)}"
    told = changed.get(f"/api/reports/workgroups?{asked}", "supervisor").json_body
    assert told["zone"] == a_request(changed).standing.configuration.company.zone
    assert {row["formula"] for row in told["rows"]} == {"answered_only_flow_outs"}
    assert {row["within_s"] for row in told["rows"]} == {20}
    assert sum(row["answered"] for row in told["rows"]) == ends.count(("sales", Outcome.ANSWERED)) > 0
    assert sum(row["short"] for row in told["rows"]) == ends.count(("sales", Outcome.ABANDONED)) == 1
    assert {row["service_level"] for row in told["rows"]} == {1.0}
    text = changed.get(f"/reports?{asked}", "supervisor").text
    assert text.count('data-formula="answered_only_flow_outs"') == len(told["rows"])
    assert text.count("100.0 % <abbr") == len(told["rows"])


def _day(pages: Pages, away: int) -> str:
    """Give a day of the company, so many days from today."""
    request = a_request(pages)
    day = request.calendar.day_of(request.now_us)
    return day.fromordinal(day.toordinal() + away).isoformat()


def test_a_day_without_calls_is_said_to_be_empty(pages: Pages) -> None:
    """Not a table of nothing; days that are none, or the wrong way round, are understood as well as may be."""
    assert "No call came to a workgroup" in pages.get("/reports?from=2001-01-01&until=2001-01-02", "supervisor").text
    assert pages.get("/reports?from=tomorrow&until=%00", "supervisor").status_int == 200
    text = pages.get("/reports?from=2026-03-09&until=2026-03-01", "supervisor").text
    assert 'value="2026-03-01"' in text
    assert 'value="2026-03-09"' in text


def test_a_year_at_most() -> None:
    """The last of the days that were asked for."""
    days = days_of(date.fromisoformat("2020-01-01"), date.fromisoformat("2026-01-01"))
    assert (len(days.each), days.each[-1]) == (DAYS_MAX, date.fromisoformat("2026-01-01"))
