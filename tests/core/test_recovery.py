"""Coming back: what the exchange's live legs say about the calls that we remember, and about those that we forgot."""

from appliance.core import effects, facts
from appliance.core import state as st
from appliance.core.cdr import Outcome
from appliance.core.centre import Centre
from appliance.core.facts import FoundLeg, GoneLeg, Leg, LegsFound
from appliance.core.soundness import faults_of
from tests.core.test_offers import alone, joining
from tests.core.world import SECOND, World, a_company, a_queue


def killed(world: World, *, snapshot: bytes = b"", boot: int = 2) -> None:
    """Kill the daemon: the centre goes on from a snapshot, in its next boot."""
    world.centre = Centre.restore(snapshot or world.centre.snapshot(), world.versions.__getitem__)
    world.take(facts.Started(boot=boot))


def found(*legs: FoundLeg, restarted: bool = False) -> LegsFound:
    """Find these legs, and both phones."""
    return LegsFound(exchange="simulated", legs=legs, reachable=("101", "102"), restarted=restarted)


def test_no_clock_runs_against_an_exchange_that_we_do_not_see() -> None:
    """Neither rings, nor waits, nor is offered, until it is found again."""
    world = alone(wait_s_max=60)
    ringing, waiting = world.call(), world.call()
    world.cut_off = True
    world.take(facts.ExchangeLost(exchange="simulated"))
    world.take(facts.ExchangeLost(exchange="simulated"))
    world.run(300)
    assert world.agent_is("ann") == "ringing"
    assert [type(i.state) for i in world.centre.state.interactions.values()] == [st.Offered, st.Waiting]
    world.take(found(FoundLeg(leg=ringing.leg), FoundLeg(leg=waiting.leg)))
    assert world.agent_is("ann") == "ringing"
    world.run(1)
    assert [type(i.state) for i in world.centre.state.interactions.values()] == [st.Offered, st.Leaving]


def test_waiting_callers_keep_their_order_over_a_kill() -> None:
    """The one who came first is served first."""
    world = World()
    first, second = world.call(), world.call()
    killed(world)
    world.command(facts.SignOn, "ann")
    assert not world.some(effects.Offer)
    world.exchange.found()
    assert world.ringing_or_talking("ann") == first.interaction
    assert isinstance(world.centre.state.interactions[second.interaction].state, st.Waiting)


def test_a_talk_that_ended_unseen_ended_when_the_exchange_says() -> None:
    """Or now, if what it says is before the talk or still to come; its record adds up."""
    for ago_s, talked_s in ((25, 35), (500, 0), (-5, 60)):
        world = alone()
        line = world.call()
        world.talk()
        (interaction,) = world.centre.state.interactions.values()
        since = interaction.since
        world.exchange.crash()
        world.run(60 - (world.clock.now - since) / SECOND)
        gone = (GoneLeg(leg=line.leg, ago_us=ago_s * SECOND),)
        world.take(LegsFound(exchange="simulated", gone=gone))
        (cdr,) = world.records()
        assert (cdr.cause, cdr.outcome, cdr.agent) == ("caller", Outcome.ANSWERED, "ann")
        assert cdr.talk_us == talked_s * SECOND
        assert cdr.ended - since == talked_s * SECOND
        assert list(faults_of(cdr)) == []


def test_a_wait_that_ended_unseen_ended_when_the_exchange_says() -> None:
    """A caller who gave up a short while after coming counts as such, however late we hear of it."""
    world = World(a_company(a_queue(short_abandon_s=10)))
    line = world.call()
    since = world.clock.now
    world.exchange.crash()
    world.run(60)
    gone = (GoneLeg(leg=line.leg, ago_us=world.clock.now - since - 5 * SECOND),)
    world.take(LegsFound(exchange="simulated", gone=gone))
    (cdr,) = world.records()
    assert cdr.ended == since + 5 * SECOND
    assert world.centre.state.counts["support"].abandoned_short == 1
    assert list(faults_of(cdr)) == []


def test_a_leg_that_is_gone_is_filed() -> None:
    """As the caller's doing, or the switch's if it was restarted."""
    for restarted, cause, outcome in ((False, "caller", Outcome.ABANDONED), (True, "switch_failure", Outcome.FAILED)):
        world = World()
        world.call()
        world.exchange.crash()
        world.take(found(restarted=restarted))
        (cdr,) = world.records()
        assert (cdr.cause, cdr.outcome) == (cause, outcome)


