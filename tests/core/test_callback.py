"""Callbacks that keep the place: asked for, promised, called, confirmed, tried again, given up."""

from typing import cast

import pytest

from appliance.core import effects, facts, model
from appliance.core import state as st
from appliance.core.cdr import Outcome, Stretch
from tests.core.callbacks import (
    WAITING,
    a_callback,
    a_flow_with_a_node,
    a_world,
    asks_for_a_callback,
    confirms,
    dials,
    the_customer,
    the_record,
)
from tests.core.world import SECOND, World, a_company, a_flow, a_queue


def test_agent_first() -> None:
    """The agent waits on the line while the customer's phone rings; both talk after the key; one record of it all."""
    world = a_world()
    asked = asks_for_a_callback(world)
    assert world.some(effects.CallFiled) == []
    world.run(100)
    world.sign_on("ann")
    phone = world.ringing("101")
    world.exchange.pick_up(phone)
    world.run()
    assert (phone.doing, world.agent_is("ann")) == ("idle", "ringing")
    line = the_customer(world)
    assert (line.party, line.trunk) == (asked.party, "")
    confirms(world, line)
    assert (line.hears, phone.hears) == (f"leg/{phone.leg.uniqueid}", f"leg/{line.leg.uniqueid}")
    world.run(30)
    world.exchange.end(line.leg)
    world.run(1)
    record = the_record(world)
    assert (record.outcome, record.agent, record.medium, record.attempts) == (Outcome.ANSWERED, "ann", "callback", 1)
    assert record.leg == asked.leg
    assert [s.stretch for s in record.segments] == [
        Stretch.WAITING,
        Stretch.CALLBACK,
        Stretch.CALLING,
        Stretch.CALLBACK,
        Stretch.TALKING,
    ]
    assert record.segments[0].outcome is Outcome.CALLBACK
    assert abs(record.wait_us - 2.5 * SECOND) < SECOND / 5
    assert abs(record.callback_us - 103.8 * SECOND) < SECOND
    counts = world.centre.state.counts["support"]
    assert (counts.answered, counts.abandoned, counts.flowed_out) == (0, 0, 0)
    assert (counts.callbacks, counts.callbacks_answered, counts.callback_attempts) == (1, 1, 1)
    assert counts.callback_wait_us == pytest.approx(record.callback_us)
    assert world.centre.state.deadlines == {}
    assert world.centre.state.legs == {}
    assert world.centre.state.offers == {}


def test_customer_first() -> None:
    """The agent is kept free while the customer's phone rings; hers rings when the customer is there."""
    world = a_world(customer_first=True)
    asks_for_a_callback(world)
    world.sign_on("ann")
    assert world.agent_is("ann") == "ringing"
    assert world.some(effects.Offer) == []
    line = the_customer(world)
    confirms(world, line)
    assert line.hears == "music/default"
    phone = world.talk()
    assert line.hears == f"leg/{phone.leg.uniqueid}"
    world.exchange.end(line.leg)
    world.run(1)
    assert the_record(world).outcome is Outcome.ANSWERED


def test_without_a_question_the_customer_is_joined_at_once() -> None:
    """Where nothing is to be confirmed."""
    world = a_world(confirm="")
    asks_for_a_callback(world)
    world.sign_on("ann")
    phone = world.ringing("101")
    world.exchange.pick_up(phone)
    world.run()
    line = the_customer(world)
    world.exchange.pick_up(line)
    world.run()
    assert line.hears == f"leg/{phone.leg.uniqueid}"


def test_the_place_is_kept() -> None:
    """Before who came later, behind who came before; and no more attempts than free agents."""
    world = a_world(customer_first=True)
    older = world.call(key="")
    mine = asks_for_a_callback(world)
    younger = world.call(key="")
    also = asks_for_a_callback(world)
    world.sign_on("ann")
    phone = world.talk()
    assert older.hears == f"leg/{phone.leg.uniqueid}"
    assert dials(world) == 0
    world.sign_on("bob")
    (dial,) = world.some(effects.Dial)
    assert isinstance(dial, effects.Dial)
    assert dial.party == mine.party
    assert (younger.doing, also.doing) == ("music", "gone") or younger.doing == "prompt"
    world.run(20)
    assert dials(world) == 1


