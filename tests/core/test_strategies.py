"""Every strategy: whom it chooses, and how it breaks ties."""

from collections import Counter

import msgspec
import pytest

from appliance.core import effects, facts, model
from appliance.core import state as st
from appliance.core.plugins import all_strategies, options_of
from tests.core.crew import Crew, a_line, an_agent
from tests.core.world import BEGIN, SECOND, plant

THREE = ("ann", "bob", "cid")


def crew(strategy: str, *agents: str, **options: object) -> Crew:
    """Let agents of a queue with that strategy sign on, a second apart."""
    world = Crew(a_line("support", *(agents or THREE), strategy=strategy, strategy_options=options))
    world.sign_on(*sorted(agents or THREE))
    return world


def test_longest_idle() -> None:
    """By turns, for who was chosen has waited least afterwards."""
    assert crew("longest_idle").serve(4) == ["ann", "bob", "cid", "ann"]


def test_longest_idle_may_count_breaks() -> None:
    """A break restarts the idle time if so set."""
    for count, first in ((True, "bob"), (False, "ann")):
        world = Crew(
            a_line("support", *THREE, strategy_options={"count_breaks": count}), breaks=(model.Reason(slug="tea"),)
        )
        world.sign_on(*THREE)
        world.command(facts.TakeBreak, "ann", reason="tea")
        world.command(facts.EndBreak, "ann")
        assert world.serve(1) == [first]


