"""Recovery: what a look at an exchange's live legs says about the interactions that we remember."""

from appliance.core import effects as ask
from appliance.core import state as st
from appliance.core.agent import Agents
from appliance.core.facts import FoundLeg, Leg, LegsFound
from appliance.core.interaction import LEAVE_S, SECOND_US, Interactions
from appliance.core.offer import NORMAL, Offers
from appliance.core.turn import Deadlines, Turn


class Recovery:
    """Loses exchanges from sight, and finds them again."""

    def __init__(
        self, state: st.State, deadlines: Deadlines, agents: Agents, interactions: Interactions, offers: Offers
    ) -> None:
        """Take over a state."""
        self._state = state
        self._deadlines = deadlines
        self._agents = agents
        self._interactions = interactions
        self._offers = offers

    def lose(self, exchange: str) -> None:
        """Stop all clocks that run against an exchange which we do not see."""
        if exchange in self._state.seen:
            self._state.seen.remove(exchange)
        for interaction in self._on(exchange):
            for name in ("wait", "leave", "join"):
                self._deadlines.drop(f"{name}/{interaction.id}")
            if isinstance(interaction.state, st.Offered):
                self._deadlines.drop(f"ring/{interaction.state.offer}")

    def find(self, turn: Turn, fact: LegsFound) -> None:
        """Hold what we remember against what is there, and mend what differs."""
        if fact.exchange not in self._state.seen:
            self._state.seen.append(fact.exchange)
        for agent in self._agents.all.values():
            known = self._interactions.directory.agents.get(agent.slug)
            agent.reachable = known is not None and known.extension in fact.reachable
        legs = {found.leg: found for found in fact.legs}
        cause = "switch_failure" if fact.restarted else "caller"
        for interaction in self._on(fact.exchange):
            found = legs.get(interaction.leg)
            turn.touch(interaction.id)
            if found is None:
                self._offers.customer_gone(turn, interaction, cause)
            else:
                self._mend(turn, interaction, found, legs)
        for found in fact.legs:
            if found.offer and found.leg not in self._state.legs:
                turn.ask(ask.HangUp(leg=found.leg))

    def _on(self, exchange: str) -> list[st.Interaction]:
        return [i for i in self._state.interactions.values() if i.leg.exchange == exchange]

    def _mend(self, turn: Turn, interaction: st.Interaction, customer: FoundLeg, legs: dict[Leg, FoundLeg]) -> None:
        state = interaction.state
        partner = next((legs[leg] for leg in customer.bridged if leg in legs and legs[leg].agent), None)
        match state:
            case st.Waiting():
                if partner is not None and self._is_free(partner.agent, interaction.id):
                    self._offers.talk(turn, interaction, state, partner.offer, partner.agent, partner.leg)
                else:
                    self._queue_again(turn, interaction, state)
            case st.Offered() | st.Joining():
                self._mend_offer(turn, interaction, state, partner, legs.get(state.leg))
            case st.Connected():
                theirs = legs.get(state.leg)
                if theirs is None:
                    self._offers.agent_gone(turn, interaction, NORMAL)
                elif theirs.leg not in customer.bridged:
                    turn.ask(ask.Bridge(interaction=interaction.id, legs=(interaction.leg, state.leg)))
            case st.Leaving():
                turn.ask(ask.HangUp(leg=interaction.leg))
                self._deadlines.set(f"leave/{interaction.id}", turn.now + LEAVE_S * SECOND_US)
            case _:
                pass

    def _mend_offer(
        self,
        turn: Turn,
        interaction: st.Interaction,
        state: st.Offered | st.Joining,
        partner: FoundLeg | None,
        theirs: FoundLeg | None,
    ) -> None:
        agent = self._agents.all[state.agent]
        if partner is not None and partner.agent == state.agent:
            self._offers.talk(turn, interaction, state, state.offer, state.agent, partner.leg)
        elif theirs is None:
            self._offers.take_back(turn, interaction, state)
            self._agents.spare(turn, agent)
        elif isinstance(state, st.Joining):
            self._offers.join(turn, interaction, state.leg)
        elif theirs.up:
            self._offers.answered(turn, state.offer, theirs.leg)
        else:
            bound = self._interactions.directory.queues.get(state.waiting.queue)
            ring_s = bound.queue.ring_s if bound else 0
            self._deadlines.set(f"ring/{state.offer}", turn.now + ring_s * SECOND_US)

    def _queue_again(self, turn: Turn, interaction: st.Interaction, state: st.Waiting) -> None:
        bound = self._interactions.directory.queues.get(state.queue)
        if bound is None or bound.queue.wait_s_max:
            until = state.entered_at + (bound.queue.wait_s_max if bound else 0) * SECOND_US
            self._deadlines.set(f"wait/{interaction.id}", max(until, turn.now))

    def _is_free(self, agent: str, interaction: str) -> bool:
        known = self._agents.all.get(agent)
        if known is None:
            return False
        match known.state:
            case st.Ringing(interaction=other) | st.Talking(interaction=other) | st.WrapUp(interaction=other):
                return other == interaction
            case _:
                return True
