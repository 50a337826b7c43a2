"""Offers: an agent's phone rings, is picked up, is joined with the caller, and both talk."""

from appliance.core import effects as ask
from appliance.core import state as st
from appliance.core.agent import Agents
from appliance.core.cdr import Outcome
from appliance.core.facts import Leg
from appliance.core.figures import is_within
from appliance.core.filing import waiting_of
from appliance.core.interaction import SECOND_US, Interactions
from appliance.core.matching import Match
from appliance.core.queue import Queues
from appliance.core.turn import Deadlines, Turn

Held = st.Offered | st.Joining | st.Connected | st.Calling
"States that hold agents."
JOIN_S = 5
"Seconds that a bridge may take."
NORMAL = 16
"Q.850: normal call clearing."
DEAD_PHONE = (18, 20, 27, 38, 41, 42, 44)
"Q.850 causes that say that a phone or its network died, rather than that somebody hung up."


class Offers:
    """What happens between a caller and an agent."""

    def __init__(
        self, state: st.State, deadlines: Deadlines, queues: Queues, agents: Agents, interactions: Interactions
    ) -> None:
        """Take over the offers of a state."""
        self._state = state
        self._deadlines = deadlines
        self._queues = queues
        self._agents = agents
        self._interactions = interactions

    def of(self, offer: str) -> st.Interaction | None:
        """Find the interaction of a live offer."""
        return self._state.interactions.get(self._state.offers.get(offer, ""))

    def make(self, turn: Turn, match: Match) -> None:
        """Ring the phones of the chosen agents."""
        interaction = match.interaction
        turn.touch(interaction.id)
        self._queues.leave(interaction, match.waiting)
        self._deadlines.drop(f"wait/{interaction.id}")
        self._interactions.comfort.offered(turn.now, interaction, match.waiting)
        first, *others = [
            st.Ring(offer=offer, agent=chosen.agent, leg=Leg(interaction.leg.exchange, offer))
            for chosen in match.chosen
            for offer in (f"o-{self._state.boot:06d}-{self._interactions.mint():08d}",)
        ]
        self._interactions.change(
            turn,
            interaction,
            st.Offered(
                waiting=match.waiting, offer=first.offer, agent=first.agent, leg=first.leg, others=tuple(others)
            ),
        )
        for ring, chosen in zip((first, *others), match.chosen, strict=True):
            self._choose(turn, match, ring, chosen)
            self._ring(turn, interaction, ring, match.queue.queue.slug, match.queue.queue.ring_s)

    def keep(self, turn: Turn, match: Match) -> st.Ring:
        """Keep the chosen agent for a customer whose own phone is to ring first."""
        interaction, chosen = match.interaction, match.chosen[0]
        turn.touch(interaction.id)
        self._queues.leave(interaction, match.waiting)
        offer = f"o-{self._state.boot:06d}-{self._interactions.mint():08d}"
        ring = st.Ring(offer=offer, agent=chosen.agent, leg=Leg(interaction.leg.exchange, offer))
        self._choose(turn, match, ring, chosen)
        return ring

    def ring_kept(self, turn: Turn, interaction: st.Interaction, state: st.Calling) -> None:
        """Ring the phone of an agent who was kept."""
        ring = st.Ring(offer=state.offer, agent=state.agent, leg=state.leg)
        offered = st.Offered(waiting=state.waiting, offer=ring.offer, agent=ring.agent, leg=ring.leg)
        self._interactions.change(turn, interaction, offered)
        bound = self._interactions.directory.queues.get(state.waiting.queue)
        self._ring(turn, interaction, ring, state.waiting.queue, bound.queue.ring_s if bound else 0)

    def _choose(self, turn: Turn, match: Match, ring: st.Ring, chosen: ask.Candidate) -> None:
        interaction, queue = match.interaction, match.queue.queue
        number = self._state.turns[queue.slug] = self._state.turns.get(queue.slug, 0) + 1
        self._agents.ring(turn, self._agents.all[ring.agent], interaction.id, ring.offer, queue.slug, number)
        self._state.offers[ring.offer] = interaction.id
        turn.ask(
            ask.Decided(
                offer=ring.offer,
                interaction=interaction.id,
                queue=queue.slug,
                strategy=queue.strategy,
                chosen=chosen,
                next=match.next,
                excluded=match.excluded,
                position=(self._state.boot, self._state.sequence),
            )
        )

    def _ring(self, turn: Turn, interaction: st.Interaction, ring: st.Ring, queue: str, ring_s: int) -> None:
        interaction.participants.append(
            st.Participant(leg=ring.leg, role=st.Role.AGENT, doing=st.Doing.TOLD, since=turn.now, agent=ring.agent)
        )
        self._state.legs[ring.leg] = interaction.id
        self._deadlines.set(f"ring/{ring.offer}", turn.now + ring_s * SECOND_US)
        turn.ask(
            ask.Offer(
                offer=ring.offer,
                interaction=interaction.id,
                leg=ring.leg,
                agent=ring.agent,
                extension=self._interactions.directory.agents[ring.agent].extension,
                party=interaction.party,
                queue=queue,
                ring_s=ring_s,
                calls=interaction.is_called_back,
            )
        )

    def answered(self, turn: Turn, offer: str, leg: Leg) -> None:
        """Join the agent who picked up first with the caller; a phone that picks up too late is hung up."""
        interaction = self.of(offer)
        if interaction is None or not isinstance(interaction.state, st.Offered):
            turn.ask(ask.HangUp(leg=leg))
            return
        state = interaction.state
        self.give_to(turn, interaction, state, offer)
        ring = next(ring for ring in state.rings if ring.offer == offer)
        self._deadlines.drop(f"ring/{offer}")
        self._state.legs.pop(ring.leg, None)
        self._state.legs[leg] = interaction.id
        interaction.participants[-1].leg = leg
        if interaction.is_called_back:
            calling = st.Calling(waiting=state.waiting, offer=offer, agent=ring.agent, leg=leg)
            self._interactions.change(turn, interaction, calling)
            self._interactions.callbacks.dial(turn, interaction, state.waiting)
            return
        self._interactions.change(
            turn, interaction, st.Joining(waiting=state.waiting, offer=offer, agent=ring.agent, leg=leg)
        )
        self.join(turn, interaction, leg)

    def give_to(self, turn: Turn, interaction: st.Interaction, state: st.Offered, offer: str) -> None:
        """Stop all phones but one; their agents are free again without blame."""
        for ring in state.rings:
            if ring.offer != offer:
                turn.ask(ask.CancelOffer(offer=ring.offer, leg=ring.leg))
                self._drop(interaction, ring)
                self._agents.spare(turn, self._agents.all[ring.agent])

    def join(self, turn: Turn, interaction: st.Interaction, leg: Leg) -> None:
        """Ask for the bridge."""
        self._deadlines.set(f"join/{interaction.id}", turn.now + JOIN_S * SECOND_US)
        turn.ask(ask.Bridge(interaction=interaction.id, legs=(interaction.leg, leg)))

    def failed(self, turn: Turn, offer: str, cause: str) -> None:
        """Let the caller keep the place and the agent be *missed*: the phone did not take the offer."""
        interaction = self.of(offer)
        if interaction is None or not isinstance(interaction.state, st.Offered | st.Joining):
            return
        state = interaction.state
        ring = next(ring for ring in rings_of(state) if ring.offer == offer)
        bound = self._interactions.directory.queues.get(state.waiting.queue)
        interaction.given_to = ""
        self.end_rings(turn, interaction, state, (ring,))
        self._agents.miss(turn, self._agents.all[ring.agent], cause, bound.queue.missed_s if bound else 0)

    def end_rings(
        self, turn: Turn, interaction: st.Interaction, state: st.Offered | st.Joining, ended: tuple[st.Ring, ...]
    ) -> None:
        """End some offers; after the last one the caller waits again at the same place."""
        left = [ring for ring in rings_of(state) if ring not in ended]
        if not left:
            self.take_back(turn, interaction, state)
            return
        for ring in ended:
            self._drop(interaction, ring)
        first, *others = left
        self._interactions.change(
            turn,
            interaction,
            st.Offered(
                waiting=state.waiting, offer=first.offer, agent=first.agent, leg=first.leg, others=tuple(others)
            ),
        )

    def give_way(self, turn: Turn, interaction: st.Interaction, key: str) -> None:
        """Stop ringing if the caller has pressed a key that means something; the agents are free without blame."""
        state = interaction.state
        if isinstance(state, st.Offered) and self._interactions.meaning(interaction, state.waiting, key):
            self.give_to(turn, interaction, state, "")
            self.take_back(turn, interaction, state)

    def rang_out(self, turn: Turn, offer: str) -> None:
        """Stop ringing: nobody picked up."""
        interaction = self.of(offer)
        if interaction is not None and isinstance(interaction.state, st.Offered):
            turn.touch(interaction.id)
            ring = next(ring for ring in interaction.state.rings if ring.offer == offer)
            turn.ask(ask.CancelOffer(offer=offer, leg=ring.leg))
            self.failed(turn, offer, "no_answer")

    def not_joined(self, turn: Turn, interaction: st.Interaction) -> None:
        """Begin again: the bridge could not be made, which is not the agent's fault."""
        if not isinstance(interaction.state, st.Joining):
            return
        turn.ask(ask.HangUp(leg=interaction.state.leg))
        agent = self._agents.all[interaction.state.agent]
        self.take_back(turn, interaction, interaction.state)
        self._agents.spare(turn, agent)

    def take_back(self, turn: Turn, interaction: st.Interaction, state: st.Offered | st.Joining) -> None:
        """End an offer; the caller waits again at the same place."""
        self.forget(interaction, state)
        self._back(turn, interaction, state.waiting)

    def _back(self, turn: Turn, interaction: st.Interaction, waiting: st.Waiting) -> None:
        """Let a caller wait again at the same place; one who was comforted no more is comforted anew."""
        if interaction.comfort is None and not interaction.is_called_back:
            self._interactions.enter(turn, interaction, waiting, anew=False)
        else:
            self._interactions.wait_again(turn, interaction, waiting)

    def forget(self, interaction: st.Interaction, state: Held) -> None:
        """Drop what names an interaction's offers, and the agents who had them."""
        for ring in rings_of(state):
            self._drop(interaction, ring)
        self._deadlines.drop(f"join/{interaction.id}")

    def _drop(self, interaction: st.Interaction, ring: st.Ring) -> None:
        interaction.participants[:] = [p for p in interaction.participants if p.leg != ring.leg]
        self._state.offers.pop(ring.offer, None)
        self._state.legs.pop(ring.leg, None)
        self._deadlines.drop(f"ring/{ring.offer}")

    # -- the conversation

    def talk(
        self,
        turn: Turn,
        interaction: st.Interaction,
        state: st.Waiting | st.Offered | st.Joining,
        offer: str,
        agent_slug: str,
        leg: Leg,
    ) -> None:
        """Begin the conversation: customer and agent hear each other."""
        waiting = waiting_of(state)
        if isinstance(state, st.Waiting):
            self._queues.leave(interaction, state)
        else:
            if isinstance(state, st.Offered):
                self.give_to(turn, interaction, state, offer)
            self.forget(interaction, state)
        interaction.customer.do(st.Doing.TALKING, turn.now)
        interaction.participants.append(
            st.Participant(leg=leg, role=st.Role.AGENT, doing=st.Doing.TALKING, since=turn.now, agent=agent_slug)
        )
        agent = self._agents.all[agent_slug]
        outcome = self._count_answered(turn, interaction, waiting)
        self._deadlines.drop(f"wait/{interaction.id}")
        self._interactions.comfort.answered(turn.now, interaction, waiting)
        interaction.left.clear()
        self._state.offers[offer] = interaction.id
        self._state.legs[leg] = interaction.id
        self._interactions.change(
            turn, interaction, st.Connected(waiting=waiting, offer=offer, agent=agent_slug, leg=leg), outcome
        )
        interaction.given_to = ""
        wrap_up_s = max(self._wrap_up_s(waiting.queue, agent_slug), interaction.wrap_up_s)
        self._agents.talk(turn, agent, interaction.id, waiting.queue, leg, wrap_up_s)

    def _count_answered(self, turn: Turn, interaction: st.Interaction, waiting: st.Waiting) -> Outcome | None:
        """Count a queue visit as answered; gives no outcome if it was before."""
        if interaction.counted == waiting.ticket:
            return None
        interaction.counted = waiting.ticket
        counts = self._queues.counts(waiting.queue)
        if interaction.callback is not None and interaction.is_callback(waiting):
            counts.callbacks_answered += 1
            counts.callback_wait_us += turn.now - interaction.callback.accepted_at
            return Outcome.ANSWERED
        wait_us = turn.now - waiting.entered_at
        counts.answered += 1
        counts.wait_us += wait_us
        bound = self._interactions.directory.queues.get(waiting.queue)
        if bound is not None and is_within(wait_us, bound.queue.answer_within_s):
            counts.answered_within += 1
        return Outcome.ANSWERED

    def agent_gone(self, turn: Turn, interaction: st.Interaction, cause: int) -> None:
        """Go on without the agent's leg: back to the head of the queue if the phone died, else on in the flow."""
        match interaction.state:
            case st.Joining(offer=offer):
                self.failed(turn, offer, "failed")
            case st.Connected(agent=slug, waiting=waiting) as state:
                self.end_talk(turn, interaction, state)
                if cause in DEAD_PHONE:
                    self._back(turn, interaction, waiting)
                    return
                bound = self._interactions.directory.node(waiting.flow, waiting.node)
                if bound is not None and bound.node.exits.get("next"):
                    self._interactions.go_on(turn, interaction, waiting.flow, waiting.node, "next")
                else:
                    self._interactions.leave(turn, interaction, f"agent/{slug}")
            case _:
                return

    def hang_up(self, turn: Turn, interaction: st.Interaction, leg: Leg) -> None:
        """End the conversation because the agent, whose leg it is, asks for it."""
        turn.ask(ask.HangUp(leg=leg))
        self.agent_gone(turn, interaction, NORMAL)

    def customer_gone(self, turn: Turn, interaction: st.Interaction, cause: str) -> None:
        """End everything that an interaction had, because the customer's leg is gone."""
        state = interaction.state
        outcome: Outcome | None = None
        if cause == "switch_failure" and isinstance(state, st.Waiting | st.Offered | st.Joining | st.Connected):
            self._queues.remember(interaction, waiting_of(state))
        match state:
            case st.Waiting():
                self._queues.leave(interaction, state)
                outcome = self._abandoned(turn, interaction, state, cause)
            case st.Offered():
                self.give_to(turn, interaction, state, "")
                self.forget(interaction, state)
                outcome = self._abandoned(turn, interaction, state.waiting, cause)
            case st.Joining(agent=slug):
                turn.ask(ask.HangUp(leg=state.leg))
                self.forget(interaction, state)
                self._agents.spare(turn, self._agents.all[slug])
                outcome = self._abandoned(turn, interaction, state.waiting, cause)
            case st.Connected():
                turn.ask(ask.HangUp(leg=state.leg))
                self.end_talk(turn, interaction, state)
            case st.Leaving(cause=said):
                cause = said
            case _:
                pass
        self._interactions.close(turn, interaction, cause, outcome)

    def _abandoned(self, turn: Turn, interaction: st.Interaction, waiting: st.Waiting, cause: str) -> Outcome | None:
        if interaction.counted == waiting.ticket:
            return None
        counts = self._queues.counts(waiting.queue)
        if interaction.is_callback(waiting):
            counts.callbacks_failed += 1
            return None
        if cause != "caller":
            return Outcome.FAILED
        ended = turn.end_of(interaction.id, waiting.entered_at)
        self._interactions.comfort.given_up(ended, interaction, waiting)
        wait_us = ended - waiting.entered_at
        bound = self._interactions.directory.queues.get(waiting.queue)
        if bound is not None and is_within(wait_us, bound.queue.short_abandon_s):
            counts.abandoned_short += 1
            return Outcome.ABANDONED
        counts.abandoned += 1
        if bound is not None and is_within(wait_us, bound.queue.answer_within_s):
            counts.abandoned_within += 1
        return Outcome.ABANDONED

    def end_talk(self, turn: Turn, interaction: st.Interaction, state: st.Connected) -> None:
        """Let the agent finish; where the caller goes is still to be said."""
        self.forget(interaction, state)
        interaction.customer.do(st.Doing.TOLD, turn.now)
        self._interactions.change(turn, interaction, st.Walking(flow=state.waiting.flow, node=state.waiting.node))
        self._agents.wrap_up(turn, self._agents.all[state.agent], self._wrap_up_s(state.waiting.queue, state.agent))

    def _wrap_up_s(self, queue: str, agent: str) -> int:
        directory = self._interactions.directory
        bound, known = directory.queues.get(queue), directory.agents.get(agent)
        return max(bound.queue.wrap_up_s if bound else 0, known.wrap_up_s if known else 0)


def rings_of(state: Held) -> tuple[st.Ring, ...]:
    """List the offers by which an interaction is put to agents, or was answered."""
    if isinstance(state, st.Offered):
        return state.rings
    return (st.Ring(offer=state.offer, agent=state.agent, leg=state.leg),)
