"""The waiting caller: welcome, position, expected wait, keys; and that none of it delays anybody."""

from typing import cast

import pytest

from appliance.core import effects, facts, model
from appliance.core import state as st
from appliance.core.cdr import Outcome
from appliance.core.estimate import GUESSES_MAX, SAMPLES_MIN
from appliance.core.standing import POSITIONS_MAX, position_sound, prompts_to_speak, wait_sounds
from appliance.core.waits import Comfort, Guess, Lane, Outlook
from tests.core.world import SECOND, World, a_company, a_flow, a_queue


def a_straight_flow(**exits: str) -> model.Flow:
    """Make a flow that is a queue, with exits that lead to announcements of their names."""
    others = [model.Node(id=f"n-{name}", kind="hang_up", options={"prompt": name}) for name in exits]
    to = {name: target or f"n-{name}" for name, target in exits.items()}
    return a_flow(model.Node(id="wait", kind="queue", options={"queue": "support"}, exits=to), *others)


def a_world(flow: model.Flow | None = None, **waiting: object) -> World:
    """Open a company whose queue comforts its callers."""
    rules = model.WaitingCaller(**waiting)  # type: ignore[arg-type]  # what differs
    return World(a_company(a_queue(waiting=rules), flow=flow or a_straight_flow(left="")))


def state_of(world: World, index: int = 0) -> st.Interaction:
    """Give a live interaction."""
    return list(world.centre.state.interactions.values())[index]


def comfort_of(world: World, index: int = 0) -> Comfort:
    """Give what a waiting caller has heard."""
    comfort = state_of(world, index).comfort
    assert comfort is not None
    return comfort


def said(world: World) -> list[tuple[str, ...]]:
    """List the sounds of all prompts so far."""
    return [cast("effects.Prompt", effect).sounds for effect in world.some(effects.Prompt)]  # cast: asked by type


def test_a_welcome_is_said_once_and_the_place_is_kept_before_it() -> None:
    """The channel knows its place first, at no cost of time; then the words; then music."""
    world = a_world(welcome="hello", first_s=300)
    line = world.call(key="")
    assert line.hears == "prompt/en/hello"
    assert (line.interaction, line.queue, line.place.count(",")) == (state_of(world).id, "support", 2)
    world.run(3)
    assert line.hears == "music/default"
    world.run(60)
    assert said(world) == [("hello",)]


def test_the_position_is_said_and_never_worse_than_before() -> None:
    """Two ahead, then one, then two again by priority: the caller hears third, second, second."""
    world = a_world(position=True, first_s=5, every_s=10)
    first, _, third = world.call(key=""), world.call(key=""), world.call(key="")
    world.run(8)
    mine = [cast("effects.Prompt", e) for e in world.some(effects.Prompt)]  # cast: asked by type
    assert [p.sounds for p in mine if p.leg == third.leg] == [("queue-position-3",)]
    world.exchange.end(first.leg)
    world.run(12)
    mine = [cast("effects.Prompt", e) for e in world.some(effects.Prompt)]  # cast: asked by type
    assert [p.sounds for p in mine if p.leg == third.leg] == [("queue-position-3",), ("queue-position-2",)]
    important = world.call(key="", view=facts.PartyView(priority=1))
    world.run(12)
    mine = [cast("effects.Prompt", e) for e in world.some(effects.Prompt)]  # cast: asked by type
    assert [p.sounds for p in mine if p.leg == third.leg][-1] == ("queue-position-2",)
    assert [p.sounds for p in mine if p.leg == important.leg] == [("queue-position-1",)]


def test_the_position_may_rise_where_that_is_chosen() -> None:
    """Then the truth is said."""
    world = a_world(position=True, position_may_rise=True, first_s=5, every_s=10)
    line = world.call(key="")
    world.run(8)
    world.call(key="", view=facts.PartyView(priority=1))
    world.run(12)
    mine = [cast("effects.Prompt", e) for e in world.some(effects.Prompt)]  # cast: asked by type
    assert [p.sounds[0] for p in mine if p.leg == line.leg] == ["queue-position-1", "queue-position-2"]


