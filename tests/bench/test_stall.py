"""The daemon's loop is measured with everything that it does; a run that keeps less than it took in does not count."""

import asyncio

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred

from tests.bench.stall import MOST_MS, Stalls, stalls

pytestmark = pytest.mark.alone


@pytest.mark.parametrize("side", ["ours", "without"])
@pytest_twisted.ensureDeferred
async def test_a_short_run_of_each_side_comes_to_its_end(side: str) -> None:
    """Otherwise it raises."""
    found = await Deferred.fromFuture(asyncio.ensure_future(stalls(side, seconds=0.5, agents=50)))
    assert 0 < found["p99"] <= found["max"]


@pytest_twisted.ensureDeferred
async def test_every_figure_is_of_the_same_runs() -> None:
    """What the most may be stands beside them."""
    runs = Stalls()
    assert await runs.measure("most", "max") == MOST_MS["max"] == 20
    assert await runs.measure("most", "p99") == MOST_MS["p99"] == 3
