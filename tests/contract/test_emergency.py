"""Emergency calls go out at once: with the daemon alive, stopped, dead, and with every line taken."""

import signal

import pytest
import pytest_twisted

from tests.contract.alone import lone
from tests.contract.box import VOICES, Box
from tests.contract.company import EMERGENCY, OUTSIDE
from tests.contract.floor_real import opened

pytestmark = pytest.mark.contract

AT_ONCE_S = 2.5
"Some milliseconds on a quiet machine; the tests of others may run beside this one."


async def goes_out(box: Box, extension: str, dialled: str) -> None:
    """Dial from a desk phone; the carrier is called within a moment and both hear each other."""
    call = box.phones[extension].dial(dialled)
    out = await box.carrier.next_call(AT_ONCE_S)
    assert out.number == EMERGENCY
    out.answer()
    await call.answered(5)
    await out.hears_tone(VOICES[extension], 5)
    assert box.carrier.options.tone_hz is not None
    await call.hears_tone(box.carrier.options.tone_hz, 5)
    await call.hang_up()
    await out.ended(5)


@pytest_twisted.ensureDeferred
async def test_with_the_daemon_dead(box: Box) -> None:
    """Nobody listens on the AGI port; also from a phone that may not call outside, and with the prefix."""
    await goes_out(box, "101", EMERGENCY)
    await goes_out(box, "106", EMERGENCY)
    await goes_out(box, "106", f"9{EMERGENCY}")


@pytest_twisted.ensureDeferred
async def test_with_the_daemon_alive(box: Box) -> None:
    """The Centre is not asked and hears nothing of it."""
    async with opened(box) as floor:
        await goes_out(box, "101", EMERGENCY)
        assert floor.asked() == []


@pytest_twisted.ensureDeferred
async def test_with_the_daemon_stopped(box: Box) -> None:
    """A daemon that hangs holds its ports and answers nothing."""
    with lone(box) as process:
        await process.up()
        process.send(signal.SIGSTOP)
        await goes_out(box, "102", EMERGENCY)


@pytest_twisted.ensureDeferred
async def test_a_phone_that_may_not_call_outside_may_not(box: Box) -> None:
    """The class of service holds for other numbers."""
    call = box.phones["106"].dial(f"9{OUTSIDE}")
    assert (await call.ended(5)).code == 404
    call = box.phones["101"].dial(f"9{OUTSIDE}")
    out = await box.carrier.next_call(5)
    assert out.number == OUTSIDE
    await call.hang_up()


@pytest_twisted.ensureDeferred
async def test_with_every_line_taken(box: Box) -> None:
    """The carrier refuses a further call: another one is cleared, and the emergency call goes out."""
    other = box.phones["103"].dial(f"9{OUTSIDE}")
    talk = await box.carrier.next_call(5)
    talk.answer()
    await other.answered(5)
    emergency = box.phones["101"].dial(EMERGENCY)
    refused = await box.carrier.next_call(AT_ONCE_S)
    refused.reject(503, "No line free")
    await talk.ended(5)
    await other.ended(5)
    out = await box.carrier.next_call(5)
    assert out.number == EMERGENCY
    out.answer()
    await emergency.answered(5)
    second = box.phones["102"].dial(EMERGENCY)
    for _ in range(3):
        refused = await box.carrier.next_call(5)
        refused.reject(486, "Busy Here")
    # An emergency call is never cleared for another one.
    await emergency.hears_tone(box.carrier.options.tone_hz or 0, 5)
    await emergency.hang_up()
    await second.hang_up()
