"""The stories: what callers and agents live through, written once for the real and the simulated exchange."""

from collections.abc import Callable, Coroutine
from typing import Any  # any: what a coroutine yields is its own business

from tests.contract.company import RING_S, WRAP_UP_S
from tests.contract.floor import Caller, Floor

SECOND_US = 1_000_000


async def in_queue(floor: Floor, key: str = "1", *, number: str = "5550100") -> Caller:
    """Bring a caller through the menu into a queue."""
    caller = await floor.call("2003", number=number)
    await caller.hears_prompt("menu")
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


async def the_next_agent_is_offered_when_one_refuses(floor: Floor) -> None:
    """Offer to Bela when Anna presses *reject*; Anna is taken out of routing, the caller keeps the place."""
    await floor.sign_on("anna", "bela")
    caller = await in_queue(floor)
    anna, bela = floor.phone("101"), floor.phone("102")
    await anna.rings()
    await anna.refuses()
    await bela.rings()
    await floor.agent_is("anna", "missed")
    await caller.hears_nobody()
    await bela.answers()
    await caller.hears(bela)
    await bela.hears(caller)
    await caller.hang_up()
    assert (await floor.filed(caller)).agent == "bela"


async def the_next_agent_is_offered_when_one_is_busy(floor: Floor) -> None:
    """Offer to Bela when Anna's phone is busy with a call of her own."""
    await floor.sign_on("anna", "bela")
    caller = await in_queue(floor)
    await floor.phone("101").rings()
    await floor.phone("101").is_busy()
    await floor.phone("102").rings()
    await floor.agent_is("anna", "missed")
    await caller.hang_up()
    await floor.phone("102").stops_ringing()
    record = await floor.filed(caller)
    assert (record.outcome, record.agent) == ("abandoned", "")


async def the_next_agent_is_offered_when_one_does_not_answer(floor: Floor) -> None:
    """Offer to Bela when Anna lets it ring for the queue's time."""
    await floor.sign_on("anna", "bela")
    caller = await in_queue(floor)
    await floor.phone("101").rings()
    await floor.phone("101").stops_ringing(RING_S + 2)
    await floor.phone("102").rings()
    await floor.agent_is("anna", "missed")
    await floor.phone("102").answers()
    await caller.hears(floor.phone("102"))
    await floor.phone("102").hang_up()
    await caller.ended()


async def an_unreachable_phone_is_not_offered(floor: Floor) -> None:
    """Pass over an agent whose phone is gone, and offer when it is back."""
    await floor.sign_on("anna")
    anna = floor.phone("101")
    await anna.goes_away()
    await floor.agent_is("anna", "unreachable")
    caller = await in_queue(floor)
    await caller.hears_music()
    await floor.waiting("support", 1)
    await anna.comes_back()
    await anna.rings()
    await anna.answers()
    await caller.hears(anna)
    await caller.hang_up()


async def a_caller_gives_up_while_it_rings(floor: Floor) -> None:
    """Stop the ringing; the agent is free at once and is not blamed."""
    await floor.sign_on("anna")
    caller = await in_queue(floor)
    await floor.phone("101").rings()
    await caller.hang_up()
    await floor.phone("101").stops_ringing(3)
    await floor.agent_is("anna", "available")
    record = await floor.filed(caller)
    assert (record.outcome, record.cause, record.talk_us) == ("abandoned", "caller", 0)


async def a_caller_gives_up_in_the_menu(floor: Floor) -> None:
    """File a call that never saw a queue."""
    caller = await floor.call("2003")
    await caller.hears_prompt("menu")
    await caller.hang_up()
    record = await floor.filed(caller)
    assert (record.outcome, record.queue, record.wait_us) == ("self_served", "", 0)


async def an_agent_hangs_up_and_the_flow_goes_on(floor: Floor) -> None:
    """Say goodbye after the conversation, as the queue's exit says."""
    await floor.sign_on("dora")
    caller = await in_queue(floor, "2")
    dora = floor.phone("104")
    await dora.rings()
    await dora.answers()
    await caller.hears(dora)
    await dora.hang_up()
    await floor.agent_is("dora", "wrap_up")
    await caller.hears_prompt("goodbye")
    await caller.ended()
    record = await floor.filed(caller)
    assert (record.outcome, record.agent, record.queue) == ("answered", "dora", "sales")


async def an_agent_hangs_up_from_the_screen(floor: Floor) -> None:
    """End both sides."""
    await floor.sign_on("anna")
    caller = await in_queue(floor)
    await floor.phone("101").rings()
    await floor.phone("101").answers()
    await caller.hears(floor.phone("101"))
    assert await floor.hangs_up("anna") == ""
    await floor.phone("101").ended()
    await caller.ended()
    await floor.filed(caller)


