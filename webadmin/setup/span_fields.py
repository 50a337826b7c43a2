"""The form of a span: its fields, what can be chosen in them, and how a span is said in words."""

from collections.abc import Mapping

from appliance.core import cards, check_cards
from webadmin.request import PageRequest
from webadmin.setup.fields import Check, Choice, Choices, Field, Number, Text
from webadmin.setup.named import SLUG, title
from webadmin.texts import marked

LINES: Mapping[str, str] = {
    "e1": "E1",
    "t1": "T1",
    "j1": "J1",
    "analogue": marked("Two wires (telephones, exchange lines)"),
}
SIGNALLING: Mapping[str, str] = {
    "pri": marked("ISDN (PRI)"),
    "r2": "MFC/R2",
    "ss7": "SS7 (ISUP)",
    "em": "E&M wink",
    "analogue": marked("As on two wires"),
}
SWITCHES: Mapping[str, str] = {
    "euroisdn": "EuroISDN",
    "national": "National ISDN 2",
    "ni1": "National ISDN 1",
    "dms100": "Nortel DMS-100",
    "4ess": "AT&T 4ESS",
    "5ess": "AT&T 5ESS",
    "qsig": "QSIG",
}
FIELDS: tuple[Field, ...] = (
    SLUG,
    title(marked("What people call it, such as the carrier's name and the socket.")),
    Text(
        name="card",
        label=marked("Card"),
        needed=True,
        longest=80,
        help=marked("The card's serial number, or @ and its slot where it has none. It is on the page of cards."),
    ),
    Number(name="port", label=marked("Socket"), low=1, high=cards.SPANS_MAX, default=1),
    Number(
        name="number",
        label=marked("Span number"),
        low=1,
        high=cards.SPANS_MAX,
        default=1,
        help=marked("It keeps this number and those of its channels, wherever the card is put."),
    ),
    Number(name="first", label=marked("First channel"), low=1, high=cards.CHANNELS_MAX, default=1),
    Number(name="channels", label=marked("Channels"), low=1, high=cards.SPAN_CHANNELS_MAX, default=31),
    Choice(name="line", label=marked("Kind of wire"), default="e1"),
    Choice(name="signalling", label=marked("Signalling"), default="pri"),
    Choice(
        name="country",
        label=marked("Country"),
        default="us",
        help=marked("Sets tones, caller id and how a line that was hung up is noticed."),
    ),
    Choice(name="switch", label=marked("ISDN variant"), default="euroisdn"),
    Check(
        name="network",
        label=marked("We are the network side"),
        help=marked("Of ISDN: for a telephone system behind us."),
    ),
    Choice(name="variant", label=marked("R2 variant"), default="itu"),
    Number(
        name="point_code",
        label=marked("Our point code"),
        low=0,
        high=check_cards.POINT_CODE_MAX,
        help=marked("Of SS7."),
    ),
    Number(name="adjacent", label=marked("Point code of the other side"), low=0, high=check_cards.POINT_CODE_MAX),
    Number(name="circuit", label=marked("First circuit (CIC)"), low=0, high=check_cards.CIRCUIT_MAX, default=1),
    Check(name="crc4", label=marked("CRC-4 on E1"), default=True),
    Number(
        name="timing",
        label=marked("Rank as clock"),
        low=0,
        high=check_cards.TIMING_MAX,
        default=1,
        help=marked("1 for the first choice of all wires; 0 where the other side takes its clock from us."),
    ),
    Choice(name="echo", label=marked("Echo canceller"), default="mg2"),
    Text(
        name="fxs",
        label=marked("Telephones on"),
        help=marked("Of two wires: the channels that have a telephone, such as 1-4."),
    ),
    Text(
        name="fxo",
        label=marked("Exchange lines on"),
        help=marked("Of two wires: the channels that have a line from the exchange, such as 5-8."),
    ),
)


def choices(request: PageRequest) -> dict[str, Choices]:
    """Give the lists to choose from."""

    def said(words: Mapping[str, str]) -> Choices:
        return [(value, request.say(word)) for value, word in words.items()]

    def plain(values: tuple[str, ...]) -> Choices:
        return [(value, value) for value in values]

    return {
        "line": said(LINES),
        "signalling": said(SIGNALLING),
        "switch": said(SWITCHES),
        "country": plain(tuple(sorted(cards.BUSY_BEAT_MS))),
        "variant": plain(check_cards.VARIANTS),
        "echo": [(value, value or request.say("none")) for value in check_cards.ECHO],
    }
