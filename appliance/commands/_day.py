"""A recorded day as what-if needs it: who called when, how long they would wait, how long they were served.

What came from outside is taken as it was: callers, keys, the agents' shifts and breaks, configurations. What followed
from routing is not: waits, who served whom. Patience is known only of those who gave up; that of the others is censored
at the moment they were served. So is the time to the answer of a phone that was no longer to ring. Both are estimated
after Kaplan and Meier (1958).

They are the same callers, so what the day showed of each is kept: who gave up after so long would do so again, who was
served after so long would have waited for longer; and a phone that rang in vain for a caller would have gone on to.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from appliance import api
from appliance.core import effects, facts
from appliance.core.cdr import CDR, Outcome, Stretch
from appliance.replay import Recorded, Replayed, replay

POOLED_BELOW = 30
"With fewer observations of a queue, those of all queues are used."
NEVER = 1 << 62
"Microseconds that no phone rings."
SHIFT_FACTS = (facts.SignOn, facts.SignOff, facts.TakeBreak, facts.EndBreak)


@dataclass(slots=True)
class Shown:
    """What the day showed of one caller; in the order in which it happened, microseconds."""

    waits: dict[str, list[tuple[int, bool]]] = field(default_factory=dict)
    "By queue: how long each visit was, and whether the caller gave up then."
    talks: list[int] = field(default_factory=list)
    wrap_ups: list[int] = field(default_factory=list)
    rings: list[tuple[int, bool]] = field(default_factory=list)
    "How long each phone rang for the caller, and whether it was answered then."


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A call as it came."""

    at: int
    asked: facts.LegAsked
    keys: tuple[tuple[int, str], ...]
    "What was pressed in menus, in order, each with the microseconds from the question."
    shown: Shown = field(default_factory=Shown)


@dataclass(frozen=True, slots=True)
class Lasting:
    """How long something lasts, such as patience: the share of what still does, at each moment some of it ended."""

    times_us: tuple[int, ...] = ()
    left: tuple[float, ...] = ()

    def draw(self, luck: float, beyond_us: int = 0) -> int | None:
        """Give the microseconds after which the share falls to `luck` (0 to 1) of what was left after some already.

        None if it was never seen to.
        """
        ended = bisect_right(self.times_us, beyond_us)
        share_then = self.left[ended - 1] if ended else 1.0
        index = max(ended, bisect_left(self.left, -luck * share_then, key=lambda share: -share))
        return self.times_us[index] if index < len(self.times_us) else None


def kaplan_meier(seen: list[tuple[int, bool]]) -> Lasting:
    """Estimate from how long each was seen, in microseconds, and whether it ended then."""
    at_risk, share = len(seen), 1.0
    times: list[int] = []
    left: list[float] = []
    for us, ended in sorted(seen, key=lambda one: (one[0], not one[1])):
        if ended:
            share *= 1 - 1 / at_risk
            times.append(us)
            left.append(share)
        at_risk -= 1
    return Lasting(tuple(times), tuple(left))


@dataclass(slots=True)
class Day:
    """What a recorded day had from outside, and what it shows of people."""

    since: int
    until: int
    arrivals: list[Arrival] = field(default_factory=list)
    shifts: list[tuple[int, facts.AnyCommand]] = field(default_factory=list)
    published: list[tuple[int, str]] = field(default_factory=list)
    "When which version began to hold; the first before the first call."
    talks: dict[str, list[int]] = field(default_factory=dict)
    wrap_ups: dict[str, list[int]] = field(default_factory=dict)
    waits: dict[str, list[tuple[int, bool]]] = field(default_factory=dict)
    pick_ups: list[tuple[int, bool]] = field(default_factory=list)
    "How long each phone rang, and whether it was answered then; `NEVER` of one that did not take the offer."
    records: list[CDR] = field(default_factory=list)

    def ringing(self) -> Lasting:
        """Estimate how long phones ring until they are answered.

        The longest that rang in vain counts as answered then (Efron 1967): else whatever rang longer than any answered
        phone would be taken for a phone that nobody ever answers.
        """
        seen = sorted(self.pick_ups)
        last = max((place for place, (us, _answered) in enumerate(seen) if us < NEVER), default=None)
        if last is not None:
            seen[last] = (seen[last][0], True)
        return kaplan_meier(seen)

    def patience(self, queue: str) -> Lasting:
        """Estimate the patience of a queue's callers."""
        return kaplan_meier(_enough(self.waits, queue))

    def talks_of(self, queue: str) -> list[int]:
        """Give the lengths of a queue's conversations, microseconds."""
        return _enough(self.talks, queue)

    def wrap_ups_of(self, queue: str) -> list[int]:
        """Give the lengths of a queue's wrap-ups, microseconds."""
        return _enough(self.wrap_ups, queue)


def _enough(of_queues: dict[str, list], queue: str) -> list:  # type: ignore[type-arg]  # lists of either kind
    own = of_queues.get(queue, [])
    return own if len(own) >= POOLED_BELOW else [one for each in of_queues.values() for one in each]


