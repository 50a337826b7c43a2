"""Recovery: what a look at an exchange's live legs says about the interactions that we remember."""

from appliance.core import effects as ask
from appliance.core import state as st
from appliance.core.agent import Agents
from appliance.core.attempt import Attempts
from appliance.core.callback import is_dialled
from appliance.core.facts import FoundLeg, Leg, LegsFound
from appliance.core.interaction import LEAVE_S, SECOND_US, Interactions
from appliance.core.offer import NORMAL, Offers, rings_of
from appliance.core.recording import stop_again
from appliance.core.turn import Deadlines, Turn

LOST_CLOCKS = ("wait", "leave", "join", "say")
"The deadlines that stand still while we do not see a call."


class Recovery:
    """Loses exchanges from sight, and finds them again."""

    def __init__(
        self,
        state: st.State,
        deadlines: Deadlines,
        agents: Agents,
        interactions: Interactions,
        offers: Offers,
        attempts: Attempts,
    ) -> None:
        """Take over a state."""
        self._state = state
        self._deadlines = deadlines
        self._agents = agents
        self._interactions = interactions
        self._offers = offers
        self._attempts = attempts

    def lose(self, exchange: str) -> None:
        """Stop all clocks that run against an exchange which we do not see."""
        if exchange in self._state.seen:
            self._state.seen.remove(exchange)
        for interaction in self._on(exchange):
            for name in LOST_CLOCKS:
                self._deadlines.drop(f"{name}/{interaction.id}")
            if isinstance(interaction.state, st.Calling):
                self._deadlines.drop(f"callback/{interaction.id}")
            if isinstance(interaction.state, st.Offered):
                for ring in interaction.state.rings:
                    self._deadlines.drop(f"ring/{ring.offer}")

    def find(self, turn: Turn, fact: LegsFound) -> None:
        """Hold what we remember against what is there, and mend what differs."""
        if fact.exchange not in self._state.seen:
            self._state.seen.append(fact.exchange)
        reachable, busy = frozenset(fact.reachable), frozenset(fact.busy)
        for agent in self._agents.all.values():
            known = self._interactions.directory.agents.get(agent.slug)
            extension = known.extension if known is not None else ""
            self._agents.see(agent.slug, reachable=extension in reachable)
            self._agents.busy(agent.slug, busy=extension in busy)
        legs = {found.leg: found for found in fact.legs}
        gone = {told.leg: turn.now - told.ago_us for told in fact.gone}
        cause = "switch_failure" if fact.restarted else "caller"
        for interaction in self._on(fact.exchange):
            found = legs.get(interaction.leg)
            turn.touch(interaction.id)
            if found is not None:
                stop_again(turn, interaction)
            if self._attempts.mended(turn, interaction, legs):
                continue
            if found is None and not interaction.is_called_back:
                turn.ended[interaction.id] = gone.get(interaction.leg, turn.now)
                self._offers.customer_gone(turn, interaction, cause)
            else:
                self._mend(turn, interaction, found or FoundLeg(leg=interaction.leg), legs)
        for found in fact.legs:
            if found.leg not in self._state.legs:
                self._mend_unknown(turn, found)

    def _mend_unknown(self, turn: Turn, found: FoundLeg) -> None:
        """End a phone's leg that belongs to nothing; let a caller's ask again whom a crash made us forget."""
        if found.offer or is_dialled(found.leg):
            turn.ask(ask.HangUp(leg=found.leg))
        elif found.interaction and not found.bridged:
            turn.ask(ask.Recall(leg=found.leg))

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
                self._mend_offer(turn, interaction, state, partner, legs)
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
        legs: dict[Leg, FoundLeg],
    ) -> None:
        rings = {ring.agent: ring for ring in rings_of(state)}
        if partner is not None and partner.agent in rings:
            ring = rings[partner.agent]
            self._offers.talk(turn, interaction, state, ring.offer, ring.agent, partner.leg)
            return
        gone = tuple(ring for ring in rings.values() if ring.leg not in legs)
        if gone:
            self._offers.end_rings(turn, interaction, state, gone)
        for ring in gone:
            self._agents.spare(turn, self._agents.all[ring.agent])
        match interaction.state:
            case st.Joining(leg=leg):
                self._offers.join(turn, interaction, leg)
            case st.Offered(rings=left):
                self._ring_on(turn, left, state.waiting.queue, legs)
            case _:
                pass

    def _ring_on(self, turn: Turn, rings: tuple[st.Ring, ...], queue: str, legs: dict[Leg, FoundLeg]) -> None:
        bound = self._interactions.directory.queues.get(queue)
        ring_s = bound.queue.ring_s if bound else 0
        for ring in rings:
            self._deadlines.set(f"ring/{ring.offer}", turn.now + ring_s * SECOND_US)
        up = next((ring for ring in rings if legs[ring.leg].up), None)
        if up is not None:
            self._offers.answered(turn, up.offer, up.leg)

    def _queue_again(self, turn: Turn, interaction: st.Interaction, state: st.Waiting) -> None:
        self._interactions.wait_on(turn, interaction, state)

    def _is_free(self, agent: str, interaction: str) -> bool:
        known = self._agents.all.get(agent)
        if known is None:
            return False
        match known.state:
            case st.Ringing(interaction=other) | st.Talking(interaction=other) | st.WrapUp(interaction=other):
                return other == interaction
            case _:
                return True
