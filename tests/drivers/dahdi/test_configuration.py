"""What cards and Asterisk are told: byte for byte, and the same whatever was found first."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.core.check import check
from drivers.asterisk.conf import ConfError
from drivers.dahdi import channels, system
from drivers.dahdi.countries import CALLER_ID
from tests.drivers.asterisk.conf_reader import read
from tests.drivers.dahdi.office import PHONES, SPANS, TRUNKS, a_span, company, equipment

GOLDEN = Path(__file__).parent / "golden"


def test_the_office_on_cards_can_be_published() -> None:
    """Every signalling at once."""
    assert check(company()) == ()


@pytest.mark.parametrize("name", ["system.conf", "assigned-spans.conf", "modprobe.conf"])
def test_what_the_kernel_is_told(name: str) -> None:
    """As it was read by a person once."""
    assert system.files(company())[name] == (GOLDEN / name).read_text()


@pytest.mark.parametrize("name", ["chan_dahdi.conf", "chan_dahdi-company.conf"])
def test_what_asterisk_is_told(name: str) -> None:
    """As it was read by a person once."""
    assert channels.files(equipment())[name] == (GOLDEN / name).read_text()


@settings(deadline=None, max_examples=20)
@given(order=st.permutations(SPANS))
def test_the_order_of_the_spans_changes_no_byte(order: list[object]) -> None:
    """They are written by their numbers."""
    assert system.files(company(spans=tuple(order))) == system.files(company())
    assert channels.files(equipment(spans=tuple(order))) == channels.files(equipment())


def test_a_card_in_another_slot_keeps_its_numbers() -> None:
    """Its wires are assigned by its serial number; one without it is known by the slot alone."""
    assigned = system.files(company())["assigned-spans.conf"].splitlines()[1:]
    assert assigned[0] == "1TE235-0000001\t1:3:63 2:7:157"
    assert all(line.startswith(("1TE235", "@")) for line in assigned)


def test_a_line_out_of_service_is_in_no_group() -> None:
    """Nothing goes out on it, and what comes in is refused, while the channel is still there."""
    sections = {part.title: part for part in read(channels.files(equipment())["chan_dahdi-company.conf"])}
    resting = sections["span1-31"]
    assert (resting.get("group"), resting.get("context"), resting.get("dahdichan")) == ("", "sr-out", "31")
    assert sections["span1-1"].get("dahdichan") == "1-15,17-30"


def test_each_channel_stands_once() -> None:
    """And no signalling channel among them."""
    found: list[int] = []
    for part in read(channels.files(equipment())["chan_dahdi-company.conf"]):
        for run in part.get("dahdichan").split(","):
            low, _, high = run.partition("-")
            found += range(int(low), int(high or low) + 1)
    assert len(found) == len(set(found))
    assert not {16, 47, 86, 110, 141}.intersection(found)


@pytest.mark.parametrize("country", sorted(CALLER_ID))
def test_a_country_chooses_tones_and_caller_id(country: str) -> None:
    """On exchange lines and on telephones."""
    spans = tuple(span if span.slug != "copper" else _as(country) for span in SPANS)
    sections = {part.title: part for part in read(channels.files(equipment(spans=spans))["chan_dahdi-company.conf"])}
    assert sections["span4-91"].get("cidsignalling") == CALLER_ID[country][0]
    assert sections["span4-91"].get("cidstart") == CALLER_ID[country][1]
    assert f"loadzone={country}\n" in system.files(company(spans=spans))["system.conf"]


def _as(country: str) -> object:
    fxs, fxo = {"fxs": "1-4"}, {"fxo": "5,7-8"}
    return a_span(
        slug="copper",
        card="c",
        number=4,
        first=87,
        channels=8,
        line="analogue",
        signalling="analogue",
        country=country,
        **fxs,
        **fxo,
    )


@settings(deadline=None, max_examples=50)
@given(name=st.text(max_size=200))
def test_any_name_of_an_agent_is_one_line(name: str) -> None:
    """It sets nothing else and begins no section."""
    files = channels.files(equipment(name=name))
    (phone,) = (part for part in read(files["chan_dahdi-company.conf"]) if part.title == "span4-87")
    assert [key for key, _ in phone.settings].count("callerid") == 1
    assert phone.get("dahdichan") == "87"


def test_long_lists_of_channels_are_cut() -> None:
    """Asterisk reads 79 characters of one."""
    scattered = ",".join(str(place) for place in range(1, 121, 2))
    span = a_span(
        slug="copper", card="c", first=800, channels=130, line="analogue", signalling="analogue", fxo=scattered
    )
    files = channels.files(equipment(spans=(span,), trunks=(TRUNKS[3],), extensions=(PHONES[2],)))
    lists = [part.get("dahdichan") for part in read(files["chan_dahdi-company.conf"])]
    assert max(map(len, lists)) <= 79
    assert ",".join(lists) == ",".join(str(799 + place) for place in range(1, 121, 2))


def test_what_cannot_be_said_is_refused_whole() -> None:
    """A span that is not there, a card's name that would end its line."""
    with pytest.raises(ConfError):
        channels.files(equipment(spans=SPANS[1:]))
    for card in ("a\nspan=1", "x;y", "$(reboot)"):
        with pytest.raises(ConfError):
            system.files(company(spans=(a_span(card=card),), trunks=(), extensions=()))


def test_a_box_without_cards_has_no_lines() -> None:
    """An empty part of the company's."""
    files = channels.files(equipment(spans=(), trunks=(TRUNKS[0],), extensions=(PHONES[2],)))
    assert read(files["chan_dahdi-company.conf"]) == []
    assert "span" not in system.files(company(spans=()))["system.conf"]
