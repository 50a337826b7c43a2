"""What the kernel's drivers are told: `system.conf`, `assigned-spans.conf` and the modules' options.

Sources: dahdi-tools' system.conf.sample, assigned-spans.conf.sample, dahdi_cfg.c; DAHDI's fxo_modes.h for `opermode`.
The text depends on the settings alone, never on which card was found first or where: the same settings give the same
bytes, and a card that was moved to another slot keeps its spans' and channels' numbers.
"""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from appliance.core import cards, model
from drivers.asterisk.render import ConfError

SYSTEM = "system.conf"
ASSIGNED = "assigned-spans.conf"
MODULES = "modprobe.conf"
HEAD = "# Written by Switchroom; what is changed by hand is lost.\n"

_VIRTUAL = re.compile(r"DYN/(loc|eth|ethmf)/([A-Za-z0-9:/._-]{1,40})")
_KEY = re.compile(r"@?[A-Za-z0-9_.:/ -]{1,80}")
_SPECIAL = re.compile(r"(?<!^)[^A-Za-z0-9/:.-]|^[^@A-Za-z0-9/:.-]")
"What dahdi_span_assignments makes an underline of before it compares (`attr_clean`)."
_CODINGS = {"e1": ("ccs", "hdb3"), "t1": ("esf", "b8zs"), "j1": ("esf", "b8zs")}
OPERATION: Mapping[str, str] = MappingProxyType(
    {
        "ae": "UAE",
        "ar": "ARGENTINA",
        "at": "AUSTRIA",
        "au": "AUSTRALIA",
        "be": "BELGIUM",
        "br": "BRAZIL",
        "ch": "SWITZERLAND",
        "cl": "CHILE",
        "cn": "CHINA",
        "cz": "CZECH",
        "de": "GERMANY",
        "dk": "DENMARK",
        "es": "SPAIN",
        "fi": "FINLAND",
        "fr": "FRANCE",
        "gr": "GREECE",
        "hu": "HUNGARY",
        "il": "ISRAEL",
        "in": "INDIA",
        "it": "ITALY",
        "jp": "JAPAN",
        "mo": "MACAO",
        "mx": "MEXICO",
        "my": "MALAYSIA",
        "nl": "NETHERLANDS",
        "no": "NORWAY",
        "nz": "NEWZEALAND",
        "ph": "PHILIPPINES",
        "pl": "POLAND",
        "pt": "PORTUGAL",
        "ru": "RUSSIA",
        "se": "SWEDEN",
        "tw": "TAIWAN",
        "uk": "UK",
        "us": "FCC",
        "za": "SOUTHAFRICA",
    }
)
"How an exchange line of the country wants to be terminated; a country that is not named has the card's own default."
ANALOGUE_DRIVERS = ("wctdm", "wctdm24xxp", "wcaxx", "wcfxo")


def files(configuration: model.Configuration) -> Mapping[str, str]:
    """Give the three files, name to text; raises `ConfError` for what cannot be said."""
    spans = sorted(configuration.spans, key=lambda span: span.number)
    return {SYSTEM: _system(spans), ASSIGNED: _assigned(spans), MODULES: _modules(spans)}


def address(card: str) -> tuple[str, str] | None:
    """Give driver and address of a virtual span, whose card is called `DYN/loc/1:0`; None for a real card."""
    found = _VIRTUAL.fullmatch(card)
    return (found[1], found[2]) if found else None


def _system(spans: list[model.Span]) -> str:
    countries = dict.fromkeys(span.country for span in spans)
    zones = [f"loadzone={country}" for country in sorted(countries)]
    default = [f"defaultzone={next(iter(countries), 'us')}"]
    lines = [line for span in spans for line in _span(span)]
    return HEAD + "\n".join((*zones, *default, *lines)) + "\n"


def _span(span: model.Span) -> Iterator[str]:
    yield f"# {span.slug}"
    if virtual := address(span.card):
        yield f"dynamic={virtual[0]},{virtual[1]},{span.channels},0"
    elif span.line in _CODINGS:
        framing, coding = _CODINGS[span.line]
        if span.line == "e1" and span.signalling in {"r2", "em"}:
            framing = "cas"
        crc4 = ",crc4" if span.line == "e1" and span.crc4 else ""
        yield f"span={span.number},{span.timing},0,{framing},{coding}{crc4}"
    yield from _channels(span)
    voices = (*cards.talking(span), *cards.places(span.fxs))
    if span.echo and voices:
        yield f"echocanceller={span.echo},{_numbers(span, tuple(sorted(voices)))}"


def _channels(span: model.Span) -> Iterator[str]:
    voices, signalling = cards.talking(span), cards.signalling_place(span)
    match span.signalling:
        case "pri":
            yield f"bchan={_numbers(span, voices)}"
            yield f"dchan={_numbers(span, (signalling,))}"
        case "ss7":
            yield f"bchan={_numbers(span, voices)}"
            yield f"mtp2={_numbers(span, (signalling,))}"
        case "r2":
            # 1101: idle and blocked by neither side (ITU-T Q.421).
            yield f"cas={_numbers(span, voices)}:1101"
            yield f"dchan={_numbers(span, (signalling,))}"
        case "em":
            yield f"{'e&me1' if span.line == 'e1' and not address(span.card) else 'e&m'}={_numbers(span, voices)}"
        case "analogue":
            if phones := cards.places(span.fxs):
                yield f"fxoks={_numbers(span, phones)}"
            if voices:
                yield f"fxsks={_numbers(span, voices)}"
        case unknown:
            raise ConfError(f"{unknown!r} is no signalling of a card")


def _numbers(span: model.Span, places: tuple[int, ...]) -> str:
    return cards.ranges(tuple(cards.channel(span, place) for place in places))


def _assigned(spans: list[model.Span]) -> str:
    """Give each real card's spans their numbers: `<card> <port>:<number>:<first channel>`."""
    lines: dict[str, list[str]] = {}
    for span in spans:
        if address(span.card):
            continue
        if not _KEY.fullmatch(span.card):
            raise ConfError(f"{span.card!r} is no card's name")
        lines.setdefault(_SPECIAL.sub("_", span.card), []).append(f"{span.port}:{span.number}:{span.first}")
    return HEAD + "".join(f"{card}\t{' '.join(ports)}\n" for card, ports in sorted(lines.items()))


def _modules(spans: list[model.Span]) -> str:
    """Give the options: nobody but us numbers a real card's spans; how exchange lines are terminated."""
    virtual = bool(spans) and all(address(span.card) for span in spans)
    lines = [f"options dahdi auto_assign_spans={int(virtual)}"]
    country = next((span.country for span in spans if span.line == "analogue"), "")
    if mode := OPERATION.get(country, ""):
        lines += [f"options {driver} opermode={mode}" for driver in ANALOGUE_DRIVERS]
    return HEAD + "\n".join(lines) + "\n"
