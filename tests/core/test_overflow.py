"""Overflow: when a caller leaves a queue unanswered, where to, and that nobody is passed to and fro."""

import pytest

from appliance.core import effects, facts, model
from appliance.core import state as st
from appliance.core.cdr import Outcome
from appliance.core.estimate import SAMPLES_MIN
from appliance.core.hours import closes_at, opens_at
from appliance.core.waits import Lane, Outlook
from tests.core.world import BEGIN, SECOND, World, a_company, a_flow, a_queue

HOURS = (model.Hours(slug="office", opening=((BEGIN - 3600 * SECOND, BEGIN + 100 * SECOND),)),)
"Open until a hundred seconds after the beginning."


def a_rule(when: str, limit: int = 0, exit_name: str = "") -> model.Overflow:
    """Make a condition."""
    return model.Overflow(when=when, limit=limit, exit=exit_name)


def a_flow_of_two(**exits: str) -> model.Flow:
    """Make a flow of the queues `support` and `second`; an exit leads to a node, or to an announcement of its name."""
    said = [model.Node(id=f"n-{name}", kind="hang_up", options={"prompt": name}) for name in exits]
    support = {name: target or f"n-{name}" for name, target in exits.items()}
    return a_flow(
        model.Node(id="support", kind="queue", options={"queue": "support"}, exits=support),
        model.Node(id="sorry", kind="announce", options={"prompt": "sorry"}, exits={"next": "second"}),
        model.Node(id="second", kind="queue", options={"queue": "second"}, exits={"timeout": "back"}),
        model.Node(id="back", kind="announce", options={"prompt": "back"}, exits={"next": "support"}),
        model.Node(id="ask", kind="menu", options={"prompt": "ask", "choices": {"1": "Again"}}, exits={"1": "support"}),
        *said,
    )


def a_world(
    *rules: model.Overflow, flow: model.Flow, second: tuple[model.Overflow, ...] = (), **queue: object
) -> World:
    """Open a company of two queues."""
    first = a_queue(overflow=rules, **queue)
    return World(a_company(first, a_queue("second", agents=(), overflow=second), flow=flow, hours=HOURS))


def queue_of(world: World, index: int = 0) -> str:
    """Name the queue that a caller waits in."""
    state = list(world.centre.state.interactions.values())[index].state
    return state.queue if isinstance(state, st.Waiting) else ""


def test_by_length() -> None:
    """The third of two goes on; those who wait stay."""
    world = a_world(a_rule("length", 2), flow=a_flow_of_two(full="sorry"))
    world.call(key=""), world.call(key="")
    third = world.call(key="")
    assert third.hears == "prompt/en/sorry"
    world.run(3)
    assert [queue_of(world, i) for i in range(3)] == ["support", "support", "second"]
    assert world.centre.state.counts["support"].flowed_out == 1


def test_by_wait_out_of_the_music() -> None:
    """To the second, by an exit of one's own choice."""
    world = a_world(a_rule("wait", 30, "left"), flow=a_flow_of_two(left=""))
    line = world.call(key="")
    world.run(29)
    assert line.hears == "music/default"
    world.run(1)
    assert line.hears == "prompt/en/left"
    world.run(3)
    (record,) = world.records()
    assert record.outcome is Outcome.FLOWED_OUT
    assert abs(record.wait_us - 30 * SECOND) < SECOND // 10


def test_an_exit_that_leads_nowhere_is_not_taken() -> None:
    """Nobody is dropped because all are busy."""
    world = a_world(a_rule("wait", 30), a_rule("length", 0), flow=a_flow_of_two())
    line = world.call(key="")
    world.run(60)
    assert line.hears == "music/default"


def test_by_service_level() -> None:
    """Once enough has been counted, and not before."""
    world = a_world(a_rule("service_level", 80), flow=a_flow_of_two(service_level=""))
    counts = world.centre.state.counts.setdefault("support", st.QueueCounts(answered=7, answered_within=5))
    assert world.call(key="").hears == "music/default"
    counts.answered, counts.answered_within = 10, 8
    assert world.call(key="").hears == "music/default"
    counts.abandoned = 1
    assert world.call(key="").hears == "prompt/en/service_level"


