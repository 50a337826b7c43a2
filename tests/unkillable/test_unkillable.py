"""Nobody who talks, waits or has called is harmed by a daemon that dies forty times."""

from pathlib import Path

import pytest
import pytest_twisted

from tests.contract.conftest import the_reactor
from tests.contract.slots import slot
from tests.unkillable.company import Crowd
from tests.unkillable.report import Verdict, least_said, percentile, prove

CROWD = Crowd(waiting=100, talking=50, robots=10)
KILLS = 40
SEED = 11


@pytest.mark.contract
@pytest.mark.slow
@pytest_twisted.ensureDeferred
async def test_nobody_is_harmed_by_forty_kills(tmp_path: Path) -> None:
    """100 wait, 50 talk: no talk ends, no place changes, each call has one record, all can be offered within 2 s."""
    with slot() as base:
        assert await prove(the_reactor(), tmp_path, base, CROWD, kills=KILLS, seed=SEED) is Verdict.GREEN


def test_a_percentile_is_one_of_the_values() -> None:
    """Of one hundred the 99th, of few the last."""
    assert percentile(range(1, 101), 99) == 99
    assert percentile([3, 1, 2], 99) == 3
    assert percentile([3, 1, 2], 50) == 2


def test_the_worst_call_tells_whether_the_load_kept_up() -> None:
    """A call that ended or came meanwhile says nothing."""
    assert least_said({"a": 100, "b": 100, "gone": 5}, {"a": 600, "b": 590, "new": 1}, 10.0) == 0.98
