"""Every invariant: what breaks it is seen, and a day in which nothing is broken says nothing."""

from collections.abc import Callable

import msgspec
import pytest

from appliance.core import effects, facts, model
from appliance.core import state as st
from appliance.core.account import FILED_MAX, lacks
from appliance.core.cdr import CDR, Outcome, Segment, Stretch
from appliance.core.facts import Leg
from appliance.core.rules import Rule
from tests.core.watched import Watched, decided, offer, ringing, talking, waiting
from tests.core.world import SECOND, World, a_company, a_queue
from tests.simulation.life import live


@pytest.mark.parametrize("seed", [1, 2, 9, 17, 33])
def test_a_day_without_fault_breaks_nothing(seed: int) -> None:
    """With every kind of trouble, and healed."""
    assert live(seed, 60).box.disk.records


def test_what_no_fact_told_is_found_in_time() -> None:
    """The sweep comes to every interaction."""
    watched = waiting()
    watched.change(st.Walking(flow="main", node="menu"))
    assert Rule.TOLD in watched.look() | watched.look()


def test_an_agent_has_one_live_offer() -> None:
    """A second one while the phone rings is seen."""
    watched = ringing()
    assert watched.look(offer(watched, "o-2")) == {Rule.ONE_OFFER}
    found = facts.LegsFound(exchange="simulated", reachable=("101", "102"))
    assert Rule.ONE_OFFER not in watched.look(offer(watched, "o-3"), fact=found)


@pytest.mark.parametrize("by", ["failed", "answered", "ended", "cancelled", "hung_up"])
def test_an_offer_that_is_over_is_none(by: str) -> None:
    """The next one is the only one, however the first ended."""
    watched = ringing()
    state = watched.call.state
    assert isinstance(state, st.Offered)
    facts_: dict[str, facts.AnyFact] = {
        "failed": facts.OfferFailed(offer=state.offer, cause="busy"),
        "answered": facts.OfferAnswered(offer=state.offer, leg=state.leg),
        "ended": facts.LegEnded(leg=state.leg),
    }
    asked: dict[str, effects.AnyEffect] = {
        "cancelled": effects.CancelOffer(offer=state.offer, leg=state.leg),
        "hung_up": effects.HangUp(leg=state.leg),
    }
    assert watched.look(*[asked[by]] if by in asked else [], fact=facts_.get(by)) == set()
    assert watched.look(offer(watched, "o-2")) == set()


def test_an_agent_has_one_interaction() -> None:
    """Two that name the same agent are seen."""
    watched = talking()
    watched.world.call()
    second = list(watched.state.interactions.values())[1]
    second.state = watched.call.state
    found = watched.found(about=second.id)
    assert {broken.rule for broken in found} >= {Rule.ONE_OFFER, Rule.ONE_PLACE}


def test_wrap_up_is_not_short() -> None:
    """A choice before its end is seen, unless the agent said so; more time counts, a new configuration forgets."""

    def ended() -> Watched:
        watched = talking()
        interaction = watched.call.id
        watched.world.exchange.end(watched.call.leg)
        watched.world.run(0.01)
        watched.found(about=interaction)
        watched.world.call()
        return watched

    watched = ended()
    assert Rule.WRAP_UP in watched.look(decided(watched))
    for kind, more, broken in (
        (facts.EndWrapUp, {}, False),
        (facts.ExtendWrapUp, {"by_s": 5}, True),
    ):
        for refused in ("", "not_in_wrap_up"):
            watched = ended()
            fact = kind(token="t", agent="ann", **more)
            watched.found(effects.Answered(token="t", refused=refused), fact=fact)
            assert (Rule.WRAP_UP in watched.look(decided(watched))) == (broken or bool(refused))
    watched = ended()
    assert Rule.WRAP_UP in Watched(watched.world).look(decided(watched))
    del watched.state.agents["ann"]
    watched.found(fact=facts.Started(boot=2))
    assert Rule.WRAP_UP not in watched.look(decided(watched))


