"""The ACD's bench: both sides decide, and the load goes on."""

import pytest
import pytest_twisted

from tests.bench.acd import WANTED, Load, centre_facts, decisions


@pytest.mark.parametrize("freed", [True, False])
@pytest.mark.parametrize("side", ["ours", "search"])
@pytest_twisted.ensureDeferred
async def test_decisions_are_made(side: str, *, freed: bool) -> None:
    """By either side, for either occasion."""
    assert await decisions(side, freed=freed, agents=20) > 0


@pytest_twisted.ensureDeferred
async def test_the_index_is_quicker_than_a_search() -> None:
    """By far more than what a busy machine takes away."""
    ours = await decisions("ours", freed=False, agents=1_000, alike=False)
    assert ours > 5 * await decisions("search", freed=False, agents=1_000, alike=False)


@pytest_twisted.ensureDeferred
async def test_the_centre_takes_its_load() -> None:
    """Callers wait all the time, and no agent is left without one."""
    load = Load(agents=100, waiting=50)
    assert load.rate(calls=50) > 0
    assert len(load.offers) >= 50
    assert await centre_facts("wanted", agents=20, waiting=10) == WANTED
