"""Capacity: what an agent may have in hand at once, of whatever medium.

An agent has units. Each medium takes some of them, or all, and names the media that it may come beside. A call is a
medium like any other; while its phone rings, while the two talk and until the wrap-up is over the agent has it in hand.
"""

from appliance.core import state as st
from appliance.core.model import Company, Medium

VOICE = "voice"
ANY = "*"
"Beside every other medium."
HOLDS_A_CALL = (st.Ringing, st.Talking, st.WrapUp)
AWAY = (st.SignedOut, st.OnBreak, st.Missed)


def rule_of(company: Company, medium: str) -> Medium:
    """Say what a medium takes; one that the company does not name takes all of an agent, and comes beside nothing.

    Voice that is not named is told by `voice_alone`.
    """
    known = company.media.get(medium)
    if known is not None:
        return known
    return Medium() if medium == VOICE and not company.voice_alone else Medium(units=0, beside=())


def why_full(agent: st.Agent, company: Company, units: int, medium: str) -> str:
    """Say `full` if one more of a medium does not fit into what an agent of so many units has in hand; empty if so."""
    rule = rule_of(company, medium)
    in_hand = [task.medium for task in agent.tasks.values()]
    taken = agent.load
    if isinstance(agent.state, HOLDS_A_CALL):
        in_hand.append(VOICE)
        taken += rule_of(company, VOICE).units or units
    beside = ANY in rule.beside or all(other in rule.beside for other in in_hand)
    return "" if beside and taken + (rule.units or units) <= units else "full"


def why_no_contact(agent: st.Agent, company: Company, units: int, medium: str) -> str:
    """Say why an agent may not be given a contact of a medium other than voice; empty if nothing is against it."""
    if isinstance(agent.state, AWAY):
        return str(agent.state.__struct_config__.tag)
    if agent.wants_out or agent.wants_break:
        return "signed_out" if agent.wants_out else "on_break"
    if agent.busy and company.rest_on_own_call:
        return "own_call"
    return why_full(agent, company, units, medium)
