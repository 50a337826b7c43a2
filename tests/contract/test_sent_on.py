"""What a desk phone does with a caller by itself, on a real Asterisk: nothing of it loses anybody."""

import pytest
import pytest_twisted

from tests.contract.box import Box
from tests.contract.floor_real import RealPhone, opened
from tests.contract.stories_transfer import in_talk

REFUSED = 400
"SIP answers from here on say no."

pytestmark = pytest.mark.contract


@pytest_twisted.ensureDeferred
async def test_a_phone_joins_the_caller_with_a_colleague(box: Box) -> None:
    """After talking with the colleague (REFER with Replaces): both talk, the agent finishes, one record of it."""
    async with opened(box) as floor:
        caller, anna = await in_talk(floor)
        assert isinstance(anna, RealPhone)
        consult = box.phones["101"].dial("110")
        colleague = floor.phone("110")
        await colleague.rings()
        await colleague.answers()
        await consult.answered(5)
        await anna.call.refer_attended(consult)
        await caller.hears(colleague)
        await colleague.hears(caller)
        await floor.agent_is("anna", "wrap_up")
        await colleague.hang_up()
        await caller.ended()
        record = await floor.filed(caller)
        assert record.outcome == "answered"
        assert [part.stretch for part in record.segments if part.stretch in {"talking", "forwarded"}] == [
            "talking",
            "forwarded",
        ]
        assert await floor.channels() == []


@pytest_twisted.ensureDeferred
async def test_a_phone_sends_the_caller_to_what_it_may_not_dial(box: Box) -> None:
    """A number that is none is refused, and the agent keeps the call."""
    async with opened(box) as floor:
        caller, anna = await in_talk(floor)
        assert isinstance(anna, RealPhone)
        await anna.call.refer("777")
        assert await anna.call.transfer_ended(5) >= REFUSED
        await caller.hears(anna)
        await floor.agent_is("anna", "talking")
        await caller.hang_up()
        assert (await floor.filed(caller)).agent == "anna"
