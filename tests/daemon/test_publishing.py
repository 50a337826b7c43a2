"""A change of the configuration holds at once, whatever is still to be spoken for it."""

import msgspec
import pytest_twisted

from appliance import api
from appliance.core.standing import POSITIONS_MAX, position_sound
from tests.contract.company import company
from tests.daemon.real import Box


@pytest_twisted.ensureDeferred
async def test_a_change_does_not_wait_for_the_standing_prompts(box: Box) -> None:
    """The company's own are spoken when the answer comes; the positions follow, in both languages."""
    first = company().queues[0]
    says = msgspec.structs.replace(first, waiting=msgspec.structs.replace(first.waiting, position=True))
    queue = msgspec.Raw(msgspec.json.encode(says))
    reply = await box.ask(api.Put(list="queues", value=queue, base=box.daemon.hub.centre.state.version))
    assert reply.problems == ()
    spoken = [
        box.home / "prompts" / language / f"{position_sound(position)}.wav"
        for language in ("en", "zh")
        for position in range(1, POSITIONS_MAX + 2)
    ]
    assert (box.home / "prompts" / "en" / "menu.wav").exists()
    assert not all(path.exists() for path in spoken)
    await box.until(lambda: all(path.exists() for path in spoken), 60)
