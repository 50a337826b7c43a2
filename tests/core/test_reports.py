"""Reports count what they say, over parts of any size and days of any length."""

import numpy as np
import pytest

from appliance.core.cdr import Outcome
from appliance.core.columns import Part, Words
from appliance.core.figures import Formula, Measure
from appliance.core.reports import workgroups
from appliance.core.reports.workgroups import Limits, Options

SECOND = 1_000_000
HOUR = 3600 * SECOND
BORDERS = (0, 23 * HOUR, 48 * HOUR)
"A day of 23 hours, one of 25."


def part(*calls: tuple[int, str, str, int, int]) -> Part:
    """Make a part of (end, queue, outcome, wait in seconds, talk in seconds)."""
    ended, queues, outcomes, wait, talk = (list(column) for column in zip(*calls, strict=True)) if calls else [[]] * 5
    return Part(
        numbers={
            "until": np.array(ended, np.int64),
            "wait_us": np.array(wait, np.int64) * SECOND,
            "talk_us": np.array(talk, np.int64) * SECOND,
        },
        words={name: words(column) for name, column in (("queue", queues), ("outcome", outcomes))},
    )


def words(texts: list[str]) -> Words:
    """Make a column of texts."""
    values = tuple(dict.fromkeys(texts))
    return Words(places=np.array([values.index(text) for text in texts], np.int64), values=values)


ANSWERED, ABANDONED, OUT = str(Outcome.ANSWERED), str(Outcome.ABANDONED), str(Outcome.FLOWED_OUT)


def test_visits_are_counted_by_workgroup_and_day() -> None:
    """By the day on which they ended, borders belonging to the day that begins."""
    rows = workgroups.rows(
        Options(borders=BORDERS),
        [
            part(),
            part((-1, "sales", ANSWERED, 1, 1), (48 * HOUR, "sales", ANSWERED, 1, 1)),
            part(
                (-1, "sales", ANSWERED, 1, 1),
                (0, "sales", ANSWERED, 20, 60),
                (1, "sales", ANSWERED, 21, 30),
                (2, "support", ABANDONED, 5, 0),
                (23 * HOUR - 1, "sales", ABANDONED, 6, 0),
            ),
            part(
                (5, "sales", ABANDONED, 21, 0), (23 * HOUR, "sales", OUT, 90, 0), (47 * HOUR, "sales", ANSWERED, 2, 8)
            ),
            part((99 * HOUR, "sales", ANSWERED, 1, 1)),
        ],
    )
    assert [row.queue for row in rows] == ["sales", "support", "sales"]
    assert [
        (row.day, row.answered, row.answered_within, row.abandoned, row.abandoned_within, row.short, row.flowed_out)
        for row in rows
    ] == [(0, 2, 1, 2, 1, 0, 0), (0, 0, 0, 0, 0, 1, 0), (1, 1, 1, 0, 0, 0, 1)]
    assert [(row.wait_us // SECOND, row.talk_us // SECOND) for row in rows] == [(41, 90), (0, 0), (2, 8)]
    assert [(row.service_level, row.asa_s) for row in rows] == [(1 / 4, 20.5), (None, None), (1, 2.0)]


def test_flow_outs_count_as_not_met_where_they_are_in() -> None:
    """What became of the others is told apart, and is in no service level."""
    day = part(
        *[(0, "sales", ANSWERED, 2, 8), (0, "sales", OUT, 90, 0), (0, "sales", OUT, 9, 0)],
        *[(0, "sales", str(Outcome.CALLBACK), 9, 0), (0, "sales", str(Outcome.FAILED), 9, 0)],
    )
    for flow_outs, level in ((False, 1), (True, 1 / 3)):
        (row,) = workgroups.rows(Options(borders=BORDERS, measure=Measure(flow_outs=flow_outs)), [day])
        assert (row.answered, row.flowed_out, row.callbacks, row.failed, row.service_level) == (1, 2, 1, 1, level)
        assert (row.offered, row.formula) == (4, "all_counted_flow_outs" if flow_outs else "all_counted")


def test_each_workgroup_has_its_own_limits() -> None:
    """One that has none, because it is gone, is counted by the usual ones."""
    day = part(
        *[(0, queue, ANSWERED, wait, 1) for queue in ("sales", "support", "gone") for wait in (9, 10, 11, 20)],
        *[(0, queue, ABANDONED, wait, 0) for queue in ("sales", "support", "gone") for wait in (2, 4, 6)],
    )
    limits = {"sales": Limits(within_s=10, short_s=2), "support": Limits(within_s=9, short_s=4)}
    rows = {row.queue: row for row in workgroups.rows(Options(borders=BORDERS, limits=limits), [day])}
    assert {queue: (row.answered_within, row.short, row.within_s) for queue, row in rows.items()} == {
        "gone": (4, 2, 20),
        "sales": (2, 1, 10),
        "support": (1, 2, 9),
    }
    assert [row.abandon_rate for row in rows.values()] == [1 / 7, 2 / 7, 1 / 7]


def test_a_year_of_days_is_counted_as_a_few_are() -> None:
    """However many borders there are, a call belongs to the last one that it does not lie before."""
    borders = tuple(day * 24 * HOUR for day in range(366))
    calls = [
        (day * 24 * HOUR + moment, "sales", ANSWERED, 1, 1) for day in (0, 7, 364) for moment in (0, 24 * HOUR - 1)
    ]
    late = (365 * 24 * HOUR, "sales", ANSWERED, 1, 1)
    rows = workgroups.rows(Options(borders=borders), [part((-1, "sales", ANSWERED, 1, 1), *calls, late)])
    assert [(row.day, row.answered) for row in rows] == [(0, 2), (7, 2), (364, 2)]


@pytest.mark.parametrize(
    ("formula", "level"),
    [
        (Formula.WITHIN_MET, 83.0),
        (Formula.ANSWERED_ONLY, 86.0),
        (Formula.ALL_COUNTED, 81.1),
        (Formula.WITHIN_LEFT_OUT, 82.7),
    ],
)
def test_the_report_gives_the_service_level_of_the_test_day(formula: Formula, level: float) -> None:
    """1,000 answered of which 860 within T, 60 abandoned of which 20 within T."""
    day = part(
        *[(0, "sales", ANSWERED, 20, 1)] * 860,
        *[(0, "sales", ANSWERED, 21, 1)] * 140,
        *[(0, "sales", ABANDONED, 20, 0)] * 20,
        *[(0, "sales", ABANDONED, 21, 0)] * 40,
    )
    (row,) = workgroups.rows(
        Options(borders=BORDERS, others=Limits(short_s=0), measure=Measure(formula=formula)), [day]
    )
    assert row.service_level is not None
    assert round(100 * row.service_level, 1) == level
