"""`chan_dahdi.conf`: what Asterisk makes of the channels that the kernel has.

Source: Asterisk's chan_dahdi.conf.sample and chan_dahdi.c (22). Every part is a section of its own with `dahdichan`:
it begins from the defaults, so that no setting leaks into the next one's channels. A channel that is missing (a pulled
card) is passed over and does not keep the others away. On a reload Asterisk takes group, context, names and variables
of a channel anew without touching its call; never its signalling.
"""

from collections.abc import Iterator, Mapping

from appliance.api import Equipment
from appliance.core import cards, model
from drivers.asterisk.render import (
    COMPANY,
    FROM_TRUNK,
    OUT_OF_SERVICE,
    PHONE_INSIDE,
    PHONE_OUTSIDE,
    ConfError,
    Setting,
    digits,
    section,
    sections,
    slug,
)
from drivers.dahdi.countries import CALLER_ID

FILE = f"chan_dahdi{COMPANY}"
LIST_CHARACTERS_MAX = 79
"Of a list of channels in one section (MAX_CHANLIST_LEN in chan_dahdi.c)."
BUSY_COUNT = 4
"Beats of busy tone after which a line is taken to be hung up."
DIGITS_MAX = 20

_NAME_CHARACTERS_MAX = 60


def files(equipment: Equipment) -> Mapping[str, str]:
    """Give chan_dahdi.conf and the company's part of it; raises `ConfError`."""
    common: list[Setting] = [("ignore_failed_channels", True), ("reportalarms", "all"), ("language", "en")]
    try:
        parts = tuple(_parts(equipment))
    except (ValueError, KeyError) as error:
        raise ConfError(str(error)) from error
    return {
        "chan_dahdi.conf": sections(section("trunkgroups", []), section("channels", common), include=FILE),
        FILE: sections(*parts),
    }


def _parts(equipment: Equipment) -> Iterator[str]:
    configuration = equipment.configuration
    for span in sorted(configuration.spans, key=lambda span: span.number):
        for trunk in configuration.trunks:
            places = tuple(
                place for of, wanted in cards.lines_of(configuration, trunk) for place in wanted if of == span
            )
            if places:
                yield from _lines(configuration, span, trunk, places)
        for phone in configuration.extensions:
            if phone.line and cards.phone_at(configuration, phone)[0] == span:
                yield _phone(equipment, span, phone)


def _lines(
    configuration: model.Configuration, span: model.Span, trunk: model.Trunk, places: tuple[int, ...]
) -> Iterator[str]:
    """Give a trunk's lines on a span: those in service, and those that take no new call."""
    serving = tuple(place for place in places if place not in span.out)
    resting = tuple(place for place in places if place in span.out)
    begun = False
    for group, context, part in ((trunk.group, FROM_TRUNK, serving), (0, OUT_OF_SERVICE, resting)):
        for run in _runs(span, part):
            common: list[Setting] = [
                ("context", context),
                *([("group", group)] if group else []),
                ("description", f"trunk/{slug(trunk.slug)}"),
                ("language", configuration.company.language),
                ("usecallerid", True),
                ("echocancel", bool(span.echo)),
                ("echocancelwhenbridged", False),
                ("relaxdtmf", False),
                ("setvar", f"SR_TRUNK={slug(trunk.slug)}"),
                *([("setvar", f"SR_LINE={digits(trunk.number)}")] if trunk.number else []),
            ]
            signalling = _signalling(configuration, span, run, first=not begun)
            begun = True
            yield _section(span, run, [*common, *signalling])


def _section(span: model.Span, places: tuple[int, ...], settings: list[Setting]) -> str:
    numbers = tuple(cards.channel(span, place) for place in places)
    return section(f"span{span.number}-{numbers[0]}", [*settings, ("dahdichan", cards.ranges(numbers))])


