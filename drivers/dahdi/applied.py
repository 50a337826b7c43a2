"""What the cards' drivers were last told, beside what is set up: lines are what the drivers made of them.

A change of a span's wiring holds once it is applied; which lines take calls, and whose they are, holds at once.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from appliance.core import cards, model

FILE = "applied.json"
BYTES_MAX = 262_144


class Applied(msgspec.Struct, frozen=True, kw_only=True):
    """The document."""

    spans: tuple[model.Span, ...]


def written(spans: tuple[model.Span, ...]) -> str:
    """Write spans down."""
    return msgspec.json.encode(Applied(spans=spans)).decode()


def read(file: Path) -> tuple[model.Span, ...] | None:
    """Read what was applied; None where nothing was, or where that cannot be read."""
    try:
        with file.open("rb") as stream:
            return msgspec.json.decode(stream.read(BYTES_MAX), type=Applied).spans
    except (OSError, ValueError, RecursionError):
        return None


def as_applied(configuration: model.Configuration, applied: tuple[model.Span, ...]) -> model.Configuration:
    """Give the configuration with spans as the drivers have them, and of trunks and phones the lines that are there."""
    wanted = model.by_slug(configuration.spans)
    spans = tuple(
        msgspec.structs.replace(
            span,
            title=wanted[span.slug].title,
            out=tuple(place for place in wanted[span.slug].out if place <= span.channels),
        )
        for span in applied
        if span.slug in wanted
    )
    there = model.by_slug(spans)
    trunks = tuple(
        msgspec.structs.replace(trunk, channels=tuple(_left(trunk, there, wanted))) for trunk in configuration.trunks
    )
    phones = tuple(
        phone if _is_there(phone, there) else msgspec.structs.replace(phone, line="")
        for phone in configuration.extensions
    )
    return msgspec.structs.replace(configuration, spans=spans, trunks=trunks, extensions=phones)


def _left(trunk: model.Trunk, there: Mapping[str, model.Span], wanted: Mapping[str, model.Span]) -> Iterator[str]:
    """Give those of a trunk's lines that the drivers have."""
    for named in trunk.channels:
        slug, of_it = cards.split(named)
        if slug not in there or slug not in wanted:
            continue
        asked = cards.places(of_it) if of_it else cards.talking(wanted[slug])
        both = sorted(set(asked).intersection(cards.talking(there[slug])))
        if both:
            yield f"{slug}/{cards.ranges(tuple(both))}"


def _is_there(phone: model.Extension, there: Mapping[str, model.Span]) -> bool:
    slug, of_it = cards.split(phone.line)
    span = there.get(slug)
    return (
        span is not None and span.signalling == "analogue" and set(cards.places(of_it)) <= set(cards.places(span.fxs))
    )
