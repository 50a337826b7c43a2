"""Offers that fail, conversations that end, callers who give up."""

import pytest

from appliance.core import effects, facts
from appliance.core import state as st
from appliance.core.cdr import Outcome, Stretch
from appliance.core.facts import Leg
from appliance.core.interaction import LEAVE_S
from tests.core.test_flows import node
from tests.core.world import SECOND, World, a_company, a_flow, a_queue


def alone(**queue: object) -> World:
    """Let ann be the only agent, signed on."""
    world = World(a_company(a_queue(**({"agents": ("ann",)} | queue))))
    world.sign_on("ann")
    return world


def test_the_decision_is_recorded() -> None:
    """Chosen, next, and how many were left out for what."""
    world = World(a_company(a_queue(agents=("ann", "bob", "gone"))))
    world.sign_on("bob", "ann")
    world.call()
    world.call()
    world.call()
    first, second = world.some(effects.Decided)
    assert isinstance(first, effects.Decided)
    assert isinstance(second, effects.Decided)
    assert (first.chosen.agent, [c.agent for c in first.next], first.excluded) == ("bob", ["ann"], {})
    assert (second.chosen.agent, second.next, second.excluded) == ("ann", (), {"ringing": 1})


@pytest.mark.parametrize("cause", ["refused", "busy", "unreachable", "failed", "no_answer"])
def test_a_phone_that_does_not_take_an_offer(cause: str) -> None:
    """Makes the agent missed; the caller waits on."""
    world = alone()
    line = world.call()
    world.exchange.refuse(world.ringing("101"), cause)
    world.run()
    assert world.agent_is("ann") == "missed"
    assert line.hears == "music/default"


def test_unreachable_phones_get_no_offer_until_they_are_back() -> None:
    """Not registered is not available."""
    world = alone()
    world.exchange.see("101", reachable=False)
    world.exchange.see("999", reachable=False)
    world.call()
    assert not world.some(effects.Offer)
    world.exchange.see("101", reachable=True)
    assert len(world.some(effects.Offer)) == 1


def test_offers_that_are_over_are_over() -> None:
    """Late outcomes change nothing; a late answer is hung up."""
    world = alone()
    line = world.call()
    offer = world.ringing("101").offer
    world.exchange.end(line.leg)
    world.run()
    assert world.agent_is("ann") == "available"
    world.take(facts.OfferFailed(offer=offer, cause="busy"))
    world.take(facts.OfferRang(offer=offer))
    late = Leg("simulated", "late")
    assert world.take(facts.OfferAnswered(offer=offer, leg=late)) == (effects.HangUp(leg=late),)
    assert world.agent_is("ann") == "available"


def test_an_answer_twice_is_hung_up() -> None:
    """The second leg is not the first."""
    world = alone()
    world.call()
    phone = world.talk()
    late = Leg("simulated", "late")
    assert effects.HangUp(leg=late) in world.take(facts.OfferAnswered(offer=phone.offer, leg=late))


@pytest.mark.parametrize(("after_s", "abandoned", "short", "within"), [(2, 0, 1, 0), (10, 1, 0, 1), (30, 1, 0, 0)])
def test_who_gives_up_is_counted(after_s: float, abandoned: int, short: int, within: int) -> None:
    """Short abandons apart."""
    world = World()
    line = world.call()
    world.run(after_s)
    world.exchange.end(line.leg)
    world.run()
    counts = world.centre.state.counts["support"]
    assert (counts.abandoned, counts.abandoned_short, counts.abandoned_within) == (abandoned, short, within)
    (cdr,) = world.records()
    assert (cdr.outcome, cdr.cause) == (Outcome.ABANDONED, "caller")
    assert cdr.segments[-1].outcome is Outcome.ABANDONED


def test_who_gives_up_in_a_queue_that_is_gone_is_counted_too() -> None:
    """As an abandon; there is no limit to hold it against."""
    world = alone()
    line = world.call()
    world.publish(a_company(a_queue("other")))
    world.run(10)
    world.exchange.end(line.leg)
    world.run()
    counts = world.centre.state.counts["support"]
    assert (counts.abandoned, counts.abandoned_within) == (1, 0)


