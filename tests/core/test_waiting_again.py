"""Callers who wait again at their old place: what they are owed anew, and that a visit counts once."""

from appliance.core import effects, facts, model
from appliance.core import state as st
from appliance.core.cdr import Outcome, Stretch
from appliance.core.estimate import SAMPLES_MIN
from appliance.core.visits import visits_of
from appliance.core.waits import Lane, Outlook
from tests.core.callbacks import WAITING, a_callback, asks_for_a_callback, confirms, the_customer, the_record
from tests.core.crew import Crew, a_line
from tests.core.world import SECOND, World, a_company, a_flow, a_queue

DEAD = 38
"Q.850: network out of order."


def a_way_out(*exits: str) -> model.Flow:
    """Make a flow of a queue whose exits say goodbye."""
    to = dict.fromkeys(exits, "bye")
    wait = model.Node(id="wait", kind="queue", options={"queue": "support"}, exits=to)
    return a_flow(wait, model.Node(id="bye", kind="hang_up", options={"prompt": "bye"}))


def test_a_talk_that_broke_off_takes_nothing_of_the_time_to_wait() -> None:
    """The caller has the whole limit again, from the moment in which the agent's phone died."""
    world = World(a_company(a_queue(wait_s_max=60), flow=a_way_out("timeout")))
    world.sign_on("ann")
    line = world.call(key="")
    phone = world.talk()
    world.run(300)
    world.exchange.end(phone.leg, DEAD)
    world.run(59.5)
    assert line.hears == "music/default"
    world.run(1)
    assert line.hears == "prompt/en/bye"


def test_a_customer_who_was_called_back_may_wait_as_long_as_others() -> None:
    """If the kept agent does not pick up: the time without the line is no wait on it; words come again, too."""
    callback = a_callback(customer_first=True)
    queue = a_queue(waiting=WAITING, wait_s_max=60, callback=callback)
    world = World(a_company(queue, flow=a_way_out("timeout")))
    asks_for_a_callback(world)
    world.run(300)
    world.sign_on("ann")
    line = the_customer(world)
    confirms(world, line)
    world.exchange.refuse(world.ringing("101"), "busy")
    world.run(3)
    assert line.hears == "prompt/en/offer"
    begun = world.clock.now
    assert world.until(lambda: line.hears == "prompt/en/bye", 100)
    assert world.clock.now - begun > 55 * SECOND


def broken_off() -> tuple[Crew, str]:
    """Let a caller be answered, talk for a while, and wait again because the agent's phone died."""
    world = Crew(a_line("support", "ann", "bob"))
    world.sign_on("ann")
    line = world.comes()
    world.answer("ann")
    world.run(100)
    state = world.centre.state.agents["ann"].state
    assert isinstance(state, st.Talking)
    world.command(facts.TakeBreak, "ann", reason="none")
    world.take(facts.PhoneSeen(extension="101", reachable=False))
    world.exchange.end(state.leg, DEAD)
    world.run(10)
    assert world.waits(line)
    return world, line.interaction


def test_a_visit_that_is_answered_twice_counts_once() -> None:
    """With the wait until the first answer; the talk is no wait."""
    world, _ = broken_off()
    world.sign_on("bob")
    world.answer("bob")
    world.run(5)
    (line,) = [line for line in world.exchange.lines.values() if not line.extension]
    world.hang_up(line)
    counts = world.centre.state.counts["support"]
    assert (counts.answered, counts.answered_within) == (1, 1)
    assert counts.wait_us < SECOND
    (record,) = world.records()
    ends = [(segment.stretch, segment.outcome) for segment in record.segments]
    again = [(Stretch.WAITING, None), (Stretch.TALKING, None)]
    assert ends == [(Stretch.WAITING, Outcome.ANSWERED), (Stretch.TALKING, None), *again]


def test_who_gives_up_after_a_talk_is_counted_as_answered_alone() -> None:
    """Offered is the sum of answered, abandoned and flowed out: a re-queue adds nothing to it."""
    world, interaction = broken_off()
    world.exchange.end(world.centre.state.interactions[interaction].leg)
    world.run(1)
    counts = world.centre.state.counts["support"]
    assert (counts.answered, counts.abandoned, counts.abandoned_short) == (1, 0, 0)


def test_who_leaves_by_overflow_after_a_talk_is_counted_as_answered_alone() -> None:
    """As who gives up."""
    world = World(a_company(a_queue(wait_s_max=60), flow=a_way_out("timeout")))
    world.sign_on("ann")
    world.call(key="")
    world.exchange.end(world.talk().leg, DEAD)
    world.run(70)
    counts = world.centre.state.counts["support"]
    assert (counts.answered, counts.flowed_out) == (1, 0)
    assert [segment.outcome for segment in the_record(world).segments if segment.outcome] == [Outcome.ANSWERED]


