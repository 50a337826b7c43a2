"""The figures, against the worked examples of their definitions."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from appliance.core import state as st
from appliance.core.erlang import erlang_b, erlang_c
from appliance.core.figures import (
    Formula,
    Measure,
    abandon_rate,
    handle_time,
    is_within,
    level_holds,
    level_of,
    occupancy,
    offered,
    service_level,
    speed_of_answer,
)


@pytest.mark.parametrize(
    ("formula", "percent"),
    [
        (Formula.WITHIN_MET, 83.0),
        (Formula.ANSWERED_ONLY, 86.0),
        (Formula.ALL_COUNTED, 81.1),
        (Formula.WITHIN_LEFT_OUT, 82.7),
    ],
)
def test_the_service_level_of_the_test_day(formula: Formula, percent: float) -> None:
    """1000 answered, 860 of them within T; 60 abandoned, 20 of them within T."""
    level = service_level(1000, 860, 60, 20, formula)
    assert level is not None
    assert round(100 * level, 1) == percent


def test_nothing_counted_is_no_figure() -> None:
    """Not zero."""
    assert service_level(0, 0, 0, 0) is None
    assert speed_of_answer(0, 0) is None
    assert abandon_rate(0, 0) is None
    assert handle_time(talk_us=0, hold_us=0, wrap_up_us=0, handled=0) is None
    assert occupancy(handling_us=0, available_us=0) is None


def test_flow_outs_count_as_not_met_where_they_are_in() -> None:
    """The same day, with 100 who left the queue otherwise."""
    level = service_level(1000, 860, 60, 20, Formula.ANSWERED_ONLY, flowed_out=100)
    assert level is not None
    assert round(100 * level, 1) == 78.2


def test_offered_counts_each_visit_once() -> None:
    """However the visit ended, or has not yet."""
    assert offered(answered=5, abandoned=2, flowed_out=1, turned_into_callback=3, waiting=4) == 15


def test_handle_time_and_occupancy() -> None:
    """Seconds, and a share that leaves breaks out."""
    assert handle_time(talk_us=400_000_000, hold_us=20_000_000, wrap_up_us=120_000_000, handled=3) == 180
    assert occupancy(handling_us=75, available_us=25) == 0.75


def test_speed_of_answer_and_abandon_rate() -> None:
    """Seconds, and a share."""
    assert speed_of_answer(30_000_000, 3) == 10
    assert abandon_rate(1, 4) == 0.25


def test_just_so_many_seconds_are_within_them() -> None:
    """Of one wait, and of many at once."""
    waits = (20_000_000, 20_000_001)
    assert [is_within(wait, 20) for wait in waits] == is_within(np.array(waits, np.int64), 20).tolist() == [True, False]


@pytest.mark.parametrize(("agents", "waits", "level", "asa"), [(13, 0.2853, 79.56, 17.12), (14, 0.1741, 88.84, 7.84)])
def test_erlang_c(agents: int, waits: float, level: float, asa: float) -> None:
    """100 calls in 30 minutes of 180 s, T = 20 s."""
    staffing = erlang_c(calls_per_s=100 / 1800, handle_s=180, agents=agents, within_s=20)
    assert staffing is not None
    assert round(staffing.waits, 4) == waits
    assert round(100 * staffing.service_level, 2) == level
    assert round(staffing.speed_of_answer_s, 2) == asa


def test_too_few_agents_have_no_figures() -> None:
    """The queue grows without end; and with no load nothing is lost."""
    assert erlang_c(calls_per_s=1, handle_s=10, agents=10, within_s=20) is None
    assert erlang_b(0, 3) == 0


SOME = some.integers(0, 50)


@given(SOME, SOME, SOME, SOME, SOME, some.builds(Measure), some.integers(1, 100))
def test_what_routing_asks_is_the_same_figure(
    within: int, late: int, early: int, patient: int, left: int, measure: Measure, percent: int
) -> None:
    """In integers, whatever the company counts; while nothing has been counted it holds."""
    counts = st.QueueCounts(
        answered=within + late,
        answered_within=within,
        abandoned=early + patient,
        abandoned_within=early,
        flowed_out=left,
    )
    met = within + early * (measure.formula is Formula.WITHIN_MET)
    of = {
        Formula.ALL_COUNTED: within + late + early + patient,
        Formula.WITHIN_LEFT_OUT: within + late + patient,
        Formula.WITHIN_MET: within + late + early + patient,
        Formula.ANSWERED_ONLY: within + late,
    }[measure.formula] + left * measure.flow_outs
    assert level_of(counts, measure) == (met / of if of else None)
    assert level_holds(counts, measure, percent) is (not of or Fraction(met, of) >= Fraction(percent, 100))


def test_the_name_says_whether_flow_outs_are_in() -> None:
    """It is printed beside the figure."""
    assert Measure().name == "all_counted"
    assert Measure(formula=Formula.ANSWERED_ONLY, flow_outs=True).name == "answered_only_flow_outs"
