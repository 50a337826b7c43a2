"""Transfers: where a caller goes whom an agent sends on, and the time after the call of all who had it."""

from typing import cast

import pytest

from appliance.core import effects, facts, model
from appliance.core import state as st
from appliance.core.cdr import Outcome, Stretch
from appliance.core.facts import Target
from drivers.simulated.line import Line
from tests.core.crew import Crew, a_line, an_agent
from tests.core.world import SECOND


def a_crew(**sales: object) -> Crew:
    """Open a company with ann and bob in support, cid alone in sales; ann's phone may call outside, bob's may not."""
    agents = (an_agent("ann", 1), an_agent("bob", 2, wrap_up_s=15), an_agent("cid", 3))
    return Crew(
        a_line("support", "ann", "bob", wrap_up_s=20, prefer_s=0),
        a_line("sales", "cid", **({"wrap_up_s": 5} | sales)),
        agents=agents,
        extensions=(
            *(model.Extension(slug=a.extension, agent=a.slug, outside=a.slug != "bob") for a in agents),
            model.Extension(slug="110"),
        ),
    )


def talks(world: Crew, agent: str = "ann") -> Line:
    """Let a caller talk with an agent."""
    world.sign_on(agent)
    line = world.comes()
    world.answer(agent)
    world.run(10)
    return line


def sends(world: Crew, line: Line, by: str = "ann", /, **to: str) -> str:
    """Let an agent send the caller on from the desk; returns the refusal."""
    refused = world.command(facts.TransferCall, by, interaction=line.interaction, to=Target(**to))
    world.run()
    return refused


def wrap_up_s(world: Crew, agent: str) -> float:
    """Tell how long an agent's wrap-up is."""
    known = world.centre.state.agents[agent]
    assert isinstance(known.state, st.WrapUp)
    return (known.state.until - known.since) / SECOND


def state_of(world: Crew, line: Line) -> st.InteractionState:
    """Give the state of a caller's interaction."""
    return world.centre.state.interactions[line.interaction].state


def ends_well(world: Crew, line: Line) -> tuple[effects.CallFiled, list[tuple[str, str, str]]]:
    """Let the caller hang up; give the record, whose segments add up, and what each of them was."""
    world.hang_up(line)
    world.run(1)
    (filed,) = [effect for effect in world.effects if isinstance(effect, effects.CallFiled)]
    record = filed.cdr
    times = [record.began, *(segment.until for segment in record.segments)]
    assert [segment.since for segment in record.segments] == times[:-1]
    assert times[-1] == record.ended
    assert not world.some(effects.Quarantined)
    assert world.centre.state.legs == {}
    assert world.centre.state.offers == {}
    return filed, [(segment.stretch.value, segment.queue, segment.agent) for segment in record.segments]


def test_to_a_queue() -> None:
    """Both agents have the longest wrap-up of all the queues; one record, one recording."""
    world = a_crew()
    line = talks(world)
    recording = line.recording
    assert recording
    assert sends(world, line, queue="sales") == ""
    assert wrap_up_s(world, "ann") == 20
    world.run(3)
    assert line.hears == "music/default"
    world.sign_on("cid")
    assert world.offered_to(line) == ["cid"]
    world.answer("cid")
    world.run(5)
    assert line.recording == recording
    filed, segments = ends_well(world, line)
    assert segments == [
        ("waiting", "support", ""),
        ("talking", "support", "ann"),
        ("waiting", "sales", ""),
        ("talking", "sales", "cid"),
    ]
    assert (filed.cdr.outcome, filed.cdr.agent, filed.cdr.recording) == (Outcome.ANSWERED, "cid", recording)
    assert wrap_up_s(world, "cid") == 20
    counts = world.centre.state.counts
    assert (counts["support"].answered, counts["sales"].answered) == (1, 1)


def test_the_wrap_up_of_a_queue_that_was_left_counts_too() -> None:
    """Of a queue that the caller left unanswered; and the agent's own, where it is longer."""
    world = Crew(
        a_line("first", wrap_up_s=50, overflow=(model.Overflow(when="wait", limit=5),)),
        a_line("second", "ann"),
        flows=(
            model.Flow(
                slug="first",
                nodes=(
                    model.Node(id="a", kind="queue", options={"queue": "first"}, exits={"timeout": "b"}),
                    model.Node(id="b", kind="queue", options={"queue": "second"}),
                ),
            ),
        ),
        numbers=(model.Number(slug="2000", flow="first"),),
    )
    world.sign_on("ann")
    line = world.comes()
    world.run(6)
    world.answer("ann")
    world.hang_up(line)
    assert wrap_up_s(world, "ann") == 50