def test_words_are_said_in_turn_after_their_music() -> None:
    """The time of the music counts, not that of the words; without `every_s` they are said once."""
    world = a_world(sounds=("one", "two"), first_s=4, every_s=6)
    world.call(key="")
    world.run(4.5 + 2 + 6.5 + 2 + 6.5)
    assert said(world) == [("one",), ("two",), ("one",)]
    world = a_world(sounds=("one",), first_s=4, every_s=0)
    world.call(key="")
    world.run(100)
    assert said(world) == [("one",)]


def test_an_offer_in_the_middle_of_the_words_is_not_delayed() -> None:
    """The phone rings in the moment somebody is free, and the bridge takes the caller out of the words."""
    world = a_world(welcome="hello", sounds=("one",), first_s=5, every_s=5)
    line = world.call(key="")
    assert line.hears == "prompt/en/hello"
    asked_at = world.clock.now
    world.sign_on("ann")
    (offer,) = world.some(effects.Offer)
    assert isinstance(offer, effects.Offer)
    assert world.centre.state.agents["ann"].since == asked_at
    phone = world.talk()
    assert line.hears == f"leg/{phone.leg.uniqueid}"
    assert "say" not in str(world.centre.state.deadlines)


def test_nothing_new_is_said_while_a_phone_rings() -> None:
    """What was begun is ended; what is due is said when the caller waits again."""
    world = a_world(sounds=("one",), first_s=5, every_s=5)
    world.sign_on("ann")
    line = world.call(key="")
    world.run(15)
    assert said(world) == []
    world.exchange.refuse(world.ringing("101"), "refused")
    world.run(1)
    assert said(world) == [("one",)]
    world.command(facts.EndBreak, "ann")
    world.run(3)
    assert world.ringing("101").extension == "101"
    assert line.hears == "music/default"


def test_a_key_leaves_the_queue() -> None:
    """By the exit `left`; without one the key does nothing."""
    world = a_world(sounds=("one",), first_s=5, leave_key="2")
    line = world.call(key="")
    world.run(5.5)
    world.exchange.press(line, "2")
    world.run()
    assert line.hears == "prompt/en/left"
    world.run(5)
    (record,) = world.records()
    assert (record.outcome, record.segments[0].outcome) == (Outcome.FLOWED_OUT, Outcome.FLOWED_OUT)
    world = a_world(a_straight_flow(), sounds=("one",), first_s=5, leave_key="2")
    line = world.call(key="")
    world.run(5.5)
    world.exchange.press(line, "2")
    world.run()
    assert line.hears == "music/default"


