"""Quarantine: what a fact touched that the core could not digest is closed, and nothing else.

Here nothing is taken for granted, for whatever raised may have left its interaction half changed.
"""

from appliance.core import effects as ask
from appliance.core import facts
from appliance.core import state as st
from appliance.core.cdr import CDR, Outcome
from appliance.core.turn import Turn

HELD_BY_AGENT = (st.Ringing, st.Talking, st.WrapUp)


def release(state: st.State, turn: Turn, fact: facts.AnyFact, deadline: str = "") -> list[str]:
    """Close the interactions that a fact names: legs to the fall-back, agents free, the record filed.

    Returns their ids. The indices over the state must be made anew afterwards.
    """
    touched = list(dict.fromkeys([*turn.about, *_named(state, fact, deadline)]))
    for agent in state.agents.values():
        if isinstance(agent.state, HELD_BY_AGENT) and agent.state.interaction in touched:
            agent.state = st.Available()
            agent.since = turn.now
            state.deadlines.pop(f"wrap-up/{agent.slug}", None)
    for interaction in [state.interactions.pop(name) for name in touched if name in state.interactions]:
        _close(state, turn, interaction)
    return touched


def place_of_error(error: Exception) -> str:
    """Name an exception's class and where it was raised, without its text, which may hold personal data."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f" at {place.tb_frame.f_code.co_qualname}:{place.tb_lineno}" if place is not None else ""
    return f"{type(error).__name__}{where}"


def _named(state: st.State, fact: facts.AnyFact, deadline: str) -> list[str]:
    match fact:
        case (
            facts.LegAsked(leg=leg)
            | facts.Prompted(leg=leg)
            | facts.LegEnded(leg=leg)
            | facts.SentOn(leg=leg)
            | facts.NotRecorded(leg=leg)
        ):
            found = [state.legs.get(leg, "")]
        case facts.Bridged(legs=legs) | facts.BridgeFailed(legs=legs):
            found = [state.legs.get(leg, "") for leg in legs]
        case facts.OfferAnswered(offer=offer) | facts.OfferFailed(offer=offer) | facts.OfferRang(offer=offer):
            found = [state.offers.get(offer, "")]
        case (
            facts.HangUpCall(interaction=interaction)
            | facts.Dispose(interaction=interaction)
            | facts.TransferCall(interaction=interaction)
        ):
            found = [interaction]
        case facts.Due():
            _, _, of = deadline.partition("/")
            found = [of, state.offers.get(of, "")]
        case _:
            found = []
    return [name for name in found if name in state.interactions]


def _close(state: st.State, turn: Turn, interaction: st.Interaction) -> None:
    held = interaction.state
    if isinstance(held, st.Offered | st.Joining | st.Connected | st.Calling):
        for ring in held.rings if isinstance(held, st.Offered) else (held,):
            state.offers.pop(ring.offer, None)
            state.deadlines.pop(f"ring/{ring.offer}", None)
            turn.ask(ask.HangUp(leg=ring.leg))
    for name in ("wait", "leave", "join", "relax", "say", "callback", "expire"):
        state.deadlines.pop(f"{name}/{interaction.id}", None)
    for leg in [leg for leg, name in state.legs.items() if name == interaction.id]:
        del state.legs[leg]
    if interaction.leg.uniqueid:
        turn.ask(ask.FallBack(leg=interaction.leg))
    turn.ask(
        ask.CallFiled(
            cdr=CDR(
                interaction=interaction.id,
                leg=interaction.leg if interaction.callback is None else interaction.callback.line,
                trunk=interaction.trunk,
                number=interaction.number,
                party=interaction.party,
                began=interaction.began,
                ended=turn.now,
                outcome=Outcome.FAILED,
                cause="internal_error",
                segments=tuple(interaction.segments),
                recording=interaction.recording,
                unrecorded=interaction.unrecorded,
                first=interaction.first,
                last=(state.boot, state.sequence),
            )
        )
    )
