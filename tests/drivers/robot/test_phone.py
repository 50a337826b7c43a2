"""Two robot phones call each other over real loopback sockets."""

import numpy as np
import pytest
import pytest_twisted
from twisted.internet.defer import Deferred

from drivers.robot.call import CallRefusedError
from drivers.robot.leg import By, RefusedError, State
from drivers.robot.sound import Known
from drivers.robot.waits import CallEndedError, DeadlineError, RobotError
from tests.drivers.robot.conftest import ALICE_HZ, BOB_HZ, SOON_S, Phones, the_reactor


@pytest_twisted.ensureDeferred
async def test_both_hear_each_other_and_each_other_s_keys(phones: Phones) -> None:
    """Both hear each other and each other s keys."""
    bob = await phones.bob()
    alice = await phones.alice(bob)
    out = alice.dial("12", caller_name='Ann "x" \\ 王', caller_number="+86 138", headers=(("X-Order", "7"),))
    inward = await bob.next_call(SOON_S)
    await out.ringing(SOON_S)
    assert (inward.number, inward.from_number, inward.from_name) == ("12", "+86 138", 'Ann "x" \\ 王')
    assert (inward.header("x-order"), inward.header("X-None"), inward.incoming) == ("7", "", True)
    assert out.heard_tones() == inward.heard_tones() == frozenset()
    inward.answer()
    await out.answered(SOON_S)
    await inward.answered(SOON_S)
    assert out.times.answered is not None
    began = await out.hears_tone(BOB_HZ, SOON_S, since=out.times.answered)
    assert began - out.times.answered < 0.5
    await inward.hears_tone(ALICE_HZ, SOON_S)
    await out.press("19*0#A")
    assert await inward.hears_keys("19*0#A", SOON_S) == "19*0#A"
    await inward.press("55", held_s=0.06, gap_s=0.06)
    assert await out.hears_keys("55", SOON_S) == out.digits == "55"
    await out.hears_tone(BOB_HZ, SOON_S)
    assert out.heard_tones(0.1) == {BOB_HZ}
    assert inward.heard_tones(0.3) == {ALICE_HZ}
    assert out.tone_began(BOB_HZ) == pytest.approx(began, abs=0.021)
    ended = await inward.hang_up()
    assert (ended.code, ended.by) == (200, By.US)
    assert (await out.ended(SOON_S)).by is By.THEM
    assert not alice.calls
    assert not bob.calls
    assert out.stream.order.lost == inward.stream.order.lost == 0
    assert out.times.invited <= (out.times.ringing or 0) <= out.times.answered <= (out.times.ended or 0)


@pytest_twisted.ensureDeferred
async def test_a_known_audio_is_recognised_and_another_is_not(phones: Phones) -> None:
    """A known audio is recognised and another is not."""
    bob = await phones.bob(auto_answer_s=0.01)
    out = await (await phones.alice(bob)).call("bob", deadline_s=SOON_S)
    inward = await bob.next_call(SOON_S)
    dice = np.random.default_rng(1)
    prompt, other = (Known((dice.normal(size=16_000) * 2_000).astype(np.int16)) for _ in range(2))
    done = Deferred.fromCoroutine(inward.play(prompt.samples, 5))
    heard = await out.hears(prompt, SOON_S)
    assert heard.score > 0.95
    assert heard.at - (out.times.answered or 0) > 0.9
    await done
    with pytest.raises(DeadlineError, match=r"2\.0 s \(the best likeness was 0\.0"):
        await out.hears(other, 1.5, since=out.times.answered)
    long = Known(np.concatenate((np.zeros(8_000 * 31, dtype=np.int16), prompt.samples)))
    late = await out.hears(long, 2, since=out.times.answered)
    assert late.position_s >= 31
    short = await out.hears(prompt.samples[:4_000], 2, since=out.times.answered)
    assert short.piece_s == pytest.approx(0.45)
    await out.hang_up()


@pytest_twisted.ensureDeferred
async def test_hold_mute_and_silence_are_heard(phones: Phones) -> None:
    """Hold mute and silence are heard."""
    bob = await phones.bob(auto_answer_s=0)
    out = await (await phones.alice(bob)).call("bob", deadline_s=SOON_S)
    inward = await bob.next_call(SOON_S)
    await inward.answered(SOON_S)
    await inward.hears_tone(ALICE_HZ, SOON_S)
    assert 3_900 < inward.heard_loudness(0.1) < 4_500
    out.mute()
    assert out.muted
    await inward.hears_silence(0.2, SOON_S)
    out.mute(on=False)
    await inward.hears_tone(ALICE_HZ, SOON_S)
    await out.hold()
    assert (inward.held,) == (True,)
    await inward.hears_silence(0.2, SOON_S)
    await out.unhold()
    assert (inward.held,) == (False,)
    await inward.hears_tone(ALICE_HZ, SOON_S)
    await out.hears_tone(BOB_HZ, SOON_S)
    await out.hang_up()


