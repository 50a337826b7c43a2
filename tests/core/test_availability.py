"""When an agent may be offered a call: capacity, own calls, missed offers, wrap-up, breaks; callers who come back."""

import msgspec
import pytest

from appliance.core import effects, facts, model
from appliance.core import state as st
from appliance.core.centre import Centre
from tests.core.crew import Crew, a_line, an_agent
from tests.core.world import SECOND

# -- capacity, own calls, reachability


def test_units() -> None:
    """A call needs all units, or one if so set."""
    for alone, offered in ((True, []), (False, ["ann"])):
        world = Crew(
            a_line("support", "ann"),
            agents=(an_agent("ann", 1, units=3),),
            company=model.Company(voice_alone=alone),
        )
        world.sign_on("ann")
        world.centre.state.agents["ann"].load = 2
        world.command(facts.TakeBreak, "ann", reason="none")
        world.exchange.see("101", reachable=False)
        world.exchange.see("101", reachable=True)
        assert world.offered_to(world.comes()) == offered


@pytest.mark.parametrize("rest", [True, False])
def test_an_own_call_keeps_offers_away_if_so_set(*, rest: bool) -> None:
    """Until it is over."""
    world = Crew(a_line("support", "ann"), company=model.Company(rest_on_own_call=rest))
    world.sign_on("ann")
    world.take(facts.PhoneBusy(extension="101", busy=True))
    world.take(facts.PhoneBusy(extension="999", busy=True))
    line = world.comes()
    assert world.waits(line) is rest
    if rest:
        world.take(facts.PhoneBusy(extension="101", busy=False))
        assert world.offered_to(line) == ["ann"]
        assert world.decided()[0].excluded == {}


def test_own_calls_are_found_after_a_connection() -> None:
    """As are the phones that can be reached."""
    world = Crew(a_line("support", "ann"), company=model.Company(rest_on_own_call=True))
    world.sign_on("ann")
    world.take(facts.LegsFound(exchange="simulated", reachable=("101",), busy=("101",)))
    line = world.comes()
    assert world.waits(line)
    world.take(facts.PhoneBusy(extension="101", busy=False))
    assert world.offered_to(line) == ["ann"]


def test_who_missed_an_offer_is_back_after_a_while_if_so_set() -> None:
    """Or when the agent says so, whatever comes first."""
    world = Crew(a_line("support", "ann", missed_s=30))
    world.sign_on("ann")
    line = world.comes()
    world.exchange.refuse(world.ringing("101"), "busy")
    world.run()
    assert world.agent_is("ann") == "missed"
    assert world.rings_after(line, 60) == pytest.approx(29.9, abs=0.01)
    world.exchange.refuse(world.ringing("101"), "busy")
    world.run()
    assert world.command(facts.EndBreak, "ann") == ""
    assert world.offered_to(line) == ["ann"]
    assert "missed/ann" not in world.centre.state.deadlines


# -- the time after a call, and breaks


@pytest.mark.parametrize(("queue_s", "agent_s", "lasts"), [(10, 0, 10), (10, 25, 25), (30, 25, 30), (0, 0, 0)])
def test_wrap_up_is_the_longer_of_queue_and_agent(queue_s: int, agent_s: int, lasts: int) -> None:
    """And nobody of any queue is offered before it ends."""
    world = Crew(
        a_line("support", "ann", wrap_up_s=queue_s),
        a_line("sales", "ann"),
        agents=(an_agent("ann", 1, wrap_up_s=agent_s),),
    )
    world.sign_on("ann")
    first = world.comes()
    world.answer("ann")
    line = world.comes("2001")
    world.hang_up(first)
    if not lasts:
        assert world.offered_to(line) == ["ann"]
    else:
        assert world.rings_after(line, 60) == pytest.approx(lasts - 0.1, abs=0.01)


def test_wrap_up_is_not_shortened_by_what_is_published_meanwhile() -> None:
    """What the conversation's queue granted at its begin is kept."""
    world = Crew(a_line("support", "ann", wrap_up_s=40))
    world.sign_on("ann")
    line = world.comes()
    world.answer("ann")
    (queue,) = world.centre.directory.queues.values()
    old = world.versions[world.centre.state.version]
    world.publish(msgspec.structs.replace(old, queues=(msgspec.structs.replace(queue.queue, wrap_up_s=1),)))
    world.hang_up(line)
    state = world.centre.state.agents["ann"].state
    assert isinstance(state, st.WrapUp)
    assert state.until - world.centre.state.agents["ann"].since == 40 * SECOND


def breaks(*, at_once_max: int = 0, minutes_max: int = 0) -> Crew:
    """Let ann and bob have a break with these limits."""
    tea = model.Reason(slug="tea", at_once_max=at_once_max, minutes_max=minutes_max)
    world = Crew(a_line("support", "ann", "bob"), breaks=(tea, model.Reason(slug="walk")))
    world.sign_on("ann", "bob")
    return world


