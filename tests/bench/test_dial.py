"""Both sides call, and serve, the member who was made ready; and a call of anybody else is seen."""

import asyncio
from collections.abc import Coroutine

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred

from drivers.asterisk.codec_ami import Event
from tests.bench.dial import OURS, PEER, Dialling
from tests.bench.sight import Called, Sight


async def run(measuring: Coroutine[None, None, float]) -> float:
    """Run a measurement on the loop below the reactor."""
    return await Deferred.fromFuture(asyncio.ensure_future(measuring))


@pytest.mark.contract
@pytest_twisted.ensureDeferred
async def test_a_member_who_is_ready_is_called_and_served_on_both_sides() -> None:
    """Otherwise the measurement raises; the peer, who looks once a second, is the slower one."""
    dialling = Dialling(members=3, waiting=2, offers=2)
    try:
        assert 0 < await run(dialling.measure(OURS)) < await run(dialling.measure(PEER))
    finally:
        await Deferred.fromFuture(asyncio.ensure_future(dialling.close()))


def _event(name: str, **headers: str) -> Event:
    lines = (f"Event: {name}", *(f"{header}: {value}" for header, value in headers.items()))
    return Event(name=name, text="\r\n".join(lines))


def test_a_call_is_a_members_channel_from_its_beginning_to_its_end() -> None:
    """Callers' own channels, and the stand-ins that bridging leaves, are none."""
    sight = Sight("carrier")
    sight.hear(_event("Newchannel", Channel="PJSIP/carrier-0000000a", Uniqueid="1"), 1.0)
    sight.hear(_event("Newchannel", Channel="PJSIP/10001-0000000b", Uniqueid="2"), 2.0)
    sight.hear(_event("BridgeEnter", Channel="PJSIP/carrier-0000000a", Uniqueid="1", BridgeUniqueid="b"), 3.0)
    sight.hear(_event("BridgeEnter", Channel="Surrogate/10001-0000000b", Uniqueid="3", BridgeUniqueid="b"), 3.0)
    assert sight.calls == {"2": Called(phone="10001", at=2.0)}
    sight.hear(_event("BridgeEnter", Channel="PJSIP/10001-0000000b", Uniqueid="2", BridgeUniqueid="b"), 4.0)
    assert sight.calls["2"].caller == "PJSIP/carrier-0000000a"
    sight.hear(_event("Hangup", Channel="PJSIP/10001-0000000b", Uniqueid="2"), 5.0)
    assert sight.calls["2"].ended
