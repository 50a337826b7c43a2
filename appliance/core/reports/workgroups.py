"""Calls by workgroup and day."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from appliance.core import figures
from appliance.core.cdr import Outcome
from appliance.core.columns import Ints, Part
from appliance.core.figures import Formula

COLUMNS = ("began", "queue", "outcome", "wait_us", "talk_us")
SECOND_US = 1_000_000

FIGURES = 8
"Figures of a row that are summed up."

_ANSWERED, _ABANDONED, _OTHER = 0, 1, 2
_SORTS = {Outcome.ANSWERED.value: _ANSWERED, Outcome.ABANDONED.value: _ABANDONED}


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
    other: int
    "Flowed out, or turned into something else."
    wait_us: int
    "Of the answered."
    talk_us: int
    service_level: float | None
    asa_s: float | None


def rows(options: Options, parts: Iterable[Part]) -> list[Row]:
    """Count; a day and workgroup without calls has no row."""
    borders = np.array(options.borders, np.int64)
    days = len(borders) - 1
    totals: dict[str, Ints] = {}
    for part in parts:
        began = part.numbers["began"]
        least, most = (began.min(), began.max()) if len(began) else (borders[-1], borders[0])
        first = max(0, int(np.searchsorted(borders, least, side="right")) - 1)
        last = min(days, int(np.searchsorted(borders, most, side="right")))
        if first >= last:
            continue
        counted = _counted(options, part, borders[first : last + 1])
        for place, queue in enumerate(part.words["queue"].values):
            if queue:
                totals.setdefault(queue, np.zeros((days, FIGURES), np.int64))[first:last] += counted[place]
    return [
        _row(options, day, queue, *(int(value) for value in totals[queue][day]))
        for day in range(days)
        for queue in sorted(totals)
        if totals[queue][day].any()
    ]


def _counted(options: Options, part: Part, borders: Ints) -> Ints:
    """Sum up a part: by the queue's place, day and figure."""
    queues, outcomes, wait = part.words["queue"], part.words["outcome"], part.numbers["wait_us"]
    days = len(borders) + 1  # before the first and after the last one, too
    many = len(queues.values) * days
    sorts = np.array([_SORTS.get(outcome or "", _OTHER) for outcome in outcomes.values], np.int64)[outcomes.places]
    over = (wait > options.short_s * SECOND_US) + 2 * (wait > options.within_s * SECOND_US)
    cells = queues.places * days + np.searchsorted(borders, part.numbers["began"], side="right")
    counts = np.bincount((cells * 3 + sorts) * 4 + over, minlength=many * 12).reshape(many, 3, 4)
    answered, abandoned, other = counts[:, _ANSWERED], counts[:, _ABANDONED], counts[:, _OTHER]
    taken = sorts == _ANSWERED
    cells = cells[taken]
    times = (
        np.bincount(cells, weights=part.numbers[name][taken], minlength=many).astype(np.int64)  # < 2**53: exact
        for name in ("wait_us", "talk_us")
    )
    sums = (
        *(answered.sum(axis=1), answered[:, :2].sum(axis=1)),
        *(abandoned[:, 1::2].sum(axis=1), abandoned[:, 1], abandoned[:, ::2].sum(axis=1)),
        *(other.sum(axis=1), *times),
    )
    return np.stack(sums, axis=-1).reshape(len(queues.values), days, FIGURES)[:, 1:-1]


def _row(options: Options, day: int, queue: str, *sums: int) -> Row:
    answered, answered_within, abandoned, abandoned_within, short, other, wait_us, talk_us = sums
    return Row(
        day=day,
        queue=queue,
        answered=answered,
        answered_within=answered_within,
        abandoned=abandoned,
        abandoned_within=abandoned_within,
        short=short,
        other=other,
        wait_us=wait_us,
        talk_us=talk_us,
        service_level=figures.service_level(
            answered, answered_within, abandoned, abandoned_within, options.formula, flowed_out=other
        ),
        asa_s=figures.speed_of_answer(wait_us, answered),
    )
