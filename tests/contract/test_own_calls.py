"""An agent's own calls on the real Asterisk: told when they begin and end, and found after a connection."""

import pytest
import pytest_twisted

from appliance.core import facts
from tests.contract import stories
from tests.contract.box import Box
from tests.contract.floor_real import opened

pytestmark = pytest.mark.contract


@pytest_twisted.ensureDeferred
async def test_a_call_of_ones_own_is_told(box: Box) -> None:
    """From the desk to a colleague, at both phones; an offered call is none."""
    async with opened(box) as floor:
        agents = floor.hub.centre.state.agents
        out = box.phones["101"].dial("102")
        (await box.phones["102"].next_call(5)).answer()
        await out.answered(5)
        await floor.until(lambda: agents["anna"].busy and agents["bela"].busy, 5, "both are busy")
        await out.hang_up()
        await floor.until(lambda: not (agents["anna"].busy or agents["bela"].busy), 5, "both are free")
        await floor.sign_on("bela")
        busy: list[str] = []
        floor.hub.listen(lambda row, _asked: busy.extend(_busy(row.fact)))
        caller = await stories.in_queue(floor)
        await floor.phone("102").rings()
        await floor.phone("102").answers()
        await caller.hears(floor.phone("102"))
        await caller.hang_up()
        await caller.ended()
        assert busy == []


def _busy(fact: facts.AnyFact) -> tuple[str, ...]:
    return (fact.extension,) if isinstance(fact, facts.PhoneBusy) else ()


@pytest_twisted.ensureDeferred
async def test_a_call_of_ones_own_is_found_after_a_connection(box: Box) -> None:
    """It was there before we were."""
    out = box.phones["101"].dial("102")
    (await box.phones["102"].next_call(5)).answer()
    await out.answered(5)
    async with opened(box) as floor:
        agents = floor.hub.centre.state.agents
        assert agents["anna"].busy
        assert agents["bela"].busy
        await out.hang_up()
        await floor.until(lambda: not (agents["anna"].busy or agents["bela"].busy), 5, "both are free")
