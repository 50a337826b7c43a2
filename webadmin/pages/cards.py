"""Cards and lines: the telephone cards that are there, how their wires are, and each line in or out of service."""

from dataclasses import dataclass
from urllib.parse import urlencode

import msgspec
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.response import Response

from appliance import api, root_work
from appliance.client import Client, DoorClosedError
from appliance.core import model
from drivers.dahdi.alarms import ABSENT, OK, Standing
from drivers.dahdi.inventory import Card, FoundSpan
from webadmin.frame import setup_pages
from webadmin.numerals import whole_number
from webadmin.page import FORM, About
from webadmin.permissions import Permission
from webadmin.request import PageRequest
from webadmin.setup import card_plan
from webadmin.setup.section import find, show_review, token_of
from webadmin.texts import marked
from webadmin.words import PART_STATES, problem_text

PAGE = About(
    label=marked("Cards and lines"),
    permission=Permission.SETUP,
    addresses=("/setup/cards",),
    methods=FORM,
    setup=22,
    help=marked("Telephone cards for analogue and digital lines: what is there, how each wire is, every line singly."),
)
STEPS = frozenset({"out", "block", "in", "clear"})
PLACE_MAX = 250
SHOWN_MAX = 50
"Alarms of the past that are shown."


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A channel as the page draws it."""

    place: int
    number: int
    signalling: str
    alarms: str
    in_use: bool
    out: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """A span as the page draws it."""

    port: int
    kind: str
    number: int
    slug: str
    "Of the span that is set up, empty for none."
    add: str
    "Where it is set up."
    state: str
    well: bool
    counters: tuple[tuple[str, int], ...]
    lines: tuple[Line, ...]


def view(request: PageRequest) -> Response:
    """Show the cards, what applying would change, or apply; take a line out of service, put it back, or clear it."""
    if request.method != "POST":
        return _show(request)
    step = str(request.POST.get("step", ""))[:100]
    if step in {"plan", "apply"}:
        return _plan(request, apply=step == "apply")
    error = _change(request, step)
    return _show(request, error=error) if error else HTTPSeeOther(PAGE.addresses[0])


def _show(request: PageRequest, *, error: str = "") -> Response:
    standing, spans = _standing(request), request.standing.configuration.spans
    away, standing = standing is None, standing or Standing()
    shown = [(card, [_wire(request, standing, card, span) for span in card.spans]) for card in standing.inventory.cards]
    here = {(card.key, span.port) for card in standing.inventory.cards for span in card.spans}
    told, problem = (None, "") if away or not (spans or shown) else _told(request)
    applied = told is not None and not card_plan.differs(told, request.standing.configuration)
    return request.show(
        "setup_cards",
        status=422 if error else 200,
        cards=shown,
        missing=[span for span in spans if not away and (span.card, span.port) not in here],
        misnumbered=_misnumbered(spans, standing) if applied else [],
        history=[
            (request.calendar.moment(each.at), each, _words(request, each.after))
            for each in standing.history[:SHOWN_MAX]
        ],
        driver=standing.inventory.driver,
        away=away,
        error=error,
        untold=problem,
        applied=applied,
        applied_at=request.calendar.moment(told.at) if told is not None and told.at else "",
        token=token_of(request),
        menu=setup_pages(request),
    )


def _misnumbered(spans: tuple[model.Span, ...], standing: Standing) -> list[tuple[model.Span, FoundSpan]]:
    """Give the spans whose driver gave them another number, or other channels, than they are set up with."""
    found = {(card.key, span.port): span for card in standing.inventory.cards for span in card.spans if span.number}
    pairs = ((span, found.get((span.card, span.port))) for span in spans)
    return [(span, at) for span, at in pairs if at is not None and (at.number, at.first) != (span.number, span.first)]


def _standing(request: PageRequest) -> Standing | None:
    """Ask how the cards are; None without a daemon."""
    try:
        return Client(request.box.door, request.session_secret, timeout_s=3.0).lines()
    except DoorClosedError:
        return None


def _told(request: PageRequest) -> tuple[root_work.Cards | None, str]:
    """Ask what the cards' drivers were last told; without an answer the sentence that says why."""
    reply = request.ask(api.AskRoot(question=root_work.LookCards()))
    told = reply.machine.cards if reply.machine is not None else None
    problems = reply.problems
    if told is not None and not told.drivers:
        told, problems = None, (api.Problem(code="no_dahdi"),)
    return told, _sentences(request, problems)