def joining(world: World) -> st.Interaction:
    """Let ann pick up, with the bridge still to come."""
    line = world.call()
    phone = world.ringing("101")
    world.take(facts.OfferAnswered(offer=phone.offer, leg=phone.leg))
    interaction = world.centre.state.interactions[line.interaction]
    assert isinstance(interaction.state, st.Joining)
    return interaction


def test_a_bridge_that_fails_begins_again_without_blame() -> None:
    """At once, or by its deadline."""
    world = alone()
    line = world.call()
    world.cut_off = True
    interaction = world.centre.state.interactions[line.interaction]
    assert isinstance(interaction.state, st.Offered)
    agent_leg = interaction.state.leg
    world.take(facts.OfferAnswered(offer=interaction.state.offer, leg=agent_leg))
    world.take(facts.BridgeFailed(legs=(interaction.leg, agent_leg)))
    assert isinstance(interaction.state, st.Offered)
    assert world.centre.state.agents["ann"].missed == 0
    agent_leg = interaction.state.leg
    world.take(facts.OfferAnswered(offer=interaction.state.offer, leg=agent_leg))
    world.run(6)
    assert isinstance(interaction.state, st.Offered)
    assert effects.HangUp(leg=agent_leg) in world.effects
    world.take(facts.BridgeFailed(legs=(interaction.leg, agent_leg)))
    assert isinstance(interaction.state, st.Offered)
    world.take(facts.BridgeFailed(legs=(agent_leg, agent_leg)))


def test_an_agent_who_goes_before_the_bridge_is_missed() -> None:
    """And so is one whose offer fails after the answer."""
    world = alone()
    interaction = joining(world)
    assert isinstance(interaction.state, st.Joining)
    world.take(facts.LegEnded(leg=interaction.state.leg))
    assert world.agent_is("ann") == "missed"
    assert isinstance(interaction.state, st.Waiting)


def test_a_caller_who_goes_before_the_bridge_abandons() -> None:
    """The agent is free again."""
    world = alone()
    interaction = joining(world)
    world.take(facts.LegEnded(leg=interaction.leg))
    assert world.agent_is("ann") == "available"
    assert world.records()[0].outcome is Outcome.ABANDONED


def test_only_the_right_bridge_counts() -> None:
    """Another pair, another time, another leg: nothing."""
    world = alone()
    interaction = joining(world)
    assert isinstance(interaction.state, st.Joining)
    mine, theirs = interaction.leg, interaction.state.leg
    other = Leg("simulated", "other")
    world.take(facts.Bridged(legs=(mine, other)))
    world.take(facts.Bridged(legs=(other, other)))
    assert isinstance(interaction.state, st.Joining)
    world.take(facts.Bridged(legs=(theirs, mine)))
    assert isinstance(interaction.state, st.Connected)
    world.take(facts.Bridged(legs=(mine, theirs)))
    assert world.centre.state.counts["support"].answered == 1


def test_answers_after_the_limit_are_answers_not_within() -> None:
    """The service level counts them so."""
    world = World(a_company(a_queue(answer_within_s=5)))
    world.call()
    world.run(10)
    world.sign_on("ann")
    world.talk()
    counts = world.centre.state.counts["support"]
    assert (counts.answered, counts.answered_within) == (1, 0)
    assert counts.wait_us > 10 * SECOND


@pytest.mark.parametrize("cause", [27, 44])
def test_a_caller_whose_agents_phone_died_is_served_first(cause: int) -> None:
    """With the place of arrival, by the next agent; segments add up."""
    world = World()
    world.sign_on("ann", "bob")
    line = world.call()
    phone = world.talk("101")
    world.run(30)
    world.exchange.end(phone.leg, cause)
    world.run()
    assert world.agent_is("ann") == "wrap_up"
    other = world.talk("102")
    world.exchange.end(line.leg)
    world.run()
    (cdr,) = world.records()
    assert [s.agent for s in cdr.segments if s.stretch is Stretch.TALKING] == ["ann", "bob"]
    assert cdr.agent == "bob"
    assert sum(s.until - s.since for s in cdr.segments) == cdr.ended - cdr.began
    assert other.doing == "gone"


