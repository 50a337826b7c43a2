"""Lines of telephone cards: places and numbers, and what cannot be published of them."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.core import cards, model
from appliance.core.check import check


def a_span(**other: object) -> model.Span:
    """Give a span, an E1 of PRI if nothing else is said."""
    usual = {"slug": "pri", "card": "1TE133-1", "number": 1, "first": 1, "channels": 31}
    return model.Span(**(usual | other))  # type: ignore[arg-type]  # what differs


COPPER = a_span(
    slug="copper",
    card="@PCI Bus 04 Slot 03",
    number=2,
    first=32,
    channels=4,
    line="analogue",
    signalling="analogue",
    fxs="1-2",
    fxo="3-4",
)


def faults(
    *spans: model.Span, trunks: tuple[model.Trunk, ...] = (), phones: tuple[model.Extension, ...] = ()
) -> list[str]:
    """Give what is wrong, as path and code."""
    configuration = model.Configuration(spans=spans, trunks=trunks, extensions=phones)
    return [f"{fault.path} {fault.code}" for fault in check(configuration)]


def a_trunk(*channels: str, **other: object) -> model.Trunk:
    """Give a trunk on cards."""
    return model.Trunk(**({"slug": "city", "channels": channels, "group": 1} | other))  # type: ignore[arg-type]  # what differs


@settings(deadline=None)
@given(numbers=st.sets(st.integers(1, cards.SPAN_CHANNELS_MAX)))
def test_places_are_read_as_they_are_written(numbers: set[int]) -> None:
    """In ranges, whatever is missing between."""
    ascending = tuple(sorted(numbers))
    assert cards.places(cards.ranges(ascending)) == ascending


@pytest.mark.parametrize("text", ["0", "4-2", "a", "1,", "1-", "999", "1--2", "1 2", "-3"])
def test_what_are_no_places_is_refused(text: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(ValueError, match="channels"):
        cards.places(text)


@pytest.mark.parametrize(
    ("span", "signalling", "talking"),
    [
        (a_span(), 16, "1-15,17-31"),
        (a_span(signalling="r2"), 16, "1-15,17-31"),
        (a_span(signalling="em"), 0, "1-31"),
        (a_span(line="t1", channels=24), 24, "1-23"),
        (a_span(line="j1", channels=24, signalling="ss7"), 24, "1-23"),
        (COPPER, 0, "3-4"),
    ],
)
def test_the_signalling_channel_carries_no_voice(span: model.Span, signalling: int, talking: str) -> None:
    """Place 16 of an E1, 24 of a T1; none on two wires."""
    assert cards.signalling_place(span) == signalling
    assert cards.ranges(cards.talking(span)) == talking


def test_lines_and_phones_have_the_numbers_of_their_spans() -> None:
    """Counted from the span's first channel."""
    configuration = model.Configuration(spans=(a_span(), COPPER))
    ((whole, all_of_it), (part, some)) = cards.lines_of(configuration, a_trunk("pri", "copper/4"))
    assert (whole.slug, len(all_of_it), part.slug, some) == ("pri", 30, "copper", (4,))
    span, place = cards.phone_at(configuration, model.Extension(slug="201", line="copper/2"))
    assert cards.channel(span, place) == 33


def test_what_is_well_is_not_complained_of() -> None:
    """A trunk over both spans' lines, two telephones."""
    phones = (model.Extension(slug="201", line="copper/1"), model.Extension(slug="202", line="copper/2"))
    assert faults(a_span(), COPPER, trunks=(a_trunk("pri", "copper"),), phones=phones) == []


@pytest.mark.parametrize(
    ("other", "found"),
    [
        ({"card": ""}, "card invalid"),
        ({"card": " x"}, "card invalid"),
        ({"card": "a\nb"}, "card invalid"),
        ({"line": "e3"}, "line unknown"),
        ({"signalling": "analogue"}, "signalling unknown"),
        ({"country": "xx"}, "country unknown"),
        ({"switch": "5"}, "switch unknown"),
        ({"variant": "xx"}, "variant unknown"),
        ({"echo": "hall"}, "echo unknown"),
        ({"number": 0}, "number out_of_range"),
        ({"first": 1024}, "first out_of_range"),
        ({"port": 0}, "port out_of_range"),
        ({"timing": 256}, "timing out_of_range"),
        ({"channels": 30}, "channels out_of_range"),
        ({"signalling": "ss7"}, "point_code empty"),
        ({"point_code": 16384}, "point_code out_of_range"),
        ({"circuit": 4096}, "circuit out_of_range"),
        ({"fxs": "1"}, "fxs invalid"),
        ({"fxo": "x"}, "fxo invalid"),
        ({"out": (32,)}, "out out_of_range"),
    ],
)
def test_a_span_that_cannot_be(other: dict[str, object], found: str) -> None:
    """Each named by its field."""
    assert f"spans.pri.{found}" in faults(a_span(**other))


def test_no_two_spans_have_anything_in_common() -> None:
    """Neither wire nor number nor channel."""
    assert faults(a_span(), a_span(slug="b")) == [
        "spans.b.port twice",
        "spans.b.number twice",
        "spans.b.first twice",
    ]
    assert faults(a_span(), a_span(slug="b", port=2, number=2, first=32)) == []
    assert faults(a_span(first=1000)) == ["spans.pri.first twice"]
    assert faults(msgspec.structs.replace(COPPER, fxo="2-3")) == ["spans.copper.fxo twice"]


@pytest.mark.parametrize(
    ("trunks", "found"),
    [
        ((a_trunk("gone"),), "channels missing"),
        ((a_trunk("pri/16"),), "channels missing"),
        ((a_trunk("copper/1"),), "channels missing"),
        ((a_trunk("pri", "pri/3"),), "channels twice"),
        ((a_trunk("copper"), a_trunk("pri", slug="b")), ""),
        ((a_trunk("pri", group=0),), "group out_of_range"),
        ((a_trunk("pri", hunt="random"),), "hunt unknown"),
        ((a_trunk("pri", calls_max=1),), "calls_max out_of_range"),
        ((a_trunk("pri", number="123"),), "number missing"),
    ],
)
def test_a_trunk_that_cannot_be(trunks: tuple[model.Trunk, ...], found: str) -> None:
    """Lines that are not there or are another's, a group that is another trunk's."""
    wrong = faults(a_span(), COPPER, trunks=trunks)
    assert f"trunks.city.{found}" in wrong if found else wrong == ["trunks.b.group twice"]


@pytest.mark.parametrize("line", ["copper", "copper/3", "copper/1-2", "copper/x", "pri/1", "gone/1", "copper/9"])
def test_a_phone_that_is_on_no_telephones_channel(line: str) -> None:
    """One channel, of an analogue span, for a telephone."""
    assert faults(a_span(), COPPER, phones=(model.Extension(slug="201", line=line),)) == ["extensions.201.line missing"]


def test_two_phones_on_one_channel() -> None:
    """The second is complained of."""
    phones = tuple(model.Extension(slug=slug, line="copper/1") for slug in ("201", "202"))
    assert faults(COPPER, phones=phones) == ["extensions.202.line twice"]


def test_a_sip_trunk_still_needs_a_host() -> None:
    """One on cards needs none."""
    assert faults(trunks=(model.Trunk(slug="sip"),)) == ["trunks.sip.host invalid"]