@pytest.mark.parametrize("customer_first", [False, True])
def test_an_attempt_that_reaches_nobody_is_made_again(customer_first: bool) -> None:  # noqa: FBT001 a parameter
    """After a pause, so many times; the agents are free at once without blame, and serve others meanwhile."""
    world = a_world(customer_first=customer_first, attempts=3, ring_s=10)
    asked = asks_for_a_callback(world)
    world.sign_on("ann")
    causes = ("no_answer", "busy", "silence")
    for attempt, cause in enumerate(causes, start=1):
        if not customer_first:
            world.exchange.pick_up(world.ringing("101"))
            world.run()
        line = the_customer(world)
        assert dials(world) == attempt
        if cause == "no_answer":
            world.run(11)
        elif cause == "busy":
            world.exchange.refuse(line, "busy")
        else:
            world.exchange.pick_up(line)
            world.run(8)
        world.run(1)
        assert world.agent_is("ann") == "available"
        assert [one for one in world.exchange.lines.values() if one.leg != asked.leg] == []
        world.run(60)
    record = the_record(world)
    assert (record.outcome, record.cause, record.attempts) == (Outcome.CALLBACK, "callback_not_confirmed", 3)
    assert world.centre.state.counts["support"].callbacks_failed == 1
    assert world.centre.state.agents["ann"].missed == 0
    assert world.centre.state.deadlines == {}


def test_a_wrong_key_or_hanging_up_is_no_confirmation() -> None:
    """A machine that answers is not joined with an agent."""
    world = a_world(attempts=1)
    asks_for_a_callback(world)
    world.sign_on("ann")
    world.exchange.pick_up(world.ringing("101"))
    world.run()
    line = the_customer(world)
    world.exchange.pick_up(line)
    world.run()
    world.exchange.end(line.leg)
    world.run(1)
    assert the_record(world).cause == "callback_not_confirmed"
    assert world.agent_is("ann") == "available"


def test_an_agent_who_hangs_up_meanwhile_is_missed_and_the_place_kept() -> None:
    """The customer's phone stops; the next agent calls again."""
    world = a_world()
    asks_for_a_callback(world)
    world.sign_on("ann")
    phone = world.ringing("101")
    world.exchange.pick_up(phone)
    world.run()
    the_customer(world)
    world.exchange.end(phone.leg)
    world.run(1)
    assert world.agent_is("ann") == "missed"
    assert not any(line.dialled for line in world.exchange.lines.values())
    world.sign_on("bob")
    world.exchange.pick_up(world.ringing("102"))
    world.run()
    confirms(world, the_customer(world))
    assert world.agent_is("bob") == "talking"


def test_an_agent_who_does_not_answer_keeps_the_promise_waiting() -> None:
    """As with a caller on the line."""
    world = a_world()
    asks_for_a_callback(world)
    world.sign_on("ann")
    world.exchange.refuse(world.ringing("101"), "busy")
    world.run(1)
    assert dials(world) == 0
    world.sign_on("bob")
    assert world.ringing("102").extension == "102"


def test_a_kept_agent_who_does_not_answer_leaves_a_live_caller() -> None:
    """The customer is on the line again, waits at the old place, and may give up."""
    world = a_world(customer_first=True)
    asks_for_a_callback(world)
    world.sign_on("ann")
    line = the_customer(world)
    confirms(world, line)
    world.exchange.refuse(world.ringing("101"), "busy")
    world.run(1)
    (interaction,) = world.centre.state.interactions.values()
    assert isinstance(interaction.state, st.Waiting)
    assert line.hears == "music/default"
    world.exchange.end(line.leg)
    world.run(1)
    record = the_record(world)
    assert (record.outcome, record.cause) == (Outcome.CALLBACK, "caller")
    counts = world.centre.state.counts["support"]
    assert (counts.callbacks_failed, counts.abandoned, counts.abandoned_short) == (1, 0, 0)


def test_a_promise_expires() -> None:
    """In the queue, or between attempts; while it is being kept it does not."""
    world = a_world(expire_s=100)
    asks_for_a_callback(world)
    world.run(101)
    assert the_record(world).cause == "callback_expired"
    world = a_world(expire_s=100, retry_s=300, customer_first=True)
    asks_for_a_callback(world)
    world.sign_on("ann")
    world.exchange.refuse(the_customer(world), "busy")
    world.run(101)
    assert the_record(world).cause == "callback_expired"
    world = a_world(expire_s=100)
    asks_for_a_callback(world)
    world.run(80)
    world.sign_on("ann")
    world.exchange.pick_up(world.ringing("101"))
    world.run(18)
    world.exchange.pick_up(the_customer(world))
    world.run(2)
    assert not world.records()
    world.run(10)
    assert the_record(world).cause == "callback_not_confirmed"


