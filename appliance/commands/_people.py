"""The people of a recorded day, as far as it shows them, drawn anew for each trial.

How long somebody would wait is known only of those who gave up; of the others it is censored at the moment they were
served. So is the time to the answer of a phone that was no longer to ring. Both are estimated after Kaplan and Meier
(1958). Beyond the longest that was seen, patience is taken to end as often a minute as it did on the whole day. That is
also thought of it beforehand, with the weight of one caller (Susarla and Van Ryzin, 1976): if who waited longest gave
up, not everybody would have by then.

A day shows some people of all that there might have been. So each trial weighs those that it showed by dice (the
Bayesian bootstrap: Rubin, 1981; for censored times: Lo, 1993): what is known from few differs much from trial to trial.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import exp, log
from random import Random
from typing import Generic, TypeVar

from appliance.commands._day import NEVER, Day

POOLED_BELOW = 30
"With fewer observations of a queue, those of all queues are used."
PRIOR = 0.5
"How many more may have given up than the day showed, all of it being luck (the prior of Jeffreys, 1946)."
LUCK_MIN = 1e-9
SeenT = TypeVar("SeenT")


@dataclass(frozen=True, slots=True)
class Lasting:
    """How long something lasts, such as patience: the share of what still does, at each moment some of it ended."""

    times_us: tuple[int, ...] = ()
    left: tuple[float, ...] = ()
    longest_us: int = 0
    "The longest that was seen, ended or not."
    rate: float = 0.0
    "How often it ends a microsecond beyond that; 0 if never."

    def draw(self, luck: float, beyond_us: int = 0) -> int | None:
        """Give the microseconds after which the share falls to `luck` (0 to 1) of what was left after some already.

        None if it was never seen to, and nothing says how it would.
        """
        ended = bisect_right(self.times_us, beyond_us)
        known = self.left[-1] if self.left else 1.0
        share_then = self.left[ended - 1] if ended else 1.0
        index = max(ended, bisect_left(self.left, -luck * share_then, key=lambda share: -share))
        if index < len(self.times_us):
            return self.times_us[index]
        begin_us = max(self.longest_us, beyond_us)
        if not self.rate or begin_us >= NEVER:
            return None
        beyond = luck * share_then / known if known else luck
        return begin_us + round(-log(max(beyond, LUCK_MIN)) / self.rate)


def kaplan_meier(seen: Sequence[tuple[int, bool]], weights: Sequence[float] = (), *, rate: float = 0.0) -> Lasting:
    """Estimate from how long each was seen, in microseconds, and whether it ended then; each may have a weight."""
    weighed = sorted(zip(seen, weights or [1.0] * len(seen), strict=True), key=lambda one: (one[0][0], not one[0][1]))
    at_risk, share = sum(weight for _one, weight in weighed), 1.0
    times: list[int] = []
    left: list[float] = []
    for place, ((us, ended), weight) in enumerate(weighed, 1):
        if ended:
            share *= 1 - weight / at_risk if place < len(weighed) else 0.0
            times.append(us)
            left.append(share)
        at_risk -= weight
    return Lasting(tuple(times), tuple(left), weighed[-1][0][0] if weighed else 0, rate)


class Pool(Generic[SeenT]):
    """Things that were seen, to draw one from; each weighs what dice say."""

    def __init__(self, seen: Sequence[SeenT], dice: Random) -> None:
        """Weigh them."""
        self._seen = seen
        self._sums = list(accumulate(_weights(dice, len(seen))))

    def draw(self, dice: Random, otherwise: SeenT) -> SeenT:
        """Give one of them; something else if there is none."""
        return dice.choices(self._seen, cum_weights=self._sums)[0] if self._seen else otherwise


class People:
    """What one trial takes the day's people for."""

    def __init__(self, day: Day, dice: Random) -> None:
        """Weigh everybody."""
        self._queues = {queue: _OfQueue(day, queue, dice) for queue in sorted({"", *day.waits, *day.talks})}
        self.ringing = _ringing(day.pick_ups, dice)
        "How long phones ring until they are answered."
        self.reached = Pool(day.dials, dice)
        "Whether somebody picks up who is called back."

    def of(self, queue: str) -> "_OfQueue":
        """Give the people of a queue; of one that nobody was seen in, everybody."""
        return self._queues.get(queue) or self._queues[""]


class _OfQueue:
    """The people of one queue."""

    def __init__(self, day: Day, queue: str, dice: Random) -> None:
        waits = [(visit.us, visit.gave_up) for visit in _enough(day.waits, queue)]
        rate = _rate(waits, dice)
        longest_us = max((us for us, _gave_up in waits), default=0)
        weights = _weights(dice, len(waits) + 1)
        weights[-1] *= exp(-rate * longest_us)
        self.patience = kaplan_meier([*waits, (longest_us, False)], weights, rate=rate)
        self.talks = Pool(_enough(day.talks, queue), dice)
        self.wrap_ups = Pool(_enough(day.wrap_ups, queue), dice)


def _enough(of_queues: dict[str, list[SeenT]], queue: str) -> list[SeenT]:
    own = of_queues.get(queue, [])
    return own if len(own) >= POOLED_BELOW else [one for each in of_queues.values() for one in each]


def _weights(dice: Random, count: int) -> list[float]:
    return [dice.expovariate(1) + 1e-9 for _ in range(count)]


def _rate(seen: list[tuple[int, bool]], dice: Random) -> float:
    """Draw how often patience ends a microsecond, as far as the day shows it (Gamma, of a Poisson process)."""
    exposed_us = sum(us for us, _ended in seen)
    return dice.gammavariate(sum(ended for _us, ended in seen) + PRIOR, 1 / exposed_us) if exposed_us else 0.0


def _ringing(pick_ups: list[tuple[int, bool]], dice: Random) -> Lasting:
    """Estimate how long phones ring until they are answered.

    The longest that rang in vain counts as answered then (Efron 1967): else whatever rang longer than any answered
    phone would be taken for a phone that nobody ever answers.
    """
    seen = sorted(pick_ups)
    last = max((place for place, (us, _answered) in enumerate(seen) if us < NEVER), default=None)
    if last is not None:
        seen[last] = (seen[last][0], True)
    return kaplan_meier(seen, _weights(dice, len(seen)))
