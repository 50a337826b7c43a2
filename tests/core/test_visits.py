"""The record of a call holds each of its queue visits as the queues have counted them."""

from appliance.core import model
from appliance.core.cdr import Outcome
from appliance.core.visits import visits_of
from tests.core.callbacks import the_record
from tests.core.test_overflow import a_flow_of_two, a_rule, a_world
from tests.core.test_waiting_again import broken_off
from tests.core.world import SECOND, World, a_company, a_flow, a_queue


def test_who_is_sent_on_at_the_entry_has_visited_the_queue() -> None:
    """For no time at all; the second queue is another visit, and the record still adds up."""
    world = a_world(a_rule("no_agents"), flow=a_flow_of_two(no_agents="second"))
    line = world.call(key="")
    world.run(7)
    world.exchange.end(line.leg)
    world.run(1)
    first, second = visits_of(the_record(world))
    assert (first.queue, first.outcome, first.wait_us) == ("support", Outcome.FLOWED_OUT, 0)
    assert (second.queue, second.outcome) == ("second", Outcome.ABANDONED)
    assert second.wait_us > 6 * SECOND
    assert world.centre.state.counts["support"].flowed_out == 1


def test_who_is_to_be_called_back_without_waiting_has_visited_the_queue() -> None:
    """A flow that leads straight to a callback; the second place of the queue is not another visit."""
    flow = a_flow(model.Node(id="back", kind="callback", options={"queue": "support"}))
    world = World(a_company(a_queue(callback=model.Callback(attempts=1, expire_s=60)), flow=flow))
    world.call(key="")
    world.run(90)
    (visit,) = visits_of(the_record(world))
    assert (visit.queue, visit.outcome, visit.wait_us, visit.talk_us) == ("support", Outcome.CALLBACK, 0, 0)
    assert world.centre.state.counts["support"].callbacks == 1


def test_talk_belongs_to_the_visit_that_led_to_it() -> None:
    """Also the talk after a phone that died: the same visit goes on."""
    world, interaction = broken_off()
    world.sign_on("bob")
    world.answer("bob")
    world.run(50)
    world.exchange.end(world.centre.state.interactions[interaction].leg)
    world.run(1)
    record = the_record(world)
    (visit,) = visits_of(record)
    assert visit.outcome is Outcome.ANSWERED
    assert visit.talk_us == record.talk_us > 149 * SECOND