async def a_wrong_key_is_told_and_silence_ends_politely(floor: Floor) -> None:
    """Say that the key means nothing, ask again, and say goodbye when no key comes."""
    caller = await floor.call("2003")
    await caller.hears_prompt("menu")
    await caller.press("9")
    await caller.hears_prompt("invalid")
    await caller.hears_prompt("menu")
    await caller.hears_prompt("goodbye")
    await caller.ended()
    record = await floor.filed(caller)
    assert (record.outcome, record.cause) == ("self_served", "flow")


async def a_caller_waits_too_long(floor: Floor) -> None:
    """Leave the queue by its exit when the time is over, out of the music into a prompt."""
    caller = await in_queue(floor, "2")
    await caller.hears_music()
    await caller.hears_prompt("busy", deadline_s=20)
    await caller.ended()
    record = await floor.filed(caller)
    assert (record.outcome, record.queue) == ("flowed_out", "sales")
    assert abs(record.wait_us - 8 * SECOND_US) < SECOND_US


async def a_number_speaks_chinese(floor: Floor) -> None:
    """Speak the language of the number that was dialled."""
    await floor.sign_on("anna")
    caller = await floor.call("2002")
    await caller.hears_prompt("welcome", "zh")
    await caller.hears_prompt("menu", "zh")
    await caller.press("1")
    await floor.phone("101").rings()
    await caller.hang_up()
    await floor.phone("101").stops_ringing()


async def who_waits_longest_is_served_first_by_who_idles_longest(floor: Floor) -> None:
    """Keep the order of callers and of agents."""
    first = await in_queue(floor, number="5550101")
    await floor.waiting("support", 1)
    second = await in_queue(floor, number="5550102")
    await floor.waiting("support", 2)
    await floor.sign_on("bela", "anna")
    bela, anna = floor.phone("102"), floor.phone("101")
    await bela.rings()
    await anna.rings()
    assert (bela.shown[0], anna.shown[0]) == ("5550101", "5550102")
    await anna.answers()
    await bela.answers()
    await first.hears(bela)
    await second.hears(anna)
    await anna.hears(second)
    await bela.hears(first)
    await first.hears(bela)
    await first.hang_up()
    await second.hang_up()
    await bela.ended()
    await anna.ended()


async def a_break_keeps_calls_away(floor: Floor) -> None:
    """Take no offers on a break; take them after it."""
    await floor.sign_on("anna")
    assert await floor.takes_break("anna", "nonsense") == "unknown_reason"
    assert await floor.takes_break("anna", "lunch") == ""
    await floor.agent_is("anna", "on_break")
    caller = await in_queue(floor)
    await caller.hears_music()
    await floor.waiting("support", 1)
    assert await floor.ends_break("anna") == ""
    await floor.phone("101").rings()
    await caller.hang_up()


async def a_colleague_takes_a_forwarded_call(floor: Floor) -> None:
    """Send a caller on to an extension and let both talk."""
    caller = await in_queue(floor, "3")
    colleague = floor.phone("110")
    await colleague.rings()
    await colleague.answers()
    await caller.hears(colleague)
    await colleague.hears(caller)
    await caller.hang_up()
    await colleague.ended()
    record = await floor.filed(caller)
    assert record.segments[-1].stretch == "forwarded"


async def a_colleague_does_not_take_a_forwarded_call(floor: Floor) -> None:
    """Take the caller back into the flow when nobody answers."""
    caller = await in_queue(floor, "3")
    await floor.phone("110").rings()
    await floor.phone("110").stops_ringing(RING_S + 2)
    await caller.hears_prompt("busy")
    await caller.ended()
    await floor.filed(caller)


async def wrap_up_ends_by_itself(floor: Floor) -> None:
    """Give the agent the queue's time after the call, and the next caller then."""
    await floor.sign_on("anna")
    first = await in_queue(floor)
    anna = floor.phone("101")
    await anna.rings()
    await anna.answers()
    await first.hears(anna)
    second = await in_queue(floor)
    await floor.waiting("support", 1)
    await first.hang_up()
    await anna.ended()
    await floor.agent_is("anna", "wrap_up")
    work = await floor.worked("anna")
    assert abs(work.wrap_up_us - WRAP_UP_S * SECOND_US) < SECOND_US
    await anna.rings()
    await anna.answers()
    await second.hears(anna)
    await second.hang_up()
    await anna.ended()


