"""The hours in which customers are called back: exactly until they end, and from when they begin again."""

import pytest

from appliance.core import effects, facts, model
from appliance.core import state as st
from appliance.core.hours import Opening, open_for
from appliance.core.invariants import Watch
from appliance.core.rules import Rule
from tests.core.callbacks import (
    WAITING,
    a_callback,
    asks_for_a_callback,
    confirms,
    dials,
    the_customer,
    the_record,
)
from tests.core.watched import Watched
from tests.core.world import BEGIN, SECOND, World, a_company, a_flow, a_queue


def at(*stretches: tuple[int, int]) -> model.Hours:
    """Make hours of stretches, in seconds from the beginning of the world."""
    return model.Hours(
        slug="day", opening=tuple((BEGIN + begin * SECOND, BEGIN + end * SECOND) for begin, end in stretches)
    )


def company(hours: model.Hours, *, agents: tuple[str, ...] = ("ann", "bob"), **rules: object) -> model.Configuration:
    """Make a company that calls back within hours, by two trunks."""
    queue = a_queue(agents=agents, waiting=WAITING, callback=a_callback(hours="day", **rules), wrap_up_s=0)
    flow = a_flow(model.Node(id="wait", kind="queue", options={"queue": "support"}))
    trunks = (model.Trunk(slug="one", host="a"), model.Trunk(slug="two", host="b"))
    return a_company(queue, flow=flow, hours=(hours,), trunks=trunks)


def the_state(world: World) -> st.InteractionState:
    """Give the state of the only interaction."""
    (interaction,) = world.centre.state.interactions.values()
    return interaction.state


def test_nobody_is_called_before_the_hours_begin() -> None:
    """Exactly then, and with an agent who was free all the while."""
    world = World(company(at((500, 900))))
    world.sign_on("ann")
    world.command(facts.TakeBreak, "ann", reason="lunch")
    asks_for_a_callback(world)
    world.command(facts.EndBreak, "ann")
    world.until(lambda: bool(world.some(effects.Offer)), 1000)
    assert world.clock.now == BEGIN + 500 * SECOND
    assert world.ringing("101").extension == "101"


@pytest.mark.parametrize("customer_first", [False, True])
def test_a_promise_whose_turn_has_not_come_is_put_off_when_the_hours_end(*, customer_first: bool) -> None:
    """Out of the queue, where nobody stands behind it any more, and at its old place when we may call again."""
    world = World(company(at((-500, 300), (5000, 6000)), customer_first=customer_first))
    asks_for_a_callback(world)
    world.run(294)
    assert isinstance(the_state(world), st.Waiting)
    world.until(lambda: world.clock.now >= BEGIN + 300 * SECOND, 300)
    assert isinstance(the_state(world), st.Suspended)
    world.sign_on("ann")
    world.run(4000)
    assert (world.some(effects.Decided), dials(world)) == ([], 0)
    world.until(lambda: bool(world.some(effects.Decided)), 2000)
    assert world.clock.now == BEGIN + 5000 * SECOND
    if not customer_first:
        world.exchange.pick_up(world.ringing("101"))
        world.run()
    confirms(world, the_customer(world))


def test_an_agents_phone_stops_ringing_when_the_hours_end() -> None:
    """Without blame: who picked up a moment later would have had the customer called outside the hours."""
    world = World(company(at((-500, 300), (5000, 6000))))
    asks_for_a_callback(world)
    world.run(290)
    world.sign_on("ann")
    assert world.agent_is("ann") == "ringing"
    world.until(lambda: world.agent_is("ann") != "ringing", 60)
    assert world.clock.now == BEGIN + 300 * SECOND
    ann = world.centre.state.agents["ann"]
    assert (world.agent_is("ann"), ann.missed, world.centre.state.offers) == ("available", 0, {})
    world.run(10)
    assert (world.agent_is("ann"), dials(world)) == ("available", 0)


@pytest.mark.parametrize("customer_first", [False, True])
def test_hours_that_became_shorter_hold_at_once(*, customer_first: bool) -> None:
    """Also for an agent who comes into the queue by the same configuration."""
    world = World(company(at((-500, 9000)), agents=(), customer_first=customer_first))
    asks_for_a_callback(world)
    world.sign_on("ann")
    world.publish(company(at((-500, 3)), customer_first=customer_first))
    assert (world.some(effects.Decided), dials(world)) == ([], 0)
    world.run(1)
    assert isinstance(the_state(world), st.Suspended)
    assert f"callback/{next(iter(world.centre.state.interactions))}" not in world.centre.state.deadlines
    world.run(14_400)
    assert the_record(world).cause == "callback_expired"


def test_hours_that_became_shorter_stop_a_phone_that_rings() -> None:
    """Before its agent picks up."""
    world = World(company(at((-500, 9000))))
    asks_for_a_callback(world)
    world.sign_on("ann")
    assert world.agent_is("ann") == "ringing"
    world.publish(company(at((-500, 3))))
    world.run(1)
    assert (world.agent_is("ann"), dials(world)) == ("available", 0)


