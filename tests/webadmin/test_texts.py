"""The page of text messages: who sees it, what it shows, and what it refuses."""

import html

import pytest

from appliance.sms import Arrived, Job, State
from tests.webadmin.conftest import Pages

HOSTILE = "<script>alert(1)</script> {{ 7 * 7 }} 您好"
WAIT_S = 60.0


@pytest.fixture
def kept(pages: Pages) -> Pages:
    """Have one text that came in, and one that is in doubt."""
    messages = pages.store.messages
    arrived = Arrived(digest="d" * 32, sender="+8613900139000", text=HOSTILE)
    messages.keep("modem", arrived, 1).result(WAIT_S)
    number = messages.accept("modem", "10086", "balance?", 1, by="ada", token="t", now_us=2).result(WAIT_S)
    job = Job(message=number, part=0, number="10086", text="balance?", reference=0)
    messages.settle("modem", job, State.DOUBTFUL, why="unplugged", now_us=3).result(WAIT_S)
    return pages


@pytest.mark.parametrize(("language", "doubt"), [("en", "In doubt"), ("zh", "存疑")])
def test_the_list_shows_each_text_with_its_state(kept: Pages, language: str, doubt: str) -> None:
    """What others wrote stays text."""
    page = kept.get("/texts", "supervisor", language=language).text
    assert html.escape(HOSTILE, quote=False) in page or html.escape(HOSTILE) in page
    assert "<script>alert" not in page
    assert doubt in page
    assert "10086" in page


def test_an_agent_sees_no_texts(kept: Pages) -> None:
    """It is a right of its own."""
    assert kept.get("/texts", "agent").status_int == 403


def test_sending_without_the_daemon_says_so(kept: Pages) -> None:
    """And keeps what was typed."""
    request = kept.request("/texts", "supervisor", post={"number": "+8613800138000", "text": "好", "token": "x"})
    answer = request.get_response(kept.application)
    assert answer.status_int == 422
    assert "The box does not answer just now" in answer.text


def test_a_line_is_reviewed_before_it_is_set(pages: Pages) -> None:
    """What it would be is said in words; a place that is none is refused by the field."""
    assert '<option value="115200" selected>' in pages.get("/setup/lines/~new", "administrator").text
    form = {
        "slug": "modem",
        "title": "Modem in the rack",
        "kind": "sms-modem",
        "place": "/dev/ttyUSB0",
        "speed": "115200",
        "framing": "8N1",
        "flow_control": "none",
        "centre": "+8613800100500",
        "waiting_max": "10000",
        "step": "review",
    }
    review = pages.request("/setup/lines/~new", "administrator", post=form).get_response(pages.application)
    assert review.status_int == 200
    assert "/dev/ttyUSB0" in review.text
    wrong = pages.request("/setup/lines/~new", "administrator", post={**form, "place": "/dev/watchdog"})
    assert wrong.get_response(pages.application).status_int == 422
    wrong = pages.request("/setup/lines/~new", "administrator", post={**form, "centre": "the carrier"})
    assert wrong.get_response(pages.application).status_int == 422
