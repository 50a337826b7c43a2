"""Callbacks that something comes between: restarts, facts that come too late, defects."""

import pytest

from appliance.core import effects, facts, model
from appliance.core import state as st
from appliance.core.nodes import callback as node
from appliance.core.steps import End, Heard
from tests.core.callbacks import (
    WAITING,
    a_callback,
    a_world,
    asks_for_a_callback,
    confirms,
    the_customer,
    the_record,
)
from tests.core.world import World, a_company, a_flow, a_queue, plant


def test_a_restart_finds_promises_as_they_were() -> None:
    """Those who wait wait; nobody takes the missing line for a caller who gave up."""
    world = a_world()
    asks_for_a_callback(world)
    world.take(facts.Started(boot=2))
    world.exchange.found()
    world.run()
    assert world.records() == []
    world.sign_on("ann")
    world.take(facts.Started(boot=3))
    world.exchange.found()
    assert world.records() == []
    world.exchange.pick_up(world.ringing("101"))
    world.run()
    confirms(world, the_customer(world))
    assert world.agent_is("ann") == "talking"


@pytest.mark.parametrize("lost", ["nothing", "customer", "agent", "both"])
@pytest.mark.parametrize("customer_first", [False, True])
def test_a_restart_in_the_middle_of_an_attempt(lost: str, customer_first: bool) -> None:  # noqa: FBT001 a parameter
    """What is still there goes on; what is gone is tried again."""
    world = a_world(customer_first=customer_first)
    asks_for_a_callback(world)
    world.sign_on("ann")
    phone = None
    if not customer_first:
        phone = world.ringing("101")
        world.exchange.pick_up(phone)
        world.run()
    line = the_customer(world)
    world.cut_off = True
    world.take(facts.Started(boot=2))
    if lost in {"customer", "both"}:
        world.exchange.end(line.leg)
    if lost in {"agent", "both"} and phone is not None:
        world.exchange.end(phone.leg)
    world.run(1)
    world.cut_off = False
    world.exchange.found()
    world.run(1)
    (interaction,) = world.centre.state.interactions.values()
    if lost in {"customer", "both"}:
        assert isinstance(interaction.state, st.Suspended)
        assert world.agent_is("ann") == "available"
        world.run(60)
        assert isinstance(interaction.state, st.Offered | st.Calling)
    elif lost == "agent" and phone is not None:
        assert isinstance(interaction.state, st.Waiting)
        assert world.agent_is("ann") == "missed"
    else:
        confirms(world, line)
        assert world.agent_is("ann") in {"ringing", "talking"}


def test_a_restart_while_the_promise_is_said() -> None:
    """A line that is over meanwhile makes the promise wait in the queue; one that is there hears it again."""
    for over in (True, False):
        world = a_world()
        line = world.call(key="")
        world.run(2.5)
        world.exchange.press(line, "1")
        world.run(0.5)
        world.cut_off = True
        world.take(facts.Started(boot=2))
        if over:
            world.exchange.end(line.leg)
        world.run(0.5)
        world.cut_off = False
        world.exchange.found()
        (interaction,) = world.centre.state.interactions.values()
        assert isinstance(interaction.state, st.Waiting if over else st.Suspended)


def test_a_customer_who_does_not_answer_our_question_in_time_is_let_go() -> None:
    """The exchange says nothing; the clock does."""
    world = a_world(customer_first=True, ring_s=10, attempts=1)
    asks_for_a_callback(world)
    world.sign_on("ann")
    the_customer(world)
    world.cut_off = True
    world.run(41)
    assert the_record(world).cause == "callback_no_answer"


def test_a_promise_that_breaks_us_is_filed_without_a_line_to_fall_back_on() -> None:
    """The interaction alone is closed; nothing is asked of a leg that is not there."""
    world = a_world()
    asked = asks_for_a_callback(world)
    plant(world.centre._interactions.callbacks, "rules")  # noqa: SLF001  a planted defect
    world.sign_on("ann")
    world.run(1)
    assert world.some(effects.Quarantined)
    assert world.some(effects.FallBack) == []
    (record,) = world.records()
    assert (record.cause, record.leg) == ("internal_error", asked.leg)


def test_what_was_not_promised_is_an_error() -> None:
    """Of ours."""
    world = a_world()
    world.call(key="")
    (interaction,) = world.centre.state.interactions.values()
    with pytest.raises(ValueError, match="nobody was promised"):
        _ = interaction.promised


def test_the_node_asks_nothing() -> None:
    """So it hears nothing."""
    assert node.hear(node.Options(queue="support"), Heard(key="", tries=1)) == End()


