"""Calls that end while the daemon is away: their records say when they did, for Asterisk wrote it down."""

import os
import signal
from pathlib import Path

import pytest
import pytest_twisted
from twisted.internet.task import deferLater

from appliance.core.cdr import Outcome
from tests.contract.conftest import the_reactor
from tests.contract.slots import slot
from tests.unkillable import brisk
from tests.unkillable.company import BRISK, Crowd
from tests.unkillable.stage import BACK_S_MAX, opened

pytestmark = [pytest.mark.contract, pytest.mark.slow, pytest.mark.alone]

CROWD = Crowd(waiting=0, talking=0, robots=0)
TALKER, WAITER = "55580001", "55580002"
LEFT_S, AWAY_S = 2.0, 4.0
"When the callers hang up, and when the daemon comes back, counted from its end."
TRUE_S_MAX = 0.1
"By which a record may differ from what a witness saw of the end."
PATIENCE = 3
"How many times over that limit fails: on a busy machine the witness itself sees it late."


@pytest_twisted.ensureDeferred
async def test_who_leaves_while_the_daemon_is_away_left_then(tmp_path: Path) -> None:
    """One who talked and one who waited; their records add up, and end when the calls did."""
    with slot() as base:
        async with opened(the_reactor(), tmp_path, base, CROWD) as stage:
            house = stage.house.transport
            assert house is not None
            assert house.pid is not None
            await brisk.served(stage, BRISK, TALKER)
            await brisk.waits(stage, BRISK, WAITER)
            calls = tuple(stage.carrier.calls.values())
            os.kill(house.pid, signal.SIGSTOP)  # or it would start the next daemon at once
            try:
                killed = await stage.kill(signal.SIGKILL)
                await deferLater(the_reactor(), LEFT_S)
                for call in calls:
                    await call.hang_up()
                await deferLater(the_reactor(), AWAY_S - LEFT_S)
            finally:
                os.kill(house.pid, signal.SIGCONT)
            await stage.house.says("daemon ready", after=killed, deadline_s=BACK_S_MAX)
            records = {cdr.outcome: cdr for cdr in await brisk.records(stage, 2)}
            assert set(records) == {Outcome.ANSWERED, Outcome.ABANDONED}
            for number, outcome in ((TALKER, Outcome.ANSWERED), (WAITER, Outcome.ABANDONED)):
                seen, cdr = stage.witness.of(number), records[outcome]
                assert seen is not None
                late_s = cdr.ended / 1_000_000 - seen.ended_at
                print(f"who was {outcome}: the end is {1_000 * late_s:+.0f} ms from the truth")  # noqa: T201  a figure that is measured
                assert abs(late_s) <= PATIENCE * TRUE_S_MAX
                assert cdr.segments[-1].until == cdr.ended