def test_a_watch_that_came_later_knows_what_was_granted_when_the_talk_began() -> None:
    """A configuration that asked for more came after that, and went before the talk ended."""
    watched = talking()
    watched.world.publish(a_company(a_queue(wrap_up_s=60)))
    watched = Watched(watched.world)
    watched.world.publish(a_company())
    call = watched.call
    watched.world.exchange.end(call.leg)
    watched.world.run(0.01)
    watched.found(about=call.id)
    agent = watched.state.agents["ann"]
    assert isinstance(agent.state, st.WrapUp)
    watched.world.call()
    watched.world.clock.now = agent.state.until + SECOND
    assert Rule.WRAP_UP not in watched.look(decided(watched))


def test_nobody_serves_without_the_skill() -> None:
    """What is still required is seen to be missing; what was relaxed is not, nor is it for the agent they know."""
    need = model.Need(skill="french", level=3, relax_s=30)
    watched = waiting(a_queue(requirement=(need,)))
    assert watched.look(decided(watched)) == {Rule.SKILLED}
    watched.world.run(31)
    assert watched.look(decided(watched)) == set()
    watched = waiting(a_queue(requirement=(need,), prefer_s=20))
    watched.call.view = facts.PartyView(preferred="ann")
    assert watched.look(decided(watched)) == set()
    assert watched.look(decided(watched, agent="nobody")) == set()
    watched.change(st.Walking(flow="main", node="menu"))
    assert watched.look(decided(watched), about=watched.call.id) == set()
    watched = waiting()
    watched.change(msgspec.structs.replace(watched.call.state, queue="gone"))
    assert Rule.SKILLED not in watched.look(decided(watched), about=watched.call.id)


def test_who_has_left_the_queue_by_the_same_fact_is_not_judged_by_the_next_one() -> None:
    """A late fact finds a wrap-up over, which offers the caller, and then its own key leads the caller on."""
    need = model.Need(skill="french", level=3)
    watched = waiting(a_queue(), a_queue("other", requirement=(need,)))
    watched.change(msgspec.structs.replace(watched.call.state, queue="other"))
    assert Rule.SKILLED not in watched.look(decided(watched), about=watched.call.id)
    chosen = msgspec.structs.replace(decided(watched), queue="other")
    assert Rule.SKILLED in watched.look(chosen, about=watched.call.id)


def test_who_came_back_into_the_queue_by_the_same_fact_is_judged_by_the_wait_before() -> None:
    """A wrap-up that is over offers the caller, whose key then gives up the wait for a callback in the same queue."""
    need = model.Need(skill="french", level=3, relax_s=30)
    watched = waiting(a_queue(requirement=(need,)))
    watched.world.run(31)
    now = watched.world.clock.now
    watched.change(msgspec.structs.replace(watched.call.state, entered_at=now))
    assert Rule.SKILLED not in watched.look(decided(watched), about=watched.call.id)
    assert Rule.SKILLED in watched.look(decided(watched), about=watched.call.id)


@pytest.mark.parametrize(
    ("how", "level", "fits"),
    [
        (model.How.AT_LEAST, 3, True),
        (model.How.AT_LEAST, 2, False),
        (model.How.EXACT, 3, True),
        (model.How.EXACT, 4, False),
        (model.How.AT_MOST, 1, True),
        (model.How.AT_MOST, 4, False),
        (model.How.AT_MOST, 0, False),
    ],
)
def test_levels_are_judged_apart(*, how: model.How, level: int, fits: bool) -> None:
    """No skill is no level at all."""
    queue = a_queue(requirement=(model.Need(skill="french", level=3, how=how),))
    agent = model.Agent(slug="ann", extension="101", skills={"french": level} if level else {})
    assert lacks(agent, queue, 10**12) == ("" if fits else "french")


