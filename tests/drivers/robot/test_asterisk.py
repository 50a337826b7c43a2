"""The robot telephones with a real Asterisk."""

import pytest
import pytest_twisted

from drivers.robot.call import CallRefusedError
from drivers.robot.leg import By
from drivers.robot.line import Options
from drivers.robot.phone import Phone
from drivers.robot.registration import RegistrationError
from drivers.robot.waits import DeadlineError
from tests.drivers.robot.conftest import SOON_S, Phones
from tests.drivers.robot.exchange import Exchange, secret

pytestmark = pytest.mark.contract

CALLER_HZ = 640
DESK_HZ = {"201": 453, "202": 1016, "203": 1812}


async def caller(phones: Phones, exchange: Exchange) -> Phone:
    """Make a phone on the trunk."""
    return await phones.make(Options(user="13800138000", name="王小明", server=exchange.server, tone_hz=CALLER_HZ))


async def desk(phones: Phones, exchange: Exchange, user: str) -> Phone:
    """Make a registered phone."""
    options = Options(user=user, server=exchange.server, password=secret(user), tone_hz=DESK_HZ[user])
    phone = await phones.make(options)
    await phone.register()
    return phone


@pytest_twisted.ensureDeferred
async def test_a_registration_is_granted_given_up_and_refused(phones: Phones, exchange: Exchange) -> None:
    """A registration is granted given up and refused."""
    phone = await desk(phones, exchange, "201")
    assert 59 <= await phone.register(60) <= 60
    assert phone.registered
    await phone.unregister()
    stranger = await phones.make(Options(user="201", server=exchange.server, password=secret("202")))
    with pytest.raises(RegistrationError, match="401"):
        await stranger.register()


@pytest_twisted.ensureDeferred
async def test_prompts_and_music_are_told_apart(phones: Phones, exchange: Exchange) -> None:
    """Prompts and music are told apart."""
    phone = await caller(phones, exchange)
    welcome, goodbye, music = exchange.prompt("demo-congrats"), exchange.prompt("vm-goodbye"), exchange.music()
    call = await phone.call("prompt", deadline_s=SOON_S)
    heard = await call.hears(welcome, SOON_S, since=call.times.answered)
    assert heard.score > 0.95
    assert heard.position_s < 0.5
    assert 0.9 < heard.at - (call.times.answered or 0) < 3
    with pytest.raises(DeadlineError):
        await call.hears(music, 2)
    await call.hang_up()
    call = await phone.call("short", deadline_s=SOON_S)
    assert (await call.hears(goodbye, SOON_S, since=call.times.answered)).score > 0.95
    await call.hang_up()
    call = await phone.call("music", deadline_s=SOON_S)
    assert (await call.hears(music, SOON_S)).score > 0.95
    with pytest.raises(DeadlineError):
        await call.hears(welcome, SOON_S)
    assert call.heard_tones() == frozenset()
    await call.hang_up()


@pytest_twisted.ensureDeferred
async def test_keys_go_both_ways(phones: Phones, exchange: Exchange) -> None:
    """Keys go both ways."""
    call = await (await caller(phones, exchange)).call("keys", deadline_s=SOON_S)
    await call.press("15*9")
    assert await call.hears_keys("15*9", SOON_S) == "15*9"
    await call.hang_up()


@pytest_twisted.ensureDeferred
async def test_early_audio_busy_and_cancel(phones: Phones, exchange: Exchange) -> None:
    """Early audio busy and cancel."""
    phone = await caller(phones, exchange)
    call = phone.dial("early")
    await call.hears(exchange.prompt("demo-congrats"), SOON_S)
    assert call.times.answered is None
    assert (await call.hang_up()).code == 487
    with pytest.raises(CallRefusedError, match="486"):
        await phone.call("busy", deadline_s=SOON_S)
    call = phone.dial("ring")
    await call.ringing(SOON_S)
    ended = await call.hang_up()
    assert (ended.code, ended.by) == (487, By.US)


@pytest_twisted.ensureDeferred
async def test_two_phones_talk_hold_and_transfer(phones: Phones, exchange: Exchange) -> None:
    """Two phones talk hold and transfer."""
    outside = await caller(phones, exchange)
    first, second = [await desk(phones, exchange, user) for user in ("202", "203")]
    out = outside.dial("202")
    inward = await first.next_call(SOON_S)
    assert (inward.from_number, inward.from_name) == ("13800138000", "王小明")
    inward.answer()
    await out.answered(SOON_S)
    await inward.answered(SOON_S)
    await out.hears_tone(DESK_HZ["202"], SOON_S)
    await inward.hears_tone(CALLER_HZ, SOON_S)
    await out.press("4")
    await inward.hears_keys("4", SOON_S)
    await inward.hold()
    await out.hears(exchange.music(), SOON_S)
    assert out.heard_tones(0.5) == frozenset()
    await inward.unhold()
    await out.hears_tone(DESK_HZ["202"], SOON_S)
    await inward.refer("203")
    onward = await second.next_call(SOON_S)
    onward.answer()
    assert await inward.transfer_ended(SOON_S) == 200
    await inward.ended(SOON_S)
    await out.hears_tone(DESK_HZ["203"], SOON_S)
    await onward.hears_tone(CALLER_HZ, SOON_S)
    await onward.hang_up()
    await out.ended(SOON_S)


@pytest_twisted.ensureDeferred
async def test_an_attended_transfer_joins_the_others(phones: Phones, exchange: Exchange) -> None:
    """An attended transfer joins the others."""
    outside = await caller(phones, exchange)
    first, second = [await desk(phones, exchange, user) for user in ("202", "203")]
    out = outside.dial("202")
    inward = await first.next_call(SOON_S)
    inward.answer()
    await out.answered(SOON_S)
    await inward.answered(SOON_S)
    await inward.hold()
    consult = first.dial("203")
    onward = await second.next_call(SOON_S)
    onward.answer()
    await consult.answered(SOON_S)
    await consult.hears_tone(DESK_HZ["203"], SOON_S)
    await inward.refer_attended(consult)
    assert await inward.transfer_ended(SOON_S) == 200
    await consult.ended(SOON_S)
    await out.hears_tone(DESK_HZ["203"], SOON_S)
    await onward.hears_tone(CALLER_HZ, SOON_S)
    await out.hang_up()
    await onward.ended(SOON_S)
