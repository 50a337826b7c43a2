"""Stories that the simulator found: each once broke an invariant."""

from appliance.core import effects, facts, model
from appliance.core.facts import Leg
from tests.core.test_flows import node
from tests.core.world import World, a_company, a_flow, a_queue


def test_who_leaves_the_queue_while_something_is_said_there_goes_on_in_the_flow() -> None:
    """The wait is over in the middle of an announcement; at its end the caller is told how to go on."""
    queue = a_queue(wait_s_max=21, waiting=model.WaitingCaller(sounds=("patience",), first_s=20))
    flow = a_flow(
        node("wait", "queue", {"timeout": "bye"}, queue="support"),
        node("bye", "hang_up", prompt="bye"),
    )
    world = World(a_company(queue, flow=flow))
    caller = world.call(key="")
    assert world.until(lambda: caller.hears == "prompt/en/patience", 25)
    assert world.until(lambda: caller.hears == "prompt/en/bye", 5)
    assert world.until(lambda: caller.doing == "gone", 5)
    world.run(1)
    assert len(world.records()) == 1


def test_a_customer_whom_a_crash_made_us_forget_that_we_call_is_no_caller() -> None:
    """The leg that was being made is ended, also when the customer has picked up; it is no call to us."""
    world = World()
    leg = Leg("simulated", "c-000001-00000099")
    found = facts.FoundLeg(leg=leg, interaction="000001-00000007", up=False)
    assert effects.HangUp(leg=leg) in world.take(facts.LegsFound(exchange="simulated", legs=(found,)))
    assert world.take(facts.LegAsked(leg=leg, trunk="", number="", party="p")) == (effects.HangUp(leg=leg),)
    assert not world.centre.state.interactions
