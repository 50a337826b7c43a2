"""Days drawn by seed: whatever happens, everybody is served, and the day replays."""

import subprocess
import sys

import pytest

from appliance.core.centre import Centre
from tests.simulation.day import a_day

SEEDS = range(40)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_day_holds_together(seed: int) -> None:
    """Everybody is in one place, everybody is served, one record a call, and its segments touch and add up."""
    assert a_day(seed).world.records()


def test_a_day_replays_byte_for_byte() -> None:
    """The same facts give the same effects, whatever snapshots were taken between."""
    day = a_day(7)
    assert day.snapshots
    again = Centre(day.world.versions.__getitem__)
    out = [effect for now, fact in day.world.facts for effect in again.handle(now, fact)]
    assert out == day.world.effects
    assert again.snapshot() == day.world.centre.snapshot()


def test_a_day_is_the_same_under_every_hash_seed() -> None:
    """Nothing is decided by the order of a set or by an object's hash."""
    code = "import hashlib; from tests.simulation.day import a_day; d = a_day(3); "
    code += "print(hashlib.sha256(repr(d.world.effects).encode()).hexdigest())"
    traces = [
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True, text=True
        ).stdout
        for seed in ("1", "2")
    ]
    assert traces[0] == traces[1] != ""