@pytest_twisted.ensureDeferred
async def test_a_call_is_taken_back_refused_and_not_answered(phones: Phones) -> None:
    """A call is taken back refused and not answered."""
    bob = await phones.bob()
    alice = await phones.alice(bob)
    out = alice.dial("1")
    inward = await bob.next_call(SOON_S)
    await out.ringing(SOON_S)
    assert ((await out.hang_up()).code, (await inward.ended(SOON_S)).by) == (487, By.THEM)
    out = alice.dial("2")
    (await bob.next_call(SOON_S)).reject(603, "Decline")
    with pytest.raises(CallRefusedError, match=r"alice: call to 2 ended \(603 by THEM Decline\); waited for an answer"):
        await out.answered(SOON_S)
    with pytest.raises(DeadlineError, match=r"not within 0\.2 s: alice: call to 3: an answer"):
        await alice.call("3", deadline_s=0.2)
    out = alice.dial("4")
    inward = await bob.next_call(SOON_S)
    assert inward.number == "4"
    assert (await inward.hang_up()).code == 480
    assert (await out.ended(SOON_S)).code == 480
    assert await out.hang_up() == out.end
    with pytest.raises(CallEndedError):
        await out.hears_tone(BOB_HZ, 1)
    with pytest.raises(DeadlineError, match="phone bob: a call to come in"):
        await bob.next_call(0.05)


@pytest_twisted.ensureDeferred
async def test_ringing_only_keeps_a_phone_from_answering(phones: Phones) -> None:
    """Ringing only keeps a phone from answering."""
    bob = await phones.bob(auto_answer_s=0.05)
    out = (await phones.alice(bob)).dial("1")
    inward = await bob.next_call(SOON_S)
    inward.ring_only()
    with pytest.raises(DeadlineError):
        await out.answered(0.2)
    assert inward.state is State.RINGING
    inward.answer_after(0.01)
    await out.answered(SOON_S)
    await out.hang_up()


@pytest_twisted.ensureDeferred
async def test_a_phone_with_too_many_calls_is_busy(phones: Phones) -> None:
    """A phone with too many calls is busy."""
    bob = await phones.bob(calls_max=1)
    alice = await phones.alice(bob)
    alice.dial("1")
    await bob.next_call(SOON_S)
    with pytest.raises(CallRefusedError, match="486"):
        await alice.call("2", deadline_s=SOON_S)


@pytest_twisted.ensureDeferred
async def test_a_transfer_is_refused_by_a_phone(phones: Phones) -> None:
    """A transfer is refused by a phone."""
    bob = await phones.bob(auto_answer_s=0)
    alice = await phones.alice(bob)
    out = await alice.call("1", deadline_s=SOON_S)
    with pytest.raises(RefusedError, match="603"):
        await out.refer("2")
    with pytest.raises(RefusedError, match="603"):
        await out.refer_attended(await alice.call("3", deadline_s=SOON_S))


@pytest_twisted.ensureDeferred
async def test_a_call_to_nobody_ends_by_itself(phones: Phones) -> None:
    """A call to nobody ends by itself."""
    bob = await phones.bob()
    alice = await phones.alice(bob, t1_s=0.02)
    await bob.stop()
    out = alice.dial("1")
    ended = await out.ended(SOON_S)
    assert (ended.code, ended.by) == (408, By.NOBODY)
    assert alice.line.transactions.repeated >= 5


@pytest_twisted.ensureDeferred
async def test_stopping_in_the_middle_leaves_nothing(phones: Phones) -> None:
    """Stopping in the middle leaves nothing."""
    bob = await phones.bob(auto_answer_s=0)
    alice = await phones.alice(bob)
    out = await alice.call("1", deadline_s=SOON_S)
    alice.dial("2")
    await alice.stop()
    assert out.end is not None
    with pytest.raises(RobotError):
        await alice.next_call(1)
    with pytest.raises(RobotError):
        await out.press("1")
    assert the_reactor().running


@pytest_twisted.ensureDeferred
async def test_what_cannot_be_said_is_refused_before_it_is_sent(phones: Phones) -> None:
    """What cannot be said is refused before it is sent."""
    bob = await phones.bob()
    alice = await phones.alice(bob)
    out = alice.dial("1", headers=(("X", "a\r\nY: b"),))
    assert "line break" in (await out.ended(1)).reason
    with pytest.raises(ValueError, match="line break"):
        alice.dial("1", caller_name="a\r\nb")
    out = alice.dial("2")
    (await bob.next_call(SOON_S)).answer()
    await out.answered(SOON_S)
    with pytest.raises(ValueError, match="no key"):
        await out.press("x")
