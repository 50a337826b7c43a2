"""The walk through a flow: every node, every exit, and flows that lead nowhere."""

import msgspec
import pytest

from appliance.core import effects, facts, model
from appliance.core.cdr import Outcome, Stretch
from appliance.core.centre import Centre
from appliance.core.nodes import hours as hours_node
from appliance.core.nodes import queue as queue_node
from appliance.core.nodes import transfer as transfer_node
from appliance.core.plugins import all_strategies, node_kinds, options_of
from appliance.core.steps import End, Heard
from appliance.core.views import Scope
from tests.core.world import BEGIN, SECOND, World, a_company, a_flow, a_queue


def node(name: str, kind: str, exits: dict[str, str] | None = None, **options: object) -> model.Node:
    """Make a node."""
    return model.Node(id=name, kind=kind, options=options, exits=exits or {})


def test_every_plug_in_is_what_it_should_be() -> None:
    """Each node and strategy has its label, its options and its functions."""
    assert list(node_kinds()) == ["announce", "callback", "hang_up", "hours", "menu", "queue", "transfer"]
    for kind in node_kinds().values():
        assert kind.__doc__
        assert kind.Options.__doc__
        assert all(callable(function) for function in (kind.exits, kind.enter, kind.hear))
    for strategy in all_strategies().values():
        assert strategy.__doc__
        assert strategy.SCOPE in Scope
        assert callable(strategy.rank)


@pytest.mark.parametrize(
    ("kind", "options", "exits"),
    [
        ("announce", {"prompt": "a"}, ("next",)),
        ("hang_up", {}, ()),
        ("hours", {"hours": "a"}, ("open", "closed")),
        ("menu", {"prompt": "a", "choices": {"1": "x", "#": "y"}}, ("1", "#", "none")),
        (
            "queue",
            {"queue": "a"},
            ("timeout", "full", "service_level", "expected_wait", "no_agents", "closed", "left", "next"),
        ),
        ("callback", {"queue": "a"}, ("refused", "next")),
        ("transfer", {"extension": "101"}, ("failed",)),
    ],
)
def test_every_node_names_its_ways_out(kind: str, options: dict[str, object], exits: tuple[str, ...]) -> None:
    """So that a flow can be checked before anybody calls."""
    assert node_kinds()[kind].exits(options_of(node_kinds()[kind], options)) == exits


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("menu", {"prompt": "a", "choices": {"12": "x"}}),
        ("menu", {"prompt": "a", "choices": {}}),
        ("menu", {"prompt": "a", "choices": {"1": "x"}, "tries": 0}),
        ("menu", {"prompt": "a", "choices": {"1": "x"}, "wait_s": 99}),
        ("menu", {"prompt": "a", "choices": {"1": "x"}, "colour": "red"}),
        ("menu", {"choices": {"1": "x"}}),
        ("transfer", {}),
        ("transfer", {"extension": "101", "outside": "5551234"}),
        ("transfer", {"extension": "101", "ring_s": 0}),
    ],
)
def test_options_that_no_telephone_can_do_are_refused(kind: str, options: dict[str, object]) -> None:
    """With the place where it is wrong."""
    with pytest.raises(msgspec.ValidationError):
        options_of(node_kinds()[kind], options)


def test_what_asks_nothing_hears_nothing() -> None:
    """Nodes that never speak end the call if they are told of a key."""
    heard = Heard(key="1", tries=1)
    assert queue_node.hear(queue_node.Options(queue="q"), heard) == End()
    assert transfer_node.hear(transfer_node.Options(extension="1"), heard) == End()
    assert hours_node.hear(hours_node.Options(hours="h"), heard) == End()


def test_a_menu_repeats_itself_and_gives_up() -> None:
    """A wrong key is told so; silence and wrong keys together end after the tries."""
    flow = a_flow(
        node("menu", "menu", {"none": "bye"}, prompt="welcome", invalid="wrong", choices={"1": "x"}, tries=3),
        node("bye", "hang_up", prompt="goodbye"),
    )
    world = World(a_company(flow=flow))
    line = world.call(key="9")
    assert line.hears == "prompt/en/wrong"
    world.run(2)
    assert line.hears == "prompt/en/welcome"
    world.run(8)
    assert line.hears == "prompt/en/welcome"
    world.run(6)
    assert line.hears == "prompt/en/goodbye"
    world.run(3)
    assert line.doing == "gone"
    (cdr,) = world.records()
    assert (cdr.outcome, cdr.cause) == (Outcome.SELF_SERVED, "flow")