def test_a_restarted_exchange_ends_every_conversation() -> None:
    """Agents wrap up and are usable again."""
    world = alone()
    line = world.call()
    world.talk()
    world.exchange.crash()
    world.take(found(restarted=True))
    assert world.records()[0].cause == "switch_failure"
    assert world.records()[0].outcome is Outcome.ANSWERED
    assert world.agent_is("ann") == "wrap_up"
    world.run(11)
    assert world.agent_is("ann") == "available"
    assert line.doing == "gone"


def test_an_offer_is_mended_by_what_is_found() -> None:
    """Ringing goes on, answered is joined, bridged talks, vanished waits again."""
    for case in ("ringing", "up", "bridged", "gone"):
        world = alone()
        line = world.call()
        phone = world.ringing("101")
        killed(world)
        customer = FoundLeg(leg=line.leg, bridged=(phone.leg,) if case == "bridged" else ())
        agent = FoundLeg(leg=phone.leg, offer=phone.offer, agent="ann", up=case != "ringing")
        world.cut_off = True
        world.take(found(customer, *(() if case == "gone" else (agent,))))
        interaction = world.centre.state.interactions[line.interaction]
        kinds: dict[str, type] = {"up": st.Joining, "bridged": st.Connected}
        assert isinstance(interaction.state, kinds.get(case, st.Offered)), case
        if case == "ringing":
            world.run(21)
            assert world.agent_is("ann") == "missed"


def test_an_offer_of_a_queue_that_is_gone_rings_out_at_once() -> None:
    """Its ringing time is nothing."""
    world = alone()
    line = world.call()
    phone = world.ringing("101")
    world.publish(a_company(a_queue("other", agents=("ann",))))
    killed(world)
    world.take(found(FoundLeg(leg=line.leg), FoundLeg(leg=phone.leg, offer=phone.offer, agent="ann", up=False)))
    world.run(1)
    assert world.agent_is("ann") == "missed"
    assert line.doing == "gone"


def test_a_join_is_asked_for_again() -> None:
    """The bridge was lost with the daemon."""
    world = alone()
    interaction = joining(world)
    assert isinstance(interaction.state, st.Joining)
    killed(world)
    world.cut_off = True
    agent = interaction.state.leg
    out = world.take(found(FoundLeg(leg=interaction.leg), FoundLeg(leg=agent, offer="o", agent="ann")))
    assert effects.Bridge(interaction=interaction.id, legs=(interaction.leg, agent)) in out


def test_a_conversation_is_mended_by_what_is_found() -> None:
    """Bridged stays, apart is bridged again, without the agent it ends."""
    for case in ("bridged", "apart", "alone"):
        world = alone()
        line = world.call()
        phone = world.talk()
        killed(world)
        world.cut_off = True
        customer = FoundLeg(leg=line.leg, bridged=(phone.leg,) if case == "bridged" else ())
        agent = FoundLeg(leg=phone.leg, offer=phone.offer, agent="ann")
        out = world.take(found(customer, *(() if case == "alone" else (agent,))))
        bridges = [effect for effect in out if isinstance(effect, effects.Bridge)]
        assert len(bridges) == (case == "apart")
        assert (world.agent_is("ann") == "talking") == (case != "alone")


def test_what_happened_in_the_lost_tail_is_learnt() -> None:
    """An offer that we forgot, and that was answered and bridged meanwhile, is a conversation."""
    world = World()
    line = world.call()
    snapshot = world.centre.snapshot()
    agent = FoundLeg(leg=Leg("simulated", "o-000001-00000099"), offer="o-000001-00000099", agent="ann")
    customer = FoundLeg(leg=line.leg, bridged=(agent.leg,))
    killed(world, snapshot=snapshot)
    world.command(facts.SignOn, "ann")
    world.take(found(customer, agent))
    assert world.agent_is("ann") == "talking"
    world.take(facts.LegEnded(leg=line.leg))
    assert world.records()[0].agent == "ann"


