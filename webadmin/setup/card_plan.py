"""What applying the settings of telephone cards would change, in words and as the difference of the files."""

import difflib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from appliance import api, root_work
from appliance.core import model
from drivers.dahdi import applied, channels, system
from drivers.dahdi.alarms import Standing
from webadmin.request import PageRequest
from webadmin.setup.fields import Form, shown
from webadmin.setup.section import Difference, Review, worded
from webadmin.setup.span_fields import FIELDS, LINES, SIGNALLING, choices

CONTEXT = 2
"Lines round a difference."
UNSAID = frozenset({"slug", "title"})
"Of a span: what no driver is told."


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is set up, against what the cards' drivers were last told."""

    spans: tuple[model.Span, ...]
    "What they would be told."
    differs: bool
    review: Review


def plan_of(request: PageRequest, told: root_work.Cards, standing: Standing, action: str) -> Plan:
    """Make the plan; `action` is where it is applied. Raises `ConfError` for what cannot be said."""
    configuration = request.standing.configuration
    spans = root_work.wiring(configuration.spans)
    say = request.say
    review = Review(
        title=say("Cards and lines"),
        differences=tuple(_words(request, told.spans or (), spans)),
        lines=tuple(_lines(request, told, configuration)),
        action=action,
        back=action,
        hidden=(("seen", told.digest), ("wanted", digest_of(spans))),
        warnings=tuple(_warnings(request, told, standing)),
        hint=say("If the cards' drivers refuse it, they are given at once what they had before."),
        has_form=False,
    )
    return Plan(spans=spans, differs=differs(told, configuration), review=review)


def differs(told: root_work.Cards, configuration: model.Configuration) -> bool:
    """Tell whether something is set up that the drivers were not told, or the other way round."""
    spans = root_work.wiring(configuration.spans)
    return told.spans != spans if told.digest else bool(spans)


def digest_of(spans: tuple[model.Span, ...]) -> str:
    """Give a mark of what would be applied."""
    return hashlib.sha256(msgspec.json.encode(spans)).hexdigest()[:32]


def _words(request: PageRequest, before: tuple[model.Span, ...], after: tuple[model.Span, ...]) -> Iterator[Difference]:
    old, new = model.by_slug(before), model.by_slug(after)
    for slug in dict.fromkeys((*old, *new)):
        if slug not in new:
            yield Difference(label=slug, before=_said(request, old[slug]), after="")
        elif slug not in old:
            yield Difference(label=slug, before="", after=_said(request, new[slug]))
        else:
            for one in worded(_form(request, old[slug]), _form(request, new[slug])):
                yield Difference(label=f"{slug} · {one.label}", before=one.before, after=one.after)


def _form(request: PageRequest, span: model.Span) -> Form:
    fields = tuple(one for one in FIELDS if one.name not in UNSAID)
    return shown(fields, request.say, choices(request), msgspec.structs.asdict(span))


def _said(request: PageRequest, span: model.Span) -> str:
    say = request.say
    line, signalling = LINES.get(span.line, span.line), SIGNALLING.get(span.signalling, span.signalling)
    numbers = f"{span.first}-{span.first + span.channels - 1}"
    parts = (
        f"{span.card} · {span.port}",
        say(line),
        say(signalling),
        say("span {number}", number=span.number),
        say("channels {numbers}", numbers=numbers),
    )
    return ", ".join(parts)


def _lines(request: PageRequest, told: root_work.Cards, configuration: model.Configuration) -> Iterator[str]:
    """Give the difference of each file that would change: the drivers', then Asterisk's."""
    new = dict(system.files(configuration))
    old = {name: told.files.get(name, "") for name in new}
    known = configuration if told.spans is None else applied.as_applied(configuration, told.spans)
    for texts, spans in ((old, known), (new, configuration)):
        equipment = api.Equipment(configuration=spans, names=request.names, secrets={})
        texts[channels.FILE] = channels.files(equipment)[channels.FILE]
    for name, text in new.items():
        found = list(difflib.unified_diff(old[name].splitlines(), text.splitlines(), lineterm="", n=CONTEXT))
        if found:
            yield f"# {name}"
            yield from (line for line in found if not line.startswith(("---", "+++")))


def _warnings(request: PageRequest, told: root_work.Cards, standing: Standing) -> Iterator[str]:
    configuration = request.standing.configuration
    if standing.busy:
        yield request.say.plural(
            "{count} call is on a line of a card just now. Applying ends it.",
            "{count} calls are on lines of cards just now. Applying ends them all.",
            len(standing.busy),
        )
    here = {(card.key, span.port) for card in standing.inventory.cards for span in card.spans}
    for span in configuration.spans:
        if (span.card, span.port) not in here and system.address(span.card) is None:
            yield request.say(
                "The card of span {name}, {card}, is not here: the drivers will refuse it.",
                name=span.slug,
                card=span.card,
            )
    if system.files(configuration)[system.MODULES] != told.files.get(system.MODULES, ""):
        yield request.say("Options of card drivers hold from the machine's next start.")
