"""What a configuration says of telephone cards: numbers that nobody else has, lines that are there, one owner each."""

import re
from collections.abc import Iterator

from appliance.core import cards, model
from appliance.core.fault import Fault

CARD = re.compile(r"@?[A-Za-z0-9_.:/ -]{1,80}")
LINES = {"e1": (31,), "t1": (24,), "j1": (24,), "analogue": ()}
"What a wire can be, and how many channels it then has; none named: any number of them."
SIGNALLING = {
    "e1": ("pri", "r2", "ss7", "em"),
    "t1": ("pri", "ss7", "em"),
    "j1": ("pri", "em"),
    "analogue": ("analogue", "em"),
}
SWITCHES = ("euroisdn", "national", "ni1", "dms100", "4ess", "5ess", "qsig")
VARIANTS = ("ar", "br", "cn", "co", "cz", "ec", "id", "itu", "mx", "ph", "ve")
"As Asterisk's `mfcr2 show variants` lists them with OpenR2 1.3.3."
ECHO = ("", "mg2", "kb1", "sec", "sec2", "oslec", "hwec")
HUNTS = ("linear", "round_robin")
GROUPS_MAX = 31
POINT_CODE_MAX = 2**14 - 1
"ITU-T Q.704: 14 bits."
CIRCUIT_MAX = 2**12 - 1
"ITU-T Q.763: 12 bits."
TIMING_MAX = 255


def faults(configuration: model.Configuration) -> Iterator[Fault]:
    """Find what is wrong with spans, and with trunks and phones on them."""
    for span in configuration.spans:
        yield from _span(span)
    yield from _numbers(configuration.spans)
    yield from _owners(configuration)
    groups: dict[int, str] = {}
    for trunk in configuration.trunks:
        if trunk.channels:
            where = f"trunks.{trunk.slug}"
            if not 1 <= trunk.group <= GROUPS_MAX:
                yield Fault(f"{where}.group", "out_of_range", f"1-{GROUPS_MAX}")
            elif groups.setdefault(trunk.group, trunk.slug) != trunk.slug:
                yield Fault(f"{where}.group", "twice", str(trunk.group))
            if trunk.hunt not in HUNTS:
                yield Fault(f"{where}.hunt", "unknown", trunk.hunt)
            if trunk.calls_max:
                yield Fault(f"{where}.calls_max", "out_of_range", "0-0")
            if trunk.number and trunk.number not in model.by_slug(configuration.numbers):
                yield Fault(f"{where}.number", "missing", trunk.number)


def _span(span: model.Span) -> Iterator[Fault]:
    where = f"spans.{span.slug}"
    if not CARD.fullmatch(span.card) or span.card != span.card.strip():
        yield Fault(f"{where}.card", "invalid", span.card)
    known = {
        "line": tuple(LINES),
        "signalling": SIGNALLING.get(span.line, ()),
        "country": tuple(cards.BUSY_BEAT_MS),
        "switch": SWITCHES,
        "variant": VARIANTS,
        "echo": ECHO,
    }
    for name, values in known.items():
        if getattr(span, name) not in values:
            yield Fault(f"{where}.{name}", "unknown", getattr(span, name))
    limits = {
        "port": (1, cards.SPANS_MAX),
        "number": (1, cards.SPANS_MAX),
        "first": (1, cards.CHANNELS_MAX),
        "channels": (1, cards.SPAN_CHANNELS_MAX),
        "timing": (0, TIMING_MAX),
        "point_code": (0, POINT_CODE_MAX),
        "adjacent": (0, POINT_CODE_MAX),
        "circuit": (0, CIRCUIT_MAX),
    }
    for name, (low, high) in limits.items():
        if not low <= getattr(span, name) <= high:
            yield Fault(f"{where}.{name}", "out_of_range", f"{low}-{high}")
    if (expected := LINES.get(span.line, ())) and span.channels not in expected:
        yield Fault(f"{where}.channels", "out_of_range", "-".join(map(str, (*expected, *expected))))
    if span.signalling == "ss7" and not (span.point_code and span.adjacent):
        yield Fault(f"{where}.point_code", "empty")
    yield from _places(span)


def _places(span: model.Span) -> Iterator[Fault]:
    where = f"spans.{span.slug}"
    taken: set[int] = set()
    for name in ("fxs", "fxo"):
        try:
            found = set(cards.places(getattr(span, name)))
        except ValueError:
            yield Fault(f"{where}.{name}", "invalid", getattr(span, name))
            continue
        if found and (span.signalling != "analogue" or max(found) > span.channels):
            yield Fault(f"{where}.{name}", "invalid", getattr(span, name))
        if found & taken:
            yield Fault(f"{where}.{name}", "twice", getattr(span, name))
        taken |= found
    if any(not 1 <= place <= span.channels for place in span.out):
        yield Fault(f"{where}.out", "out_of_range", f"1-{span.channels}")


def _numbers(spans: tuple[model.Span, ...]) -> Iterator[Fault]:
    """No two spans have one number, one wire or a channel in common."""
    wires: set[tuple[str, int]] = set()
    numbers: set[int] = set()
    ends: list[tuple[int, int]] = []
    for span in spans:
        where = f"spans.{span.slug}"
        if (span.card, span.port) in wires:
            yield Fault(f"{where}.port", "twice", str(span.port))
        if span.number in numbers:
            yield Fault(f"{where}.number", "twice", str(span.number))
        first, last = span.first, span.first + span.channels - 1
        if last > cards.CHANNELS_MAX or any(first <= high and low <= last for low, high in ends):
            yield Fault(f"{where}.first", "twice", f"{first}-{last}")
        wires.add((span.card, span.port))
        numbers.add(span.number)
        ends.append((first, last))


def _owners(configuration: model.Configuration) -> Iterator[Fault]:
    """Each line belongs to one trunk, each telephone's channel to one extension."""
    owned: set[int] = set()
    for trunk in configuration.trunks:
        where = f"trunks.{trunk.slug}.channels"
        try:
            lines = cards.lines_of(configuration, trunk)
        except (ValueError, KeyError):
            yield Fault(where, "missing", ", ".join(trunk.channels))
            continue
        numbers = [cards.channel(span, place) for span, wanted in lines for place in wanted]
        if len({*numbers}) < len(numbers) or owned.intersection(numbers):
            yield Fault(where, "twice", ", ".join(trunk.channels))
        owned.update(numbers)
    for extension in configuration.extensions:
        if not extension.line:
            continue
        where = f"extensions.{extension.slug}.line"
        try:
            span, place = cards.phone_at(configuration, extension)
        except (ValueError, KeyError):
            yield Fault(where, "missing", extension.line)
            continue
        if cards.channel(span, place) in owned:
            yield Fault(where, "twice", extension.line)
        owned.add(cards.channel(span, place))
