"""A fact that the core cannot digest closes what it touches, and nothing else; time never goes back."""

from collections.abc import Callable

import pytest

from appliance.core import effects, facts
from appliance.core import state as st
from appliance.core.cdr import Outcome
from appliance.core.facts import Leg
from appliance.core.quarantine import place_of_error
from drivers.simulated.line import Line
from tests.core.test_offers import alone
from tests.core.world import World, mend, plant


def test_time_never_goes_back() -> None:
    """A fact from the past is refused and changes nothing."""
    world = World()
    before = world.centre.snapshot()
    with pytest.raises(ValueError, match="centre time goes back"):
        world.centre.handle(world.clock.now - 1, facts.Due())
    assert world.centre.snapshot() == before


FACTS: dict[str, Callable[[World, Line, Line], facts.AnyFact]] = {
    "asked": lambda _w, caller, _p: facts.LegAsked(leg=caller.leg, trunk="", number="", party=""),
    "ended": lambda _w, caller, _p: facts.LegEnded(leg=caller.leg),
    "prompted": lambda _w, caller, _p: facts.Prompted(leg=caller.leg, prompt=1),
    "bridged": lambda _w, caller, phone: facts.Bridged(legs=(caller.leg, phone.leg)),
    "apart": lambda _w, caller, phone: facts.BridgeFailed(legs=(caller.leg, phone.leg)),
    "rang": lambda _w, _c, phone: facts.OfferRang(offer=phone.offer),
    "failed": lambda _w, _c, phone: facts.OfferFailed(offer=phone.offer, cause="busy"),
    "answered": lambda _w, _c, phone: facts.OfferAnswered(offer=phone.offer, leg=phone.leg),
    "hang up": lambda _w, caller, _p: facts.HangUpCall(token="t", agent="ann", interaction=caller.interaction),
    "dispose": lambda _w, caller, _p: facts.Dispose(
        token="t", agent="ann", interaction=caller.interaction, disposition="order"
    ),
}


@pytest.mark.parametrize("name", FACTS)
@pytest.mark.parametrize("joined", [False, True])
def test_every_fact_that_cannot_be_digested_closes_its_own_call(name: str, *, joined: bool) -> None:
    """The caller goes to the fall-back, the agent is free, the record is filed, the other call goes on."""
    world = alone()
    caller, other = world.call(), world.call()
    phone = world.ringing("101")
    if joined:
        world.talk()
    plant(world.centre, "_touched", "_take_call")
    plant(world.centre._desk, "obey")  # noqa: SLF001 where the core could go wrong
    out = world.take(FACTS[name](world, caller, phone))
    mend(world.centre, "_touched", "_take_call")
    quarantined = [effect for effect in out if isinstance(effect, effects.Quarantined)]
    assert [q.interactions for q in quarantined] == [(caller.interaction,)]
    assert "13800138000" not in str(out)
    assert effects.FallBack(leg=caller.leg) in out
    assert effects.HangUp(leg=phone.leg) in out
    assert [effect.cdr.cause for effect in out if isinstance(effect, effects.CallFiled)] == ["internal_error"]
    if isinstance(FACTS[name](world, caller, phone), facts.Command):
        assert effects.Answered(token="t", refused="internal_error") in out
    world.run()
    assert world.ringing("101").interaction == other.interaction


def test_a_defect_that_names_no_call_closes_none() -> None:
    """A configuration or an agent's command."""
    world = alone()
    line = world.call()
    (out,) = world.take(facts.ConfigurationPublished(version="unheard of"))
    assert isinstance(out, effects.Quarantined)
    assert (out.fact, out.interactions) == ("configuration-published", ())
    plant(world.centre._desk, "obey")  # noqa: SLF001 as above
    answer = world.take(facts.EndBreak(token="t", agent="ann"))
    assert effects.Answered(token="t", refused="internal_error") in answer
    assert line.interaction in world.centre.state.interactions


def test_a_deadline_that_raises_closes_its_call() -> None:
    """And is not due again."""
    world = alone(wait_s_max=5)
    first, line = world.call(), world.call()
    plant(world.centre._interactions, "waited_too_long")  # noqa: SLF001 as above
    world.run(6)
    assert line.hears == "fall-back"
    assert first.doing == "music"
    assert [cdr.outcome for cdr in world.records()] == [Outcome.FAILED]


def test_a_wrap_up_is_freed_when_its_deadline_raises() -> None:
    """The agent does not stay in it."""
    world = alone()
    line = world.call()
    world.talk()
    world.command(facts.HangUpCall, "ann", interaction=line.interaction)
    plant(world.centre._offers, "customer_gone")  # noqa: SLF001 as above
    world.take(facts.LegEnded(leg=line.leg))
    assert world.agent_is("ann") == "available"


def test_a_caller_who_cannot_be_matched_is_closed() -> None:
    """Nobody else is; and if not even the choice can be made, nothing is closed."""
    world = World()
    line = world.call()
    plant(world.centre._offers, "make")  # noqa: SLF001 as above
    world.command(facts.SignOn, "ann")
    assert line.hears == "fall-back"
    second = world.call()
    world.run()
    assert world.ringing("101").interaction == second.interaction
    plant(world.centre, "_first_match")
    world.command(facts.SignOn, "bob")
    assert second.interaction in world.centre.state.interactions


def test_an_error_is_named_without_its_text() -> None:
    """By its class and place; also one that was never raised."""
    assert place_of_error(KeyError("13800138000")) == "KeyError"


def test_what_is_no_exception_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process is told to end."""
    world = World()

    def interrupted(*_args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(world.centre, "_take", interrupted)
    with pytest.raises(KeyboardInterrupt):
        world.take(facts.Due())


def test_deadlines_of_calls_that_are_gone_are_nothing() -> None:
    """Whatever they were for."""
    world = World()
    world.centre._deadlines.set("wait/none", world.clock.now)  # noqa: SLF001 as if one had been left over
    world.centre._deadlines.set("ring/none", world.clock.now)  # noqa: SLF001 as above
    assert world.take(facts.Due()) == ()
    interaction = world.call(key="")
    for name in ("wait", "join"):
        world.centre._deadlines.set(f"{name}/000001-00000001", world.clock.now)  # noqa: SLF001 as above
    world.take(facts.Due())
    assert interaction.hears == "prompt/en/welcome"
    assert world.take(facts.LegEnded(leg=Leg("simulated", "x"))) == ()
    assert isinstance(world.centre.state, st.State)


def test_offers_in_one_turn_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever matching does; the rest follows with the next fact."""
    monkeypatch.setattr("appliance.core.centre.OFFERS_A_TURN_MAX", 1)
    world = World()
    world.call()
    world.call()
    world.take(facts.ExchangeLost(exchange="simulated"))
    world.sign_on("ann", "bob")
    world.exchange.found()
    assert len(world.some(effects.Offer)) == 1
    world.take(facts.Due())
    assert len(world.some(effects.Offer)) == 2
