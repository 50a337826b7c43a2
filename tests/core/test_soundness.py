"""What callers are told, and what holds them, is looked at by the watch: each contradiction planted once."""

import msgspec
import pytest

from appliance.core import effects, facts, model, soundness
from appliance.core import state as st
from appliance.core.facts import Leg
from appliance.core.rules import Rule
from appliance.core.waits import Callback, Guess
from tests.core.watched import Watched, decided, ringing, talking, waiting
from tests.core.world import World, a_company, a_queue


def test_the_announced_wait_does_not_grow() -> None:
    """Unless somebody left or came to stand ahead; at either end. Of the second who waits, with nobody at work."""
    same = {Rule.SAME_WAIT}
    for ahead, staff, low_s, high_s, broken in (
        (1, 0, 10, 60, same),
        (1, 0, 20, 30, same),
        (2, 0, 10, 60, same),
        (1, 0, 10, 30, set()),
        (0, 0, 10, 60, set()),
        (1, 2, 10, 60, set()),
    ):
        watched = waiting(callers=2)
        second = list(watched.state.interactions.values())[1]
        assert second.comfort is not None
        second.comfort.said = Guess(1, ahead, staff, 10, 30)
        watched.found(about=second.id)
        assert watched.look() == set()
        second.comfort.said = Guess(2, 1, 0, low_s, high_s)
        assert watched.look(about=second.id) == broken


def test_an_announced_wait_is_reckoned_from_what_is() -> None:
    """Who is ahead and who is at work are counted apart; while an agent's phone begins to ring nobody asks."""
    for ahead, staff, broken in ((1, 1, set()), (0, 1, {Rule.SAME_WAIT}), (1, 2, {Rule.SAME_WAIT})):
        world = World()
        world.sign_on("ann", "bob")
        world.command(facts.TakeBreak, "bob", reason="lunch")
        for _ in range(3):
            world.call()
        watched = Watched(world)
        third = list(watched.state.interactions.values())[2]
        assert third.comfort is not None
        third.comfort.said = Guess(1, ahead, staff, 0, 0)
        assert watched.look(about=third.id) == broken
        third.comfort.said = Guess(2, 7, 7, 0, 0)
        assert Rule.SAME_WAIT not in watched.look(decided(watched), about=third.id)
        watched.found(effects.Assure(prompt=effects.Prompt(leg=third.leg, prompt=1, sounds=(), language="en")))
    world = World()
    assert soundness.at_work(world.centre.directory, world.centre.state, "gone") == 0


def test_what_was_said_to_somebody_who_waits_no_more_is_not_counted() -> None:
    """While the agent's phone rings nobody is ahead of the caller."""
    watched = ringing()
    assert watched.call.comfort is not None
    watched.call.comfort.said = Guess(1, 7, 7, 0, 0)
    assert watched.look(about=watched.call.id) == set()


def test_a_position_does_not_rise() -> None:
    """Unless the queue says so."""
    for may_rise, position, broken in ((False, 3, {Rule.POSITION}), (False, 2, set()), (True, 3, set())):
        watched = waiting(a_queue(waiting=model.WaitingCaller(position=True, position_may_rise=may_rise)))
        assert watched.call.comfort is not None
        watched.call.comfort.position = 2
        assert watched.look(about=watched.call.id) == set()
        watched.call.comfort.position = position
        assert watched.look(about=watched.call.id) == broken
    assert not soundness.may_rise(World().centre.directory, "gone")


def test_whatever_holds_somebody_has_a_deadline() -> None:
    """Ringing, joining, leaving, a need that is to relax, calling, wrap-up, a queue that is gone: seen without it."""
    cases = [ringing(), talking()]
    offered = cases[0].call.state
    assert isinstance(offered, st.Offered)
    need = model.Need(skill="french", level=3, relax_s=30)
    gone = waiting()
    gone.change(msgspec.structs.replace(gone.call.state, queue="gone"))
    needs = waiting(a_queue(requirement=(need,)))
    leaving = waiting()
    leaving.change(st.Leaving(cause="flow"))
    rest: dict[str, str] = {"waiting": offered.waiting, "offer": "o", "agent": "ann", "leg": Leg("s", "x")}  # type: ignore[dict-item]  # parts of a state
    joining, calling = ringing(), ringing()
    joining.change(st.Joining(**rest))  # type: ignore[arg-type]  # as above
    calling.change(st.Calling(**rest))  # type: ignore[arg-type]  # as above
    finishing = talking()
    finishing.world.exchange.end(finishing.call.leg)
    finishing.world.run(0.01)
    for watched in (cases[0], gone, needs, leaving, joining, calling, finishing):
        watched.state.deadlines.clear()
        assert Rule.DEADLINE in {broken.rule for broken in watched.watch.audit()}
        watched.state.seen.clear()
    unseen = {broken.rule for broken in needs.watch.audit()}
    assert Rule.DEADLINE not in unseen


def test_every_hold_of_a_waiting_caller_has_a_deadline() -> None:
    """Kept for a site, for the agent they know, as a callback, as one whose queue is gone."""
    relax, expire, wait = "relax/{}", "expire/{}", "wait/{}"
    for other, needed in (
        ({"local_s": 30}, (relax,)),
        ({"prefer_s": 30}, (relax,)),
        ({"prefer_s": 30, "agents": ("bob",)}, ()),
        ({}, ()),
    ):
        watched = waiting(a_queue(**other))
        watched.call.view = facts.PartyView(preferred="ann")
        names = tuple(name.format(watched.call.id) for name in needed)
        assert soundness.deadlines_of(watched.world.centre.directory, watched.state, watched.call) == names
    for queue, state, needed in (
        ("support", None, (expire,)),
        ("gone", None, ()),
        ("support", st.Suspended, (expire,)),
    ):
        watched = waiting()
        assert isinstance(watched.call.state, st.Waiting)
        visit = msgspec.structs.replace(watched.call.state, queue=queue)
        watched.change(visit if state is None else state(waiting=visit))
        watched.call.callback = Callback(line=watched.call.leg, ticket=1, accepted_at=1, expires_at=2)
        names = tuple(name.format(watched.call.id) for name in needed)
        assert soundness.deadlines_of(watched.world.centre.directory, watched.state, watched.call) == names
    gone = waiting()
    assert isinstance(gone.call.state, st.Waiting)
    gone.change(msgspec.structs.replace(gone.call.state, queue="gone"))
    held = soundness.deadlines_of(gone.world.centre.directory, gone.state, gone.call)
    assert held == (wait.format(gone.call.id),)


@pytest.mark.parametrize(("missed_s", "broken"), [(20, {Rule.DEADLINE}), (0, set())])
def test_who_missed_an_offer_comes_back_by_the_clock(missed_s: int, broken: set[Rule]) -> None:
    """If the queue says so: without its deadline nobody would bring the agent back."""
    world = World(a_company(a_queue(missed_s=missed_s)))
    world.sign_on("ann")
    world.call()
    watched = Watched(world)
    world.exchange.refuse(world.ringing("101"), "refused")
    assert world.until(lambda: isinstance(watched.state.agents["ann"].state, st.Missed), 5)
    name = watched.call.id
    assert watched.look(about=name) == set()
    watched.state.deadlines.pop("missed/ann", None)
    assert watched.look(fact=facts.EndWrapUp(token="t", agent="ann")) == broken
    watched.state.agents["ann"].state = st.SignedOut()
    assert watched.look(fact=facts.EndWrapUp(token="t", agent="ann")) == set()
