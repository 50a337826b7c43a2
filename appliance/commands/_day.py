"""A recorded day as what-if needs it: who called when, how long they would wait, how long they were served.

What came from outside is taken as it was: callers, keys, where they were sent on, the agents' shifts, breaks, phones
and other contacts, configurations. What followed from routing is not: waits, who served whom.

They are the same callers, so what the day showed of each is kept: who gave up after so long would do so again, who was
served after so long would have waited for longer; and a phone that rang in vain for a caller would have gone on to.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec

from appliance import api
from appliance.core import effects, facts
from appliance.core import state as st
from appliance.core.callback import is_dialled
from appliance.core.cdr import CDR, Outcome, Segment, Stretch
from appliance.replay import Recorded, Replayed, replay

NEVER = 1 << 62
"Microseconds that no phone rings."
SENT_ON_US = 1_000_000
"How long after an agent sends a caller on the conversation is over at the latest."
Outside = (
    facts.SignOn
    | facts.SignOff
    | facts.TakeBreak
    | facts.EndBreak
    | facts.PhoneSeen
    | facts.PhoneBusy
    | facts.ContactTaken
    | facts.ContactDone
    | facts.LegsFound
)
"What agents and their phones do beside calls."


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A visit to a queue that the day showed."""

    us: int
    gave_up: bool = False
    "Whether the caller hung up then;"
    key: str = ""
    "or pressed this key, which ended it."


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """How long a phone rang, and whether it was answered then; `NEVER` if it did not take the offer."""

    agent: str
    us: int
    answered: bool


