"""What is recorded, what is not, and that the record of a call says why."""

import pytest

from appliance.core import effects, facts, model
from appliance.core.cdr import Unrecorded
from appliance.core.centre import Centre
from appliance.core.recording import is_running
from drivers.simulated.line import Line
from tests.core.world import World, a_company, a_flow, a_queue

SHORT = facts.RecordingsHalted(halted=True)
STARVING = facts.RecordingsHalted(halted=True, running=True)
ROOM = facts.RecordingsHalted(halted=False)


def a_world(*, recorded: bool = True) -> World:
    """Open a company with an agent at work."""
    world = World(a_company(a_queue(recorded=recorded, wrap_up_s=0)))
    world.sign_on("ann")
    return world


def ends(world: World, line: Line) -> tuple[bool, Unrecorded | None]:
    """Let a caller hang up; tells whether there is a recording, and why it has not all."""
    world.exchange.end(line.leg)
    world.run()
    (*_, record) = world.records()
    return bool(record.recording), record.unrecorded


def test_a_recorded_call_gives_no_reason() -> None:
    """Nor does one in which nobody talked."""
    world = a_world()
    line = world.call()
    world.talk()
    assert ends(world, line) == (True, None)
    quiet = World(a_company(a_queue(recorded=False)))
    assert ends(quiet, quiet.call()) == (False, None)


def test_a_queue_whose_calls_are_not_recorded_is_the_reason() -> None:
    """Whether there is room or not."""
    world = a_world(recorded=False)
    world.take(SHORT)
    line = world.call()
    world.talk()
    assert ends(world, line) == (False, Unrecorded.POLICY)


def test_a_call_that_comes_without_room_says_so() -> None:
    """Though there is room again before it is answered; who comes then is recorded."""
    world = World(a_company(a_queue(wrap_up_s=0)))
    world.take(SHORT)
    line = world.call()
    world.take(ROOM)
    world.sign_on("ann")
    world.talk()
    assert ends(world, line) == (False, Unrecorded.DISK)
    line = world.call()
    world.talk()
    assert ends(world, line) == (True, None)


def test_the_reason_is_of_the_talk_and_not_of_a_queue_before() -> None:
    """Who only waited where nothing is recorded, and talks where all is, was recorded whole."""
    flow = a_flow(
        model.Node(id="first", kind="queue", options={"queue": "sales"}, exits={"timeout": "second"}),
        model.Node(id="second", kind="queue", options={"queue": "support"}),
    )
    queues = (a_queue(wrap_up_s=0), a_queue("sales", agents=(), wait_s_max=5, recorded=False))
    world = World(a_company(*queues, flow=flow))
    line = world.call(key="")
    world.run(6)
    assert line.recording
    world.sign_on("ann")
    world.talk()
    assert ends(world, line) == (True, None)


def test_a_talk_before_that_was_not_recorded_stays_the_reason() -> None:
    """Sent on to where all is recorded, the call has a recording of its second half."""
    queues = (a_queue(agents=("ann",), recorded=False, wrap_up_s=0), a_queue("sales", agents=("bob",), wrap_up_s=0))
    world = World(a_company(*queues))
    world.sign_on("ann", "bob")
    line = world.call()
    world.talk()
    sent = world.command(facts.TransferCall, "ann", interaction=line.interaction, to=facts.Target(queue="sales"))
    assert sent == ""
    world.run()
    world.talk("102")
    assert line.recording
    assert ends(world, line) == (True, Unrecorded.POLICY)


def test_what_runs_is_stopped_when_even_that_has_no_room() -> None:
    """In the middle of a talk: what was said is kept; of those who wait nothing begins; whoever comes later is new."""
    world = a_world()
    talking = world.call()
    world.talk()
    recording = talking.recording
    waiting = world.call()
    assert recording
    assert waiting.recording
    out = world.take(STARVING)
    stopped = [effect.leg for effect in out if isinstance(effect, effects.StopRecording)]
    assert stopped == [talking.leg, waiting.leg]
    assert set(world.centre.about) == {talking.interaction, waiting.interaction}
    world.run()
    assert (talking.recording, waiting.recording, talking.doing) == ("", "", "bridged")
    assert not [one for one in world.centre.state.interactions.values() if is_running(one)]
    assert not [effect for effect in world.take(STARVING) if isinstance(effect, effects.StopRecording)], "once"
    world.take(ROOM)
    assert ends(world, talking) == (True, Unrecorded.CUT)
    assert world.records()[-1].recording == recording
    world.talk()
    assert waiting.recording == ""
    assert ends(world, waiting) == (False, Unrecorded.DISK)
    line = world.call()
    world.talk()
    assert ends(world, line) == (True, None)


def test_what_was_cut_is_not_recorded_again() -> None:
    """Though the caller waits again, and talks with another agent when there is room."""
    world = a_world()
    world.sign_on("bob")
    line = world.call()
    world.talk()
    world.take(STARVING)
    world.take(ROOM)
    sent = world.command(facts.TransferCall, "ann", interaction=line.interaction, to=facts.Target(agent="bob"))
    assert sent == ""
    world.run()
    world.talk("102")
    assert line.recording == ""
    assert ends(world, line) == (True, Unrecorded.CUT)


def test_an_exchange_that_has_not_heard_it_is_told_again() -> None:
    """When it is found after it was out of sight; only of calls that are not to be recorded for want of room."""
    world = a_world()
    line = world.call()
    world.talk()
    world.cut_off = True
    world.take(STARVING)
    assert line.recording
    world.centre = Centre.restore(world.centre.snapshot(), world.versions.__getitem__)
    world.cut_off = False
    world.take(facts.Started(boot=2))
    world.exchange.found()
    world.run()
    assert (line.recording, line.doing) == ("", "bridged")
    world.take(ROOM)
    other = world.call()
    world.take(facts.ExchangeLost(exchange="simulated"))
    world.exchange.found()
    world.run()
    assert other.recording


@pytest.mark.parametrize("late", [False, True])
def test_an_exchange_that_does_not_record_is_believed(*, late: bool) -> None:
    """There is no recording then, and the record says why; of who is gone, or is not recorded, it means nothing."""
    world = a_world()
    line = world.call()
    world.take(facts.NotRecorded(leg=line.leg, late=late))
    assert world.centre.about == (line.interaction,)
    world.talk()
    assert ends(world, line) == (False, Unrecorded.LATE if late else Unrecorded.FAILED)
    assert world.take(facts.NotRecorded(leg=line.leg)) == ()
    world.take(SHORT)
    line = world.call()
    world.take(facts.NotRecorded(leg=line.leg))
    world.talk()
    assert ends(world, line) == (False, Unrecorded.DISK)