def with_data(world: World, *, wait_s: int = 60) -> None:
    """Let the queue have seen waits of this many seconds an agent and a caller."""
    samples = [wait_s * SECOND * (50 + i) // 60 for i in range(SAMPLES_MIN)]
    world.centre.state.outlooks["support"] = Outlook(lanes={lane: Lane(samples=list(samples)) for lane in range(7)})


def test_the_expected_wait_is_an_interval_and_silent_without_data() -> None:
    """With data, its two ends are said; without, nothing at all, and the music is not stopped for it."""
    world = a_world(expected_wait=True, first_s=5, every_s=10)
    world.sign_on("ann")
    world.call(key="")
    world.talk()
    line = world.call(key="")
    world.run(20)
    assert said(world) == []
    with_data(world)
    world.run(10)
    assert said(world) == [("queue-wait-from-50", "queue-wait-to-75")]
    assert comfort_of(world, 1).said == Guess(comfort_of(world, 1).guesses[1].at, 0, 1, 50, 75)
    assert line.hears == "music/default"


def test_the_expected_wait_never_grows_while_nothing_changed() -> None:
    """Worse data does not make it longer; an agent who goes on a break may."""
    world = a_world(expected_wait=True, first_s=5, every_s=10)
    world.sign_on("ann", "bob")
    world.call(key="")
    world.talk("101")
    world.call(key="")
    world.talk("102")
    with_data(world)
    world.call(key="")
    world.run(7)
    with_data(world, wait_s=600)
    world.run(15)
    first, second = said(world)
    assert first == second == ("queue-wait-from-30", "queue-wait-to-40")
    phone = next(line for line in world.exchange.lines.values() if line.extension == "102")
    world.command(facts.TakeBreak, "bob", reason="lunch")
    world.exchange.end(phone.leg)
    world.run(25)
    assert world.agent_is("bob") == "on_break"
    assert said(world)[-1] == ("queue-wait-from-540", "queue-wait-to-720")


def test_a_wait_is_learnt_from() -> None:
    """Who waited gives a sample; who was served at once gives none; who gave up too late gives a miss."""
    world = a_world(expected_wait=True, first_s=5)
    world.sign_on("ann")
    world.call(key="")
    line = world.talk()
    outlook = world.centre.state.outlooks["support"]
    assert outlook.lanes == {}
    world.call(key="")
    world.run(30)
    world.exchange.end(line.leg)
    world.run(11)
    world.talk()
    assert [len(lane.samples) for lane in outlook.lanes.values()] == [1]
    with_data(world, wait_s=10)
    late = world.call(key="")
    world.run(100)
    world.exchange.end(late.leg)
    world.run(1)
    outlook = world.centre.state.outlooks["support"]
    assert (outlook.told, outlook.later) == (3, 3)


def test_a_forgotten_caller_is_not_welcomed_again() -> None:
    """After a crash that lost the tail, the leg comes with its place and is held at once."""
    world = a_world(welcome="hello", sounds=("one",), first_s=30)
    line = world.call(key="")
    world.run(5)
    lost = World(a_company(a_queue(waiting=model.WaitingCaller(welcome="hello")), flow=a_straight_flow()))
    lost.clock.now = world.clock.now
    view = facts.LegAsked(
        leg=line.leg, trunk="", number="2000", party="p", interaction="lost-1", queue="support", place=line.place
    )
    out = lost.take(view)
    assert [type(effect) for effect in out] == [effects.Hold]
    assert comfort_of(lost).guesses == []


def test_a_queue_that_was_removed_lets_its_callers_go_without_words() -> None:
    """The announcement that was due has nobody to speak for."""
    world = a_world(sounds=("one",), first_s=5)
    world.call(key="")
    world.publish(a_company(a_queue("other"), flow=a_flow(model.Node(id="x", kind="hang_up"))))
    world.run(20)
    assert said(world) == []
    assert world.records()


@pytest.mark.parametrize(("position", "sound"), [(1, "queue-position-1"), (20, "queue-position-20")])
def test_positions_have_prompts(position: int, sound: str) -> None:
    """Up to a number; beyond it one prompt says so."""
    assert position_sound(position) == sound
    assert position_sound(POSITIONS_MAX + 1) == "queue-position-many"
    assert wait_sounds(0, 10) == ("queue-wait-within-10",)


def test_only_what_may_be_said_is_spoken_and_own_words_come_first() -> None:
    """A company without announcements speaks its own prompts alone."""
    own = (model.Prompt(slug="queue-position-1", texts={"en": "You are next, dear."}),)
    assert tuple(prompts_to_speak(a_company(prompts=own))) == own
    rules = model.WaitingCaller(position=True, expected_wait=True)
    spoken = list(prompts_to_speak(a_company(a_queue(waiting=rules), prompts=own)))
    slugs = [prompt.slug for prompt in spoken]
    assert len(slugs) == len(set(slugs))
    assert slugs.count("queue-position-1") == 1
    texts = {prompt.slug: prompt.texts for prompt in spoken}
    assert texts["queue-wait-to-75"] == {"en": "and 1 minute and 15 seconds.", "zh": "到1分15秒。"}
    assert texts["queue-wait-from-120"] == {"en": "You will probably wait between 2 minutes", "zh": "预计等候2分钟"}


def test_words_that_are_due_while_others_are_said_follow_them() -> None:
    """Without a break for music, and without taking the leg out of the first ones."""
    world = a_world(welcome="hello", sounds=("one",), first_s=1)
    line = world.call(key="")
    world.run(2.2)
    assert line.hears == "prompt/en/one"
    assert world.some(effects.Recall) == []


def test_only_so_many_intervals_of_a_caller_are_scored() -> None:
    """Who hears very many does not outweigh the others."""
    world = a_world(expected_wait=True, first_s=1, every_s=1)
    world.sign_on("ann")
    world.call(key="")
    world.talk()
    with_data(world)
    world.call(key="")
    world.run(200)
    assert len(said(world)) > GUESSES_MAX
    assert len(comfort_of(world, 1).guesses) == GUESSES_MAX


def test_a_caller_whose_agents_phone_died_is_comforted_anew() -> None:
    """The first in line again; the first words come after their time of music, and giving up teaches nothing."""
    world = a_world(sounds=("one",), first_s=5)
    world.sign_on("ann")
    line = world.call(key="")
    phone = world.talk()
    world.run(20)
    world.exchange.end(phone.leg, 38)
    world.run(4.5)
    assert (line.hears, said(world)) == ("music/default", [])
    world.run(1)
    assert (line.hears, said(world)) == ("prompt/en/one", [("one",)])
    world.exchange.end(line.leg)
    world.run(1)
    assert world.centre.state.outlooks["support"].told == 0


@pytest.mark.parametrize("kind", ["wait", "say", "callback", "alone"])
def test_a_clock_that_nobody_waits_for_does_nothing(kind: str) -> None:
    """Neither to a caller who waits without limits or comfort, nor to one who is still in a menu."""
    for flow in (a_straight_flow(), a_flow()):
        world = a_world(flow, leave_key="2")
        world.sign_on("ann")
        line = world.call(key="")
        if line.doing != "prompt":
            phone = world.talk()
            world.exchange.end(phone.leg, 38)
            world.run(1)
        before = line.hears
        world.centre._deadlines.set(f"{kind}/{state_of(world).id}", world.clock.now)  # noqa: SLF001  a clock by mistake
        world.run(0.1)
        assert (line.hears, world.records()) == (before, [])


def test_a_key_means_the_same_in_the_music() -> None:
    """At once; one without a meaning is not heard."""
    world = a_world(leave_key="2")
    line = world.call(key="")
    world.run(3)
    world.exchange.press(line, "7")
    assert line.hears == "music/default"
    world.exchange.press(line, "2")
    world.run()
    assert line.hears == "prompt/en/left"


@pytest.mark.parametrize(("key", "heard"), [("2", "prompt/en/left"), ("3", "prompt/en/promise")])
def test_a_key_is_heard_while_a_phone_rings(key: str, heard: str) -> None:
    """In the music and in words: the offer is taken back, the agent is free at once and not blamed."""
    for in_words in (False, True):
        waiting = model.WaitingCaller(sounds=("patience",), first_s=2, leave_key="2", callback_key="3")
        queue = a_queue(waiting=waiting, callback=model.Callback(accepted="promise"), ring_s=60)
        world = World(a_company(queue, flow=a_straight_flow(left="")))
        line = world.call(key="")
        if in_words:
            world.run(2.5)
            assert line.hears == "prompt/en/patience"
        world.sign_on("ann")
        phone = world.ringing("101")
        world.exchange.press(line, "9")
        world.run()
        assert phone.doing == "ringing"
        world.exchange.press(line, key)
        world.run()
        assert (line.hears, phone.doing) == (heard, "gone")
        assert (world.agent_is("ann"), world.centre.state.agents["ann"].missed) == ("available", 0)
        assert world.centre.state.offers == {}
        assert not world.some(effects.Quarantined)


def test_a_key_pressed_in_an_earlier_prompt_changes_no_offer() -> None:
    """Only what is said now is answered."""
    world = a_world(leave_key="2", sounds=("patience",), first_s=2)
    line = world.call(key="")
    world.sign_on("ann")
    world.take(facts.Prompted(leg=line.leg, prompt=999, key="2"))
    assert world.ringing("101").extension == "101"