def test_by_expected_wait() -> None:
    """Where there is data, and somebody at work."""
    world = a_world(a_rule("expected_wait", 60), flow=a_flow_of_two(expected_wait=""))
    world.sign_on("ann")
    world.call(key="")
    world.talk()
    assert world.call(key="").hears == "music/default"
    lanes = {lane: Lane(samples=[50 * SECOND] * SAMPLES_MIN) for lane in range(3)}
    world.centre.state.outlooks["support"] = Outlook(lanes=lanes)
    assert world.call(key="").hears == "prompt/en/expected_wait"
    lanes[1].samples[:] = [20 * SECOND] * SAMPLES_MIN
    assert world.call(key="").hears == "music/default"


def test_by_nobody_signed_on() -> None:
    """At the entry, and when the last agent leaves with callers waiting."""
    world = a_world(a_rule("no_agents"), flow=a_flow_of_two(no_agents=""), agents=("ann",))
    assert world.call(key="").hears == "prompt/en/no_agents"
    world.sign_on("ann")
    world.command(facts.TakeBreak, "ann", reason="lunch")
    line = world.call(key="")
    assert line.hears == "music/default"
    world.command(facts.SignOff, "ann")
    world.run()
    assert line.hears == "prompt/en/no_agents"


def test_by_nobody_signed_on_for_a_while() -> None:
    """Somebody who comes back in time keeps the callers; whoever comes meanwhile waits with them."""
    world = a_world(a_rule("no_agents", 20), flow=a_flow_of_two(no_agents=""), agents=("ann",))
    world.sign_on("ann")
    world.command(facts.TakeBreak, "ann", reason="lunch")
    line = world.call(key="")
    world.command(facts.SignOff, "ann")
    world.run(15)
    world.command(facts.SignOn, "ann")
    world.command(facts.TakeBreak, "ann", reason="lunch")
    world.run(15)
    assert line.hears in {"music/default", ""}
    world.exchange.refuse(world.ringing("101"), "busy")
    world.command(facts.SignOff, "ann")
    world.run(10)
    late = world.call(key="")
    assert late.hears == "music/default"
    world.run(9.5)
    assert (line.hears, late.hears) == ("music/default", "music/default")
    world.run(1)
    assert (line.hears, late.hears) == ("prompt/en/no_agents", "prompt/en/no_agents")
    assert world.call(key="").hears == "prompt/en/no_agents"


def test_at_closing_time_with_callers_waiting() -> None:
    """Exactly then, or so many seconds later; who comes after it does not enter."""
    for limit in (0, 10):
        world = a_world(a_rule("closing", limit), flow=a_flow_of_two(closed=""), hours="office")
        line = world.call(key="")
        world.run(99 + limit)
        assert line.hears == "music/default"
        world.run(1)
        assert line.hears == "prompt/en/closed"
        assert world.call(key="").hears == "prompt/en/closed"


def test_a_queue_without_hours_never_closes() -> None:
    """The condition alone means nothing."""
    world = a_world(a_rule("closing"), a_rule("wait", 200), flow=a_flow_of_two(closed="", timeout=""))
    line = world.call(key="")
    world.run(150)
    assert line.hears == "music/default"
    world.run(51)
    assert line.hears == "prompt/en/timeout"


def test_hours_that_became_longer_keep_the_callers() -> None:
    """What holds when the clock runs out is asked then; a new configuration sets the clock anew."""
    world = a_world(a_rule("closing"), flow=a_flow_of_two(closed=""), hours="office")
    line = world.call(key="")
    longer = (model.Hours(slug="office", opening=((BEGIN - SECOND, BEGIN + 300 * SECOND),)),)
    queue = a_queue(overflow=(a_rule("closing"),), hours="office")
    world.publish(a_company(queue, flow=a_flow_of_two(closed=""), hours=longer))
    world.run(290)
    assert line.hears == "music/default"
    world.run(11)
    assert line.hears == "prompt/en/closed"