def test_to_an_agent_who_is_free() -> None:
    """Also of another queue, before who waits for that agent since; the caller's queue stays."""
    world = a_crew()
    world.sign_on("cid")
    line = talks(world)
    assert sends(world, line, agent="cid") == ""
    assert world.offered_to(line) == ["cid"]
    (decision,) = [d for d in world.decided() if d.chosen.agent == "cid"]
    assert (decision.queue, decision.chosen.key) == ("support", ())
    assert sends(world, line, agent="cid") == "no_call"
    world.answer("cid")
    filed, segments = ends_well(world, line)
    assert segments[-1] == ("talking", "support", "cid")
    assert filed.cdr.agent == "cid"
    assert wrap_up_s(world, "cid") == 20


def test_to_an_agent_who_does_not_pick_up() -> None:
    """The caller waits in the queue that the first one served, before all who came later."""
    world = a_crew()
    world.sign_on("cid")
    line = talks(world)
    later = world.comes()
    assert sends(world, line, agent="cid") == ""
    world.exchange.refuse(world.ringing("103"), "refused")
    world.run()
    assert world.waits(line)
    assert world.agent_is("cid") == "missed"
    world.run(20)
    assert world.offered_to(line) == ["ann"]
    assert world.waits(later)
    world.hang_up(later)
    world.answer("ann")
    world.hang_up(line)
    assert [(record.outcome, record.agent) for record in world.records()] == [
        (Outcome.ABANDONED, ""),
        (Outcome.ANSWERED, "ann"),
    ]
    assert world.centre.state.legs == {}


def test_to_an_agent_who_is_lost_from_sight_meanwhile() -> None:
    """Whoever is kept for somebody is kept half a minute at most."""
    world = a_crew()
    world.sign_on("cid")
    line = talks(world)
    world.take(facts.ExchangeLost(exchange="simulated"))
    assert sends(world, line, agent="cid") == ""
    assert "relax/" + line.interaction in world.centre.state.deadlines
    world.sign_on("bob")
    world.command(facts.SignOff, "cid")
    world.exchange.found()
    world.run()
    assert world.offered_to(line) == ["bob"]


def test_to_a_phone() -> None:
    """Of nobody: it rings as soon as the caller's leg asks, and both talk."""
    world = a_crew()
    line = talks(world)
    assert sends(world, line, extension="110") == ""
    world.run(1)
    assert line.hears == "forward/110"
    phone = world.ringing("110")
    world.exchange.pick_up(phone)
    world.run(5)
    _, segments = ends_well(world, line)
    assert segments[-1] == ("forwarded", "", "")


@pytest.mark.parametrize("sign_on", [True, False])
def test_to_an_agents_phone(*, sign_on: bool) -> None:
    """It is an offer to the agent who is free; else it just rings."""
    world = a_crew()
    line = talks(world)
    if sign_on:
        world.sign_on("bob")
    assert sends(world, line, extension="102") == ""
    world.run(1)
    assert isinstance(state_of(world, line), st.Offered if sign_on else st.Forwarded)


def test_to_an_outside_number_that_does_not_answer() -> None:
    """The number is a party's; after the ringing the caller waits again at the old place."""
    world = a_crew()
    line = talks(world)
    later = world.comes()
    assert sends(world, line, party="p-77") == ""
    world.run(1)
    (forward,) = world.some(effects.Forward)
    assert cast("effects.Forward", forward).party == "p-77"  # cast: asked by type
    world.run(29)
    assert world.waits(later) or world.offered_to(later) == ["ann"]
    world.run(5)
    assert isinstance(state_of(world, line), st.Waiting)
    assert world.centre.state.interactions[line.interaction].credit_us > 30 * SECOND


def test_to_a_number_of_ours() -> None:
    """Its flow is walked from its begin."""
    world = a_crew()
    line = talks(world)
    world.sign_on("cid")
    assert sends(world, line, number="2001") == ""
    world.run(1)
    assert world.offered_to(line) == ["cid"]
    ends_well(world, line)