async def a_waiting_caller_hears_words_and_is_offered_in_the_middle_of_them(floor: Floor) -> None:
    """Welcome, music, an announcement; the phone rings while it is said, and the bridge takes the caller out of it."""
    caller = await floor.call("2005", number="5550101")
    await caller.hears_prompt("patience")
    await caller.hears_music()
    await caller.hears_prompt("please-wait")
    await floor.sign_on("anna")
    anna = floor.phone("101")
    await anna.rings(2)
    await anna.answers()
    await caller.hears(anna, 2)
    await anna.hears(caller)
    await caller.hang_up()
    record = await floor.filed(caller)
    assert (record.outcome, record.agent, record.medium) == ("answered", "anna", "voice")
    assert record.recording


async def a_caller_leaves_the_queue_by_a_key(floor: Floor) -> None:
    """While an announcement is said."""
    caller = await floor.call("2005")
    await caller.hears_prompt("please-wait", deadline_s=20)
    await caller.press("2")
    await caller.hears_prompt("goodbye")
    await caller.ended()
    assert (await floor.filed(caller)).outcome == "flowed_out"


async def a_caller_leaves_the_queue_by_a_key_in_the_music(floor: Floor) -> None:
    """At once; and the music goes on for those who are to be bridged out of it."""
    caller, other = await floor.call("2005"), await floor.call("2005", number="5550102")
    await caller.hears_prompt("patience")
    await caller.hears_music()
    await caller.press("2")
    await caller.hears_prompt("goodbye", deadline_s=5)
    await caller.ended()
    await other.hears_music()
    await floor.sign_on("anna")
    anna = floor.phone("101")
    await anna.rings(2)
    await other.hears_music()
    await anna.answers()
    await other.hears(anna, 2)
    await anna.hears(other)
    await anna.hang_up()
    assert (await floor.filed(caller)).outcome == "flowed_out"


async def a_caller_keeps_the_place_without_the_line(floor: Floor) -> None:
    """Ask to be called back, hang up, be called when it is one's turn, press 1, talk."""
    caller = await floor.call("2005", number="5550101")
    await caller.hears_prompt("please-wait", deadline_s=20)
    await caller.press("1")
    await caller.hears_prompt("promise")
    await caller.ended()
    await floor.sign_on("anna")
    anna = floor.phone("101")
    await anna.rings()
    assert anna.shown[0] == "5550101"
    await anna.answers()
    await anna.hears_music()
    customer = await floor.is_called("5550101")
    await customer.hears_prompt("press-one")
    await customer.press("1")
    await customer.hears(anna)
    await anna.hears(customer)
    await customer.hang_up()
    await anna.ended()
    record = await floor.filed(caller)
    assert (record.outcome, record.agent, record.medium, record.attempts) == ("answered", "anna", "callback", 1)
    assert record.recording


async def a_customer_is_called_before_the_agent(floor: Floor) -> None:
    """Ring the agent's phone when the customer has pressed 1; the first attempt reaches a machine."""
    caller = await floor.call("2006", number="5550102")
    await caller.hears_prompt("please-wait", deadline_s=20)
    await caller.press("1")
    await caller.ended()
    await floor.sign_on("anna")
    machine = await floor.is_called("5550102")
    await machine.hears_prompt("press-one")
    await machine.ended(15)
    await floor.agent_is("anna", "available")
    customer = await floor.is_called("5550102", 20)
    await customer.hears_prompt("press-one")
    await customer.press("1")
    anna = floor.phone("101")
    await anna.rings()
    await customer.hears_music()
    await anna.answers()
    await customer.hears(anna)
    await anna.hears(customer)
    await customer.hang_up()
    record = await floor.filed(caller)
    assert (record.outcome, record.medium, record.attempts) == ("answered", "callback", 2)


STORIES: tuple[Callable[[Floor], Coroutine[Any, Any, None]], ...] = (
    a_caller_reaches_an_agent,
    the_next_agent_is_offered_when_one_refuses,
    the_next_agent_is_offered_when_one_is_busy,
    the_next_agent_is_offered_when_one_does_not_answer,
    an_unreachable_phone_is_not_offered,
    a_caller_gives_up_while_it_rings,
    a_caller_gives_up_in_the_menu,
    an_agent_hangs_up_and_the_flow_goes_on,
    an_agent_hangs_up_from_the_screen,
    a_wrong_key_is_told_and_silence_ends_politely,
    a_caller_waits_too_long,
    a_number_speaks_chinese,
    who_waits_longest_is_served_first_by_who_idles_longest,
    a_break_keeps_calls_away,
    a_colleague_takes_a_forwarded_call,
    a_colleague_does_not_take_a_forwarded_call,
    wrap_up_ends_by_itself,
    a_waiting_caller_hears_words_and_is_offered_in_the_middle_of_them,
    a_caller_leaves_the_queue_by_a_key,
    a_caller_leaves_the_queue_by_a_key_in_the_music,
    a_caller_keeps_the_place_without_the_line,
    a_customer_is_called_before_the_agent,
)
