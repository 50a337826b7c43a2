"""The stories: what callers and agents live through, written once for the real and the simulated exchange."""

from tests.contract.floor import Caller, Floor

SECOND_US = 1_000_000


async def in_queue(floor: Floor, key: str = "1", *, dialled: str = "2001", number: str = "5550100") -> Caller:
    """Bring a caller through the menu into a queue."""
    caller = await floor.call(dialled, number=number)
    language = "zh" if dialled == "2002" else "en"
    await caller.hears_prompt("menu", language)
    await caller.press(key)
    return caller


async def a_caller_reaches_an_agent(floor: Floor) -> None:
    """Live the whole of it: prompt, key, music, ring, talk both ways and not before, wrap-up, record."""
    await floor.sign_on("anna")
    anna = floor.phone("101")
    caller = await floor.call("2001", number="5550101", name="Zoë 王")
    await caller.hears_prompt("welcome")
    await caller.hears_prompt("menu")
    await caller.press("1")
    await anna.rings()
    assert anna.shown == ("5550101", "Zoë 王")
    await caller.hears_music()
    await caller.hears_nobody()
    await anna.answers()
    await caller.hears(anna)
    await anna.hears(caller)
    await floor.agent_is("anna", "talking")
    await caller.hang_up()
    await anna.ended()
    await floor.agent_is("anna", "wrap_up")
    record = await floor.filed(caller)
    assert (record.queue, record.agent, record.outcome, record.cause) == ("support", "anna", "answered", "caller")
    assert record.recording
    assert await floor.ends_wrap_up("anna", "order") == ""
    work = await floor.worked("anna")
    assert (work.interaction, work.disposition) == (record.interaction, "order")
    await floor.agent_is("anna", "available")