def test_a_stranger_in_the_bridge_is_not_believed() -> None:
    """An agent whom we do not know, or who has somebody else in hand: the caller waits on, the leg is ended."""
    world = World(a_company(a_queue(agents=("ann",), wait_s_max=100)))
    world.sign_on("ann")
    world.call()
    world.talk()
    second = world.call()
    killed(world)
    world.cut_off = True
    legs = [
        FoundLeg(leg=line.leg, bridged=(line.partner,) if line.partner else ())
        for line in world.exchange.lines.values()
    ]
    for who in ("ann", "zoe"):
        stranger = FoundLeg(leg=Leg("simulated", f"s-{who}"), offer="o", agent=who)
        customer = FoundLeg(leg=second.leg, bridged=(stranger.leg,))
        out = world.take(found(*[leg for leg in legs if leg.leg != second.leg], customer, stranger))
        assert effects.HangUp(leg=stranger.leg) in out
    assert isinstance(world.centre.state.interactions[second.interaction].state, st.Waiting)


def test_a_call_in_the_flow_or_forwarded_is_left_alone_and_a_leaving_one_hung_up_again() -> None:
    """The leg asks by itself."""
    world = alone(wrap_up_s=0)
    walking = world.call(key="")
    world.take(found(FoundLeg(leg=walking.leg)))
    assert walking.hears == "prompt/en/welcome"
    leaving = world.call()
    world.talk()
    world.cut_off = True
    world.command(facts.HangUpCall, "ann", interaction=leaving.interaction)
    out = world.take(found(FoundLeg(leg=walking.leg), FoundLeg(leg=leaving.leg)))
    assert effects.HangUp(leg=leaving.leg) in out


def came_back(world: World, uniqueid: str, interaction: str, place: str, number: str = "2000") -> str:
    """Let a leg ask that says it waits in `support`; tells the interaction that it is now."""
    leg = Leg("simulated", uniqueid)
    world.take(
        facts.LegAsked(
            leg=leg, trunk="sim", number=number, party="p", interaction=interaction, queue="support", place=place
        )
    )
    return world.centre.state.legs[leg]


def test_a_forgotten_caller_comes_back_to_the_place_that_the_leg_carries() -> None:
    """And stands before those who came later; a torn or impossible place begins anew."""
    world = World()
    line = world.call()
    later = world.call()
    entered_at = world.clock.now - 50 * SECOND
    came_back(world, "lost", "000001-77777777", f"5,{entered_at},1")
    interaction = world.centre.state.interactions["000001-77777777"]
    assert isinstance(interaction.state, st.Waiting)
    assert (interaction.state.node, interaction.began) == ("wait", entered_at)
    world.sign_on("ann")
    assert world.ringing_or_talking("ann") == "000001-77777777"
    for place in ("", "x", "5,1", f"5,{world.clock.now + 10 * SECOND},1", "0,1,1", "5,-1,1", "\u0665,1,1"):
        torn = came_back(world, f"torn{place}", "x", place)
        assert isinstance(world.centre.state.interactions[torn].state, st.Walking), place
    assert came_back(world, "twin", line.interaction, "5,1,1") != line.interaction
    elsewhere = came_back(world, "elsewhere", "y", "5,1,1", number="999")
    state = world.centre.state.interactions[elsewhere].state
    assert isinstance(state, st.Waiting)
    assert state.node == ""
    assert later.hears == "music/default"


def test_a_forgotten_caller_is_asked_to_ask_again() -> None:
    """Else the place would be empty until the music ends; whoever talks is left in peace."""
    world = World()
    found = [
        facts.FoundLeg(leg=Leg("simulated", "waits"), interaction="000001-00000007"),
        facts.FoundLeg(leg=Leg("simulated", "talks"), interaction="000001-00000008", bridged=(Leg("simulated", "x"),)),
        facts.FoundLeg(leg=Leg("simulated", "arrives")),
    ]
    out = world.take(facts.LegsFound(exchange="simulated", legs=tuple(found)))
    assert out == (effects.Recall(leg=found[0].leg),)


def test_a_snapshot_goes_on_byte_for_byte() -> None:
    """The same facts after it give the same effects and the same snapshot."""
    world = alone()
    first = world.call()
    world.call()
    snapshot = world.centre.snapshot()
    begin = len(world.facts)
    asked = len(world.effects)
    world.talk()
    world.run(30)
    world.exchange.end(first.leg)
    world.run(30)
    again = Centre.restore(snapshot, world.versions.__getitem__)
    out = [effect for now, fact in world.facts[begin:] for effect in again.handle(now, fact)]
    assert out == world.effects[asked:]
    assert again.snapshot() == world.centre.snapshot()