def test_what_comes_too_late_changes_nothing() -> None:
    """A failure of a call that has succeeded, and the end of a prompt that nobody awaits."""
    world = a_world(customer_first=True)
    asks_for_a_callback(world)
    world.sign_on("ann")
    line = the_customer(world)
    world.take(facts.Prompted(leg=line.leg, prompt=9999, key="1"))
    confirms(world, line)
    world.take(facts.DialFailed(leg=line.leg, cause="busy"))
    assert line.hears == "music/default"
    world.talk()


def a_world_of_trunks(*, attempts: int = 3, **rules: object) -> World:
    """Open a company of two trunks whose customer came by the second."""
    trunks = (model.Trunk(slug="one", host="a"), model.Trunk(slug="two", host="b"))
    queue = a_queue(waiting=WAITING, callback=a_callback(attempts=attempts, **rules), wrap_up_s=0)
    flow = a_flow(model.Node(id="wait", kind="queue", options={"queue": "support"}))
    world = World(a_company(queue, flow=flow, trunks=trunks))
    line = world.exchange.call("2000", party="p", trunk="two")
    world.run(2.5)
    world.exchange.press(line, "1")
    world.run(3)
    world.sign_on("ann")
    return world


def trunks_dialled(world: World) -> list[str]:
    """Name the trunks by which the customer was called."""
    return [effect.trunk for effect in world.effects if isinstance(effect, effects.Dial)]


def test_a_trunk_without_a_line_is_passed_over() -> None:
    """In the company's order, the customer's own first; it is one attempt all the same."""
    world = a_world_of_trunks()
    world.exchange.lines_max = {"two": 0}
    phone = world.ringing("101")
    world.exchange.pick_up(phone)
    world.run()
    assert trunks_dialled(world) == ["two", "one"]
    assert phone.doing == "idle"
    confirms(world, the_customer(world))
    assert world.agent_is("ann") == "talking"
    world.exchange.end(phone.leg)
    world.run(1)
    assert the_record(world).attempts == 1


def test_where_no_trunk_has_a_line_the_agent_is_spared() -> None:
    """That was no attempt; there is another after the pause, by the first trunk again."""
    world = a_world_of_trunks(attempts=1, customer_first=True)
    world.exchange.lines_max = {"one": 0, "two": 0}
    world.exchange.refuse(the_customer(world), "congested")
    world.run(1)
    assert world.agent_is("ann") == "available"
    assert world.centre.state.agents["ann"].missed == 0
    (interaction,) = world.centre.state.interactions.values()
    assert isinstance(interaction.state, st.Suspended)
    world.exchange.lines_max.clear()
    world.run(60)
    assert trunks_dialled(world) == ["two", "one", "two"]
    confirms(world, the_customer(world))
    assert world.ringing("101").extension == "101"
    assert world.take(facts.DialFailed(leg=facts.Leg("simulated", "none"), cause="congested")) == ()


def test_a_trunk_that_fails_late_is_nothing() -> None:
    """Of a customer who is on the line by now."""
    world = a_world_of_trunks(customer_first=True)
    line = the_customer(world)
    confirms(world, line)
    world.take(facts.DialFailed(leg=line.leg, cause="congested"))
    assert trunks_dialled(world) == ["two"]


def test_a_line_that_hangs_on_and_asks_is_hung_up_and_no_new_call() -> None:
    """Where nobody told it to hang up in time: the promise stands, and its call has one record."""
    world = a_world()
    line = world.call(key="")
    world.run(2.5)
    world.exchange.press(line, "1")
    world.run(0.5)
    world.cut_off = True
    world.run(61)
    asks = facts.LegAsked(leg=line.leg, trunk="", number="2000", party=line.party)
    assert world.take(asks) == (effects.HangUp(leg=line.leg),)
    (interaction,) = world.centre.state.interactions.values()
    assert isinstance(interaction.state, st.Waiting)
    for found, told in (((facts.FoundLeg(leg=line.leg),), [effects.HangUp(leg=line.leg)]), ((), [])):
        world.take(facts.ExchangeLost(exchange="simulated"))
        out = world.take(facts.LegsFound(exchange="simulated", legs=found, reachable=("101",)))
        assert [effect for effect in out if isinstance(effect, effects.HangUp)] == told
    assert world.centre.state.legs == {}


def test_a_line_that_is_over_at_last_ends_nothing_but_itself() -> None:
    """Not the talk that the promise has led to meanwhile."""
    world = a_world(customer_first=True)
    line = world.call(key="")
    world.run(2.5)
    world.exchange.press(line, "1")
    world.run(0.5)
    world.cut_off = True
    world.run(61)
    world.cut_off = False
    world.sign_on("ann")
    confirms(world, the_customer(world))
    world.talk()
    world.take(facts.LegEnded(leg=line.leg))
    assert world.agent_is("ann") == "talking"
    assert line.leg not in world.centre.state.legs
