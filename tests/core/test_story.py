"""The main story, and the ways it goes otherwise."""

from appliance.core import effects, facts
from appliance.core.cdr import Outcome, Stretch
from tests.core.world import SECOND, World, a_company, a_queue


def test_a_caller_reaches_the_agent_who_was_idle_longest() -> None:
    """The main story, every state on the way."""
    world = World()
    world.sign_on("bob", "ann")
    line = world.call(key="")
    assert line.hears == "prompt/en/welcome"
    world.exchange.press(line, "1")
    world.run()
    assert line.hears == "music/default"
    phone = world.ringing("102")
    world.run(3)
    world.exchange.pick_up(phone)
    world.run()
    assert (line.hears, phone.hears) == (f"leg/{phone.leg.uniqueid}", f"leg/{line.leg.uniqueid}")
    assert (world.agent_is("bob"), world.agent_is("ann")) == ("talking", "available")
    world.run(60)
    world.exchange.end(line.leg)
    world.run()
    assert world.agent_is("bob") == "wrap_up"
    assert phone.doing == "gone"
    (cdr,) = world.records()
    assert (cdr.outcome, cdr.cause, cdr.agent, cdr.queue) == (Outcome.ANSWERED, "caller", "bob", "support")
    assert [segment.stretch for segment in cdr.segments] == [Stretch.FLOW, Stretch.WAITING, Stretch.TALKING]
    assert sum(segment.until - segment.since for segment in cdr.segments) == cdr.ended - cdr.began
    assert abs(cdr.talk_us - 60 * SECOND) < SECOND
    assert world.command(facts.Dispose, "bob", interaction=cdr.interaction, disposition="order") == ""
    world.run(10)
    assert world.agent_is("bob") == "available"
    (work,) = world.some(effects.WorkFiled)
    assert isinstance(work, effects.WorkFiled)
    assert (work.agent, work.wrap_up_us, work.disposition) == ("bob", 10 * SECOND, "order")


def test_an_agent_who_does_not_answer_is_missed_and_the_caller_keeps_the_place() -> None:
    """The next agent gets the first caller."""
    world = World()
    world.sign_on("ann", "bob")
    first, second = world.call(), world.call()
    assert world.ringing("101").interaction == first.interaction
    world.exchange.end(world.ringing("102").leg)
    world.exchange.end(second.leg)
    world.run()
    world.command(facts.EndBreak, "bob")
    world.run(20)
    assert world.agent_is("ann") == "missed"
    assert world.ringing("102").interaction == first.interaction


def test_a_killed_daemon_finds_its_calls_again() -> None:
    """Talk goes on, the waiting caller is offered."""
    world = World(a_company(a_queue(wrap_up_s=0)))
    world.sign_on("ann")
    talking, waiting = world.call(), world.call()
    phone = world.talk()
    snapshot = world.centre.snapshot()
    world.centre = type(world.centre).restore(snapshot, world.versions.__getitem__)
    world.run(5)
    world.take(facts.Started(boot=2))
    world.exchange.found()
    world.run(12)
    assert talking.hears == f"leg/{phone.leg.uniqueid}"
    assert waiting.hears == "music/default"
    world.exchange.end(talking.leg)
    world.run()
    assert world.ringing("101").interaction == waiting.interaction