def test_no_other_trunk_is_tried_when_the_hours_have_ended() -> None:
    """That was no attempt; the next one is made when we may call again."""
    world = World(company(at((-500, 300), (5000, 6000)), customer_first=True, attempts=1))
    asks_for_a_callback(world)
    world.run(285)
    world.sign_on("ann")
    line = the_customer(world)
    world.run(20)
    world.exchange.refuse(line, "congested")
    world.run(1)
    assert (dials(world), world.agent_is("ann"), world.records()) == (1, "available", [])
    world.until(lambda: dials(world) == 2, 10_000)
    assert world.clock.now == BEGIN + 5000 * SECOND


def test_a_call_outside_the_hours_is_seen() -> None:
    """At a moment of a late turn in which it was time, it is none."""
    world = World(company(at((-500, 300), (5000, 6000)), customer_first=True))
    asks_for_a_callback(world)
    world.sign_on("ann")
    (interaction,) = world.centre.state.interactions.values()
    (dial,) = world.some(effects.Dial)
    for second, broken in ((200, set()), (310, {Rule.IN_HOURS}), (5001, set())):
        watched = Watched(world)
        world.centre._deadlines.drop(f"callback/{interaction.id}")  # noqa: SLF001  nothing is due
        watched.watch = Watch(world.centre)
        world.clock.now = BEGIN + second * SECOND
        failed = facts.DialFailed(leg=interaction.leg, cause="congested")
        assert watched.look(dial, fact=failed, about=interaction.id) - {Rule.DEADLINE} == broken
    gone = effects.Dial(leg=interaction.leg, interaction="gone", party="p", trunk="", ring_s=5)
    assert Rule.IN_HOURS not in Watched(world).look(gone)


def test_hours_that_are_no_more_hold_nobody_up() -> None:
    """A new configuration without them takes the clock away."""
    world = World(company(at((-500, 300))))
    asks_for_a_callback(world)
    queue = a_queue(waiting=WAITING, callback=a_callback(), wrap_up_s=0)
    flow = a_flow(model.Node(id="wait", kind="queue", options={"queue": "support"}))
    world.publish(a_company(queue, flow=flow))
    world.run(400)
    world.sign_on("ann")
    assert world.agent_is("ann") == "ringing"


@pytest.mark.parametrize(("hours", "promised"), [(at((-900, -500)), False), (at((100, 200)), True)])
def test_nobody_is_promised_a_call_that_the_hours_forbid(hours: model.Hours, *, promised: bool) -> None:
    """Where they do not begin again before it is too late, the key does nothing."""
    world = World(company(hours, expire_s=100))
    line = world.call(key="")
    world.run(2.5)
    world.exchange.press(line, "1")
    world.run()
    assert line.hears == ("prompt/en/promise" if promised else "music/default")
    late = World(company(at((300, 900)), expire_s=100))
    line = late.call(key="")
    late.run(2.5)
    late.exchange.press(line, "1")
    late.run()
    assert line.hears == "music/default"


def test_a_promise_made_just_before_the_hours_end_is_kept_when_they_begin_again() -> None:
    """However long the night is: only time in which we may call counts, and all of it."""
    world = World(company(at((-500, 60), (90_000, 93_600)), expire_s=600))
    asks_for_a_callback(world)
    world.run(89_000)
    assert isinstance(the_state(world), st.Suspended)
    world.sign_on("ann")
    world.until(lambda: bool(world.some(effects.Offer)), 2000)
    assert world.clock.now == BEGIN + 90_000 * SECOND
    late = World(company(at((-500, 60), (90_000, 93_600)), expire_s=600))
    asks_for_a_callback(late)
    (interaction,) = late.centre.state.interactions.values()
    late.until(lambda: bool(late.records()), 100_000)
    record = the_record(late)
    assert record.cause == "callback_expired"
    assert record.ended == interaction.promised.accepted_at + (600 + 90_000 - 60) * SECOND


@pytest.mark.parametrize(
    ("opening", "now", "lasting", "until"),
    [
        (((0, 10), (20, 30)), 0, 10, 10),
        (((0, 10), (20, 30)), 5, 6, 21),
        (((0, 10), (20, 30)), 12, 3, 23),
        (((0, 10), (20, 30)), 5, 100, 115),
        (((0, 10), (20, 30)), 40, 5, 45),
        (((20, 30),), 0, 5, 25),
        ((), 7, 5, 12),
    ],
)
def test_only_open_time_counts(opening: Opening, now: int, lasting: int, until: int) -> None:
    """From now on; after the last stretch there is nothing left to wait for, so that all time counts."""
    assert open_for(opening, now, lasting) == until


def test_nothing_is_said_to_nobody() -> None:
    """A clock of the announcements that goes off while the customer is not on the line means nothing."""
    world = World(company(at((-500, 9000))))
    asks_for_a_callback(world)
    (interaction,) = world.centre.state.interactions
    world.centre._deadlines.set(f"say/{interaction}", world.clock.now)  # noqa: SLF001  a clock by mistake
    asked = len(world.effects)
    world.run(1)
    assert world.effects[asked:] == []