def test_nobody_is_passed_to_and_fro() -> None:
    """From the first to the second; the second's way back is not taken, so the caller waits there."""
    flow = a_flow_of_two(timeout="sorry")
    world = a_world(a_rule("wait", 10), flow=flow, second=(a_rule("wait", 10),))
    line = world.call(key="")
    world.run(120)
    assert queue_of(world) == "second"
    assert line.hears == "music/default"
    assert world.centre.state.counts["support"].flowed_out == 1
    assert "second" not in world.centre.state.counts


def test_whoever_comes_back_by_choice_waits_without_overflow() -> None:
    """Also beyond the queue's length and time."""
    flow = a_flow_of_two(timeout="ask")
    world = a_world(a_rule("wait", 10), flow=flow)
    line = world.call(key="")
    world.run(11)
    world.exchange.press(line, "1")
    world.run(100)
    assert (queue_of(world), line.hears) == ("support", "music/default")


def test_a_way_that_comes_to_no_end_leads_nowhere() -> None:
    """Nor does one into a node that is not there; the exit is taken, and the flow ends the call."""
    flow = a_flow(
        model.Node(id="support", kind="queue", options={"queue": "support"}, exits={"timeout": "a", "left": "z"}),
        model.Node(id="a", kind="announce", options={"prompt": "a"}, exits={"next": "b"}),
        model.Node(id="b", kind="announce", options={"prompt": "b"}, exits={"next": "a"}),
    )
    for rule in (a_rule("wait", 10), a_rule("wait", 10, "left")):
        world = a_world(rule, flow=flow)
        world.call(key="")
        world.run(11)
        assert not [i for i in world.centre.state.interactions.values() if isinstance(i.state, st.Waiting)]


def test_talking_makes_all_queues_open_again() -> None:
    """After a conversation the caller may be passed on anew."""
    flow = a_flow(
        model.Node(id="first", kind="queue", options={"queue": "second"}, exits={"timeout": "support"}),
        model.Node(id="support", kind="queue", options={"queue": "support"}, exits={"next": "again"}),
        model.Node(id="again", kind="queue", options={"queue": "second"}, exits={"timeout": "bye"}),
        model.Node(id="bye", kind="hang_up", options={"prompt": "bye"}),
    )
    world = a_world(flow=flow, second=(a_rule("wait", 10),))
    world.sign_on("ann")
    line = world.call(key="")
    world.run(11)
    phone = world.talk()
    world.exchange.end(phone.leg)
    world.run(5)
    assert (queue_of(world), line.hears) == ("second", "music/default")
    world.run(6)
    assert line.hears == "prompt/en/bye"


def test_the_old_limits_are_overflow_too() -> None:
    """`length_max` and `wait_s_max` end the call politely where their exits lead nowhere."""
    world = World(a_company(a_queue(length_max=1, wait_s_max=10), flow=a_flow_of_two()))
    world.call(key="")
    assert world.call(key="").doing == "gone"
    world.run(11)
    assert [record.outcome for record in world.records()] == [Outcome.FLOWED_OUT, Outcome.FLOWED_OUT]


def test_a_promise_is_never_passed_on() -> None:
    """Who has hung up and keeps the place does not leave the queue by overflow."""
    rules = (a_rule("no_agents"), a_rule("wait", 10))
    flow = a_flow_of_two(no_agents="", timeout="")
    world = World(
        a_company(
            a_queue(
                agents=("ann",),
                overflow=rules,
                callback=model.Callback(),
                waiting=model.WaitingCaller(sounds=("one",), first_s=1, callback_key="1"),
            ),
            flow=flow,
        )
    )
    world.sign_on("ann")
    world.command(facts.TakeBreak, "ann", reason="lunch")
    line = world.call(key="")
    world.run(1.5)
    world.exchange.press(line, "1")
    world.run(5)
    world.command(facts.SignOff, "ann")
    world.run(30)
    assert queue_of(world) == "support"
    assert not world.some(effects.Recall)[1:]


@pytest.mark.parametrize(
    ("now", "opens", "closes"), [(5, 10, 0), (10, 10, 20), (19, 19, 20), (20, 30, 20), (35, 35, 40), (40, None, 40)]
)
def test_when_it_opens_and_closes(now: int, opens: int | None, closes: int) -> None:
    """Of two stretches."""
    opening = ((10, 20), (30, 40))
    assert opens_at(opening, now) == opens
    assert closes_at(opening, now) == closes
