"""Who is served when, and by whom: skills, priority, preference, sites, lenders, capacity, and what agents ask for."""

import msgspec
import pytest

from appliance.core import effects, facts, model
from appliance.core import state as st
from appliance.core.centre import Centre
from appliance.core.model import How, Need
from tests.core.crew import Crew, a_line, an_agent
from tests.core.world import SECOND

# -- skills


def with_skills(*needs: Need, **levels: dict[str, int]) -> Crew:
    """Let agents of these levels serve a queue with these needs."""
    world = Crew(
        a_line("support", *levels, requirement=needs),
        agents=tuple(an_agent(slug, n, skills=skills) for n, (slug, skills) in enumerate(levels.items(), 1)),
    )
    world.sign_on(*levels)
    return world


@pytest.mark.parametrize(
    ("how", "offered"), [(How.AT_LEAST, ["bob", "cid"]), (How.EXACT, ["bob"]), (How.AT_MOST, ["ann", "bob"])]
)
def test_a_level_is_compared_as_asked(how: How, offered: list[str]) -> None:
    """Who has not the skill has no level in it, which is not level 0."""
    world = with_skills(
        Need(skill="english", level=5, how=how),
        ann={"english": 4},
        bob={"english": 5},
        cid={"english": 6},
        dan={"other": 9},
    )
    took = []
    for _ in range(3):
        took += world.offered_to(world.comes())
    assert took == offered
    assert world.decided()[0].excluded == {"skill": 4 - len(offered)}


def test_needs_relax_exactly_on_time() -> None:
    """Step by step, from the caller's entry on."""
    world = with_skills(
        Need(skill="english", level=8, relax_s=10),
        Need(skill="english", level=5, relax_s=25),
        Need(skill="english", level=2),
        ann={"english": 3},
        bob={"english": 5},
    )
    line = world.comes()
    entered = world.centre.state.interactions[line.interaction].state
    assert isinstance(entered, st.Waiting)
    world.until(lambda: bool(world.offered_to(line)), 60)
    assert world.offered_to(line) == ["bob"]
    assert world.clock.now - entered.entered_at == 10 * SECOND
    world.exchange.refuse(world.ringing("102"), "refused")
    world.until(lambda: world.offered_to(line) == ["ann"], 60)
    assert world.clock.now - entered.entered_at == 25 * SECOND


def test_a_need_that_never_relaxes() -> None:
    """Keeps the caller waiting."""
    world = with_skills(Need(skill="english", level=5), ann={"english": 4})
    line = world.comes()
    world.run(3_600)
    assert world.waits(line)


def test_needs_are_relaxed_after_a_restart_too() -> None:
    """The stage follows from the place, and its deadline is in the snapshot."""
    world = with_skills(Need(skill="english", level=5, relax_s=30), ann={"english": 4})
    line = world.comes()
    world.run(10)
    again = Centre.restore(world.centre.snapshot(), world.versions.__getitem__)
    due = again.deadline()
    assert due == world.centre.deadline()
    assert due is not None
    assert any(isinstance(effect, effects.Offer) for effect in again.handle(due, facts.Due()))
    assert world.rings_after(line, 60) == pytest.approx(19.9, abs=0.01)


# -- priority, ageing, weight, many queues


def priorities(ageing_s: int, **other: object) -> Crew:
    """Let ann serve an urgent queue and a usual one."""
    world = Crew(
        a_line("urgent", "ann", priority=2),
        a_line("usual", "ann", priority=4),
        company=model.Company(ageing_s=ageing_s, **other),  # type: ignore[arg-type]  # what differs
    )
    world.sign_on("ann")
    world.comes()
    world.answer("ann")
    return world


@pytest.mark.parametrize(("ageing_s", "first"), [(0, "urgent"), (40, "urgent"), (20, "usual")])
def test_waiting_makes_up_for_priority(ageing_s: int, first: str) -> None:
    """By one step each so many seconds: here two steps and 60 seconds."""
    world = priorities(ageing_s)
    usual = world.comes("2001")
    world.run(60)
    urgent = world.comes("2000")
    world.exchange.end(world.centre.state.agents["ann"].state.leg)  # type: ignore[union-attr]  # she talks
    world.run()
    assert world.offered_to({"usual": usual, "urgent": urgent}[first]) == ["ann"]


