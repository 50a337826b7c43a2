"""Calls live on while the process that steers them is killed."""

import signal
from dataclasses import dataclass

import pytest
import pytest_twisted

from drivers.robot.call import Call
from tests.contract.alone import lone
from tests.contract.box import CALLERS, VOICES, Box
from tests.contract.company import AGENTS, company

pytestmark = [pytest.mark.contract, pytest.mark.slow]

CALLS = 5


@dataclass(frozen=True, slots=True)
class Voice:
    """A call and the tone that its robot says."""

    call: Call
    tone_hz: int


async def callers(box: Box, first: int, count: int) -> dict[str, Voice]:
    """Call the queue so many times, one after the other; the numbers tell them apart."""
    made: dict[str, Voice] = {}
    for index in range(first, first + count):
        number = f"55501{index:02}"
        tone_hz = CALLERS[index % len(CALLERS)]
        call = box.carrier.dial("2004", caller_number=number, tone_hz=tone_hz)
        await call.answered(5)
        made[number] = Voice(call, tone_hz)
    return made


async def talk(pairs: dict[str, Voice], calls: dict[str, Voice]) -> None:
    """Check that the callers and the agents who answered them hear each other now."""
    for number, desk in pairs.items():
        await desk.call.hears_tone(calls[number].tone_hz, 3)
        await calls[number].call.hears_tone(desk.tone_hz, 3)


async def answer(box: Box, extension: str) -> Voice:
    """Pick up the next call at an extension."""
    call = await box.phones[extension].next_call(10)
    call.answer()
    await call.answered(5)
    return Voice(call, VOICES[extension])


@pytest_twisted.ensureDeferred
async def test_talk_goes_on_and_nobody_loses_the_place(box: Box) -> None:
    """Five talk and five wait; the process is killed twice; then the waiting are served in their order."""
    with lone(box) as process:
        await process.up()
        calls = await callers(box, 0, CALLS)
        desks = {extension: await answer(box, extension) for extension in AGENTS.values()}
        pairs = {desk.call.from_number: desk for desk in desks.values()}
        await talk(pairs, calls)
        waiting = await callers(box, CALLS, CALLS)
        for voice in waiting.values():
            await voice.call.hears(box.music, 5)
        process.send(signal.SIGKILL)
        await process.gone()
        await talk(pairs, calls)
    with lone(box) as process:
        assert await process.up() == f"up {CALLS} waiting {CALLS} talking"
        process.send(signal.SIGKILL)
        await process.gone()
    for voice in waiting.values():
        await voice.call.hears(box.music, 5)
    with lone(box) as process:
        assert await process.up() == f"up {CALLS} waiting {CALLS} talking"
        await talk(pairs, calls)
        served: dict[str, Voice] = {}
        for extension, desk in desks.items():
            number = desk.call.from_number
            await desk.call.hang_up()
            await calls[number].call.ended(5)
            again = await answer(box, extension)
            served[again.call.from_number] = again
        assert list(served) == list(waiting)
        await talk(served, waiting)
        for voice in waiting.values():
            await voice.call.hang_up()


def test_the_voices_differ() -> None:
    """No two who talk here have one voice."""
    assert len({*VOICES.values(), *CALLERS}) == len(VOICES) + len(CALLERS)
    assert len(company().queues[1].agents) == CALLS