@pytest.mark.parametrize(
    ("to", "why"),
    [
        ({}, "unknown_target"),
        ({"queue": "sales", "agent": "cid"}, "unknown_target"),
        ({"queue": "nobodys"}, "unknown_target"),
        ({"agent": "zoe"}, "unknown_target"),
        ({"extension": "999"}, "unknown_target"),
        ({"number": "2999"}, "unknown_target"),
        ({"agent": "cid"}, "agent_not_free"),
        ({"agent": "bob"}, "agent_not_free"),
        ({"queue": "sales"}, "queue_not_open"),
        ({"party": "p-77"}, "not_outside"),
    ],
)
def test_what_is_refused_changes_nothing(to: dict[str, str], why: str) -> None:
    """The agent keeps the call."""
    world = a_crew(overflow=(model.Overflow(when="no_agents"),), length_max=1)
    world.comes("2001")
    line = talks(world, "bob")
    assert sends(world, line, "bob", **to) == why
    assert isinstance(state_of(world, line), st.Connected)
    assert world.agent_is("bob") == "talking"
    world.sign_on("ann")
    assert world.command(facts.TransferCall, "ann", interaction=line.interaction, to=Target(queue="support"))


def test_by_the_phone() -> None:
    """What the phone asks for is done: the agent finishes, the caller goes where it was sent."""
    world = a_crew()
    line = talks(world)
    world.sign_on("cid")
    ann = next(one for one in world.exchange.lines.values() if one.agent == "ann")
    world.exchange.refer(ann, Target(number="2001"))
    world.run()
    assert wrap_up_s(world, "ann") == 20
    assert world.offered_to(line) == ["cid"]
    world.answer("cid")
    _, segments = ends_well(world, line)
    assert [segment[0] for segment in segments if segment[0] == "talking"] == ["talking", "talking"]
    assert wrap_up_s(world, "cid") == 20


@pytest.mark.parametrize("first", ["caller", "phone"])
def test_whichever_tells_first(first: str) -> None:
    """The caller's leg and the phone's are told of by two connections."""
    world = a_crew()
    line = talks(world)
    world.cut_off = True
    ann = next(one for one in world.exchange.lines.values() if one.agent == "ann")
    asked = facts.LegAsked(leg=line.leg, trunk="", number="2000", party=line.party, to=Target(extension="110"))
    told: list[facts.AnyFact] = [asked, facts.SentOn(leg=ann.leg), facts.LegEnded(leg=ann.leg)]
    for fact in told if first == "caller" else told[1:] + told[:1]:
        world.take(fact)
    assert wrap_up_s(world, "ann") == 20
    assert isinstance(state_of(world, line), st.Forwarded)
    (forward,) = world.some(effects.Forward)
    assert cast("effects.Forward", forward).extension == "110"  # cast: asked by type


def test_sent_to_where_nobody_is() -> None:
    """Or taken back by the phone: the caller waits again."""
    for to in (Target(extension="999"), None):
        world = a_crew()
        line = talks(world)
        ann = next(one for one in world.exchange.lines.values() if one.agent == "ann")
        world.take(facts.SentOn(leg=ann.leg))
        world.take(facts.LegAsked(leg=line.leg, trunk="", number="2000", party=line.party, to=to))
        assert isinstance(state_of(world, line), st.Waiting)


def test_a_phone_that_joins_the_caller_with_somebody() -> None:
    """After their talk the flow goes on; whoever tells it of a call that is none of ours changes nothing."""
    world = a_crew()
    line = talks(world)
    ann = next(one for one in world.exchange.lines.values() if one.agent == "ann")
    world.take(facts.SentOn(leg=facts.Leg("simulated", "else")))
    world.take(facts.SentOn(leg=line.leg))
    assert world.agent_is("ann") == "talking"
    world.take(facts.SentOn(leg=ann.leg, joined=True))
    assert wrap_up_s(world, "ann") == 20
    assert state_of(world, line) == st.Forwarded(flow="support", node="wait", exit="next")
    world.run(30)
    world.take(facts.LegAsked(leg=line.leg, trunk="", number="2000", party=line.party))
    world.run(1)
    (record,) = world.records()
    assert Stretch.FORWARDED in [segment.stretch for segment in record.segments]
    assert record.cause == "flow"


def test_a_queue_that_is_gone_meanwhile() -> None:
    """A caller who comes back to it leaves it as any other does."""
    world = a_crew()
    line = talks(world)
    assert sends(world, line, extension="110") == ""
    old = world.versions[world.centre.state.version]
    world.publish(model.Configuration(numbers=old.numbers[1:], agents=old.agents, extensions=old.extensions))
    world.run(40)
    assert line.leg not in world.exchange.lines
    assert not world.some(effects.Quarantined)
    (record,) = world.records()
    assert record.outcome is Outcome.ANSWERED
