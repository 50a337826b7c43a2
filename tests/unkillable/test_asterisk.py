"""Asterisk itself dies: the calls are over and say why, and the desks can be used again at once."""

import os
import signal
import time
from pathlib import Path

import pytest
import pytest_twisted
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread

from appliance.core.cdr import CDR
from appliance.store.ledger import Query
from appliance.store.reader import open_reader
from tests.contract.conftest import the_reactor
from tests.contract.slots import slot
from tests.unkillable.company import CHECKED, Crowd
from tests.unkillable.stage import LOOK_S, Stage, opened

pytestmark = [pytest.mark.contract, pytest.mark.slow]

CROWD = Crowd(waiting=3, talking=1, robots=1)
USABLE_S_MAX = 5.0
PATIENCE = 3
"How many times over that limit fails: a busy machine is slower, and a call that came too early is repeated late (T1)."
LOOKS = 100


def records(stage: Stage) -> list[CDR]:
    """Read all records."""
    reader = open_reader(stage.places.zeo_socket)
    try:
        return [listed.cdr for listed in reader.calls(Query(page=0, size=100)).calls]
    finally:
        reader.close()


@pytest_twisted.ensureDeferred
async def test_asterisk_dies_under_calls(tmp_path: Path) -> None:
    """Each call has one record with its cause; within five seconds a desk rings for a new caller, and they talk."""
    with slot() as base:
        async with opened(the_reactor(), tmp_path, base, CROWD) as stage:
            (pair,) = stage.pairs
            died = time.monotonic()
            os.kill(stage.pids()["asterisk"], signal.SIGKILL)
            pair.desk.leg.abandon()
            pair.caller.leg.abandon()
            phone = stage.phones[CROWD.checked[0]]
            caller = stage.carrier.dial(CHECKED, caller_number="55560001", tone_hz=None)
            desk = await phone.next_call(PATIENCE * USABLE_S_MAX)
            usable_s = time.monotonic() - died
            print(f"a desk rang {usable_s:.1f} s after Asterisk was killed, {USABLE_S_MAX:g} s are allowed")  # noqa: T201  a limit that people feel is told
            await desk.answered(5)
            await caller.hears_tone(phone.options.tone_hz or 0, 5)
            filed: list[CDR] = []
            for _ in range(LOOKS):
                filed = await deferToThread(records, stage)
                if len(filed) >= CROWD.waiting + CROWD.talking:
                    break
                await deferLater(the_reactor(), LOOK_S)
            assert [cdr.cause for cdr in filed] == ["switch_failure"] * (CROWD.waiting + CROWD.talking)
            assert usable_s <= PATIENCE * USABLE_S_MAX, usable_s
