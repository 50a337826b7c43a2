"""Many calls at once, with callers and agents who change their minds: nothing is lost, nobody is stuck."""

import random
from collections import Counter

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.task import deferLater

from appliance.core import effects
from appliance.core import state as st
from drivers.robot.call import Call
from drivers.robot.waits import RobotError
from tests.contract.box import CALLERS, Box
from tests.contract.company import AGENTS
from tests.contract.floor_real import RealFloor, opened
from tests.contract.quiet import no_error_is_logged

pytestmark = [pytest.mark.contract, pytest.mark.slow, pytest.mark.alone]

CALLS = 60
EVERY_S = 0.12
SEED = 7


async def answer(floor: RealFloor, extension: str, dice: random.Random) -> None:
    """Answer what rings, sometimes refuse, sometimes hang up first, until nobody calls any more."""
    while True:
        try:
            call = await floor.box.phones[extension].next_call(8)
        except RobotError:
            return
        try:
            await deferLater(floor.box.reactor, dice.uniform(0, 0.4))
            if dice.random() < 0.1:
                call.reject(603, "Decline")
                continue
            call.answer()
            await deferLater(floor.box.reactor, dice.uniform(0.1, 1.0))
            if dice.random() < 0.5:
                await call.hang_up()
            else:
                await call.ended(20)
        except RobotError:
            continue


async def come_back(floor: RealFloor) -> None:
    """Bring every agent back who was taken out of routing."""
    for slug, agent in floor.running.hub.centre.state.agents.items():
        if isinstance(agent.state, st.Missed):
            await floor.ends_break(slug)


async def call_and_wait(floor: RealFloor, index: int, dice: random.Random) -> Call:
    """Call, and hang up after a while if nobody else has: at any moment of the call."""
    call = floor.box.carrier.dial("2004", caller_number=f"55502{index:02}", tone_hz=CALLERS[index % len(CALLERS)])
    patience_s = dice.choice((0.0, 0.05, 0.3, 1.0, 3.0, 6.0))
    try:
        await call.ended(patience_s or 0.01)
    except RobotError:
        await call.hang_up()
    return call


@pytest_twisted.ensureDeferred
async def test_a_crowd(box: Box) -> None:
    """Every call that was taken is filed once, every agent is free at the end, no channel is left."""
    dice = random.Random(SEED)  # noqa: S311  a test's dice
    async with opened(box) as floor:
        with no_error_is_logged():
            await floor.sign_on(*AGENTS)
            agents = [Deferred.fromCoroutine(answer(floor, phone, dice)) for phone in AGENTS.values()]
            callers: list[Deferred[Call]] = []
            for index in range(CALLS):
                callers.append(Deferred.fromCoroutine(call_and_wait(floor, index, dice)))
                await deferLater(box.reactor, EVERY_S)
                await come_back(floor)
            await gatherResults(callers)
            await floor.until(lambda: not floor.running.hub.centre.state.interactions, 20, "no call is left")
            await gatherResults(agents)
            await come_back(floor)
            for agent in AGENTS:
                await floor.agent_is(agent, "available")
            filed = [kept.cdr for kept in floor.records if isinstance(kept, effects.CallFiled)]
            assert Counter(cdr.leg for cdr in filed) == dict.fromkeys(floor.asked(), 1)
            assert not any(isinstance(kept, effects.Quarantined) for kept in floor.records)
            causes = Counter(cdr.outcome.value for cdr in filed)
            assert causes["answered"] > 10
            assert causes["failed"] == 0, causes
            assert await floor.channels() == []
