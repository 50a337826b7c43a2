"""What the tests of callbacks share: a company that calls back, and customers who are called."""

from appliance.core import effects, model
from appliance.core.cdr import CDR
from drivers.simulated.line import Line
from tests.core.world import World, a_company, a_flow, a_queue

WAITING = model.WaitingCaller(sounds=("offer",), first_s=2, every_s=10, callback_key="1")


def a_callback(**rules: object) -> model.Callback:
    """Make rules; what is said has a name."""
    return model.Callback(**({"accepted": "promise", "confirm": "press", "retry_s": 60} | rules))  # type: ignore[arg-type]  # what differs


def a_flow_with_a_node() -> model.Flow:
    """Make a flow of a queue that overflows into a callback."""
    return a_flow(
        model.Node(id="wait", kind="queue", options={"queue": "support"}, exits={"timeout": "back"}),
        model.Node(id="back", kind="callback", options={"queue": "support"}, exits={"refused": "sorry", "next": "bye"}),
        model.Node(id="sorry", kind="hang_up", options={"prompt": "sorry"}),
        model.Node(id="bye", kind="hang_up", options={"prompt": "bye"}),
    )


def a_world(flow: model.Flow | None = None, *, hours: tuple[model.Hours, ...] = (), **rules: object) -> World:
    """Open a company whose queue calls back."""
    queue = a_queue(waiting=WAITING, callback=a_callback(**rules), wrap_up_s=0)
    flow = flow or a_flow(model.Node(id="wait", kind="queue", options={"queue": "support"}))
    return World(a_company(queue, flow=flow, hours=hours))


def asks_for_a_callback(world: World) -> Line:
    """Let somebody call, wait, press 1 and hang up after the promise."""
    line = world.call(key="")
    world.run(2.5)
    world.exchange.press(line, "1")
    world.run()
    assert line.hears == "prompt/en/promise"
    world.run(2.5)
    assert line.doing == "gone"
    return line


def the_customer(world: World) -> Line:
    """Find the customer whose phone rings for us."""
    (line,) = [line for line in world.exchange.lines.values() if line.dialled and line.doing == "ringing"]
    return line


def dials(world: World) -> int:
    """Count the attempts."""
    return len(world.some(effects.Dial))


def the_record(world: World) -> CDR:
    """Give the only record, whose segments must touch each other and add up."""
    (record,) = world.records()
    times = [record.began, *[segment.until for segment in record.segments]]
    assert [segment.since for segment in record.segments] == times[:-1]
    assert times[-1] == record.ended
    return record


def confirms(world: World, line: Line) -> None:
    """Let a customer pick up and press 1."""
    world.exchange.pick_up(line)
    world.run()
    assert line.hears == "prompt/en/press"
    world.exchange.press(line, "1")
    world.run()
