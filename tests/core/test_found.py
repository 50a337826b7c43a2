"""Stories that the simulator found: each once broke an invariant."""

import pytest

from appliance.core import effects, facts, model
from appliance.core import state as st
from appliance.core.facts import Leg
from tests.core.test_flows import node
from tests.core.world import World, a_company, a_flow, a_queue


def test_who_leaves_the_queue_while_something_is_said_there_goes_on_in_the_flow() -> None:
    """The wait is over in the middle of an announcement; at its end the caller is told how to go on."""
    queue = a_queue(wait_s_max=21, waiting=model.WaitingCaller(sounds=("patience",), first_s=20))
    flow = a_flow(
        node("wait", "queue", {"timeout": "bye"}, queue="support"),
        node("bye", "hang_up", prompt="bye"),
    )
    world = World(a_company(queue, flow=flow))
    caller = world.call(key="")
    assert world.until(lambda: caller.hears == "prompt/en/patience", 25)
    assert world.until(lambda: caller.hears == "prompt/en/bye", 5)
    assert world.until(lambda: caller.doing == "gone", 5)
    world.run(1)
    assert len(world.records()) == 1


def test_a_customer_whom_a_crash_made_us_forget_that_we_call_is_no_caller() -> None:
    """The leg that was being made is ended, also when the customer has picked up; it is no call to us."""
    world = World()
    leg = Leg("simulated", "c-000001-00000099")
    found = facts.FoundLeg(leg=leg, interaction="000001-00000007", up=False)
    assert effects.HangUp(leg=leg) in world.take(facts.LegsFound(exchange="simulated", legs=(found,)))
    assert world.take(facts.LegAsked(leg=leg, trunk="", number="", party="p")) == (effects.HangUp(leg=leg),)
    assert not world.centre.state.interactions


def test_a_bridge_that_fails_too_late_leaves_the_next_one_alone() -> None:
    """The caller is being joined with another agent by then, whose phone is not hung up for it."""
    world = World()
    world.sign_on("ann")
    caller = world.call()
    world.exchange.pick_up(world.ringing("101"))
    assert world.until(lambda: any(isinstance(e, effects.Bridge) for e in world.effects), 5)
    interaction = next(iter(world.centre.state.interactions.values()))
    assert isinstance(interaction.state, st.Joining)
    late = facts.BridgeFailed(legs=(caller.leg, Leg("simulated", "o-000001-99999999")))
    assert world.take(late) == ()
    assert isinstance(interaction.state, st.Joining)


def test_a_call_that_becomes_a_callback_twice_is_filed_as_the_call_that_came() -> None:
    """The leg of its record is the caller's own, not the one on which the promise was made again."""
    queue = a_queue(callback=model.Callback(accepted="accepted"), waiting=model.WaitingCaller(callback_key="3"))
    world = World(a_company(queue))
    caller = world.call()
    world.exchange.press(caller, "3")
    world.run(60)
    interaction = next(iter(world.centre.state.interactions.values()))
    assert interaction.promised.line == caller.leg
    world.sign_on("ann")
    phone = next(line for line in world.exchange.lines.values() if line.offer)
    world.exchange.pick_up(phone)
    assert world.until(lambda: any(line.dialled for line in world.exchange.lines.values()), 5)
    again = next(line for line in world.exchange.lines.values() if line.dialled)
    world.exchange.pick_up(again)
    assert world.until(lambda: isinstance(interaction.state, st.Connected), 5)
    world.exchange.end(phone.leg, 27)
    assert world.until(lambda: isinstance(interaction.state, st.Waiting), 5)
    world.run(2)
    world.exchange.press(again, "3")
    assert world.until(lambda: isinstance(interaction.state, st.Suspended), 5)
    assert interaction.leg == again.leg
    assert interaction.promised.line == caller.leg


@pytest.mark.parametrize("noticed", [True, False])
def test_a_call_whose_hang_up_was_lost_is_not_filed_before_it_is_over(*, noticed: bool) -> None:
    """Neither if we know that the link is lost, however long, nor in the seconds until that is noticed."""
    world = World()
    world.sign_on("ann")
    caller = world.call()
    world.talk()
    name = world.ringing_or_talking("ann")
    world.cut_off = True
    lost = facts.ExchangeLost(exchange="simulated")
    if noticed:
        world.take(lost)
    assert world.command(facts.HangUpCall, "ann", interaction=name) == ""
    world.run(15)
    if not noticed:
        world.take(lost)
    world.run(60)
    assert world.records() == []
    world.cut_off = False
    world.exchange.found()
    world.run(1)
    assert caller.doing == "gone"
    (record,) = world.records()
    assert record.cause == "agent/ann"
