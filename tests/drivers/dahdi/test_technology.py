"""Lines and phones on cards as Asterisk's events tell of them, and where each is dialled."""

from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.api import Equipment
from appliance.core import model
from drivers.asterisk import dialplan
from drivers.asterisk.addresses import NOWHERE, Addresses, trunk_address
from drivers.asterisk.channels import Channel
from drivers.asterisk.conf import ConfError, Options, Seen, Technology
from drivers.asterisk.own_calls import OwnCalls
from drivers.asterisk.reconcile import Sight
from drivers.asterisk.render import modules_of, rendered
from drivers.dahdi import system
from drivers.dahdi.technology import Dahdi, is_here
from drivers.pjsip.technology import Pjsip
from tests.drivers.asterisk.played import SITE
from tests.drivers.dahdi.office import TRUNKS, company, equipment
from tests.drivers.dahdi.trees import plant

ACCOUNTS = {"events": "a", "calls": "b", "care": "c"}


def header(**headers: str) -> Callable[[str], str]:
    """Give the headers of an event."""
    return lambda name: headers.get(name, "")


def a_channel(number: str, description: str, alarm: str = "No Alarm") -> Callable[[str], str]:
    """Give an entry of the answer to DAHDIShowChannels."""
    return header(DAHDIChannel=number, Description=description, Alarm=alarm)


def test_a_channel_says_whose_it_is_and_how() -> None:
    """By the description that we gave it; one of nobody's, or foreign text, says nothing."""
    technology = Dahdi()
    assert technology.seen("DAHDIShowChannels", a_channel("5", "phone/201")) == Seen(
        name="201", contact="DAHDI/5", reachable=True
    )
    assert technology.seen("DAHDIShowChannels", a_channel("1", "trunk/city", "Red Alarm")) == Seen(
        name="city", contact="DAHDI/1", reachable=False
    )
    out = technology.seen("DAHDIShowChannels", a_channel("6", "out/202"))
    assert out is not None
    assert not out.reachable
    for description in ("", "phone/", "phone", "x/y"):
        assert technology.seen("DAHDIShowChannels", a_channel("7", description)) is None
    assert technology.seen("SpanAlarm", header(Span="1", Alarm="Red Alarm")) is None


def test_a_trunk_is_reached_while_one_of_its_lines_is() -> None:
    """The last line that fails takes it away."""
    sight, technology = Sight(), Dahdi()
    for alarms in (("No Alarm", "Red Alarm"), ("Red Alarm", "Red Alarm")):
        entries = [a_channel(str(line), "trunk/city", alarm) for line, alarm in enumerate(alarms, start=1)]
        seen = [technology.seen("DAHDIShowChannels", entry) for entry in entries]
        sight.replace(each for each in seen if each is not None)
        assert sight.reaches("city") == ("No Alarm" in alarms)


def test_where_everything_is_dialled() -> None:
    """SIP and cards side by side; a plus is nothing that a card can dial."""
    addresses = Addresses(company())
    assert (addresses.phone("201"), addresses.phone("301"), addresses.phone("999")) == (
        "DAHDI/87",
        "PJSIP/301",
        "PJSIP/999",
    )
    assert addresses.trunk("city", "+4915") == "DAHDI/g1/4915"
    assert addresses.trunk("pbx", "15") == "DAHDI/r2/15"
    assert addresses.trunk("carrier", "+4915") == "PJSIP/+4915@carrier"
    assert addresses.trunk("gone", "15") == "PJSIP/15@gone"
    with pytest.raises(ConfError):
        addresses.phone("20&1")
    with pytest.raises(ConfError):
        trunk_address(model.Trunk(slug="x", channels=("a",), group=1, hunt="all"), "1")


@pytest.mark.parametrize(
    ("name", "endpoint"),
    [
        ("DAHDI/87-1", "201"),
        ("DAHDI/99-1", ""),
        ("DAHDI/i1/201-1f", ""),
        ("PJSIP/301-0000002a", "301"),
        ("PJSIP/carrier-0000002a", "carrier"),
    ],
)
def test_whose_a_channel_is(name: str, endpoint: str) -> None:
    """A number in a card's channel is no extension."""
    assert Addresses(company()).endpoint(name) == endpoint
    assert NOWHERE.endpoint("DAHDI/87-1") == ""