def test_average_longest_idle() -> None:
    """Who has waited longest on average between offers; the present wait is left out."""
    world = crew("average_longest_idle")
    assert world.serve(3) == ["ann", "bob", "cid"]
    averages = {a.slug: a.idle_us // a.idles for a in world.centre.state.agents.values()}
    assert world.serve(1) == [max(averages, key=averages.__getitem__)]


def test_round_robin_goes_on_where_it_was() -> None:
    """Whoever had an offer longest ago; first of all by the queue's list."""
    world = crew("round_robin", "cid", "ann", "bob")
    assert world.serve(4) == ["cid", "ann", "bob", "cid"]
    world.command(facts.SignOff, "ann")
    assert world.serve(2) == ["bob", "cid"]
    world.sign_on("ann")
    assert world.serve(2) == ["ann", "bob"]


def test_ordered_begins_at_the_top_each_time() -> None:
    """The second has work only while the first has."""
    world = crew("ordered", "cid", "ann")
    assert world.serve(2) == ["cid", "cid"]
    world.comes()
    assert world.serve(1) == ["ann"]


def test_fewest_handled_counts_the_queue_or_all() -> None:
    """Contacts of other queues count if so set."""
    for everywhere, first in ((True, "bob"), (False, "ann")):
        options = {"all_queues": everywhere}
        world = Crew(
            a_line("one", "ann", "bob", strategy="fewest_handled", strategy_options=options),
            a_line("two", "ann"),
        )
        world.sign_on("ann")
        world.serve(1, "2001")
        world.sign_on("bob")
        assert world.serve(1) == [first]


def test_least_talk_time_counts_the_queue_or_all() -> None:
    """Talk for other queues counts if so set."""
    for everywhere, first in ((True, "bob"), (False, "ann")):
        options = {"all_queues": everywhere}
        world = Crew(
            a_line("one", "ann", "bob", strategy="least_talk_time", strategy_options=options),
            a_line("two", "ann"),
        )
        world.sign_on("ann")
        world.serve(1, "2001")
        world.sign_on("bob")
        assert world.serve(1) == [first]


def test_most_skilled() -> None:
    """By the sum of the levels in what the queue requires; equal ones by their idle time."""
    needs = (model.Need(skill="english", level=1), model.Need(skill="billing", level=1, relax_s=5))
    world = Crew(
        a_line("support", *THREE, strategy="most_skilled", requirement=needs),
        agents=(
            an_agent("ann", 1, skills={"english": 3, "billing": 2}),
            an_agent("bob", 2, skills={"english": 2, "billing": 5, "other": 9}),
            an_agent("cid", 3, skills={"english": 5, "billing": 2}),
        ),
    )
    world.sign_on(*THREE)
    assert world.serve(3) == ["bob", "cid", "bob"]


def test_a_new_day_begins_the_figures_again() -> None:
    """Of each queue too; whose turn it is goes on."""
    world = Crew(
        a_line("one", "ann", "bob", strategy="percentage", strategy_options={"shares": {"ann": 60, "bob": 40}}),
        a_line("two", "ann", lenders=("one",)),
        company=model.Company(midnights=(BEGIN + 1_000 * SECOND,)),
    )
    world.sign_on("ann", "bob")
    world.serve(3)
    world.run(1_000)
    for agent in world.centre.state.agents.values():
        work = agent.work["one"]
        assert (agent.handled, agent.talk_us, agent.idles, agent.idle_us) == (0, 0, 0, 0)
        assert (work.handled, work.talk_us, work.offered) == (0, 0, 0)
        assert work.last_turn
    assert world.serve(1) == ["ann"]


def test_percentage() -> None:
    """Shares are kept while all are free; who has none comes last."""
    world = crew("percentage", shares={"ann": 50, "bob": 30})
    assert Counter(world.serve(16)) == {"ann": 10, "bob": 6}
    world.command(facts.SignOff, "ann")
    world.command(facts.SignOff, "bob")
    assert world.serve(1) == ["cid"]


def test_who_signs_on_late_begins_where_the_others_are() -> None:
    """At the share of the one furthest behind who is at work, not at nothing; the next day all begin anew."""
    world = crew("percentage", shares={"ann": 50, "bob": 30, "cid": 20})
    world.command(facts.SignOff, "cid")
    assert Counter(world.serve(16)) == {"ann": 10, "bob": 6}
    world.sign_on("cid")
    assert Counter(world.serve(10)) == {"ann": 5, "bob": 3, "cid": 2}
    world.command(facts.SignOff, "cid")
    world.sign_on("cid")
    assert Counter(world.serve(10)) == {"ann": 5, "bob": 3, "cid": 2}, "a sign-on gives and takes nothing twice"
    for agent in THREE:
        world.command(facts.SignOff, agent)
    world.sign_on("bob")
    assert world.centre.state.agents["bob"].work["support"].head == 0, "there is nobody to come late to"
    alone = crew("percentage", shares={"ann": 50})
    alone.serve(4)
    alone.command(facts.SignOff, "bob")
    alone.sign_on("bob")
    assert alone.centre.state.agents["bob"].work["support"].head == 0, "without a share there is nothing to begin at"


def test_random_gives_each_the_same_chance_and_a_replay_the_same() -> None:
    """The draw is a function of the seed and the queue's count of offers."""
    took = crew("random_agent", seed=1).serve(60)
    assert took == crew("random_agent", seed=1).serve(60)
    assert took != crew("random_agent", seed=2).serve(60)
    assert min(Counter(took)[agent] for agent in THREE) >= 10
    drawing = all_strategies()["random_agent"]
    draws = Counter(drawing.draw(drawing.Options(), turn, 7) for turn in range(7_000))  # type: ignore[attr-defined]  # it draws
    assert sorted(draws) == list(range(7))
    assert all(900 < count < 1_100 for count in draws.values())


@pytest.mark.parametrize(
    ("strategy", "options"),
    [
        ("ring_some", {"at_once": 0}),
        ("percentage", {"shares": {"ann": 0}}),
        ("percentage", {"shares": {"ann": 60, "bob": 41}}),
    ],
)
def test_options_that_make_no_sense(strategy: str, options: dict[str, object]) -> None:
    """Are refused."""
    with pytest.raises(msgspec.ValidationError):
        options_of(all_strategies()[strategy], options)


# -- several phones at once


def test_ring_all_rings_all_and_the_first_has_it() -> None:
    """The others are free again without blame, and each offer has its decision."""
    world = crew("ring_all")
    line = world.comes()
    assert world.offered_to(line) == ["ann", "bob", "cid"]
    assert [(d.chosen.agent, d.next) for d in world.decided()] == [("ann", ()), ("bob", ()), ("cid", ())]
    world.answer("bob")
    assert [world.agent_is(agent) for agent in THREE] == ["available", "talking", "available"]
    assert len(world.some(effects.CancelOffer)) == 2
    assert [agent.missed for agent in world.centre.state.agents.values()] == [0, 0, 0]


def test_ring_some_rings_some() -> None:
    """Those who have waited longest; the next are named."""
    world = crew("ring_some", at_once=2)
    line = world.comes()
    assert world.offered_to(line) == ["ann", "bob"]
    assert [[c.agent for c in d.next] for d in world.decided()] == [["cid"], ["cid"]]


def test_phones_that_fail_one_by_one() -> None:
    """The others ring on; after the last the caller waits at the same place."""
    world = crew("ring_all")
    line = world.comes()
    for agent, left in (("ann", ["bob", "cid"]), ("cid", ["bob"]), ("bob", [])):
        world.exchange.refuse(world.ringing(world.extension(agent)), "refused")
        world.run()
        assert world.agent_is(agent) == "missed"
        assert world.offered_to(line) == left
    assert world.waits(line)


def test_nobody_picks_up() -> None:
    """All are missed, each by its own deadline."""
    world = crew("ring_all")
    line = world.comes()
    world.run(21)
    assert world.waits(line)
    assert [world.agent_is(agent) for agent in THREE] == ["missed"] * 3


def test_a_caller_who_gives_up_frees_all() -> None:
    """Without blame."""
    world = crew("ring_all")
    line = world.comes()
    world.hang_up(line)
    assert [world.agent_is(agent) for agent in THREE] == ["available"] * 3
    assert not world.centre.state.offers


def test_two_pick_up_at_once() -> None:
    """The second is hung up."""
    world = crew("ring_all")
    world.comes()
    first, second = (world.ringing(world.extension(agent)) for agent in ("ann", "bob"))
    world.take(facts.OfferAnswered(offer=first.offer, leg=first.leg))
    out = world.take(facts.OfferAnswered(offer=second.offer, leg=second.leg))
    assert out == (effects.HangUp(leg=second.leg),)
    assert world.agent_is("bob") == "available"


@pytest.mark.parametrize("case", ["ring", "one_up", "one_gone", "bridged", "all_gone"])
def test_several_phones_after_a_crash(case: str) -> None:
    """What still rings rings on, what was picked up is joined, what is gone is free without blame."""
    world = crew("ring_all")
    line = world.comes()
    legs = {agent: world.ringing(world.extension(agent)) for agent in THREE}
    found = {
        agent: facts.FoundLeg(
            leg=legs[agent].leg,
            offer=legs[agent].offer,
            agent=agent,
            up=case in {"one_up", "bridged"} and agent == "bob",
        )
        for agent in THREE
    }
    if case == "one_gone":
        del found["cid"]
    if case == "all_gone":
        found = {}
    world.cut_off = True
    world.take(facts.Started(boot=2))
    customer = facts.FoundLeg(leg=line.leg, bridged=(legs["bob"].leg,) if case == "bridged" else ())
    reachable = tuple(world.extension(agent) for agent in THREE)
    world.take(facts.LegsFound(exchange="simulated", legs=(customer, *found.values()), reachable=reachable))
    held = world.centre.state.interactions[line.interaction].state
    states = [world.agent_is(agent) for agent in THREE]
    if case == "ring":
        assert states == ["ringing"] * 3
        world.run(21)
        assert world.waits(line)
    elif case == "one_up":
        assert isinstance(held, st.Joining)
        assert states == ["available", "ringing", "available"]
    elif case == "one_gone":
        assert states == ["ringing", "ringing", "available"]
    elif case == "bridged":
        assert isinstance(held, st.Connected)
        assert states == ["available", "talking", "available"]
    else:
        assert states == ["ringing"] * 3
        assert isinstance(held, st.Offered)
        assert held.offer != legs["ann"].offer


def test_what_breaks_while_several_ring() -> None:
    """Closes that call alone, with every phone hung up."""
    world = crew("ring_all")
    line = world.comes()
    legs = [world.ringing(world.extension(agent)).leg for agent in THREE]
    plant(world.centre._offers, "customer_gone")  # noqa: SLF001 where the core could go wrong
    out = world.take(facts.LegEnded(leg=line.leg))
    assert [effect.leg for effect in out if isinstance(effect, effects.HangUp)] == legs
    assert not world.centre.state.offers
    assert [world.agent_is(agent) for agent in THREE] == ["available"] * 3
