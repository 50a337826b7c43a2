"""Transfers: an agent sends a caller on, from the desk or by the phone, without talking with who is to get the call.

The agent finishes as after any conversation. The caller goes into a queue, to an agent who is free, to a phone or an
outside number; where nobody takes the call there, the caller waits again in the queue that the agent served, at the
place that the arrival gave.
"""

import msgspec

from appliance.core import effects as ask
from appliance.core import state as st
from appliance.core.agent import Agents
from appliance.core.facts import LegAsked, SentOn, Target
from appliance.core.interaction import Interactions
from appliance.core.matching import why_not
from appliance.core.offer import Offers
from appliance.core.overflow import Overflows
from appliance.core.turn import Turn

RING_S = 30
"Seconds that a phone rings to which a caller is sent."


class Transfers:
    """What happens between the agent who sends a caller on and whoever gets the call."""

    def __init__(
        self, state: st.State, agents: Agents, interactions: Interactions, offers: Offers, overflows: Overflows
    ) -> None:
        """Take over a state."""
        self._state = state
        self._agents = agents
        self._interactions = interactions
        self._offers = offers
        self._overflows = overflows
        self._directory = interactions.directory

    # -- asked for at the desk

    def transfer(self, turn: Turn, interaction: st.Interaction, state: st.Connected, to: Target) -> str:
        """Send a caller on who talks with an agent; the answer is a refusal, empty if it was done."""
        refused = self._refusal(turn, interaction, state, to)
        if not refused:
            turn.ask(ask.HangUp(leg=state.leg))
            self._offers.end_talk(turn, interaction, state)
            self._go(turn, interaction, state.waiting, to)
        return refused

    def _refusal(self, turn: Turn, interaction: st.Interaction, state: st.Connected, to: Target) -> str:
        if sum(map(bool, msgspec.structs.astuple(to))) != 1 or not self._is_known(to):
            return "unknown_target"
        if to.agent and not self._is_free(to.agent):
            return "agent_not_free"
        if to.queue:
            flow, node = self._node(state.waiting, to.queue)
            if self._overflows.at_entry(turn.now, interaction, flow, node, to.queue):
                return "queue_not_open"
        known = self._directory.agents.get(state.agent)
        phone = self._directory.extensions.get(known.extension) if known else None
        return "not_outside" if to.party and (phone is None or not phone.outside) else ""

    def _is_known(self, to: Target) -> bool:
        directory = self._directory
        return bool(
            to.party
            or to.queue in directory.queues
            or to.agent in directory.agents
            or to.extension in directory.extensions
            or to.number in directory.numbers
        )

    def _is_free(self, slug: str) -> bool:
        agent = self._agents.all.get(slug)
        return agent is not None and not why_not(agent, self._directory.company, self._directory.units(slug))

    def _node(self, waiting: st.Waiting, queue: str) -> tuple[str, str]:
        """Tell where in the flow a caller waits who was sent to a queue: at its node, or where the caller was."""
        return waiting.flow, self._directory.queue_node(waiting.flow, queue) or waiting.node

    # -- where the caller goes

    def _go(self, turn: Turn, interaction: st.Interaction, waiting: st.Waiting, to: Target) -> None:
        agent = to.agent or self._directory.agents_at.get(to.extension, "")
        if to.queue:
            visit = self._interactions.visit(turn, *self._node(waiting, to.queue), to.queue)
            self._interactions.enter(turn, interaction, visit, anew=True)
        elif agent and self._is_free(agent):
            interaction.given_to = agent
            self._wait_again(turn, interaction, waiting)
        elif to.number:
            self._interactions.begin(turn, interaction, self._directory.numbers[to.number].flow)
        else:
            state = st.Forwarded(flow=waiting.flow, node=waiting.node, back=waiting, to=to)
            self._interactions.change(turn, interaction, state)
            if interaction.asks:
                self._tell(turn, interaction, state, to)

    def _wait_again(self, turn: Turn, interaction: st.Interaction, waiting: st.Waiting) -> None:
        """Begin another visit of a queue at the place that the arrival gave."""
        visit = self._interactions.visit(turn, waiting.flow, waiting.node, waiting.queue)
        interaction.credit_us += turn.now - waiting.entered_at
        self._interactions.enter(turn, interaction, visit, anew=False)

    def _tell(self, turn: Turn, interaction: st.Interaction, state: st.Forwarded, to: Target) -> None:
        interaction.state = msgspec.structs.replace(state, to=None)
        interaction.customer.do(st.Doing.TOLD, turn.now)
        turn.ask(
            ask.Forward(
                leg=interaction.leg, interaction=interaction.id, extension=to.extension, party=to.party, ring_s=RING_S
            )
        )

    # -- what legs and phones do

    def asked(self, turn: Turn, interaction: st.Interaction, fact: LegAsked) -> bool:
        """Tell a caller's leg that asks and was sent on; False if it was not."""
        state = interaction.state
        if fact.to is not None and isinstance(state, st.Connected):
            self._sent(turn, interaction, state, joined=False)
            state = interaction.state
        if not isinstance(state, st.Forwarded) or state.back is None:
            return False
        interaction.customer.do(st.Doing.ASKING, turn.now)
        to = fact.to or state.to
        if fact.to is not None and self._is_known(fact.to):
            self._go(turn, interaction, state.back, fact.to)
        elif to is not None and fact.to is None:
            self._tell(turn, interaction, state, to)
        else:
            self._wait_again(turn, interaction, state.back)
        return True

    def sent_on(self, turn: Turn, interaction: st.Interaction, fact: SentOn) -> None:
        """Take in that an agent's phone has sent the caller on: the agent is done, the caller is not."""
        state = interaction.state
        if isinstance(state, st.Connected) and state.leg == fact.leg:
            self._sent(turn, interaction, state, joined=fact.joined)

    def _sent(self, turn: Turn, interaction: st.Interaction, state: st.Connected, *, joined: bool) -> None:
        self._offers.end_talk(turn, interaction, state)
        waiting = state.waiting
        self._interactions.change(
            turn,
            interaction,
            st.Forwarded(flow=waiting.flow, node=waiting.node, exit="next")
            if joined
            else st.Forwarded(flow=waiting.flow, node=waiting.node, back=waiting),
        )