def _runs(span: model.Span, places: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Cut places so that each part's list is short enough; with SS7, where the signalling channel lies between."""
    run: list[int] = []
    for place in places:
        longer = cards.ranges(tuple(cards.channel(span, each) for each in (*run, place)))
        gap = bool(run) and place != run[-1] + 1
        if run and (len(longer) > LIST_CHARACTERS_MAX or (gap and span.signalling == "ss7")):
            yield tuple(run)
            run = []
        run.append(place)
    if run:
        yield tuple(run)


def _signalling(
    configuration: model.Configuration, span: model.Span, places: tuple[int, ...], *, first: bool
) -> list[Setting]:
    """Give what the signalling of a span asks for."""
    match span.signalling:
        case "pri":
            return [
                ("switchtype", span.switch),
                ("signalling", "pri_net" if span.network else "pri_cpe"),
                ("pridialplan", "unknown"),
                ("prilocaldialplan", "unknown"),
                ("overlapdial", False),
                ("resetinterval", "never"),
            ]
        case "r2":
            longest = max((len(number.slug) for number in configuration.numbers), default=DIGITS_MAX)
            return [
                ("signalling", "mfcr2"),
                ("mfcr2_variant", span.variant),
                ("mfcr2_get_ani_first", False),
                ("mfcr2_max_ani", DIGITS_MAX),
                ("mfcr2_max_dnis", longest),
                ("mfcr2_category", "national_subscriber"),
                ("mfcr2_mfback_timeout", -1),
                ("mfcr2_metering_pulse_timeout", -1),
                ("mfcr2_allow_collect_calls", False),
            ]
        case "ss7":
            return _ss7(span, places, first=first)
        case "em":
            return [("signalling", "em_w")]
        case _:
            signalling, start = CALLER_ID.get(span.country, ("bell", "ring"))
            beat_ms = cards.BUSY_BEAT_MS[span.country]
            return [
                ("signalling", "fxs_ks"),
                ("cidsignalling", signalling),
                ("cidstart", start),
                ("busydetect", True),
                ("busycount", BUSY_COUNT),
                ("busypattern", f"{beat_ms},{beat_ms}"),
                ("callprogress", False),
            ]


def _ss7(span: model.Span, places: tuple[int, ...], *, first: bool) -> list[Setting]:
    """Give a link set of one link; the circuits are numbered as the places of the span are."""
    link: list[Setting] = [("sigchan", cards.channel(span, cards.signalling_place(span)))] if first else []
    return [
        ("signalling", "ss7"),
        ("ss7type", "itu"),
        ("ss7_called_nai", "dynamic"),
        ("ss7_calling_nai", "dynamic"),
        ("networkindicator", "national"),
        ("linkset", span.number),
        ("pointcode", span.point_code),
        ("adjpointcode", span.adjacent),
        ("defaultdpc", span.adjacent),
        ("cicbeginswith", span.circuit + places[0] - 1),
        *link,
    ]


def _phone(equipment: Equipment, span: model.Span, phone: model.Extension) -> str:
    """Give an analogue telephone: it may dial what a SIP phone may."""
    place = cards.phone_at(equipment.configuration, phone)[1]
    number = digits(phone.slug)
    agents = {agent.extension: agent.slug for agent in equipment.configuration.agents}
    name = equipment.names.get(phone.agent or agents.get(phone.slug, ""), "")
    shown = "".join(letter if letter.isalnum() or letter in " .'-" else " " for letter in name)
    shown = " ".join(shown[:_NAME_CHARACTERS_MAX].split())
    resting = place in span.out
    signalling, _ = CALLER_ID.get(span.country, ("bell", "ring"))
    context = PHONE_OUTSIDE if phone.outside else PHONE_INSIDE
    settings: list[Setting] = [
        ("signalling", "fxo_ks"),
        ("context", OUT_OF_SERVICE if resting else context),
        ("description", f"{'out' if resting else 'phone'}/{number}"),
        ("callerid", f'"{shown}" <{number}>' if shown else f"<{number}>"),
        ("cidsignalling", signalling),
        ("usecallerid", True),
        ("callwaiting", False),
        ("threewaycalling", False),
        ("transfer", False),
        ("immediate", False),
        ("echocancel", bool(span.echo)),
    ]
    return _section(span, (place,), settings)