def test_an_announcement_goes_on_and_an_exit_to_nowhere_ends_the_call() -> None:
    """Politely, by hanging up."""
    world = World(
        a_company(
            flow=a_flow(node("one", "announce", {"next": "two"}, prompt="a"), node("two", "announce", prompt="b"))
        )
    )
    line = world.call(key="")
    world.run(2)
    assert line.hears == "prompt/en/b"
    world.run(3)
    assert line.doing == "gone"
    assert [s.node for s in world.records()[0].segments][:2] == ["main/one", "main/two"]


def test_hours_choose_the_way() -> None:
    """By the stretches that were published."""
    flow = a_flow(
        node("when", "hours", {"open": "day", "closed": "night"}, hours="office"),
        node("day", "announce", prompt="day"),
        node("night", "announce", prompt="night"),
    )
    hours = model.Hours(
        slug="office", opening=((BEGIN - 1, BEGIN + 60 * SECOND), (BEGIN + 120 * SECOND, BEGIN + 180 * SECOND))
    )
    world = World(a_company(flow=flow, hours=(hours,)))
    assert world.call(key="").hears == "prompt/en/day"
    world.run(90)
    assert world.call(key="").hears == "prompt/en/night"
    world.run(60)
    assert world.call(key="").hears == "prompt/en/day"


def test_a_transfer_that_fails_goes_on_in_the_flow() -> None:
    """The leg asks again when nobody took it."""
    flow = a_flow(
        node("send", "transfer", {"failed": "sorry"}, outside="5551234", ring_s=10),
        node("sorry", "hang_up", prompt="sorry"),
    )
    world = World(a_company(flow=flow))
    line = world.call(key="")
    assert line.hears == "forward/5551234"
    world.run(11)
    assert line.hears == "prompt/en/sorry"
    world.exchange.end(line.leg)
    world.run()
    (cdr,) = world.records()
    assert [s.stretch for s in cdr.segments] == [Stretch.FORWARDED, Stretch.FLOW]
    assert cdr.outcome is Outcome.SELF_SERVED


def test_a_flow_in_circles_is_ended() -> None:
    """After a bounded number of steps."""
    flow = a_flow(node("a", "hours", {"closed": "b"}, hours="none"), node("b", "hours", {"closed": "a"}, hours="none"))
    world = World(a_company(flow=flow))
    line = world.call(key="")
    assert line.doing == "gone"
    assert (world.records()[0].outcome, world.records()[0].cause) == (Outcome.FAILED, "flow_loop")


def test_numbers_that_are_not_ours_and_callers_who_are_blocked() -> None:
    """Are turned away with a cause, and recorded."""
    world = World()
    world.call("9999", key="")
    world.call(key="", view=facts.PartyView(blocked=True))
    assert [(cdr.cause, cdr.outcome) for cdr in world.records()] == [
        ("unknown_number", Outcome.FAILED),
        ("blocked", Outcome.FAILED),
    ]
    hung_up = [effect.cause for effect in world.effects if isinstance(effect, effects.HangUp)]
    assert hung_up == [1, 21]


def test_a_number_whose_flow_is_gone_hangs_up() -> None:
    """Whether the flow is missing or empty."""
    numbers = (model.Number(slug="2000", flow="main"), model.Number(slug="3000", flow="none", language="zh"))
    world = World(a_company(flow=model.Flow(slug="main"), numbers=numbers))
    assert world.call("2000", key="").doing == "gone"
    assert world.call("3000", key="").doing == "gone"


def test_the_language_is_the_numbers_else_the_companys() -> None:
    """Prompts follow it."""
    numbers = (model.Number(slug="2000", flow="main"), model.Number(slug="3000", flow="main", language="zh"))
    world = World(a_company(numbers=numbers))
    assert world.call("2000", key="").hears == "prompt/en/welcome"
    assert world.call("3000", key="").hears == "prompt/zh/welcome"


def test_a_full_queue_and_a_queue_that_is_gone_are_left_by_their_exit() -> None:
    """The first caller waits, the second is told."""
    flow = a_flow(node("wait", "queue", {"full": "sorry"}, queue="support"), node("sorry", "hang_up", prompt="sorry"))
    world = World(a_company(a_queue(length_max=1), flow=flow))
    assert world.call(key="").hears == "music/default"
    second = world.call(key="")
    assert second.hears == "prompt/en/sorry"
    world.run(3)
    assert world.records()[0].outcome is Outcome.FLOWED_OUT
    assert world.centre.state.counts["support"].flowed_out == 1
    world.publish(a_company(a_queue("other"), flow=flow))
    assert world.call(key="").hears == "prompt/en/sorry"


