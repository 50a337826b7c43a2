"""What agents ask for, and what they are refused."""

import pytest

from appliance.core import effects, facts
from appliance.core import state as st
from appliance.core.agent import Agents
from appliance.core.desk import ANSWERS_MAX
from appliance.core.turn import Deadlines, Turn
from tests.core.world import SECOND, World, a_company, a_queue


def talking(**queue: object) -> World:
    """Let ann talk to a caller."""
    world = World(a_company(a_queue(agents=("ann",), **queue)))
    world.sign_on("ann")
    world.call()
    world.talk()
    return world


def test_a_seat_is_taken_once() -> None:
    """A second sign-on is refused, and so is leaving a seat that nobody took."""
    world = World()
    assert world.command(facts.SignOff, "ann") == "not_signed_on"
    assert world.command(facts.SignOn, "ann") == ""
    assert world.command(facts.SignOn, "ann") == "already_signed_on"
    assert world.command(facts.SignOff, "ann") == ""
    assert world.agent_is("ann") == "signed_out"


def test_nobody_knows_a_stranger() -> None:
    """A command about an agent who does not exist is refused."""
    assert World().command(facts.SignOn, "zoe") == "unknown_agent"


def test_a_token_is_answered_the_same_way_twice() -> None:
    """Repeating a command does it once."""
    world = World()
    first = world.take(facts.SignOn(token="t", agent="ann"))
    again = world.take(facts.SignOn(token="t", agent="ann"))
    assert first[-1] == again[-1] == effects.Answered(token="t")


def test_tokens_are_forgotten_in_the_end() -> None:
    """The memory of answers is bounded."""
    world = World()
    for n in range(ANSWERS_MAX + 5):
        world.take(facts.EndBreak(token=f"x{n}", agent="ann"))
    assert len(world.centre.state.answered) == ANSWERS_MAX
    assert "x0" not in world.centre.state.answered


def test_breaks() -> None:
    """A break needs a seat and a known reason, and ends when the agent says so."""
    world = World()
    assert world.command(facts.TakeBreak, "ann", reason="lunch") == "not_signed_on"
    world.sign_on("ann")
    assert world.command(facts.TakeBreak, "ann", reason="moon") == "unknown_reason"
    assert world.command(facts.EndBreak, "ann") == "not_on_break"
    assert world.command(facts.TakeBreak, "ann", reason="lunch") == ""
    assert world.agent_is("ann") == "on_break"
    world.run(60)
    assert world.command(facts.EndBreak, "ann") == ""
    ann = world.centre.state.agents["ann"]
    assert ann.idle_since == world.clock.now
    assert ann.idle_since_wrap_up < ann.idle_since


def test_a_break_asked_for_in_a_call_begins_after_the_wrap_up() -> None:
    """And can be taken back before."""
    world = talking()
    assert world.command(facts.TakeBreak, "ann", reason="lunch") == ""
    assert world.command(facts.EndBreak, "ann") == ""
    assert world.command(facts.TakeBreak, "ann", reason="lunch") == ""
    assert world.agent_is("ann") == "talking"
    world.command(facts.HangUpCall, "ann", interaction=world.ringing_or_talking("ann"))
    world.run(1)
    assert world.agent_is("ann") == "wrap_up"
    world.run(10)
    assert world.agent_is("ann") == "on_break"


def test_signing_off_in_a_call_waits_for_its_end() -> None:
    """And a sign-on before then takes it back."""
    world = talking()
    assert world.command(facts.SignOff, "ann") == ""
    assert world.command(facts.SignOn, "ann") == ""
    assert world.command(facts.SignOff, "ann") == ""
    world.command(facts.HangUpCall, "ann", interaction=world.ringing_or_talking("ann"))
    world.run(11)
    assert world.agent_is("ann") == "signed_out"


def test_a_wrap_up_can_be_ended_and_extended() -> None:
    """By the agent alone, and not without end."""
    world = talking()
    assert world.command(facts.EndWrapUp, "ann") == "not_in_wrap_up"
    assert world.command(facts.ExtendWrapUp, "ann", by_s=30) == "not_in_wrap_up"
    interaction = world.ringing_or_talking("ann")
    world.command(facts.HangUpCall, "ann", interaction=interaction)
    world.run(1)
    assert world.command(facts.ExtendWrapUp, "ann", by_s=30) == ""
    assert world.command(facts.ExtendWrapUp, "ann", by_s=10_000) == "too_long"
    assert world.command(facts.ExtendWrapUp, "ann", by_s=0) == "too_long"
    world.run(20)
    assert world.agent_is("ann") == "wrap_up"
    assert world.command(facts.EndWrapUp, "ann") == ""
    assert world.agent_is("ann") == "available"
    (work,) = world.some(effects.WorkFiled)
    assert isinstance(work, effects.WorkFiled)
    assert 20 * SECOND < work.wrap_up_us < 23 * SECOND


def test_dispositions_belong_to_the_call_in_hand() -> None:
    """Set while talking or in the wrap-up, of one's own call, from the list."""
    world = talking()
    interaction = world.ringing_or_talking("ann")
    assert world.command(facts.Dispose, "ann", interaction="x", disposition="order") == "not_your_call"
    assert world.command(facts.Dispose, "ann", interaction=interaction, disposition="x") == "unknown_disposition"
    assert world.command(facts.Dispose, "ann", interaction=interaction, disposition="order") == ""
    world.command(facts.HangUpCall, "ann", interaction=interaction)
    world.run(11)
    (work,) = world.some(effects.WorkFiled)
    assert isinstance(work, effects.WorkFiled)
    assert work.disposition == "order"
    assert world.command(facts.Dispose, "ann", interaction=interaction, disposition="order") == "not_your_call"


def test_only_ones_own_call_can_be_hung_up() -> None:
    """And only while there is one."""
    world = talking()
    assert world.command(facts.HangUpCall, "bob", interaction="x") == "no_call"
    assert world.command(facts.HangUpCall, "ann", interaction="x") == "not_your_call"


def test_missed_is_reversible_and_yields_to_a_wish() -> None:
    """Who wanted a break or to leave while it rang gets that instead."""
    world = World(a_company(a_queue(agents=("ann",))))
    world.sign_on("ann")
    world.call()
    world.run(21)
    assert world.agent_is("ann") == "missed"
    assert world.centre.state.agents["ann"].missed == 1
    assert world.command(facts.EndBreak, "ann") == ""
    assert world.agent_is("ann") == "ringing"
    assert world.command(facts.TakeBreak, "ann", reason="lunch") == ""
    world.run(21)
    assert world.agent_is("ann") == "on_break"


def test_the_figures_begin_again_at_midnight() -> None:
    """At the company's midnight, as published."""
    world = World()
    day = world.clock.now + 3600 * SECOND
    company = a_company(company=world.company_with_midnights(day - 86_400 * SECOND, day))
    world.publish(company)
    world.centre.state.agents["ann"].handled = 3
    world.centre.state.counts["support"] = st.QueueCounts(answered=3)
    world.run(3700)
    assert world.centre.state.agents["ann"].handled == 0
    assert world.centre.state.counts == {}
    assert world.centre.deadline() is None


@pytest.mark.parametrize("state", [st.Available(), st.SignedOut()])
def test_what_is_over_ends_once(state: st.AgentState) -> None:
    """A second end of a conversation or of a wrap-up changes nothing."""
    agent = st.Agent(slug="ann", state=state)
    agents, turn = Agents({"ann": agent}, Deadlines({})), Turn()
    agents.wrap_up(turn, agent, 10)
    agents.finish(turn, agent)
    assert agent.state == state
    assert turn.effects == []
