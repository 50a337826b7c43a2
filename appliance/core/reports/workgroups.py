"""Queue visits by workgroup and day."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from appliance.core import figures
from appliance.core.cdr import Outcome
from appliance.core.columns import Ints, Part, Text, Words
from appliance.core.figures import Measure

COLUMNS = ("until", "queue", "outcome", "wait_us", "talk_us")

_ANSWERED, _ABANDONED, _FLOWED_OUT, _CALLBACK, _FAILED = 0, 1, 2, 3, 4
_SORTS = {
    Outcome.ANSWERED.value: _ANSWERED,
    Outcome.ABANDONED.value: _ABANDONED,
    Outcome.FLOWED_OUT.value: _FLOWED_OUT,
    Outcome.CALLBACK.value: _CALLBACK,
}
_ENDS = 5
"How visits end: see above."
_SPANS = 4
"How long a caller waited: 1 if longer than a short abandon, and 2 more if longer than *T*."
_TIMES = ("wait_us", "talk_us")
_BORDERS_FEW = 6
"Up to so many, comparing with each is quicker than searching."


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Settings of a queue that its figures depend on."""

    within_s: int = 20
    "The *T* of the service level."
    short_s: int = 5
    "An abandon within so many seconds is shown apart."


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Settings of the report."""

    borders: tuple[int, ...]
    "Where each day begins, and where the last one ends; microseconds UTC, so that a day may have 23 or 25 hours."
    limits: Mapping[str, Limits] = field(default_factory=dict)
    "By queue; of one that is not in it, such as one that is gone, `others` hold."
    others: Limits = Limits()
    measure: Measure = field(default_factory=Measure)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A workgroup's day: the visits that ended on it."""

    day: int
    "Number of the day, from 0."
    queue: str
    answered: int
    answered_within: int
    abandoned: int
    "Short abandons left out."
    abandoned_within: int
    short: int
    flowed_out: int
    callbacks: int
    "Turned into a callback; what became of that is a figure of its own."
    failed: int
    "Broken by us or the exchange, and not among the offered."
    wait_us: int
    "Of the answered."
    talk_us: int
    offered: int
    service_level: float | None
    formula: str
    "The name of the service level's formula (`appliance.core.figures.Measure.name`),"
    within_s: int
    "and its *T*."
    asa_s: float | None
    abandon_rate: float | None


class Sums(NamedTuple):
    """What is summed up of a workgroup's day; see `Row`."""

    answered: int
    answered_within: int
    abandoned: int
    abandoned_within: int
    short: int
    flowed_out: int
    callbacks: int
    failed: int
    wait_us: int
    talk_us: int


def rows(options: Options, parts: Iterable[Part]) -> list[Row]:
    """Count; a day and workgroup without visits has no row."""
    borders = np.array(options.borders, np.int64)
    days = len(borders) - 1
    totals: dict[Text, tuple[Ints, Ints]] = {}
    for part in parts:
        ended = part.numbers["until"]
        least, most = (ended.min(), ended.max()) if len(ended) else (borders[-1], borders[0])
        first = max(0, int(np.searchsorted(borders, least, side="right")) - 1)
        last = min(days, int(np.searchsorted(borders, most, side="right")))
        if first >= last:
            continue
        counts, times = _counted(options, part, borders[first : last + 1])
        for place, queue in enumerate(part.words["queue"].values):
            if queue not in totals:
                totals[queue] = np.zeros((days, _ENDS, _SPANS), np.int64), np.zeros((days, len(_TIMES)), np.int64)
            totals[queue][0][first:last] += counts[place]
            totals[queue][1][first:last] += times[place]
    summed = [(queue or "", _summed(*totals[queue])) for queue in sorted(totals, key=str)]
    return [_row(options, day, queue, *sums[day]) for day in range(days) for queue, sums in summed if any(sums[day])]


def _counted(options: Options, part: Part, borders: Ints) -> tuple[Ints, Ints]:
    """Count a part by the queue's place and day: visits by their end and span, and times of the answered."""
    queues, outcomes, wait = part.words["queue"], part.words["outcome"], part.numbers["wait_us"]
    limits = [options.limits.get(queue or "", options.others) for queue in queues.values]
    days = len(borders) + 1  # before the first and after the last one, too
    shape = (len(queues.values), days, _ENDS, _SPANS)
    sorts = np.array([_SORTS.get(outcome or "", _FAILED) * _SPANS for outcome in outcomes.values], np.int64)
    cells = queues.places * (days * _ENDS * _SPANS)
    cells += _days(part.numbers["until"], borders) * (_ENDS * _SPANS)
    cells += sorts[outcomes.places]
    cells += ~_within(wait, queues, [limit.short_s for limit in limits])
    cells += ~_within(wait, queues, [limit.within_s for limit in limits]) * 2
    many = len(queues.values) * days * _ENDS * _SPANS
    counts = np.bincount(cells, minlength=many).reshape(shape)
    sums = [np.bincount(cells, weights=part.numbers[name], minlength=many).reshape(shape) for name in _TIMES]
    times = np.stack([summed[:, 1:-1, _ANSWERED].sum(axis=-1) for summed in sums], axis=-1)
    return counts[:, 1:-1], times.astype(np.int64)  # < 2**53: exact


def _within(wait: Ints, queues: Words, limits_s: list[int]) -> NDArray[np.bool_]:
    """Tell which waits were within the limit of their queue."""
    different = sorted(set(limits_s))
    if len(different) == 1:
        return figures.is_within(wait, different[0])
    within = np.zeros(len(wait), np.bool_)
    for limit_s in different:
        of = np.array([own_s == limit_s for own_s in limits_s], np.bool_)[queues.places]
        within |= of & figures.is_within(wait, limit_s)
    return within


def _days(ended: Ints, borders: Ints) -> Ints:
    """Tell how many borders the end of each visit lies behind."""
    if len(borders) > _BORDERS_FEW:
        return np.searchsorted(borders, ended, side="right")
    behind = np.zeros(len(ended), np.int64)
    for border in borders:
        behind += ended >= border
    return behind


def _summed(counts: Ints, times: Ints) -> list[list[int]]:
    """Sum each day up to the figures of a row, in their order."""
    answered, abandoned = counts[:, _ANSWERED], counts[:, _ABANDONED]
    sums = (
        *(answered.sum(axis=1), answered[:, :2].sum(axis=1)),
        *(abandoned[:, 1::2].sum(axis=1), abandoned[:, 1], abandoned[:, ::2].sum(axis=1)),
        *(counts[:, end].sum(axis=1) for end in (_FLOWED_OUT, _CALLBACK, _FAILED)),
        *times.T,
    )
    summed: list[list[int]] = np.stack(sums, axis=-1).tolist()
    return summed


def _row(options: Options, day: int, queue: str, *sums: int) -> Row:
    counted = Sums(*sums)
    offered = figures.offered(
        answered=counted.answered,
        abandoned=counted.abandoned + counted.short,
        flowed_out=counted.flowed_out,
        turned_into_callback=counted.callbacks,
    )
    return Row(
        day=day,
        queue=queue,
        **counted._asdict(),
        offered=offered,
        service_level=figures.level_of(counted, options.measure),
        formula=options.measure.name,
        within_s=options.limits.get(queue, options.others).within_s,
        asa_s=figures.speed_of_answer(counted.wait_us, counted.answered),
        abandon_rate=figures.abandon_rate(counted.abandoned, offered),
    )
