"""What happened to a call, in words: every fact with its time, and why this agent."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import msgspec

from appliance.core import effects, facts
from appliance.core.model import Configuration
from appliance.store.reader import Told
from webadmin.decisions import key_text, reason_text
from webadmin.setup.strategies import label
from webadmin.texts import Texts, marked
from webadmin.times import Calendar
from webadmin.words import CAUSES, OFFER_CAUSES, title_of

DIAL_CAUSES: Mapping[str, str] = {
    **OFFER_CAUSES,
    "refused": marked("the call was refused"),
    "no_number": marked("there is no number to call"),
    "congested": marked("no trunk had a free line"),
}
"Why a customer who was called back was not reached."

LINES: Mapping[str, tuple[str, str]] = {
    "arrived": ("→", marked("The call arrives for {number} on trunk {trunk}.")),
    "leg-asked": ("◷", marked("The exchange asks what the caller should hear next.")),
    "key": ("☰", marked("The caller pressed {key}.")),
    "prompted": ("☰", marked("The prompt was played; no key was pressed.")),
    "leg-ended": ("✕", marked("{who} is gone (cause {cause}).")),
    "offer-rang": ("◉", marked("The phone of {agent} rings.")),
    "offer-answered": ("▶", marked("{agent} picks up.")),
    "offer-failed": ("!", marked("{agent} did not take it: {reason}.")),
    "dial-failed": ("!", marked("The customer was called back and not reached: {reason}.")),
    "bridged": ("▶", marked("Both hear each other.")),
    "bridge-failed": ("!", marked("The two could not be joined.")),
    "dispose": ("✎", marked("{agent} sets the result: {result}.")),
    "hang-up-call": ("✕", marked("{agent} hangs up from the desk.")),
    "contact-taken": ("·", marked("{agent} takes a contact by another medium.")),
    "contact-done": ("·", marked("{agent} is done with a contact by another medium.")),
    "recordings-halted": ("!", marked("The disk has too little room: no call begins to be recorded.")),
    "recordings-stopped": ("!", marked("The disk has too little room: recording stops here.")),
    "not-recorded": ("!", marked("The exchange does not record this call.")),
    "recordings-again": ("·", marked("The disk has room again: calls are recorded.")),
    "transfer-call": ("→", marked("{agent} sends the caller on from the desk.")),
    "sent-on": ("→", marked("The agent's phone sends the caller on.")),
    "end-wrap-up": ("◔", marked("{agent} finishes the wrap-up.")),
    "extend-wrap-up": ("◔", marked("{agent} takes {by_s} s more for the wrap-up.")),
    "due": ("·", marked("A deadline passed.")),
    "started": ("↻", marked("The daemon started (start {boot}).")),
    "configuration-published": ("·", marked("A new configuration was published.")),
    "exchange-lost": ("!", marked("The connection to exchange {exchange} was lost.")),
    "legs-found": (
        "↻",
        marked("After a (re)connection the calls of exchange {exchange} were compared with the records."),
    ),
    "calls-told": (
        "↺",
        marked("Known to the exchange alone: it wrote this call down by itself, and told of it when it was over."),
    ),
    "phone-back": ("●", marked("The phone {extension} can be reached again.")),
    "phone-gone": ("!", marked("The phone {extension} cannot be reached any more.")),
    "phone-own-call": ("·", marked("The phone {extension} begins a call of its own.")),
    "phone-own-over": ("·", marked("The phone {extension} ends its own call.")),
    "sign-on": ("●", marked("{agent} signs on.")),
    "sign-off": ("○", marked("{agent} signs off.")),
    "take-break": ("‖", marked("{agent} asks for a break.")),
    "end-break": ("●", marked("{agent} is available again.")),
}
"A fact's tag, or what `_kind` calls it, to its sign and sentence; the fact's fields stand in the places."


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """An agent who was considered."""

    agent: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Why this agent."""

    offer: str
    position: str
    "Journal position of the fact that led to it: boot and sequence; empty in old records."
    strategy: str
    chosen: Chosen
    next: tuple[Chosen, ...]
    excluded: tuple[tuple[str, int], ...]
    "Reason in words, and how many agents were left out for it."


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One line of the timeline."""

    at: int
    sign: str
    text: str
    fact: str
    "The fact's tag."
    position: str
    "Where it stands in the journal: boot and sequence."
    whys: tuple[Why, ...] = ()
    "One for each phone that rings by it."
    hear_s: float | None = field(default=None)
    "Where the recording has this moment, seconds."


@dataclass(frozen=True, slots=True, kw_only=True)
class Teller:
    """Tells a call in one language."""

    say: Texts
    calendar: Calendar
    configuration: Configuration
    names: Mapping[str, str]

    def tell(self, told: Told) -> Iterator[Moment]:
        """Give the lines in the order in which things happened."""
        offers = {decided.offer: decided.chosen.agent for decided in told.decisions}
        talk = next((s for s in told.cdr.segments if s.stretch == "talking"), None)
        for boot, row in zip(told.boots, told.rows, strict=True):
            sign, text = self._line(row.fact, told, offers)
            whys = [
                self._why(kept) for kept in row.kept if isinstance(kept, effects.Decided) and self._is_ours(kept, told)
            ]
            yield Moment(
                at=row.now,
                sign=sign,
                text=text,
                fact=str(row.fact.__struct_config__.tag),
                position=f"{boot}-{row.sequence}",
                whys=tuple(whys),
                hear_s=(row.now - talk.since) / 1e6 if talk and talk.since <= row.now < talk.until else None,
            )

    def agent(self, slug: str) -> str:
        """Give an agent's name."""
        return self.names.get(slug) or slug

    def queue(self, slug: str) -> str:
        """Give a workgroup's title."""
        return next((queue.title or slug for queue in self.configuration.queues if queue.slug == slug), slug)

    @staticmethod
    def _is_ours(kept: effects.Kept, told: Told) -> bool:
        return isinstance(kept, effects.Decided) and kept.interaction == told.cdr.interaction

    def _why(self, decided: effects.Decided) -> Why:
        return Why(
            strategy=label(self.say, decided.strategy),
            offer=decided.offer,
            position="-".join(str(part) for part in decided.position) if decided.position[1] else "",
            chosen=self._chosen(decided.strategy, decided.chosen),
            next=tuple(self._chosen(decided.strategy, candidate) for candidate in decided.next),
            excluded=tuple(
                (reason_text(self.say, reason), count) for reason, count in sorted(decided.excluded.items())
            ),
        )

    def _chosen(self, strategy: str, candidate: effects.Candidate) -> Chosen:
        key = key_text(self.say, self.calendar, strategy, candidate)
        return Chosen(agent=self.agent(candidate.agent), key=key)

    def _line(self, fact: facts.AnyFact, told: Told, offers: Mapping[str, str]) -> tuple[str, str]:
        sign, message = LINES.get(_kind(fact, told), ("·", str(fact.__struct_config__.tag)))
        said = msgspec.structs.asdict(fact)
        agent = said.get("agent") or offers.get(said.get("offer", ""), "")
        causes = DIAL_CAUSES if isinstance(fact, facts.DialFailed) else OFFER_CAUSES
        cause = causes.get(str(said.get("cause", "")))
        values = {
            **said,
            "agent": self.agent(agent),
            "who": self._leg(said.get("leg"), told),
            "reason": self.say(cause) if cause else said.get("cause", ""),
            "number": said.get("number") or "—",
            "result": self._result(said.get("disposition", "")),
        }
        return sign, self.say(message, **values)

    def _leg(self, leg: object, told: Told) -> str:
        return self.say("The caller") if leg == told.cdr.leg else self.say("The agent’s phone")

    def _result(self, slug: str) -> str:
        found = next((reason for reason in self.configuration.dispositions if reason.slug == slug), None)
        return title_of(found, self.say.language) if found else slug or "—"

    def cause(self, cause: str) -> str:
        """Say who or what ended the call."""
        return self.say(CAUSES[cause]) if cause in CAUSES else cause


def _kind(fact: facts.AnyFact, told: Told) -> str:
    match fact:
        case facts.LegAsked() if fact is told.rows[0].fact:
            return "arrived"
        case facts.Prompted(key=key) if key:
            return "key"
        case facts.PhoneSeen(reachable=reachable):
            return "phone-back" if reachable else "phone-gone"
        case facts.RecordingsHalted(halted=halted, running=running) if running or not halted:
            return "recordings-stopped" if halted else "recordings-again"
        case facts.PhoneBusy(busy=busy):
            return "phone-own-call" if busy else "phone-own-over"
        case _:
            return str(fact.__struct_config__.tag)
