"""Carriers: calls out, how many at once, and whether they answer."""

import pytest
import pytest_twisted

from drivers.robot.call import CallRefusedError
from tests.contract import stories
from tests.contract.box import Box, running
from tests.contract.company import OUTSIDE
from tests.contract.conftest import the_reactor
from tests.contract.floor_real import RealCaller, opened
from tests.contract.slots import slot

pytestmark = pytest.mark.contract


@pytest_twisted.ensureDeferred
async def test_a_caller_is_sent_on_outside(box: Box) -> None:
    """A flow sends a caller to an outside number: both talk, and a refusal leads back into the flow."""
    async with opened(box) as floor:
        caller = await stories.in_queue(floor, "4")
        assert isinstance(caller, RealCaller)
        out = await box.carrier.next_call(5)
        assert out.number == OUTSIDE
        out.answer()
        await out.hears_tone(caller.tone_hz, 5)
        await caller.hang_up()
        await out.ended(5)
        caller = await stories.in_queue(floor, "4")
        out = await box.carrier.next_call(5)
        out.reject(486, "Busy Here")
        await caller.hears_prompt("busy")
        await caller.ended()


@pytest_twisted.ensureDeferred
async def test_a_silent_carrier_is_seen(box: Box) -> None:
    """A carrier that does not answer probes is told by the health, and one that answers again too."""
    async with opened(box) as floor:
        health = floor.running.exchange.health
        assert health == {"exchange": "ok", "trunk/carrier": "ok"}
        await box.carrier.stop()
        await floor.healthy({"exchange": "ok", "trunk/carrier": "unreachable"}, 12)
        await box.carrier.start()
        await floor.healthy({"exchange": "ok", "trunk/carrier": "ok"}, 12)


@pytest_twisted.ensureDeferred
async def test_a_trunk_takes_so_many_calls_and_no_more(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The limit counts calls in and out; the one too many is refused, and taken once there is room."""
    with slot() as base:
        folder = tmp_path_factory.mktemp("full")
        async with running(the_reactor(), base, folder, calls_max=2) as box, opened(box) as floor:
            first = await stories.in_queue(floor)
            out = box.phones["101"].dial(f"9{OUTSIDE}")
            (await box.carrier.next_call(5)).answer()
            await out.answered(5)
            second = box.carrier.dial("2003")
            with pytest.raises(CallRefusedError):
                await second.answered(5)
            more = box.phones["102"].dial(f"9{OUTSIDE}")
            with pytest.raises(CallRefusedError):
                await more.answered(5)
            await first.hang_up()
            await floor.filed(first)
            third = await stories.in_queue(floor)
            await third.hang_up()
            await out.hang_up()
