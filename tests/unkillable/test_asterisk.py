"""Asterisk itself dies: the calls are over and say why, and the desks can be used again at once."""

import os
import signal
import time
from pathlib import Path

import pytest
import pytest_twisted

from tests.contract.conftest import the_reactor
from tests.contract.slots import slot
from tests.unkillable import brisk
from tests.unkillable.company import BRISK, CHECKED, HURRIED, Crowd
from tests.unkillable.stage import Stage, opened

pytestmark = [pytest.mark.contract, pytest.mark.slow, pytest.mark.alone]

CROWD = Crowd(waiting=3, talking=1, robots=1)
USABLE_S_MAX = 5.0
PATIENCE = 3
"How many times over that limit fails: a busy machine is slower, and a call that came too early is repeated late (T1)."
TALKER, FRESH = "55570000", "55570009"
CUT_OFF = ((BRISK, "55570001"), (BRISK, "55570002"), (HURRIED, "55570003"))
"Who waited for the desk of short talks when Asterisk died: what they had dialled, and their numbers."


@pytest_twisted.ensureDeferred
async def test_asterisk_dies_under_calls(tmp_path: Path) -> None:
    """Each call has one record with its cause; within five seconds a desk rings for a new caller, and they talk.

    Those who waited and call again stand where they stood, before whoever came meanwhile.
    """
    with slot() as base:
        async with opened(the_reactor(), tmp_path, base, CROWD) as stage:
            (pair,) = stage.pairs
            calls = [await brisk.served(stage, BRISK, TALKER)]
            calls += [await brisk.waits(stage, dialled, number) for dialled, number in CUT_OFF]
            died = time.monotonic()
            os.kill(stage.pids()["asterisk"], signal.SIGKILL)
            for call in (pair.desk, pair.caller, *calls, *stage.carrier.calls.values()):
                call.leg.abandon()
            phone = stage.phones[CROWD.checked[0]]
            caller = stage.carrier.dial(CHECKED, caller_number="55560001", tone_hz=None)
            desk = await phone.next_call(PATIENCE * USABLE_S_MAX)
            usable_s = time.monotonic() - died
            print(f"a desk rang {usable_s:.1f} s after Asterisk was killed, {USABLE_S_MAX:g} s are allowed")  # noqa: T201  a limit that people feel is told
            await desk.answered(5)
            await caller.hears_tone(phone.options.tone_hz or 0, 5)
            cut_off = CROWD.waiting + CROWD.talking + len(calls)
            filed = await brisk.records(stage, cut_off)
            assert [cdr.cause for cdr in filed] == ["switch_failure"] * cut_off
            await come_back(stage)
            assert usable_s <= PATIENCE * USABLE_S_MAX, usable_s


async def come_back(stage: Stage) -> None:
    """Let those who were cut off call again behind a fresh caller, by the queue's plain number and in another order."""
    desk = await brisk.served(stage, BRISK, TALKER)
    await brisk.waits(stage, BRISK, FRESH)
    for _, number in reversed(CUT_OFF):
        await brisk.waits(stage, BRISK, number)
    order = []
    for _ in range(len(CUT_OFF) + 1):
        await desk.hang_up()
        desk = await brisk.next_at_desk(stage)
        order.append(desk.from_number)
    ordinary, later, hurried = (number for _, number in CUT_OFF)
    assert order == [hurried, ordinary, later, FRESH]