def test_nobody_is_passed_by_who_comes_sixteen_steps_later() -> None:
    """The bound on starvation: lowest priority in the lightest queue against highest in the heaviest."""
    world = Crew(
        a_line("light", "ann", priority=9, weight=1),
        a_line("heavy", "ann", priority=1, weight=9),
        company=model.Company(ageing_s=10),
    )
    line = world.comes("2000")
    world.run(161)
    world.comes("2001")
    world.sign_on("ann")
    assert world.offered_to(line) == ["ann"]


def test_equal_priority_means_oldest_arrival_over_all_queues() -> None:
    """And a heavier queue comes first among equals."""
    for weights, first in (((1, 1), 0), ((1, 2), 1)):
        world = Crew(a_line("one", "ann", weight=weights[0]), a_line("two", "ann", weight=weights[1]))
        lines = [world.comes("2000"), world.comes("2001")]
        world.sign_on("ann")
        assert world.offered_to(lines[first]) == ["ann"]


@pytest.mark.parametrize(
    ("view", "flow", "number", "priority"),
    [
        (facts.PartyView(), 0, 0, 4),
        (facts.PartyView(), 0, 6, 6),
        (facts.PartyView(), 7, 6, 7),
        (facts.PartyView(grade="gold"), 7, 6, 1),
        (facts.PartyView(grade="tin"), 7, 6, 7),
        (facts.PartyView(grade="gold", priority=3), 7, 6, 3),
    ],
)
def test_who_says_the_priority(view: facts.PartyView, flow: int, number: int, priority: int) -> None:
    """The caller, else the class, else the flow, else the number, else the queue."""
    world = Crew(
        a_line("one", "ann", priority=4),
        company=model.Company(grades={"gold": 1}),
        numbers=(model.Number(slug="2000", flow="one", priority=number),),
        flows=(
            model.Flow(slug="one", priority=flow, nodes=(model.Node(id="w", kind="queue", options={"queue": "one"}),)),
        ),
    )
    line = world.call(key="", view=view)
    assert world.centre.state.interactions[line.interaction].priority == priority


# -- the agent one knows


def test_a_caller_is_kept_for_the_agent_they_know() -> None:
    """For so long at most, while that one is at work; the looked-after one comes before the last one."""
    world = Crew(a_line("support", "ann", "bob", "cid", prefer_s=20))
    world.sign_on("ann", "bob", "cid")
    world.comes(preferred="bob", last_agent="cid")
    world.answer("bob")
    line = world.comes(preferred="bob", last_agent="cid")
    assert world.waits(line)
    assert world.rings_after(line, 60) == pytest.approx(19.9, abs=0.01)
    assert world.offered_to(line) == ["ann"]
    first = world.decided()[0]
    assert (first.chosen.agent, first.next, first.excluded) == ("bob", (), {"preferred": 2})


def test_the_known_agent_comes_back_in_time() -> None:
    """And gets the caller."""
    world = Crew(a_line("support", "ann", "bob", prefer_s=20))
    world.sign_on("ann", "bob")
    talk = world.comes(last_agent="bob")
    world.answer("bob")
    line = world.comes(last_agent="bob")
    world.run(5)
    world.hang_up(talk)
    assert world.offered_to(line) == ["bob"]


def test_the_known_agent_leaves() -> None:
    """Then nobody is kept waiting, until the agent is back at work."""
    world = Crew(a_line("support", "bob", "ann", prefer_s=20, strategy="ordered"))
    world.sign_on("ann", "bob")
    world.comes()
    world.answer("bob")
    line = world.comes(last_agent="bob")
    assert world.waits(line)
    world.command(facts.SignOff, "bob")
    assert world.offered_to(line) == ["ann"]
    second = world.comes(last_agent="bob")
    assert world.waits(second)
    assert not world.command(facts.SignOn, "bob")
    world.exchange.refuse(world.ringing("102"), "refused")
    world.run()
    assert world.waits(second)


def test_a_known_agent_of_another_queue_is_nobody() -> None:
    """And so is one who is not in the company."""
    world = Crew(a_line("support", "ann", prefer_s=20), a_line("sales", "bob"))
    world.sign_on("ann", "bob")
    assert world.offered_to(world.comes(preferred="zoe", last_agent="bob")) == ["ann"]


# -- sites