def test_who_is_kept_away_for_a_skill_lacks_one() -> None:
    """A predicate that says otherwise is seen."""
    watched = waiting()
    watched.world.sign_on("ann")
    watched.world.call()
    watched = Watched(watched.world)
    second = list(watched.state.interactions.values())[1]
    watched.state.agents["bob"].state = st.Available()
    watched.state.agents["bob"].reachable = True
    setattr(watched.world.centre, "why_not", lambda _agent, _interaction: "skill")  # noqa: B010  a planted defect
    found = watched.found(fact=facts.SignOn(token="t", agent="bob"))
    assert {broken.rule for broken in found} == {Rule.SKILLED}
    assert second.id in found[0].detail


def test_the_oldest_is_not_passed() -> None:
    """By a younger one of equal priority; the place over all queues is worked out apart, with ageing too."""
    for company in (None, a_company(company=model.Company(ageing_s=10))):
        world = World(company)
        world.call()
        world.run(5)
        world.call()
        watched = Watched(world)
        first, second = watched.state.interactions
        assert watched.look(decided(watched, interaction=second)) == {Rule.NOT_PASSED}
        assert watched.look(decided(watched, interaction=first)) == set()
        assert watched.look(decided(watched, interaction=second), about=first) == set()
        published = facts.ConfigurationPublished(version=watched.state.version)
        assert watched.look(decided(watched, interaction=second), fact=published) == set()
        assert watched.look(decided(watched, interaction="gone")) == set()
        watched.state.seen.clear()
        assert watched.look(decided(watched, interaction=second)) == set()


def test_nobody_is_idle() -> None:
    """An agent who is free beside a caller is seen from either side, and by the whole look."""
    for by in ("agent", "caller", "audit", "nobody"):
        watched = waiting()
        agent = watched.state.agents["ann"]
        agent.state = st.Available()
        if by == "agent":
            assert watched.look(fact=facts.PhoneSeen(extension="101", reachable=True)) == {Rule.NOBODY_IDLE}
        elif by == "caller":
            watched.watch._account.see_agent("ann")  # noqa: SLF001  as an earlier fact would have
            assert watched.look(about=watched.call.id) == {Rule.NOBODY_IDLE}
        elif by == "audit":
            watched.watch._account.see_agent("ann")  # noqa: SLF001  the same
            assert {broken.rule for broken in watched.watch.audit()} == {Rule.NOBODY_IDLE}
        else:
            agent.busy = agent.reachable = False
            assert watched.look(fact=facts.PhoneBusy(extension="101", busy=False)) == set()


def test_a_centre_without_agents_or_with_an_old_entry_is_looked_at() -> None:
    """Nobody to look at, and somebody who waits no more although no fact said so."""
    empty = Watched(World(model.Configuration()))
    assert empty.look() == set()
    watched = waiting()
    watched.change(st.Walking(flow="main", node="menu"))
    watched.state.agents["ann"].state = st.Available()
    watched.watch._sweep = 0  # noqa: SLF001  so that nothing else finds it
    assert watched.look(fact=facts.PhoneSeen(extension="101", reachable=True)) == set()
    assert watched.found(about=waiting().call.id) == ()


def test_a_place_is_kept() -> None:
    """In the queue, after an offer, over a dead phone, in the channel's variable, and from before a crash."""
    watched = ringing()
    state = watched.call.state
    assert isinstance(state, st.Offered)
    later = msgspec.structs.replace(state.waiting, entered_at=state.waiting.entered_at + SECOND)
    watched.change(msgspec.structs.replace(state, waiting=later))
    assert watched.look(about=watched.call.id) == {Rule.KEPT_PLACE}
    watched = waiting()
    watched.call.priority = 1
    assert watched.look(about=watched.call.id) == {Rule.KEPT_PLACE}
    for cause, broken in ((27, {Rule.KEPT_PLACE}), (16, set())):
        watched = talking()
        held = watched.call.state
        assert isinstance(held, st.Connected)
        watched.change(msgspec.structs.replace(held, waiting=msgspec.structs.replace(held.waiting, ticket=99)))
        assert watched.look(fact=facts.LegEnded(leg=Leg("x", "y"), cause=cause), about=watched.call.id) == broken
    watched = waiting()
    hold = effects.Hold(leg=watched.call.leg, interaction=watched.call.id, queue="support", music="m", place="1,2,3")
    assert watched.look(hold) == {Rule.KEPT_PLACE}
    asked = facts.LegAsked(leg=watched.call.leg, trunk="", number="", party="", queue="support", place="1,2,4")
    strange = msgspec.structs.replace(hold, interaction="000000-00000001")
    assert watched.look(strange, fact=asked) == {Rule.KEPT_PLACE}
    assert watched.look(msgspec.structs.replace(strange, queue="sales"), fact=asked) == set()


