"""What desk and floor see of callbacks, of missed offers, and of what an agent does after the call."""

import msgspec
import pytest

from appliance import live
from appliance.core import facts, model
from appliance.daemon import view
from drivers.simulated.line import Line
from tests.contract.company import RING_S, company
from tests.daemon.test_view import LABELS, a_floor
from tests.daemon.world import World

MINUTE_US = 60_000_000


def the_call(world: World) -> live.LiveCall:
    """Give the one call there is."""
    (call,) = a_floor(world).calls.values()
    assert call is not None
    return call


def card(world: World, agent: str = "anna") -> live.LiveAgent:
    """Give an agent's card."""
    found = a_floor(world).agents[agent]
    assert found is not None
    return found


def promised(number: str) -> tuple[World, list[Line]]:
    """Let a caller ask to be called back; gives the customer's lines that the exchange will ring."""
    world, dialled = World(), list[Line]()
    world.exchange.on_dial = dialled.append
    world.open()
    caller = world.exchange.call(number, party="p-1")
    world.until(lambda: caller.doing == "music")
    world.exchange.press(caller, "1")
    world.until(lambda: the_call(world).state == "callback")
    assert (the_call(world).next, the_call(world).attempt) == ("line", 1)
    world.until(lambda: the_call(world).next == "turn")
    return world, dialled


def test_a_callback_says_how_far_it_is_agent_first() -> None:
    """Its turn, the agent's phone, the customer's, the question, and once more after an attempt in vain."""
    world, dialled = promised("2005")
    waits = the_call(world)
    assert (waits.attempt, waits.attempts, waits.caller_number) == (1, 3, "13800138000")
    assert waits.expires_at - world.hub.now > 60 * MINUTE_US
    world.sign_on("anna")
    world.until(lambda: "101" in world.ringing)
    assert (the_call(world).next, the_call(world).attempt, the_call(world).state) == ("pick_up", 1, "offered")
    world.exchange.pick_up(world.ringing["101"])
    world.until(lambda: bool(dialled))
    assert (the_call(world).next, the_call(world).attempt) == ("customer", 1)
    assert view.desk(a_floor(world), "anna").calls[waits.interaction] == the_call(world)
    world.exchange.refuse(dialled[0], "busy")
    world.until(lambda: the_call(world).next == "later")
    assert the_call(world).attempt == 2
    assert 0 < the_call(world).next_at - world.hub.now <= 10_000_000
    world.until(lambda: world.ringing["101"].doing == "ringing")
    world.exchange.pick_up(world.ringing["101"])
    world.until(lambda: len(dialled) == 2)
    world.exchange.pick_up(dialled[1])
    world.until(lambda: the_call(world).next == "confirm")
    world.until(lambda: dialled[1].doing == "prompt")
    world.exchange.press(dialled[1], "1")
    world.until(lambda: the_call(world).state == "talking")
    talk = the_call(world)
    assert (talk.next, talk.attempt, talk.attempts, talk.expires_at) == ("", 2, 3, 0)


def test_a_callback_says_how_far_it_is_customer_first() -> None:
    """The customer's phone rings while the agent is kept; then the agent's, with the customer on the line."""
    world, dialled = promised("2006")
    world.sign_on("anna")
    world.until(lambda: bool(dialled))
    assert (the_call(world).next, card(world).state) == ("customer_first", "ringing")
    assert card(world).interaction == the_call(world).interaction
    world.exchange.pick_up(dialled[0])
    world.until(lambda: dialled[0].doing == "prompt")
    world.exchange.press(dialled[0], "1")
    world.until(lambda: "101" in world.ringing)
    assert (the_call(world).next, the_call(world).state) == ("waits", "offered")


@pytest.mark.parametrize("cause", ["refused", "no_answer", "unreachable"])
def test_a_missed_offer_says_why_and_until_when(cause: str) -> None:
    """It ends by itself where the workgroup says so, or by the agent's word."""
    world = World()
    world.open()
    world.sign_on("anna")
    if cause == "unreachable":
        world.exchange.reachable.discard("101")
    world.call_support()
    if cause == "refused":
        world.until(lambda: "101" in world.ringing)
        world.exchange.refuse(world.ringing["101"], "refused")
    world.until(lambda: card(world).state == "missed", RING_S + 5)
    assert (card(world).cause, card(world).until, card(world).missed) == (cause, 0, 1)
    world.hub.centre.state.deadlines["missed/anna"] = 77
    assert card(world).until == 77
    assert world.answer(world.hub.ask(facts.EndBreak(token="back", agent="anna"))) == ""
    assert (card(world).cause, card(world).until) == ("", 0)


def test_what_an_agent_does_after_the_call_is_seen() -> None:
    """A break asked for, and signing off; both are taken back by a word."""
    world = World()
    world.open()
    world.sign_on("anna")
    world.call_support()
    world.until(lambda: "101" in world.ringing)
    world.exchange.pick_up(world.ringing["101"])
    world.until(lambda: card(world).state == "talking")
    asked = (
        (facts.TakeBreak(token="1", agent="anna", reason="lunch"), ("lunch", False)),
        (facts.EndBreak(token="2", agent="anna"), ("", False)),
        (facts.SignOff(token="3", agent="anna"), ("", True)),
        (facts.SignOn(token="4", agent="anna"), ("", False)),
    )
    for fact, seen in asked:
        assert world.answer(world.hub.ask(fact)) == ""
        assert (card(world).state, card(world).reason, card(world).leaves) == ("talking", *seen)


def test_a_break_of_so_many_minutes_says_when_they_are_used_up() -> None:
    """Those taken earlier today are counted in."""
    world = World()
    world.open()
    world.sign_on("anna")
    assert world.answer(world.hub.ask(facts.TakeBreak(token="1", agent="anna", reason="lunch"))) == ""
    assert card(world).spent_at == 0
    state = world.hub.centre.state
    state.agents["anna"].away_us["lunch"] = 10 * MINUTE_US
    limited = msgspec.structs.replace(company(), breaks=(model.Reason(slug="lunch", minutes_max=30),))
    seen = view.floor(state, limited, LABELS, {})
    anna = seen.agents["anna"]
    assert anna is not None
    assert anna.spent_at == anna.since + 20 * MINUTE_US