@dataclass(slots=True)
class Shown:
    """What the day showed of one caller; in the order in which it happened, microseconds."""

    waits: dict[str, list[Visit]] = field(default_factory=dict)
    "By queue."
    talks: list[int] = field(default_factory=list)
    sent_on: dict[int, facts.Target] = field(default_factory=dict)
    "Where to after which of the conversations."
    wrap_ups: list[int] = field(default_factory=list)
    rings: list[Ring] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A call as it came."""

    at: int
    asked: facts.LegAsked
    keys: tuple[tuple[int, str], ...]
    "What was pressed in menus, in order, each with the microseconds from the question."
    shown: Shown = field(default_factory=Shown)


@dataclass(slots=True)
class Day:
    """What a recorded day had from outside, and what it shows of people."""

    since: int
    until: int
    arrivals: list[Arrival] = field(default_factory=list)
    outside: list[tuple[int, Outside]] = field(default_factory=list)
    "What agents and phones did, and when; what was before the day, at its beginning."
    worked: set[str] = field(default_factory=set)
    "Agents who were signed on at some time of it."
    published: list[tuple[int, str]] = field(default_factory=list)
    "When which version began to hold; the first before the first call."
    talks: dict[str, list[int]] = field(default_factory=dict)
    wrap_ups: dict[str, list[int]] = field(default_factory=dict)
    waits: dict[str, list[Visit]] = field(default_factory=dict)
    pick_ups: list[tuple[int, bool]] = field(default_factory=list)
    "How long each phone rang, and whether it was answered then; `NEVER` of one that did not take the offer."
    dials: list[bool] = field(default_factory=list)
    "Of each customer who was called back, whether somebody picked up."
    records: list[CDR] = field(default_factory=list)


class Reading:
    """Reads a day out of its replay."""

    def __init__(self, recorded: Recorded, since: int, until: int) -> None:
        """Begin; `until` 0 means to the end."""
        first = recorded.rows[0].now if recorded.rows else 0
        last = recorded.rows[-1].now if recorded.rows else 0
        self.day = Day(since or first, until or last + 1)
        self._recorded = recorded
        self._keys: dict[facts.Leg, list[tuple[int, int, str]]] = {}
        "When, how long after the question, which."
        self._sent_on: dict[facts.Leg | str, list[tuple[int, facts.Target]]] = {}
        "By leg or interaction."
        self._asked_at: dict[tuple[facts.Leg, int], int] = {}
        self._offered: dict[str, tuple[int, effects.Offer]] = {}
        self._shown: dict[str, Shown] = {}
        "By interaction."
        self._waited: dict[str, list[tuple[int, int]]] = {}
        "From when to when an interaction was in a queue."
        self._interaction: dict[facts.Leg, str] = {}
        self._legs: dict[facts.Leg, tuple[int, facts.LegAsked]] = {}
        self._picked_up: set[facts.Leg] = set()
        "Customers' legs that we dialled."
        self._at_work: set[str] = set()
        self._version = ""

    def read(self) -> tuple[Day, Replayed]:
        """Replay the stretch and read the day out of it."""
        if self._recorded.snapshot:
            self._before(msgspec.msgpack.decode(self._recorded.snapshot, type=st.State))
        done = replay(self._recorded, self._row)
        day = self.day
        day.worked |= self._at_work
        day.arrivals = [
            Arrival(
                at=at,
                asked=asked,
                keys=tuple(self._keys_in_flows(leg)),
                shown=self._of(self._interaction.get(leg, "")),
            )
            for leg, (at, asked) in self._legs.items()
        ]
        if not day.published or day.published[0][0] > day.since:
            day.published.insert(0, (day.since, self._version or done.centre.state.version))
        return day, done

    def _before(self, state: st.State) -> None:
        """Take over who was at work, and whose phone was not there, when the stretch began."""
        self._version = state.version
        extensions = {agent.slug: agent.extension for agent in self._recorded.configurations[state.version].agents}
        for slug, agent in state.agents.items():
            extension = extensions.get(slug, "")
            found: list[Outside] = []
            if not agent.reachable:
                found.append(facts.PhoneSeen(extension=extension, reachable=False))
            if agent.busy:
                found.append(facts.PhoneBusy(extension=extension, busy=True))
            if not isinstance(agent.state, st.SignedOut):
                found.append(facts.SignOn(token=f"before/{slug}", agent=slug))
            if isinstance(agent.state, st.OnBreak):
                found.append(facts.TakeBreak(token=f"break/{slug}", agent=slug, reason=agent.state.reason))
            for one in found:
                self._outside(self.day.since, one)

    def _outside(self, now: int, fact: Outside) -> None:
        day = self.day
        day.outside.append((max(now, day.since), fact))
        if isinstance(fact, facts.SignOff) and now < day.since:
            self._at_work.discard(fact.agent)
        elif isinstance(fact, facts.SignOn):
            self._at_work.add(fact.agent)

    def _keys_in_flows(self, leg: facts.Leg) -> Iterator[tuple[int, str]]:
        """Give the keys that a caller pressed in flows, each with the microseconds from the question."""
        waited = self._waited.get(self._interaction.get(leg, ""), [])
        for at, after, key in self._keys.get(leg, []):
            if not any(since < at <= until for since, until in waited):
                yield after, key

    def _row(self, row: api.Row, asked: tuple[effects.AnyEffect, ...]) -> None:
        day = self.day
        if row.now >= day.until:
            return
        within = day.since <= row.now
        if isinstance(row.fact, facts.ConfigurationPublished):
            if within:
                day.published.append((row.now, row.fact.version))
            else:
                self._version = row.fact.version
        if isinstance(row.fact, Outside):
            self._outside(row.now, row.fact)
        if not within:
            return
        self._fact(row.now, row.fact)
        for effect in asked:
            self._effect(row.now, effect)

    def _of(self, interaction: str) -> Shown:
        return self._shown.setdefault(interaction, Shown()) if interaction else Shown()

    def _rang(self, offer: str, now: int, *, answered: bool, taken: bool = True) -> None:
        since, effect = self._offered.pop(offer)
        us = now - since if taken else NEVER
        self.day.pick_ups.append((us, answered))
        self._of(effect.interaction).rings.append(Ring(agent=effect.agent, us=us, answered=answered))

    def _fact(self, now: int, fact: facts.AnyFact) -> None:
        match fact:
            case facts.LegAsked():
                self._asked(now, fact)
            case facts.DialFailed(cause=cause) if cause != "congested":
                self.day.dials.append(False)
            case facts.TransferCall(interaction=interaction, to=to):
                self._sent_on.setdefault(interaction, []).append((now, to))
            case facts.Prompted(leg=leg, prompt=prompt, key=key) if key:
                begun = self._asked_at.pop((leg, prompt), now)
                self._keys.setdefault(leg, []).append((now, now - begun, key))
            case facts.OfferAnswered(offer=offer) if offer in self._offered:
                self._rang(offer, now, answered=True)
            case facts.OfferFailed(offer=offer) if offer in self._offered:
                self._rang(offer, now, answered=False, taken=False)
            case _:
                pass

    def _asked(self, now: int, fact: facts.LegAsked) -> None:
        leg = fact.leg
        if is_dialled(leg):
            self._reached(leg)
        elif leg not in self._legs and not fact.interaction:
            self._legs[leg] = now, fact
        if fact.key:
            self._keys.setdefault(leg, []).append((now, 0, fact.key))
        if fact.to is not None:
            self._sent_on.setdefault(leg, []).append((now, fact.to))

    def _reached(self, leg: facts.Leg) -> None:
        if leg not in self._picked_up:
            self._picked_up.add(leg)
            self.day.dials.append(True)

    def _effect(self, now: int, effect: effects.AnyEffect) -> None:
        day = self.day
        match effect:
            case effects.Prompt(leg=leg, prompt=prompt):
                self._asked_at[leg, prompt] = now
            case effects.Offer(offer=offer):
                self._offered[offer] = now, effect
            case effects.CancelOffer(offer=offer) if offer in self._offered:
                self._rang(offer, now, answered=False)
            case effects.WorkFiled(interaction=interaction, queue=queue, wrap_up_us=wrap_up_us):
                day.wrap_ups.setdefault(queue, []).append(wrap_up_us)
                self._of(interaction).wrap_ups.append(wrap_up_us)
            case effects.CallFiled(cdr=cdr) if cdr.began >= day.since:
                self._filed(cdr)
            case _:
                pass

    def _filed(self, cdr: CDR) -> None:
        """Learn from a call that is over."""
        day, shown = self.day, self._of(cdr.interaction)
        day.records.append(cdr)
        self._interaction[cdr.leg] = cdr.interaction
        keys = {at: key for at, _after, key in self._keys.get(cdr.leg, [])}
        sent_on = [*self._sent_on.get(cdr.leg, []), *self._sent_on.get(cdr.interaction, [])]
        for segment in cdr.segments:
            if segment.stretch is Stretch.TALKING:
                day.talks.setdefault(segment.queue, []).append(segment.until - segment.since)
                for at, to in sent_on:
                    if segment.since < at <= segment.until + SENT_ON_US:
                        shown.sent_on[len(shown.talks)] = to
                shown.talks.append(segment.until - segment.since)
            elif segment.stretch is Stretch.WAITING:
                self._waited.setdefault(cdr.interaction, []).append((segment.since, segment.until))
        for segment in queue_visits(cdr):
            visit = Visit(
                us=segment.until - segment.since,
                gave_up=segment.outcome is Outcome.ABANDONED,
                key=keys.get(segment.until, ""),
            )
            day.waits.setdefault(segment.queue, []).append(visit)
            shown.waits.setdefault(segment.queue, []).append(visit)


def queue_visits(cdr: CDR) -> Iterator[Segment]:
    """Give the segments in which a call's queue visits ended; one that took no time shows nobody's patience."""
    waits = (one for one in cdr.segments if one.stretch is Stretch.WAITING and one.outcome is not None)
    return (one for one in waits if one.until > one.since or one.outcome in {Outcome.ANSWERED, Outcome.ABANDONED})
