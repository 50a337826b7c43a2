"""Who is served when, and by whom: skills, priority, preference, sites, lenders, and the record of it."""

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
