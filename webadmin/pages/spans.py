"""Spans: the wires of telephone cards, and what is spoken on each."""

from collections.abc import Mapping

from appliance.core import cards, check_cards, model
from webadmin.numerals import whole_number
from webadmin.request import PageRequest
from webadmin.setup.named import NAMED
from webadmin.setup.section import Column, Section
from webadmin.setup.span_fields import FIELDS, SIGNALLING, choices
from webadmin.texts import marked

KINDS: Mapping[str, str] = {"E1": "e1", "T1": "t1", "J1": "j1", "DYNAMIC": "e1"}
"What a card says of a wire to what it is set to; any other is analogue."


def suggested(request: PageRequest) -> dict[str, object]:
    """Give what a new span begins with: the socket that was clicked, and the next free numbers."""
    spans = request.standing.configuration.spans
    used = {span.number for span in spans}
    kind = KINDS.get(str(request.GET.get("kind", "E1"))[:20], "analogue")
    return {
        "card": str(request.GET.get("card", ""))[:80],
        "port": whole_number(request.GET.get("port"), cards.SPANS_MAX) or 1,
        "number": next(number for number in range(1, cards.SPANS_MAX + 2) if number not in used),
        "first": max((span.first + span.channels for span in spans), default=1),
        "channels": whole_number(request.GET.get("count"), cards.SPAN_CHANNELS_MAX)
        or (check_cards.LINES[kind] or (4,))[0],
        "line": kind,
        "signalling": "analogue" if kind == "analogue" else "pri",
    }


def _where(_request: PageRequest, part: model.Part) -> str:
    return f"{part.card} · {part.port}" if isinstance(part, model.Span) else ""


def _channels(_request: PageRequest, part: model.Part) -> str:
    return f"{part.first}-{part.first + part.channels - 1}" if isinstance(part, model.Span) else ""


def _spoken(request: PageRequest, part: model.Part) -> str:
    return request.say(SIGNALLING.get(part.signalling, part.signalling)) if isinstance(part, model.Span) else ""


SECTION = Section(
    list="spans",
    address="/setup/spans",
    title=marked("Spans of cards"),
    place=23,
    purpose=marked(
        "The wires of telephone cards: what is spoken on each, and which numbers their channels have. "
        "What is set here holds once it is applied on the page of cards and lines."
    ),
    add=marked("Add a span"),
    fields=FIELDS,
    columns=(
        *NAMED,
        Column(label=marked("Card and socket"), text=_where),
        Column(label=marked("Channels"), text=_channels),
        Column(label=marked("Signalling"), text=_spoken),
    ),
    choices=choices,
    suggest=suggested,
)
PAGE = SECTION.page
view = SECTION.view
