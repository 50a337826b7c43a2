"""What is seen of the floor, by whom, and what of it changed."""

from appliance import live
from appliance.core import facts
from appliance.core.estimate import DAY_US
from appliance.core.waits import DayScore, Lane, Outlook
from appliance.daemon import view
from tests.contract.company import NAMES, company
from tests.daemon.real import queues_of
from tests.daemon.world import World

LABELS = view.Labels(agents=NAMES, parties={"p-1": ("13800138000", "王小明")})


def a_floor(world: World) -> live.LiveView:
    """Look at it."""
    return view.floor(world.hub.centre.state, company(), LABELS, {})


def a_world() -> World:
    """Make a centre with two agents at work and two callers, of whom one is being offered."""
    world = World()
    world.open()
    world.sign_on("anna")
    world.call_support("p-1")
    world.until(lambda: "101" in world.ringing)
    world.call_support("p-2")
    return world


def test_the_floor_shows_calls_agents_and_queues() -> None:
    """Numbers and names are joined where they are known."""
    floor = a_floor(a_world())
    offered, waiting = (call for call in floor.calls.values() if call is not None)
    assert (offered.state, offered.caller_number, offered.caller_name) == ("offered", "13800138000", "王小明")
    assert (offered.agent, offered.queue, offered.path) == ("anna", "support", ("1 Support",))
    assert (waiting.state, waiting.caller_number) == ("waiting", "")
    assert (offered.place, waiting.place) == (1, 2)
    anna, dora, queue = floor.agents["anna"], floor.agents["dora"], floor.queues["support"]
    assert anna is not None
    assert dora is not None
    assert queue is not None
    assert (anna.state, anna.name, anna.interaction) == ("ringing", NAMES["anna"], offered.interaction)
    assert (dora.state, dora.extension, sorted(dora.queues)) == ("signed_out", "104", queues_of("dora"))
    assert (queue.waiting, queue.longest_since) == (2, offered.entered_at)
    assert queue.agents == {"ringing": 1, "signed_out": 2}


def test_an_agent_who_cannot_be_reached_is_shown_so() -> None:
    """Available means that an offer would come."""
    world = World()
    world.open()
    world.sign_on("anna")
    world.hub.take(facts.PhoneSeen(extension="101", reachable=False))
    anna = a_floor(world).agents["anna"]
    assert anna is not None
    assert anna.state == "unreachable"


def test_every_state_of_an_agent_has_its_word() -> None:
    """From the seat to the break and back."""
    world = World()
    world.open()
    seen: list[str] = []

    def look() -> None:
        card = a_floor(world).agents["anna"]
        assert card is not None
        if card.state not in seen:
            seen.append(card.state)

    world.sign_on("anna")
    look()
    caller = world.call_support()
    world.until(lambda: "101" in world.ringing)
    look()
    world.exchange.pick_up(world.ringing["101"])
    world.until(lambda: caller.doing == "bridged")
    world.wait(0.5)
    look()
    assert world.answer(world.hub.ask(facts.TakeBreak(token="b", agent="anna", reason="lunch"))) == ""
    world.exchange.end(caller.leg)
    world.wait(0.5)
    look()
    world.wait(5)
    look()
    world.answer(world.hub.ask(facts.EndBreak(token="e", agent="anna")))
    world.call_support()
    world.until(lambda: world.ringing["101"].doing == "ringing")
    world.wait(10)
    look()
    assert seen == ["available", "ringing", "talking", "wrap_up", "on_break", "missed"]


def test_a_desk_is_the_own_card_call_and_queues() -> None:
    """Nothing of anybody else's."""
    floor = a_floor(a_world())
    own = view.desk(floor, "anna")
    assert list(own.agents) == ["anna"]
    assert sorted(own.queues) == queues_of("anna")
    assert [call.agent for call in own.calls.values() if call] == ["anna"]
    assert view.desk(floor, "dora").calls == {}
    nobody = view.desk(floor, "-")
    assert (nobody.agents, nobody.queues, nobody.calls) == ({}, {}, {})


def test_colleagues_are_names_and_states_alone() -> None:
    """No call, no caller, no figure of anybody; of a queue who waits and who is free."""
    world = a_world()
    world.sign_on("dora")
    seen = view.colleagues(a_floor(world))
    assert seen.calls == {}
    assert seen.agents["anna"] == live.LiveAgent(agent="anna", name=NAMES["anna"], extension="101", state="ringing")
    assert list(seen.agents) == [agent.slug for agent in company().agents]
    support = seen.queues["support"]
    free = 1 if "support" in queues_of("dora") else 0
    title = next(queue.title for queue in company().queues if queue.slug == "support")
    assert support == live.LiveQueue(queue="support", title=title, waiting=2, agents={"available": free})


def test_a_delta_holds_what_changed_and_what_went() -> None:
    """And nothing where nothing did."""
    world = a_world()
    before = a_floor(world)
    assert view.is_empty(view.delta(before, a_floor(world)))
    gone = next(interaction.leg for interaction in world.hub.centre.state.interactions.values())
    world.exchange.end(gone)
    world.wait(0.1)
    change = view.delta(before, a_floor(world))
    assert list(change.agents) == ["anna"]
    assert "support" in change.queues
    assert "sales" not in change.queues
    assert None in change.calls.values()
    assert change.health is None


def test_a_call_that_is_over_stays_with_who_finishes_it() -> None:
    """The desk needs it for note and disposition."""
    world = a_world()
    world.exchange.pick_up(world.ringing["101"])
    world.wait(1)
    interaction = next(i for i in world.hub.centre.state.interactions.values() if i.party == "p-1")
    world.exchange.end(interaction.leg)
    world.wait(0.5)
    over = live.LiveCall(interaction=interaction.id, state=view.ENDED, since=1, began=0, party="p-1", agent="anna")
    floor = view.floor(world.hub.centre.state, company(), LABELS, {interaction.id: over})
    shown = floor.calls[interaction.id]
    assert shown is not None
    assert (shown.state, shown.caller_name) == ("wrap_up", "王小明")
    card = floor.agents["anna"]
    assert card is not None
    assert card.queue == "support"
    assert interaction.id in view.desk(floor, "anna").calls


def test_the_expected_wait_is_shown_with_how_often_it_came_true() -> None:
    """For a caller who would come now; nothing is shown without data, nor of more than 30 days ago."""
    world = a_world()
    queue = a_floor(world).queues["support"]
    assert queue is not None
    assert (queue.expected_low_s, queue.expected_high_s, queue.expected_told) == (0, 0, 0)
    samples = [second * 1_000_000 for second in range(1, 101)]
    lanes = {lane: Lane(samples=samples) for lane in range(3)}
    today = world.hub.centre.state.day
    days = [DayScore(today - 40 * DAY_US, 100, 9), DayScore(today - 29 * DAY_US, 30, 25), DayScore(today, 20, 16)]
    world.hub.centre.state.outlooks["support"] = Outlook(lanes=lanes, told=150, inside=50, days=days)
    queue = a_floor(world).queues["support"]
    assert queue is not None
    assert (queue.expected_low_s, queue.expected_high_s) == (20, 180), (
        "a caller for whom a phone rings is before nobody"
    )
    assert (queue.expected_share, queue.expected_told, queue.expected_inside) == (80, 50, 41)
    assert (queue.expected_told_today, queue.expected_inside_today) == (20, 16)