def test_local_agents_first() -> None:
    """For so many seconds, if the queue has agents of that site at all."""
    world = Crew(
        a_line("support", "ann", "bob", local_s=15),
        agents=(an_agent("ann", 1, site="north"), an_agent("bob", 2, site="south")),
        numbers=tuple(
            model.Number(slug=str(2000 + n), flow="support", site=site) for n, site in enumerate(("south", "", "east"))
        ),
    )
    world.sign_on("ann", "bob")
    assert world.offered_to(world.comes("2000")) == ["bob"]
    line = world.comes("2000")
    assert world.rings_after(line, 60) == pytest.approx(14.9, abs=0.01)
    assert [d.excluded for d in world.decided()] == [{"site": 1}, {"ringing": 1}]
    world.exchange.refuse(world.ringing("101"), "refused")
    world.run()
    world.command(facts.EndBreak, "ann")
    world.hang_up(line)
    assert world.offered_to(world.comes("2001")) == ["ann"]


def test_a_site_without_agents_keeps_nobody_waiting() -> None:
    """There is nobody to wait for."""
    world = Crew(
        a_line("support", "ann", local_s=15),
        agents=(an_agent("ann", 1, site="north"),),
        numbers=(model.Number(slug="2000", flow="support", site="east"),),
    )
    world.sign_on("ann")
    assert world.offered_to(world.comes()) == ["ann"]


# -- lenders


def lending() -> Crew:
    """Let the queue sales borrow from support, whose agents are bob and cid."""
    world = Crew(a_line("sales", "ann", lenders=("support",)), a_line("support", "bob", "cid", answer_within_s=10))
    world.sign_on("ann", "bob")
    return world


def test_agents_are_lent_when_the_own_are_busy() -> None:
    """Own ones come first; those who are lent are listed after them."""
    world = lending()
    assert world.offered_to(world.comes()) == ["ann"]
    assert [c.agent for c in world.decided()[0].next] == ["bob"]
    assert world.offered_to(world.comes()) == ["bob"]


def test_agents_are_lent_only_while_their_own_service_level_holds() -> None:
    """After a late answer no more, and again when it is made up for."""
    world = lending()
    world.comes()
    world.answer("ann")
    first = world.comes("2001")
    waiting = world.comes("2001")
    world.answer("bob")
    world.run(11)
    world.hang_up(first)
    assert world.offered_to(waiting) == ["bob"]
    world.answer("bob")
    world.hang_up(waiting)
    assert world.centre.state.counts["support"].answered_within == 1
    line = world.comes()
    assert world.waits(line)
    for _ in range(3):
        world.serve(1, "2001")
    assert world.offered_to(line) == ["bob"]


def test_agents_are_not_lent_while_their_own_callers_wait() -> None:
    """Not even to somebody who came earlier."""
    world = lending()
    world.command(facts.SignOff, "bob")
    world.comes()
    borrowing = world.comes()
    own = world.comes("2001")
    world.sign_on("bob")
    assert world.offered_to(own) == ["bob"]
    assert world.waits(borrowing)
    world.sign_on("cid")
    assert world.offered_to(borrowing) == ["cid"]


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


# -- the record of a decision


def test_a_decision_names_its_place_in_the_journal() -> None:
    """A replay up to there shows every candidate."""
    world = Crew(a_line("support", *(f"a{n}" for n in range(9))))
    agents = [f"a{n}" for n in range(9)]
    world.sign_on(*agents)
    world.exchange.see("109", reachable=False)
    world.comes()
    (decided,) = world.decided()
    assert decided.chosen.agent == "a0"
    assert [candidate.agent for candidate in decided.next] == ["a1", "a2", "a3", "a4", "a5"]
    assert decided.excluded == {"unreachable": 1}
    boot, sequence = decided.position
    again = Centre(world.versions.__getitem__)
    for now, fact in world.facts:
        asked = again.handle(now, fact)
        if (again.state.boot, again.state.sequence) == (boot, sequence):
            assert decided in asked
            break


def test_the_full_list_of_candidates() -> None:
    """Is worked out where somebody still waits."""
    world = with_skills(Need(skill="english", level=5), ann={"english": 4}, bob={"english": 6}, cid={"english": 7})
    world.command(facts.SignOff, "bob")
    world.exchange.see("103", reachable=False)
    line = world.comes()
    found, others = world.centre.candidates(world.centre.state.interactions[line.interaction])
    assert found == []
    assert others == {"ann": "skill", "bob": "signed_out", "cid": "unreachable"}


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
