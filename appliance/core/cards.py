"""The lines of telephone cards: which channels a span has for talking, which a trunk or a phone is on.

A channel's number on the exchange is its place in the span, from 1, counted from the span's first. On an E1 place 16
is the signalling's, on a T1 of PRI or SS7 place 24 is (ITU-T G.704, Q.921; ANSI T1.403).
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

from appliance.core import model

CHANNELS_MAX = 1023
"DAHDI's own limit is 1024, one of which it keeps (include/dahdi/user.h)."
SPANS_MAX = 128
SPAN_CHANNELS_MAX = 250
_BEATS: Mapping[int, str] = {
    200: "es",
    250: "br mx se",
    300: "ar ee fi gr hu",
    320: "pa",
    330: "cr cz",
    350: "cn lt ru",
    375: "ae au uk",
    400: "at",
    480: "de",
    500: "be ch cl dk fr il it jp mo my nl no nz ph pl pt tw us ve za",
    750: "in",
}
BUSY_BEAT_MS: Mapping[str, int] = MappingProxyType(
    {country: beat_ms for beat_ms, countries in _BEATS.items() for country in countries.split()}
)
"Countries whose tones DAHDI knows, and how long each beat and each pause of their busy tone is (its zonedata.c)."
E1_SIGNALLING = 16
T1_SIGNALLING = 24

_PLACES = re.compile(r"[0-9]{1,3}(?:-[0-9]{1,3})?(?:,[0-9]{1,3}(?:-[0-9]{1,3})?)*")


def places(text: str) -> tuple[int, ...]:
    """Read `1-4,7` as numbers, ascending; raises `ValueError` for what is not that or counts below 1 or backwards."""
    if not text:
        return ()
    if not _PLACES.fullmatch(text):
        raise ValueError(f"{text!r} are no channels")
    found: set[int] = set()
    for part in text.split(","):
        low, _, high = part.partition("-")
        first, last = int(low), int(high or low)
        if not 1 <= first <= last <= SPAN_CHANNELS_MAX:
            raise ValueError(f"{part!r} are no channels of a span")
        found.update(range(first, last + 1))
    return tuple(sorted(found))


def ranges(numbers: tuple[int, ...]) -> str:
    """Write ascending numbers as `1-15,17-31`."""
    parts: list[str] = []
    begin = last = 0
    for number in (*numbers, 0):
        if begin and number != last + 1:
            parts.append(str(begin) if begin == last else f"{begin}-{last}")
            begin = 0
        begin = begin or number
        last = number
    return ",".join(parts)


def signalling_place(span: model.Span) -> int:
    """Give the place whose channel carries signalling and no voice; 0 if none does."""
    match span.signalling, span.line:
        case ("pri" | "ss7" | "r2", "e1"):
            return E1_SIGNALLING
        case ("pri" | "ss7", "t1" | "j1"):
            return T1_SIGNALLING
        case _:
            return 0


def talking(span: model.Span) -> tuple[int, ...]:
    """Give the places of a span that a trunk can talk on: exchange lines of an analogue one."""
    if span.signalling == "analogue":
        return places(span.fxo)
    signalling = signalling_place(span)
    return tuple(place for place in range(1, min(span.channels, SPAN_CHANNELS_MAX) + 1) if place != signalling)


def split(named: str) -> tuple[str, str]:
    """Give the span's slug and the places of `span/1-4`."""
    slug, _, of_it = named.partition("/")
    return slug, of_it


def lines_of(configuration: model.Configuration, trunk: model.Trunk) -> tuple[tuple[model.Span, tuple[int, ...]], ...]:
    """Give a trunk's spans with its places on each; raises `ValueError` or `KeyError` for what is not there."""
    spans = model.by_slug(configuration.spans)
    found: list[tuple[model.Span, tuple[int, ...]]] = []
    for named in trunk.channels:
        slug, of_it = split(named)
        span = spans[slug]
        able = talking(span)
        wanted = places(of_it) if of_it else able
        if not set(wanted) <= set(able):
            raise ValueError(f"{named!r} are no lines of that span")
        found.append((span, wanted))
    return tuple(found)


def phone_at(configuration: model.Configuration, extension: model.Extension) -> tuple[model.Span, int]:
    """Give the span and place of an analogue phone; raises `ValueError` or `KeyError` for what is not there."""
    slug, of_it = split(extension.line)
    span = model.by_slug(configuration.spans)[slug]
    wanted = places(of_it)
    if len(wanted) != 1 or span.signalling != "analogue" or wanted[0] not in places(span.fxs):
        raise ValueError(f"{extension.line!r} is no telephone's channel")
    return span, wanted[0]


def channel(span: model.Span, place: int) -> int:
    """Give the number on the exchange of a place of a span."""
    return span.first + place - 1
