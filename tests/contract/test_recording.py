"""What is recorded, and that nothing that is recorded is lost, however quickly a phone is picked up."""

from dataclasses import dataclass

import pytest
import pytest_twisted

from appliance.core import effects, facts
from appliance.core import state as st
from drivers.robot.call import Call
from drivers.robot.sound import heard_tones
from tests.contract import stories
from tests.contract.box import CALLERS, VOICES, Box
from tests.contract.floor_real import RealCaller, RealFloor, opened
from tests.contract.quiet import no_error_is_logged
from tests.contract.recordings import read
from tests.contract.running import Running

pytestmark = [pytest.mark.contract, pytest.mark.slow]

QUICK = 20
AT_ONCE = 5
SAMPLES = 8_000
"A second of one side."


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """Two who talk."""

    caller: Call
    desk: Call
    interaction: str
    recording: str
    legs: tuple[facts.Leg, facts.Leg]

    async def both_hear(self) -> None:
        """Wait until each hears the other."""
        await self.desk.hears_tone(CALLERS[0], 5)
        await self.caller.hears_tone(VOICES["101"], 5)


@pytest_twisted.ensureDeferred
async def test_a_phone_that_is_picked_up_at_once_is_recorded(box: Box) -> None:
    """Twenty times, with nothing between the ring and the answer: both voices, and as long as the talk."""
    async with opened(box) as floor:
        with no_error_is_logged():
            await floor.sign_on("anna")
            anna = floor.phone("101")
            for _ in range(QUICK):
                caller = await floor.call("2004")
                assert isinstance(caller, RealCaller)
                await anna.rings()
                await anna.answers()
                await anna.hears(caller)
                await caller.hears(anna)
                await caller.hang_up()
                record = await floor.filed(caller)
                await floor.agent_is("anna", "available")
                left, right = await read(box, record.recording)
                assert abs(len(left) / SAMPLES - record.talk_us / 1_000_000) < 0.5, record
                assert heard_tones(left[-4_000:]) == {caller.tone_hz}
                assert heard_tones(right[-4_000:]) == {VOICES["101"]}


@pytest_twisted.ensureDeferred
async def test_a_caller_who_was_answered_at_once_goes_on_at_once(box: Box) -> None:
    """Bridged before there was music, the caller is asked when the talk is over, not after a round of music."""
    async with opened(box) as floor:
        await floor.sign_on("dora")
        dora = floor.phone("104")
        for _ in range(AT_ONCE):
            caller = await stories.in_queue(floor, "2")
            await dora.rings()
            await dora.answers()
            await caller.hears(dora)
            await dora.hang_up()
            await caller.hears_prompt("goodbye", deadline_s=5)
            await caller.ended()
            await floor.ends_wrap_up("dora")
            await floor.agent_is("dora", "available")


@pytest_twisted.ensureDeferred
async def test_a_recording_that_is_found_again_is_not_begun_again(box: Box) -> None:
    """Another daemon finds two who talk, holds the caller and joins them again: one file has both talks."""
    floor = RealFloor(box)
    await floor.open()
    await floor.sign_on("anna")
    began = box.reactor.seconds()
    talk = await _talk(box, floor)
    await talk.both_hear()
    snapshot = floor.hub.centre.snapshot()
    await floor.running.stop()
    again = Running(box.reactor, box.options, box.configuration, snapshot=snapshot)
    await again.open(again.hub.centre.state.boot + 1)
    await talk.both_hear()
    again.exchange.perform(effects.Recall(leg=talk.legs[0]))
    first_s = box.reactor.seconds() - began
    await talk.caller.hears(box.music, 10)
    (channel,) = [line.partition("!")[0] for line in await box.console("core show channels concise", "PJSIP/carrier-")]
    assert len(await box.console(f"mixmonitor list {channel}", talk.recording)) == 1
    began = box.reactor.seconds()
    again.exchange.perform(effects.Bridge(interaction=talk.interaction, legs=talk.legs))
    await talk.both_hear()
    await talk.caller.hang_up()
    second_s = box.reactor.seconds() - began
    await talk.desk.ended(10)
    left, right = await read(box, talk.recording)
    assert abs(len(left) / SAMPLES - first_s - second_s) < 0.5, (first_s, second_s)
    for start in (0, len(left) - 4_000):
        assert heard_tones(left[start + 1_000 : start + 4_000]) == {CALLERS[0]}
        assert heard_tones(right[start + 1_000 : start + 4_000]) == {VOICES["101"]}
    await again.stop()


@pytest_twisted.ensureDeferred
async def test_what_was_said_before_a_recording_was_stopped_is_kept(box: Box) -> None:
    """Both voices to that moment, not a second more; the talk goes on."""
    async with opened(box) as floor:
        await floor.sign_on("anna")
        began = box.reactor.seconds()
        talk = await _talk(box, floor)
        await talk.both_hear()
        await floor.room(left=False)
        left, right = await read(box, talk.recording)
        recorded_s = box.reactor.seconds() - began
        assert 0 < len(left) / SAMPLES < recorded_s + 0.5
        assert heard_tones(left[-4_000:]) == {CALLERS[0]}
        assert heard_tones(right[-4_000:]) == {VOICES["101"]}
        await talk.both_hear()
        await talk.caller.hang_up()
        await talk.desk.ended(10)
        again, _ = await read(box, talk.recording)
        assert len(again) == len(left)


async def _talk(box: Box, floor: RealFloor) -> Talk:
    caller = box.carrier.dial("2004", tone_hz=CALLERS[0])
    desk = await box.phones["101"].next_call(10)
    desk.answer()
    await floor.agent_is("anna", "talking")
    (interaction,) = floor.hub.centre.state.interactions.values()
    assert isinstance(interaction.state, st.Connected)
    return Talk(
        caller=caller,
        desk=desk,
        interaction=interaction.id,
        recording=interaction.recording,
        legs=(interaction.leg, interaction.state.leg),
    )
