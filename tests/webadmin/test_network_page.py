"""The network page: what it shows of calls, probes, names and clock, in both languages, and what it refuses."""

from collections.abc import Iterator

import pytest

from appliance.network import Clock, Leg, Lookup, Probed, Run, Way, mos_of
from appliance.store.network_runs import Kept, NetworkHome
from tests.hostile import HOSTILE
from tests.webadmin.conftest import Pages

AT = 1_790_000_000_000_000
CLEAN = Way(loss_percent=0.0, worst_percent=0.0, jitter_ms=1.5)
TORN = Way(loss_percent=9.96, worst_percent=13.2, jitter_ms=2.5)


def a_leg(at: int, heard: Way) -> Leg:
    """Give a call."""
    return Leg(at=at, heard=heard, said=CLEAN, round_trip_ms=12.0, mos=round(mos_of(heard, CLEAN, 12.0), 2))


@pytest.fixture
def box(pages: Pages) -> Iterator[NetworkHome]:
    """Give what is kept of the network, with two tests and a few calls; empty after the test."""
    home = NetworkHome(pages.media.parent)
    probed = (
        Probed(name="carrier", kind="trunk", sent=5, round_trips_ms=(1.0, 2.0, 3.0, 1_234.5)),
        Probed(name="101", kind="phone", contact=False),
        Probed(name=HOSTILE[0], kind="phone", sent=2),
    )
    lookups = (
        Lookup(
            name="sip.example", used=("trunk/carrier", "backup/nas", "time/1"), addresses=("192.0.2.7",), took_ms=12.5
        ),
        Lookup(name=HOSTILE[1], used=("trunk/x",), problem="no_name"),
    )
    clock = Clock(server="ntp.example", stratum=2, offset_ms=0.5, round_trip_ms=20)
    newest = Run(at=AT, by="ada", took_s=3.4, tested=probed, lookups=lookups, clock=clock)
    oldest = Run(at=AT - 10**9, by="bob", took_s=1.0, problem="no_exchange")
    calls = {"101": (a_leg(AT, TORN), a_leg(AT - 5, CLEAN)), "carrier": (a_leg(AT, CLEAN),)}
    home.note(Kept(runs=(newest, oldest), calls=calls))
    yield home
    home.note(Kept())


WORDS = {
    "en": (
        *(
            "301 · Li Wei",
            "Not registered",
            "Backup to nas, Time server 1",
            "Packets are lost",
            "no such name",
            "asked for by ada",
        ),
        "Some probes had no answer",
    ),
    "zh": ("未注册", "丢包", "没有这个域名", "网络测试", "本版本不发送邮件"),
}


@pytest.mark.parametrize("language", WORDS)
def test_it_shows_what_is_known(pages: Pages, box: NetworkHome, language: str) -> None:
    """Without a daemon too: figures with units, a lamp, and a sentence what to do; nothing from outside is markup."""
    assert len(box.kept.runs) == 2
    text = pages.get("/system/network", "administrator", language=language).text
    assert [word for word in WORDS[language] if word not in text] == []
    for figure in (
        "9.96 %",
        "3.0 · 1,234.5 ms",
        "1 / 5",
        "192.0.2.7",
        "ntp.example",
        f"{a_leg(AT, CLEAN).mos:.2f}",
        "13.20 %",
    ):
        assert figure in text
    assert HOSTILE[0] not in text
    assert HOSTILE[1] not in text


def test_earlier_tests_can_be_looked_at(pages: Pages, box: NetworkHome) -> None:
    """By their moment; an address of no test shows none, whatever stands in it."""
    oldest = box.kept.runs[1]
    text = pages.get(f"/system/network?at={oldest.at}", "administrator").text
    assert "asked for by bob" in text
    assert "The exchange did not answer" in text
    for at in ("0", "-1", "9" * 30, "x", "%00"):
        page = pages.get(f"/system/network?at={at}", "administrator")
        assert page.status_int == 200


@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_empty_page_says_what_it_is_for(pages: Pages, language: str) -> None:
    """And offers the first test."""
    text = pages.get("/system/network", "administrator", language=language).text
    assert ("Nothing was tested yet" if language == "en" else "还没有测试过") in text
    assert ("Test now" if language == "en" else "立即测试") in text
    assert ("does not answer just now" if language == "en" else "守护进程暂时没有应答") in text


def test_without_a_daemon_no_test_is_begun_and_it_says_so(pages: Pages) -> None:
    """The form comes back with a sentence."""
    answer = pages.post("/system/network", "administrator", {})
    assert answer.status_int == 422
    assert "The box does not answer just now" in answer.text
    assert pages.post("/system/network", "supervisor", {}).status_int == 403