def test_the_agent_hangs_up_from_the_screen_or_the_phone() -> None:
    """Either way the customer's leg is ended and the record says who."""
    world = alone(wrap_up_s=0)
    for way in ("screen", "phone"):
        line = world.call()
        phone = world.talk()
        world.run(5)
        if way == "screen":
            assert world.command(facts.HangUpCall, "ann", interaction=line.interaction) == ""
        else:
            world.exchange.end(phone.leg)
        world.run()
        assert (line.doing, phone.doing) == ("gone", "gone")
        assert world.records()[-1].cause == "agent/ann"
        assert world.agent_is("ann") == "available"


def test_a_leg_that_never_ends_is_taken_for_gone() -> None:
    """The record is filed all the same."""
    world = alone(wrap_up_s=0)
    line = world.call()
    world.talk()
    world.cut_off = True
    world.command(facts.HangUpCall, "ann", interaction=line.interaction)
    world.take(facts.LegAsked(leg=line.leg, trunk="sim", number="2000", party="p"))
    assert world.effects[-1] == effects.HangUp(leg=line.leg)
    assert not world.records()
    world.run(LEAVE_S + 1)
    assert world.records()[0].cause == "agent/ann"


def test_a_hung_up_call_that_is_connected_meanwhile_stays_hung_up() -> None:
    """Late facts about legs: an agent's leg that asks is hung up, a stranger's end is nothing."""
    world = alone()
    world.call()
    phone = world.talk()
    out = world.take(facts.LegAsked(leg=phone.leg, trunk="", number="", party=""))
    assert out == (effects.HangUp(leg=phone.leg),)
    assert world.take(facts.LegEnded(leg=Leg("simulated", "nobody"))) == ()


def test_an_offered_callers_leg_that_asks_goes_on_waiting() -> None:
    """Hold again, with the same place; while the agent's leg ends before its offer failed, nothing."""
    world = alone()
    line = world.call()
    held = [effect for effect in world.effects if isinstance(effect, effects.Hold)]
    world.run(11)
    again = [effect for effect in world.effects if isinstance(effect, effects.Hold)]
    assert again == [held[0], held[0]]
    phone = world.ringing("101")
    assert world.take(facts.LegEnded(leg=phone.leg)) == ()
    assert world.centre.state.interactions[line.interaction].state.__class__ is st.Offered


def test_a_conversation_whose_queue_was_removed_ends_well() -> None:
    """With the wrap-up that the queue has granted; and one that begins in it counts as answered."""
    world = alone()
    line = world.call()
    phone = world.ringing("101")
    world.publish(a_company(a_queue("other", agents=("ann",)), flow=a_flow(node("x", "announce", prompt="x"))))
    world.exchange.pick_up(phone)
    world.run()
    assert world.agent_is("ann") == "talking"
    world.exchange._ask(line)  # noqa: SLF001 whatever its bridge says
    world.take(facts.LegAsked(leg=line.leg, trunk="sim", number="2000", party="p"))
    hold = world.effects[-1]
    assert isinstance(hold, effects.Hold)
    assert hold.music == "default"
    world.exchange.end(phone.leg)
    world.run()
    assert world.agent_is("ann") == "wrap_up"
    assert line.doing == "gone"


def test_an_agent_removed_in_a_call_leaves_after_it() -> None:
    """One who is idle is gone at once."""
    world = alone()
    world.call()
    phone = world.talk()
    company = a_company(a_queue(agents=()), agents=(), extensions=())
    world.publish(company)
    assert list(world.centre.state.agents) == ["ann"]
    world.exchange.end(phone.leg)
    world.run(11)
    assert world.agent_is("ann") == "signed_out"
    world.publish(company)
    assert world.centre.state.agents == {}
