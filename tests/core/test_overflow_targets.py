"""Each condition of overflow with each kind of target: where the caller comes to, once, and nowhere else after that."""

import pytest

from appliance.core import effects, facts, model
from appliance.core import state as st
from appliance.core.cdr import Outcome
from appliance.core.estimate import SAMPLES_MIN
from appliance.core.overflow import EXITS
from appliance.core.waits import Lane, Outlook
from drivers.simulated.line import Line
from tests.core.world import BEGIN, SECOND, World, a_company, a_flow, a_queue

HOURS = (model.Hours(slug="office", opening=((BEGIN - 3600 * SECOND, BEGIN + 100 * SECOND),)),)
LIMITS = {"length": 1, "wait": 30, "service_level": 80, "expected_wait": 60, "no_agents": 0, "closing": 0}
TARGETS = ("queue", "number", "announcement", "callback")


def a_world(when: str, target: str) -> World:
    """Open a company whose queue overflows on a condition into a target; the second queue's own way leads back."""
    exits = {EXITS[when]: target}
    flow = a_flow(
        model.Node(id="wait", kind="queue", options={"queue": "support"}, exits=exits),
        model.Node(id="queue", kind="queue", options={"queue": "second"}, exits={"timeout": "wait"}),
        model.Node(id="number", kind="transfer", options={"outside": "5550199"}, exits={"failed": "announcement"}),
        model.Node(id="announcement", kind="announce", options={"prompt": "sorry"}, exits={"next": "bye"}),
        model.Node(id="callback", kind="callback", options={"queue": "support"}, exits={"refused": "bye"}),
        model.Node(id="bye", kind="hang_up", options={"prompt": "bye"}),
    )
    rule = model.Overflow(when=when, limit=LIMITS[when])
    callback = model.Callback(accepted="promise")
    first = a_queue(overflow=(rule,), hours="office", callback=callback)
    second = a_queue("second", agents=("bob",), overflow=(model.Overflow(when="wait", limit=10),))
    return World(a_company(first, second, flow=flow, hours=HOURS))


def overflows(world: World, when: str) -> Line:
    """Let somebody come when the condition holds, or wait until it does; give the line."""
    if when != "no_agents":
        world.sign_on("ann", "bob")
        for agent in ("ann", "bob"):
            world.command(facts.TakeBreak, agent, reason="lunch")
    match when:
        case "length":
            world.call(key="")
        case "service_level":
            world.centre.state.counts["support"] = st.QueueCounts(answered=10, answered_within=2)
        case "expected_wait":
            world.command(facts.EndBreak, "ann")
            world.call(key="")
            world.talk()
            lanes = {lane: Lane(samples=[90 * SECOND] * SAMPLES_MIN) for lane in range(3)}
            world.centre.state.outlooks["support"] = Outlook(lanes=lanes)
        case _:
            pass
    line = world.call(key="")
    if when in {"wait", "closing"}:
        assert line.hears == "music/default"
        world.run(LIMITS[when] or 98)
    return line


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("when", list(EXITS))
def test_the_caller_comes_to_the_target(when: str, target: str) -> None:
    """And is counted once as flowed out of the queue, or turned into a callback after that."""
    world = a_world(when, target)
    line = overflows(world, when)
    (interaction,) = [one for one in world.centre.state.interactions.values() if one.leg == line.leg]
    match target:
        case "queue":
            assert isinstance(interaction.state, st.Waiting)
            assert interaction.state.queue == "second"
            assert line.hears == "music/default"
        case "number":
            assert isinstance(interaction.state, st.Forwarded)
            assert line.hears == "forward/5550199"
        case "announcement":
            assert line.hears == "prompt/en/sorry"
        case _:
            assert isinstance(interaction.state, st.Suspended)
            assert line.hears == "prompt/en/promise"
    assert world.centre.state.counts["support"].flowed_out == 1
    assert world.centre.state.counts["support"].callbacks == (target == "callback")
    assert not world.some(effects.Quarantined)


@pytest.mark.parametrize("when", list(EXITS))
def test_nobody_is_passed_back(when: str) -> None:
    """The second queue's way leads to the first one, which the caller has left: it is not taken."""
    world = a_world(when, "queue")
    line = overflows(world, when)
    (interaction,) = [one for one in world.centre.state.interactions.values() if one.leg == line.leg]
    world.run(200)
    assert isinstance(interaction.state, st.Waiting)
    assert interaction.state.queue == "second"
    assert world.centre.state.counts["support"].flowed_out == 1
    world.exchange.end(line.leg)
    world.run()
    (record,) = [record for record in world.records() if record.leg == line.leg]
    assert (record.queue, record.outcome) == ("second", Outcome.ABANDONED)


@pytest.mark.parametrize("when", list(EXITS))
def test_a_number_that_does_not_answer_leads_on(when: str) -> None:
    """By the exit of its node; the caller is not put into the queue again."""
    world = a_world(when, "number")
    line = overflows(world, when)
    world.run(31)
    assert line.hears == "prompt/en/sorry"
    world.run(5)
    (record,) = [record for record in world.records() if record.leg == line.leg]
    assert (record.queue, record.outcome) in {("support", Outcome.FLOWED_OUT), ("", Outcome.FLOWED_OUT)}