def test_who_was_called_back_in_vain_and_leaves_by_overflow_is_a_failed_callback_alone() -> None:
    """The visit was counted when it turned into a callback."""
    queue = a_queue(waiting=WAITING, wait_s_max=60, callback=a_callback(customer_first=True))
    world = World(a_company(queue, flow=a_way_out("timeout")))
    asks_for_a_callback(world)
    world.sign_on("ann")
    confirms(world, the_customer(world))
    world.exchange.refuse(world.ringing("101"), "busy")
    world.run(70)
    counts = world.centre.state.counts["support"]
    assert (counts.callbacks, counts.callbacks_failed, counts.flowed_out) == (1, 1, 0)
    assert [visit.outcome for visit in visits_of(the_record(world))] == [Outcome.CALLBACK]


def test_a_callback_after_a_talk_counts_as_one() -> None:
    """Its wait, attempts and result are figures of their own."""
    queue = a_queue(waiting=WAITING, callback=a_callback(customer_first=True), wrap_up_s=0)
    world = World(a_company(queue, flow=a_way_out()))
    world.sign_on("ann")
    line = world.call(key="")
    world.exchange.end(world.talk().leg, DEAD)
    world.exchange.see("101", reachable=False)
    world.run(3)
    world.exchange.press(line, "1")
    world.run(5)
    world.sign_on("bob")
    confirms(world, the_customer(world))
    world.talk("102")
    counts = world.centre.state.counts["support"]
    assert (counts.answered, counts.callbacks, counts.callbacks_answered) == (1, 1, 1)


def test_a_place_from_the_channel_was_waited_at_all_the_while() -> None:
    """In the record of the call, too, and against the limit on the wait."""
    world = World(a_company(a_queue(wait_s_max=60), flow=a_way_out("timeout")))
    entered = world.clock.now - 40 * SECOND
    leg = facts.Leg("simulated", "1.1")
    place = f"5,{entered},7"
    world.take(
        facts.LegAsked(
            leg=leg, trunk="", number="2000", party="p", interaction="000001-00000009", queue="support", place=place
        )
    )
    world.run(10)
    world.take(facts.LegEnded(leg=leg))
    (record,) = world.records()
    assert (record.began, record.wait_us) == (entered, 50 * SECOND)
    assert [segment.stretch for segment in record.segments] == [Stretch.WAITING]


# -- limits that a new configuration brings


def alone(*agents: str) -> model.Configuration:
    """Make a company whose callers leave where nobody is signed on for ten seconds."""
    rule = model.Overflow(when="no_agents", limit=10)
    return a_company(a_queue(agents=agents, overflow=(rule,)), flow=a_way_out("no_agents"))


def test_who_waits_where_nobody_is_signed_on_leaves_by_a_new_rule() -> None:
    """After its seconds from the publication; one that is published again meanwhile begins nothing anew."""
    world = World(a_company(a_queue(), flow=a_way_out("no_agents")))
    line = world.call(key="")
    world.run(5)
    world.publish(alone("ann"))
    world.run(6)
    world.publish(alone("bob"))
    world.run(3.5)
    assert line.hears == "music/default"
    world.run(1)
    assert line.hears == "prompt/en/bye"


def test_who_waits_leaves_if_the_last_agent_is_taken_out_of_the_queue() -> None:
    """Though that one is signed on."""
    world = World(alone("ann"))
    world.sign_on("ann")
    world.command(facts.TakeBreak, "ann", reason="lunch")
    line = world.call(key="")
    world.publish(alone())
    world.run(9.5)
    assert line.hears == "music/default"
    world.run(1)
    assert line.hears == "prompt/en/bye"


def test_an_important_caller_is_told_by_the_own_place_whether_the_wait_is_too_long() -> None:
    """Not by the length of a queue that the caller would pass."""
    rule = model.Overflow(when="expected_wait", limit=60)
    world = World(a_company(a_queue(overflow=(rule,)), flow=a_way_out("expected_wait")))
    world.sign_on("ann")
    world.call(key="")
    world.talk()
    for _ in range(4):
        world.call(key="")
    lanes = {lane: Lane(samples=[50 * SECOND] * SAMPLES_MIN) for lane in range(7)}
    world.centre.state.outlooks["support"] = Outlook(lanes=lanes)
    assert world.call(key="").hears == "prompt/en/bye"
    assert world.call(key="", view=facts.PartyView(priority=1)).hears == "music/default"


# -- the agents one knows


def test_the_last_agent_stands_in_for_the_one_who_looks_after_the_caller() -> None:
    """While that one is not at work; who comes to work in time has the caller again."""
    world = Crew(a_line("support", "ann", "bob", "cid", prefer_s=20, strategy="ordered"))
    world.sign_on("ann", "cid")
    assert world.offered_to(world.comes(preferred="bob", last_agent="cid")) == ["cid"]
    world.answer("cid")
    line = world.comes(preferred="bob", last_agent="cid")
    assert world.waits(line)
    world.sign_on("bob")
    assert world.offered_to(line) == ["bob"]
    assert len(world.some(effects.Offer)) == 2