def test_only_so_many_may_be_away_at_once() -> None:
    """Those who asked for it in a call are counted too."""
    world = breaks(at_once_max=1)
    world.comes()
    world.answer("ann")
    assert world.command(facts.TakeBreak, "ann", reason="tea") == ""
    assert world.command(facts.TakeBreak, "ann", reason="tea") == ""
    assert world.command(facts.TakeBreak, "bob", reason="tea") == "too_many_away"
    assert world.command(facts.TakeBreak, "bob", reason="walk") == ""
    assert world.command(facts.EndBreak, "ann") == ""
    assert world.command(facts.TakeBreak, "bob", reason="tea") == ""
    assert world.command(facts.TakeBreak, "bob", reason="tea") == ""
    assert world.command(facts.TakeBreak, "ann", reason="tea") == "too_many_away"
    again = Centre.restore(world.centre.snapshot(), world.versions.__getitem__)
    out = again.handle(world.clock.now, facts.TakeBreak(token="x", agent="ann", reason="tea"))
    assert effects.Answered(token="x", refused="too_many_away") in out


def test_only_so_many_minutes_a_day() -> None:
    """Counted over all breaks for that reason; the day's begin gives them back."""
    world = breaks(minutes_max=2)
    assert world.command(facts.TakeBreak, "ann", reason="tea") == ""
    world.run(90)
    assert world.command(facts.TakeBreak, "ann", reason="walk") == ""
    assert world.command(facts.TakeBreak, "ann", reason="tea") == ""
    world.run(31)
    assert world.command(facts.TakeBreak, "ann", reason="tea") == "break_used_up"
    assert world.command(facts.EndBreak, "ann") == ""
    assert world.command(facts.TakeBreak, "ann", reason="tea") == "break_used_up"
    assert world.centre.state.agents["ann"].away_us == {"tea": 121 * SECOND, "walk": 0}


# -- coming back after a failing exchange


def cut_off(world: Crew) -> None:
    """Let the exchange be restarted, so that every line is gone."""
    world.exchange.crash()
    world.take(facts.ExchangeLost(exchange="simulated"))
    world.run(1)
    world.exchange.found(restarted=True)


@pytest.mark.parametrize(("after_s", "first"), [(500, True), (700, False)])
def test_who_was_cut_off_comes_back_to_the_old_place(after_s: int, *, first: bool) -> None:
    """Within ten minutes, by the same number, in the same queue; the wait itself begins again."""
    world = Crew(a_line("support", "ann"), a_line("sales", "ann"))
    lost = world.exchange.call("2000", party="x")
    world.run(100)
    cut_off(world)
    assert [cdr.cause for cdr in world.records()] == ["switch_failure"]
    world.run(after_s)
    other = world.comes("2001")
    back = world.exchange.call("2000", party="x")
    world.run()
    assert (world.centre.state.returns == {}) is True
    world.sign_on("ann")
    assert world.offered_to(back if first else other) == ["ann"]
    entered = world.centre.state.interactions[back.interaction].began
    world.exchange.end(lost.leg)
    assert world.clock.now - entered < 3 * SECOND


def test_places_are_not_kept_for_ever() -> None:
    """Nor for another queue; a place that is kept again is the first one."""
    world = Crew(a_line("support", "ann"), a_line("sales", "ann"))
    world.exchange.call("2000", party="x")
    world.exchange.call("2000", party="y")
    world.run(100)
    cut_off(world)
    kept = dict(world.centre.state.returns)
    assert list(kept) == ["x", "y"]
    world.run(100)
    world.exchange.call("2001", party="x")
    world.exchange.call("2000", party="y")
    world.run()
    assert list(world.centre.state.returns) == ["x"]
    cut_off(world)
    assert world.centre.state.returns["x"].queue == "sales"
    assert world.centre.state.returns["y"].entered_at == kept["y"].entered_at
    world.run(601)
    world.exchange.call("2001", party="z")
    world.run()
    cut_off(world)
    assert list(world.centre.state.returns) == ["z"]


def test_a_missed_agent_may_leave_the_company() -> None:
    """With the deadline that would have brought the agent back."""
    world = Crew(a_line("support", "ann", "bob", missed_s=30))
    world.sign_on("ann")
    world.comes()
    world.exchange.refuse(world.ringing("101"), "busy")
    world.run()
    old = world.versions[world.centre.state.version]
    (queue,) = old.queues
    world.publish(
        msgspec.structs.replace(old, agents=old.agents[1:], queues=(msgspec.structs.replace(queue, agents=("bob",)),))
    )
    world.run(60)
    assert not world.some(effects.Quarantined)