def _plan(request: PageRequest, *, apply: bool) -> Response:
    """Show what applying would change, or apply what was shown."""
    told, problem = _told(request)
    if told is None:
        return _show(request, error=problem)
    try:
        plan = card_plan.plan_of(request, told, _standing(request) or Standing(), PAGE.addresses[0])
        question = root_work.ApplyCards(spans=plan.spans, seen=str(request.POST.get("seen", ""))[:64])
    except ValueError as error:
        return _show(request, error=problem_text(request.say, api.Problem(code="not_applied", detail=str(error))))
    if not apply:
        return show_review(request, plan.review)
    if request.POST.get("wanted") != card_plan.digest_of(plan.spans) or question.seen != told.digest:
        return show_review(request, plan.review, {"all": problem_text(request.say, api.Problem(code="stale"))})
    reply = request.ask(api.AskRoot(question=question), within_s=root_work.patience_s(question) + 1.0)
    if reply.problems:
        return _show(request, error=_sentences(request, reply.problems))
    return HTTPSeeOther(PAGE.addresses[0])


def _sentences(request: PageRequest, problems: tuple[api.Problem, ...]) -> str:
    return " ".join(problem_text(request.say, problem) for problem in problems)


def _change(request: PageRequest, clicked: str) -> str:
    """Do what was clicked; gives a sentence if it was refused."""
    step, _, where = clicked.partition(":")
    slug, _, said = where.partition("/")
    span, place = find(request, "spans", slug), whole_number(said, PLACE_MAX)
    if step not in STEPS or not isinstance(span, model.Span) or not place:
        raise HTTPNotFound
    reply = api.Reply()
    if step != "clear":
        out = {*span.out} - {place} if step == "in" else {*span.out, place}
        after = msgspec.structs.replace(span, out=tuple(sorted(out)))
        value = msgspec.Raw(msgspec.json.encode(after))
        base = request.standing.version
        reply = request.ask(api.Put(token=token_of(request), base=base, list="spans", value=value))
    if step in {"clear", "block"} and not reply.problems:
        reply = request.ask(api.ClearLine(span=slug, place=place))
        if step == "block":
            return ""
    return _sentences(request, reply.problems)


def _wire(request: PageRequest, standing: Standing, card: Card, span: FoundSpan) -> Wire:
    spans = request.standing.configuration.spans
    known = next((each for each in spans if (each.card, each.port) == (card.key, span.port)), None)
    state = standing.states.get(span.number) if span.number else None
    word = state.word if state else OK if span.number else ABSENT
    told = {
        "BPV": span.proc.bpv,
        "CRC4": span.proc.crc4,
        "E-bit": span.proc.ebit,
        "FAS": span.proc.fas,
        request.say("slips"): span.proc.slips,
    }
    asked = {"card": card.key, "port": span.port, "kind": span.kind, "count": span.count or ""}
    return Wire(
        port=span.port,
        kind=span.kind,
        number=span.number,
        slug=known.slug if known else "",
        add=f"/setup/spans/~new?{urlencode(asked)}",
        state=request.say("not numbered yet") if word == ABSENT else _words(request, word),
        well=word == OK,
        counters=tuple(told.items()) if span.number else (),
        lines=tuple(
            Line(
                place=channel.place,
                number=channel.number,
                signalling=channel.signalling,
                alarms=" ".join(channel.alarms),
                in_use=channel.number in standing.busy,
                out=bool(known) and channel.place in (known.out if known else ()),
            )
            for channel in span.channels
        ),
    )


def _words(request: PageRequest, word: str) -> str:
    known = PART_STATES.get(word)
    return request.say(known) if known else word
