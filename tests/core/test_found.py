"""Stories that the simulator found: each once broke an invariant."""

from appliance.core import model
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
