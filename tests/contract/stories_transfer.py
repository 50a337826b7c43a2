"""Stories of callers whom an agent sends on, from the screen or by the phone."""

from collections.abc import Callable, Coroutine
from typing import Any  # any: what a coroutine yields is its own business

from tests.contract.company import WRAP_UP_S
from tests.contract.floor import Caller, DeskPhone, Floor

SECOND_US = 1_000_000


async def in_talk(floor: Floor, agent: str = "anna", extension: str = "101") -> tuple[Caller, DeskPhone]:
    """Bring a caller through the menu to an agent of support."""
    await floor.sign_on(agent)
    caller = await floor.call("2003", number="5550101")
    await caller.hears_prompt("menu")
    await caller.press("1")
    phone = floor.phone(extension)
    await phone.rings()
    await phone.answers()
    await caller.hears(phone)
    return caller, phone


async def an_agent_sends_the_caller_to_another_workgroup(floor: Floor) -> None:
    """From the screen: music, the next agent rings, both talk; both finish; one record with its recording."""
    caller, anna = await in_talk(floor)
    assert await floor.sends_on("anna", "sales") == ""
    await anna.ended()
    await floor.agent_is("anna", "wrap_up")
    await caller.hears_music()
    await floor.waiting("sales", 1)
    await floor.sign_on("dora")
    dora = floor.phone("104")
    await dora.rings()
    assert dora.shown[0] == "5550101"
    await dora.answers()
    await caller.hears(dora)
    await dora.hears(caller)
    await caller.hang_up()
    record = await floor.filed(caller)
    talked = [(part.queue, part.agent) for part in record.segments if part.stretch == "talking"]
    assert talked == [("support", "anna"), ("sales", "dora")]
    assert record.recording
    assert (await floor.worked("anna")).wrap_up_us >= WRAP_UP_S * SECOND_US * 0.9
    assert (await floor.worked("dora")).wrap_up_us >= WRAP_UP_S * SECOND_US * 0.9


async def a_phone_sends_the_caller_to_a_number_of_ours(floor: Floor) -> None:
    """By REFER: the caller walks that number's flow, and another agent takes the call."""
    caller, anna = await in_talk(floor)
    await anna.sends_on("2004")
    await floor.agent_is("anna", "wrap_up")
    await caller.hears_music()
    await floor.sign_on("bela")
    bela = floor.phone("102")
    await bela.rings()
    await bela.answers()
    await caller.hears(bela)
    await bela.hears(caller)
    await bela.hang_up()
    await caller.ended()
    record = await floor.filed(caller)
    assert [part.agent for part in record.segments if part.stretch == "talking"] == ["anna", "bela"]
    assert (await floor.worked("bela")).wrap_up_us >= WRAP_UP_S * SECOND_US * 0.9


async def a_phone_sends_the_caller_to_a_colleague_who_is_not_there(floor: Floor) -> None:
    """By REFER to a phone that does not answer: the caller waits again, and is served by who is free."""
    caller, anna = await in_talk(floor)
    await anna.sends_on("110")
    colleague = floor.phone("110")
    await colleague.rings()
    await colleague.refuses()
    await floor.waiting("support", 1)
    await caller.hears_music()
    await anna.rings()
    await anna.answers()
    await caller.hears(anna)
    await caller.hang_up()
    record = await floor.filed(caller)
    assert [part.stretch for part in record.segments if part.stretch in {"talking", "forwarded"}] == [
        "talking",
        "forwarded",
        "talking",
    ]


async def a_phone_sends_the_caller_to_a_colleague(floor: Floor) -> None:
    """By REFER: the colleague rings, and both talk; the agent finishes."""
    caller, anna = await in_talk(floor)
    await anna.sends_on("110")
    colleague = floor.phone("110")
    await colleague.rings()
    await colleague.answers()
    await caller.hears(colleague)
    await colleague.hears(caller)
    await floor.agent_is("anna", "wrap_up")
    await caller.hang_up()
    await colleague.ended()
    record = await floor.filed(caller)
    assert (record.segments[-1].stretch, record.outcome) == ("forwarded", "answered")


TRANSFERS: tuple[Callable[[Floor], Coroutine[Any, Any, None]], ...] = (
    an_agent_sends_the_caller_to_another_workgroup,
    a_phone_sends_the_caller_to_a_number_of_ours,
    a_phone_sends_the_caller_to_a_colleague,
    a_phone_sends_the_caller_to_a_colleague_who_is_not_there,
)