class Reading:
    """Reads a day out of its replay."""

    def __init__(self, recorded: Recorded, since: int, until: int) -> None:
        """Begin; `until` 0 means to the end."""
        first = recorded.rows[0].now if recorded.rows else 0
        last = recorded.rows[-1].now if recorded.rows else 0
        self.day = Day(since or first, until or last + 1)
        self._recorded = recorded
        self._keys: dict[facts.Leg, list[tuple[int, str]]] = {}
        self._asked_at: dict[tuple[facts.Leg, int], int] = {}
        self._offered_at: dict[str, int] = {}
        self._offered_to: dict[str, str] = {}
        self._shown: dict[str, Shown] = {}
        "By interaction."
        self._interaction: dict[facts.Leg, str] = {}
        self._legs: dict[facts.Leg, tuple[int, facts.LegAsked]] = {}
        self._version = ""

    def read(self) -> tuple[Day, Replayed]:
        """Replay the stretch and read the day out of it."""
        done = replay(self._recorded, self._row)
        day = self.day
        day.arrivals = [
            Arrival(
                at=at,
                asked=asked,
                keys=tuple(self._keys.get(leg, ())),
                shown=self._of(self._interaction.get(leg, "")),
            )
            for leg, (at, asked) in self._legs.items()
        ]
        if not day.published or day.published[0][0] > day.since:
            day.published.insert(0, (day.since, self._version or done.centre.state.version))
        return day, done

    def _row(self, row: api.Row, asked: tuple[effects.AnyEffect, ...]) -> None:
        day = self.day
        within = day.since <= row.now < day.until
        if isinstance(row.fact, facts.ConfigurationPublished):
            if within:
                day.published.append((row.now, row.fact.version))
            else:
                self._version = row.fact.version
        if isinstance(row.fact, SHIFT_FACTS):
            day.shifts.append((max(row.now, day.since), row.fact))
        if not within:
            return
        self._fact(row.now, row.fact)
        for effect in asked:
            self._effect(row.now, effect)

    def _of(self, interaction: str) -> Shown:
        return self._shown.setdefault(interaction, Shown()) if interaction else Shown()

    def _rang(self, offer: str, us: int, *, answered: bool) -> None:
        self.day.pick_ups.append((us, answered))
        self._of(self._offered_to.pop(offer, "")).rings.append((us, answered))

    def _fact(self, now: int, fact: facts.AnyFact) -> None:
        match fact:
            case facts.LegAsked(leg=leg) if leg not in self._legs and not fact.interaction:
                self._legs[leg] = (now, fact)
            case facts.Prompted(leg=leg, prompt=prompt, key=key) if key:
                begun = self._asked_at.pop((leg, prompt), now)
                self._keys.setdefault(leg, []).append((now - begun, key))
            case facts.OfferAnswered(offer=offer) if offer in self._offered_at:
                self._rang(offer, now - self._offered_at.pop(offer), answered=True)
            case facts.OfferFailed(offer=offer) if offer in self._offered_at:
                del self._offered_at[offer]
                self._rang(offer, NEVER, answered=False)
            case _:
                pass

    def _effect(self, now: int, effect: effects.AnyEffect) -> None:
        day = self.day
        match effect:
            case effects.Prompt(leg=leg, prompt=prompt):
                self._asked_at[leg, prompt] = now
            case effects.Offer(offer=offer, interaction=interaction):
                self._offered_at[offer], self._offered_to[offer] = now, interaction
            case effects.CancelOffer(offer=offer) if offer in self._offered_at:
                self._rang(offer, now - self._offered_at.pop(offer), answered=False)
            case effects.WorkFiled(interaction=interaction, queue=queue, wrap_up_us=wrap_up_us):
                day.wrap_ups.setdefault(queue, []).append(wrap_up_us)
                self._of(interaction).wrap_ups.append(wrap_up_us)
            case effects.CallFiled(cdr=cdr) if cdr.began >= day.since:
                day.records.append(cdr)
                shown = self._of(cdr.interaction)
                self._interaction[cdr.leg] = cdr.interaction
                for queue, us in _talks(cdr):
                    day.talks.setdefault(queue, []).append(us)
                    shown.talks.append(us)
                for queue, us, outcome in visits(cdr):
                    seen = (us, outcome is Outcome.ABANDONED)
                    day.waits.setdefault(queue, []).append(seen)
                    shown.waits.setdefault(queue, []).append(seen)
            case _:
                pass


def _talks(cdr: CDR) -> Iterator[tuple[str, int]]:
    return ((s.queue, s.until - s.since) for s in cdr.segments if s.stretch is Stretch.TALKING)


def visits(cdr: CDR) -> Iterator[tuple[str, int, Outcome]]:
    """Give a call's queue visits: queue, microseconds waited on the line, how it ended."""
    for segment in cdr.segments:
        if segment.stretch is Stretch.WAITING and segment.outcome is not None:
            yield segment.queue, segment.until - segment.since, segment.outcome
