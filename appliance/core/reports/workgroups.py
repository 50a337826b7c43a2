"""Calls by workgroup and day."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from appliance.core import figures
from appliance.core.cdr import Outcome
from appliance.core.columns import Ints, Part
from appliance.core.figures import Formula

COLUMNS = ("began", "queue", "outcome", "wait_us", "talk_us")

_ANSWERED, _ABANDONED, _FLOWED_OUT, _OTHER = 0, 1, 2, 3
_SORTS = {
    Outcome.ANSWERED.value: _ANSWERED,
    Outcome.ABANDONED.value: _ABANDONED,
    Outcome.FLOWED_OUT.value: _FLOWED_OUT,
}
_ENDS = 4
"How calls end: see above."
_SPANS = 4
"How long a call waited: 1 if longer than a short abandon, and 2 more if longer than *T*."
_TIMES = ("wait_us", "talk_us")
_BORDERS_FEW = 6
"Up to so many, comparing with each is quicker than searching."


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Settings of the report."""

    borders: tuple[int, ...]
    "Where each day begins, and where the last one ends; microseconds UTC, so that a day may have 23 or 25 hours."
    within_s: int = 20
    "The *T* of the service level."
    short_s: int = 5
    "An abandon within so many seconds is shown apart."
    formula: Formula = Formula.ALL_COUNTED
    flow_outs: bool = False
    "Whether those who left the queue otherwise count as not met; on desk and wallboard they do not count."


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A workgroup's day, by the queue that each call was in last."""

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
    other: int
    "Turned into a callback that reached nobody, or broken by us or the exchange."
    wait_us: int
    "Of the answered."
    talk_us: int
    service_level: float | None
    asa_s: float | None


def rows(options: Options, parts: Iterable[Part]) -> list[Row]:
    """Count; a day and workgroup without calls has no row."""
    borders = np.array(options.borders, np.int64)
    days = len(borders) - 1
    totals: dict[str, tuple[Ints, Ints]] = {}
    for part in parts:
        began = part.numbers["began"]
        least, most = (began.min(), began.max()) if len(began) else (borders[-1], borders[0])
        first = max(0, int(np.searchsorted(borders, least, side="right")) - 1)
        last = min(days, int(np.searchsorted(borders, most, side="right")))
        if first >= last:
            continue
        counts, times = _counted(options, part, borders[first : last + 1])
        for place, queue in enumerate(part.words["queue"].values):
            if queue:
                if queue not in totals:
                    totals[queue] = np.zeros((days, _ENDS, _SPANS), np.int64), np.zeros((days, len(_TIMES)), np.int64)
                totals[queue][0][first:last] += counts[place]
                totals[queue][1][first:last] += times[place]
    summed = [(queue, _summed(*totals[queue])) for queue in sorted(totals)]
    return [_row(options, day, queue, *sums[day]) for day in range(days) for queue, sums in summed if any(sums[day])]


def _counted(options: Options, part: Part, borders: Ints) -> tuple[Ints, Ints]:
    """Count a part by the queue's place and day: calls by their end and span, and times of the answered."""
    queues, outcomes, wait = part.words["queue"], part.words["outcome"], part.numbers["wait_us"]
    days = len(borders) + 1  # before the first and after the last one, too
    shape = (len(queues.values), days, _ENDS, _SPANS)
    sorts = np.array([_SORTS.get(outcome or "", _OTHER) * _SPANS for outcome in outcomes.values], np.int64)
    cells = queues.places * (days * _ENDS * _SPANS)
    cells += _days(part.numbers["began"], borders) * (_ENDS * _SPANS)
    cells += sorts[outcomes.places]
    cells += ~figures.is_within(wait, options.short_s)
    cells += ~figures.is_within(wait, options.within_s) * 2
    many = len(queues.values) * days * _ENDS * _SPANS
    counts = np.bincount(cells, minlength=many).reshape(shape)
    sums = [np.bincount(cells, weights=part.numbers[name], minlength=many).reshape(shape) for name in _TIMES]
    times = np.stack([summed[:, 1:-1, _ANSWERED].sum(axis=-1) for summed in sums], axis=-1)
    return counts[:, 1:-1], times.astype(np.int64)  # < 2**53: exact


def _days(began: Ints, borders: Ints) -> Ints:
    """Tell how many borders each call lies behind."""
    if len(borders) > _BORDERS_FEW:
        return np.searchsorted(borders, began, side="right")
    behind = np.zeros(len(began), np.int64)
    for border in borders:
        behind += began >= border
    return behind


def _summed(counts: Ints, times: Ints) -> list[list[int]]:
    """Sum each day up to the figures of a row, in their order."""
    answered, abandoned = counts[:, _ANSWERED], counts[:, _ABANDONED]
    sums = (
        *(answered.sum(axis=1), answered[:, :2].sum(axis=1)),
        *(abandoned[:, 1::2].sum(axis=1), abandoned[:, 1], abandoned[:, ::2].sum(axis=1)),
        *(counts[:, _FLOWED_OUT].sum(axis=1), counts[:, _OTHER].sum(axis=1), *times.T),
    )
    summed: list[list[int]] = np.stack(sums, axis=-1).tolist()
    return summed


def _row(options: Options, day: int, queue: str, *sums: int) -> Row:
    answered, answered_within, abandoned, abandoned_within, short, flowed_out, other, wait_us, talk_us = sums
    return Row(
        day=day,
        queue=queue,
        answered=answered,
        answered_within=answered_within,
        abandoned=abandoned,
        abandoned_within=abandoned_within,
        short=short,
        flowed_out=flowed_out,
        other=other,
        wait_us=wait_us,
        talk_us=talk_us,
        service_level=figures.service_level(
            *(answered, answered_within, abandoned, abandoned_within, options.formula),
            flowed_out=flowed_out if options.flow_outs else 0,
        ),
        asa_s=figures.speed_of_answer(wait_us, answered),
    )