def test_an_analogue_phone_in_a_call_of_its_own_is_busy() -> None:
    """It is told by its extension."""
    calls = OwnCalls()
    calls.addresses = Addresses(company())
    assert calls.began("1.1", "DAHDI/87-1") == "201"
    assert calls.is_busy("201")
    calls.replace([Channel(uniqueid="1.2", name="DAHDI/88-1")], ())
    assert (calls.is_busy("201"), calls.is_busy("202")) == (False, True)
    assert calls.ended("1.2") == "202"


def test_calls_by_cards_go_where_calls_by_sip_go() -> None:
    """Out over each trunk in order, to phones inside, to the fall-back's phones, on from the callers' loop."""
    files = dialplan.files(SITE, equipment())
    text = files["extensions-company.conf"]
    assert "SR_AT_201 = DAHDI/87" in text
    assert "Dial(DAHDI/87,40,m(default))" in text
    assert "exten => 201,1,Dial(DAHDI/87,45)" in text
    outside = text.partition("[sr-outside]")[2].partition("[sr-count]")[0]
    order = ["PJSIP/${SR_OUT}@carrier", "DAHDI/g1/", "DAHDI/r2/", "DAHDI/g3/", "DAHDI/g31/"]
    assert sorted(order, key=outside.index) == order
    assert "${SR_AT_${FILTER(0-9,${SR_TO})}}" in files["extensions.conf"]
    assert "exten => s,1,Set(SR_NUMBER=${SR_LINE})" in text


def test_emergency_calls_go_over_cards_and_clear_their_lines() -> None:
    """Each card's trunk three times: at once, after a line was cleared, and again."""
    text = dialplan.files(SITE, equipment())["extensions-company.conf"]
    steps = text.partition("[sr-emergency]")[2].partition("[sr-outside]")[0]
    assert steps.count("Dial(DAHDI/g1/112,120)") == 3
    assert steps.count("sr-clear-line,s,1(city)") == 2
    assert "DEVICE_STATE(DAHDI" not in steps
    assert "[sr-clear-line]" in text


def test_without_cards_nothing_of_them_is_written() -> None:
    """The dialplan, the modules and the files of a box that has SIP alone."""
    plain = model.Configuration(trunks=(TRUNKS[0],), extensions=(model.Extension(slug="301"),))
    files = rendered(Options(site=SITE, technologies=(Pjsip(),)), _equipped(plain), ACCOUNTS)
    assert not any("dahdi" in name for name in files)
    everything = "".join(files[name] for name in ("extensions-company.conf", "modules.conf"))
    assert "DAHDI" not in everything
    assert "dahdi" not in everything


def test_with_dahdi_its_module_is_loaded_and_its_files_written() -> None:
    """And a change of them is read again."""
    technologies: tuple[Technology, ...] = (Pjsip(), Dahdi())
    files = rendered(Options(site=SITE, technologies=technologies), equipment(), ACCOUNTS)
    assert "load = chan_dahdi.so" in files["modules.conf"]
    assert modules_of(("chan_dahdi-company.conf",)) == ("chan_dahdi.so",)
    assert {"chan_dahdi.conf", "chan_dahdi-company.conf"} <= files.keys()
    assert files["dahdi-system-company.conf"] == system.files(company())["system.conf"]
    assert {"dahdi-assigned-spans-company.conf", "dahdi-modprobe-company.conf"} <= files.keys()


def test_dahdi_is_here_with_driver_and_module(tmp_path: Path) -> None:
    """One of them is not enough."""
    assert not is_here(tmp_path, tmp_path)
    plant(tmp_path, ())
    assert not is_here(tmp_path, tmp_path)
    (tmp_path / "chan_dahdi.so").touch()
    assert is_here(tmp_path, tmp_path)


def _equipped(configuration: model.Configuration) -> Equipment:
    return Equipment(configuration=configuration, names={}, secrets={})