def test_who_waits_too_long_leaves_by_timeout() -> None:
    """Called out of the music."""
    flow = a_flow(
        node("wait", "queue", {"timeout": "sorry"}, queue="support"), node("sorry", "hang_up", prompt="sorry")
    )
    world = World(a_company(a_queue(wait_s_max=30), flow=flow))
    line = world.call(key="")
    world.run(29)
    assert line.hears == "music/default"
    world.run(2)
    assert line.hears == "prompt/en/sorry"
    world.run(3)
    (cdr,) = world.records()
    assert cdr.outcome is Outcome.FLOWED_OUT
    assert 30 * SECOND <= cdr.wait_us < 31 * SECOND
    assert sum(s.until - s.since for s in cdr.segments) == cdr.ended - cdr.began


def test_a_timeout_to_nowhere_hangs_up_and_a_ringing_offer_stays() -> None:
    """An offer is not broken by the limit; the caller leaves when it comes back."""
    world = World(a_company(a_queue(wait_s_max=30, agents=("ann",))))
    line = world.call()
    world.run(25)
    world.sign_on("ann")
    world.run(10)
    assert world.ringing("101").interaction == line.interaction
    world.run(10)
    assert line.doing == "gone"


def test_a_queue_that_is_removed_lets_its_callers_go() -> None:
    """By the exit `timeout`, whose node may be gone too."""
    world = World()
    line = world.call()
    world.publish(a_company(a_queue("other")))
    world.run(1)
    assert line.doing == "gone"


def test_after_the_conversation_the_flow_goes_on() -> None:
    """By the queue's exit `next`, when the leg asks again."""
    flow = a_flow(
        node("wait", "queue", {"next": "survey"}, queue="support"),
        node("survey", "menu", prompt="survey", choices={"1": "good", "2": "bad"}, tries=1),
    )
    world = World(a_company(flow=flow))
    world.sign_on("ann")
    line = world.call(key="")
    phone = world.talk()
    world.run(5)
    world.exchange.end(phone.leg)
    world.run()
    assert line.hears == "prompt/en/survey"
    assert world.agent_is("ann") == "wrap_up"
    world.exchange.press(line, "2")
    world.run()
    assert line.doing == "gone"
    assert world.records()[0].outcome is Outcome.ANSWERED


def test_a_late_or_foreign_outcome_of_a_prompt_is_nothing() -> None:
    """Only the prompt that is awaited counts."""
    world = World()
    line = world.call(key="")
    world.take(facts.Prompted(leg=line.leg, prompt=999, key="1"))
    world.take(facts.Prompted(leg=facts.Leg("simulated", "none"), prompt=1, key="1"))
    assert line.hears == "prompt/en/welcome"
    world.exchange.press(line, "1")
    world.run()
    world.take(facts.Prompted(leg=line.leg, prompt=1, key="1"))
    assert line.hears == "music/default"


def test_a_node_that_is_gone_when_its_prompt_ends_hangs_up() -> None:
    """A flow that was changed meanwhile."""
    world = World()
    line = world.call(key="")
    world.publish(a_company(flow=a_flow(node("other", "announce", prompt="x"))))
    world.exchange.press(line, "1")
    world.run()
    assert line.doing == "gone"


def test_a_leg_that_asks_again_in_a_flow_begins_its_node_again() -> None:
    """As after a killed daemon."""
    world = World()
    line = world.call(key="")
    world.exchange._ask(line)  # noqa: SLF001 the daemon's connection died: the dialplan asks again
    world.run()
    assert line.hears == "prompt/en/welcome"


def test_without_room_no_recording_begins_and_those_that_have_go_on() -> None:
    """The state says so after a start, too; with room again the next caller is recorded."""
    world = World(a_company(a_queue()))
    before = world.call()
    world.take(facts.RecordingsHalted(halted=True))
    recorded = before.recording
    assert recorded
    without = world.call()
    assert (without.doing, without.recording) == ("music", "")
    assert Centre.restore(world.centre.snapshot(), world.versions.__getitem__).state.unrecorded
    world.take(facts.RecordingsHalted(halted=False))
    assert before.recording == recorded
    assert world.call().recording > recorded


def test_a_caller_who_goes_from_queue_to_queue_keeps_one_recording() -> None:
    """And one record of both visits."""
    flow = a_flow(
        node("first", "queue", {"timeout": "second"}, queue="support"), node("second", "queue", queue="sales")
    )
    world = World(a_company(a_queue(wait_s_max=5), a_queue("sales"), flow=flow))
    line = world.call(key="")
    recording = line.recording
    world.run(10)
    assert (line.queue, line.recording) == ("sales", recording)
    world.exchange.end(line.leg)
    world.run()
    assert [s.queue for s in world.records()[0].segments if s.queue] == ["support", "sales"]