def _wait() -> tuple[model.Node, ...]:
    return (model.Node(id="wait", kind="queue", options={"queue": "support"}),)


def test_nobody_is_promised_what_cannot_be_kept() -> None:
    """Without a number to call, or where the queue calls nobody back, the key does nothing."""
    world = a_world()
    line = world.call(key="", view=facts.PartyView(withheld=True))
    world.run(2.5)
    world.exchange.press(line, "1")
    world.run()
    assert line.hears == "music/default"


def test_a_caller_who_does_not_hang_up_is_hung_up_on() -> None:
    """The promise was heard; nobody hears it anew when the daemon comes back but who is still on the line."""
    world = a_world()
    line = world.call(key="")
    world.run(2.5)
    world.exchange.press(line, "1")
    world.run(0.5)
    world.exchange.forsake(1.0, line.leg)
    world.run(1.1)
    assert len(world.some(effects.Assure)) == 2
    world.run(2.5)
    assert line.doing == "gone"


def test_a_promise_to_a_leg_that_we_lost_is_kept_all_the_same() -> None:
    """After a minute the line counts as over."""
    world = a_world()
    line = world.call(key="")
    world.run(2.5)
    world.cut_off = True
    world.take(facts.Prompted(leg=line.leg, prompt=line.prompt, key="1"))
    world.run(61)
    (interaction,) = world.centre.state.interactions.values()
    assert isinstance(interaction.state, st.Waiting)


def test_an_overflow_may_lead_to_a_callback() -> None:
    """The caller keeps no older place than the flow gives, and goes on in the flow after the talk."""
    flow = a_flow_with_a_node()
    queue = a_queue(callback=a_callback(), overflow=(model.Overflow(when="wait", limit=10),), wrap_up_s=0)
    world = World(a_company(queue, flow=flow))
    line = world.call(key="")
    world.run(10.5)
    assert line.hears == "prompt/en/promise"
    world.run(2)
    world.sign_on("ann")
    phone = world.ringing("101")
    world.exchange.pick_up(phone)
    world.run()
    customer = the_customer(world)
    confirms(world, customer)
    world.exchange.end(phone.leg)
    world.run(1)
    assert customer.hears == "prompt/en/bye"
    world.run(3)
    record = the_record(world)
    assert (record.outcome, record.cause) == (Outcome.ANSWERED, "flow")
    refused = World(a_company(queue, flow=flow))
    line = refused.call(key="", view=facts.PartyView(withheld=True))
    refused.run(10.5)
    assert line.hears == "prompt/en/sorry"


def test_a_second_callback_counts_on() -> None:
    """Of the same interaction, after the conversation."""
    flow = a_flow(
        model.Node(id="wait", kind="queue", options={"queue": "support"}, exits={"next": "back"}),
        model.Node(id="back", kind="callback", options={"queue": "support"}),
    )
    world = a_world(flow, customer_first=True)
    asks_for_a_callback(world)
    world.sign_on("ann")
    customer = the_customer(world)
    confirms(world, customer)
    phone = world.talk()
    world.exchange.end(phone.leg)
    world.run(0.5)
    assert customer.hears == "prompt/en/promise"
    world.run(3)
    confirms(world, the_customer(world))
    world.talk()
    (interaction,) = world.centre.state.interactions.values()
    assert interaction.callback is not None
    assert interaction.callback.attempts == 2


def test_the_trunk_is_the_customers_or_the_first() -> None:
    """A trunk that is gone is not asked for."""
    trunks = (model.Trunk(slug="one", host="a"), model.Trunk(slug="two", host="b"))
    for trunk, expected in (("two", "two"), ("gone", "one")):
        queue = a_queue(waiting=WAITING, callback=a_callback(customer_first=True))
        world = World(a_company(queue, flow=a_flow(*_wait()), trunks=trunks))
        line = world.exchange.call("2000", party="p", trunk=trunk)
        world.run(2.5)
        world.exchange.press(line, "1")
        world.run(3)
        world.sign_on("ann")
        (dial,) = world.some(effects.Dial)
        assert cast("effects.Dial", dial).trunk == expected  # cast: asked by type