def record(watched: Watched, **other: object) -> effects.CallFiled:
    """Make a record of the first call that adds up, or not."""
    call, end = watched.call, watched.world.clock.now
    segments = (Segment(stretch=Stretch.WAITING, since=call.began, until=end, queue="support"),)
    fields = {
        "interaction": call.id,
        "leg": call.leg,
        "trunk": "",
        "number": "",
        "party": "",
        "began": call.began,
        "ended": end,
        "outcome": Outcome.ABANDONED,
        "segments": segments,
        "wait_us": end - call.began,
    }
    return effects.CallFiled(cdr=CDR(**(fields | other)))  # type: ignore[arg-type]  # what differs


def test_one_record_a_call_and_it_adds_up() -> None:
    """Twice, never there, a gap, an end that is not the end, sums that are not: each is seen."""
    watched = waiting()
    assert watched.look(record(watched)) == set()
    assert watched.look(record(watched)) == {Rule.ONE_RECORD}
    gap = (Segment(stretch=Stretch.WAITING, since=5, until=9),)
    for other in ({"interaction": "gone"}, {"segments": gap}, {"ended": 7}, {"talk_us": 3}):
        watched = waiting()
        assert watched.look(record(watched, **other)) == {Rule.ONE_RECORD}
    watched = waiting()
    assert watched.look(record(watched, segments=(), cause="internal_error")) == set()
    for number in range(FILED_MAX + 1):
        watched.watch._account.file(str(number))  # noqa: SLF001  as many as are remembered
    assert watched.look(record(watched, segments=(), cause="internal_error")) == set()


@pytest.mark.parametrize("fact", [facts.Due(), facts.ExchangeLost(exchange="simulated")])
def test_a_call_is_not_lost(fact: facts.AnyFact) -> None:
    """One that is gone without a record is seen."""
    watched = waiting()
    name = watched.call.id
    del watched.state.interactions[name]
    assert Rule.ONE_RECORD in watched.look(fact=fact, about=name)
    watched = waiting()
    del watched.state.interactions[watched.call.id]
    assert Rule.ONE_RECORD in watched.look(fact=facts.Started(boot=2))


def _other_leg(watched: Watched) -> None:
    watched.state.legs[watched.call.leg] = "other"


def _nobody_with_it(watched: Watched) -> None:
    watched.call.participants.pop()


def _no_offer(watched: Watched) -> None:
    watched.state.offers.clear()


def _away(watched: Watched) -> None:
    watched.state.agents["ann"].state = st.OnBreak(reason="lunch")


def _alone(watched: Watched) -> None:
    watched.state.agents["bob"].state = st.Ringing(interaction="gone", offer="o")


def _talks(watched: Watched) -> None:
    state = watched.state.agents["ann"].state
    assert isinstance(state, st.Ringing)
    watched.state.agents["ann"].state = st.Talking(
        interaction=state.interaction, queue="support", leg=Leg("simulated", "x")
    )


@pytest.mark.parametrize("tamper", [_other_leg, _nobody_with_it, _no_offer, _away, _alone, _talks])
def test_all_who_take_part_agree(tamper: Callable[[Watched], None]) -> None:
    """A leg of another, too few, an offer that is not there, an agent who does something else."""
    watched = ringing()
    tamper(watched)
    assert Rule.ONE_PLACE in {broken.rule for broken in watched.watch.audit()}
