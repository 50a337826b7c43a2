"""Attempts: calling a customer back, with an agent kept for it all the while.

The place in the queue decides when, as if the customer were still on the line: so there are never more attempts than
free agents, and never one ahead of an older live caller.
"""

from appliance.core import effects as ask
from appliance.core import state as st
from appliance.core.agent import Agents
from appliance.core.callback import CONFIRM_KEY, CONFIRM_S, SECOND_US
from appliance.core.facts import FoundLeg, Leg, Prompted
from appliance.core.filing import waiting_of
from appliance.core.interaction import Interactions
from appliance.core.matching import Match
from appliance.core.offer import Offers
from appliance.core.queue import Queues
from appliance.core.turn import Deadlines, Turn

CONGESTED = "congested"
"Why a customer was not reached if the trunk had no line."
EXPIRE_AGAIN_S = 60
"A promise whose time is over while it is being kept is looked at again so much later."


class Attempts:
    """What happens between the promise to call back and the conversation."""

    def __init__(
        self,
        state: st.State,
        deadlines: Deadlines,
        queues: Queues,
        agents: Agents,
        interactions: Interactions,
        offers: Offers,
    ) -> None:
        """Take over a state."""
        self._state = state
        self._deadlines = deadlines
        self._queues = queues
        self._agents = agents
        self._interactions = interactions
        self._offers = offers

    def make(self, turn: Turn, match: Match) -> None:
        """Serve a caller: ring an agent's phone, or the customer's first while the agent is kept."""
        interaction, callbacks = match.interaction, self._interactions.callbacks
        if interaction.is_called_back and not callbacks.is_time(turn.now, match.waiting.queue):
            self._put_off(turn, interaction, match.waiting)
            return
        if not interaction.is_called_back or not callbacks.rules(match.waiting.queue).customer_first:
            self._offers.make(turn, match)
            return
        ring = self._offers.keep(turn, match)
        calling = st.Calling(waiting=match.waiting, offer=ring.offer, agent=ring.agent, leg=ring.leg)
        self._interactions.change(turn, interaction, calling)
        callbacks.dial(turn, interaction, match.waiting)

    def _put_off(self, turn: Turn, interaction: st.Interaction, waiting: st.Waiting) -> None:
        """Keep the place outside the queue until we may call again."""
        turn.touch(interaction.id)
        if isinstance(interaction.state, st.Waiting):
            self._queues.leave(interaction, waiting)
        self._interactions.change(turn, interaction, st.Suspended(waiting=waiting))
        self._interactions.callbacks.put_off(turn.now, interaction, waiting)

    # -- the customer's phone

    def asked(self, turn: Turn, interaction: st.Interaction) -> bool:
        """Ask a customer who picked up to press 1; False if this is no attempt."""
        state = interaction.state
        if not isinstance(state, st.Calling):
            return False
        interaction.customer.do(st.Doing.ASKING, turn.now)
        if not interaction.promised.placed:
            interaction.promised.placed = True
            self._interactions.comfort.place(turn, interaction, state.waiting)
        elif not self._interactions.callbacks.question(turn, interaction, state.waiting):
            self._reached(turn, interaction, state)
        return True

    def heard(self, turn: Turn, interaction: st.Interaction, fact: Prompted) -> bool:
        """Take in what the customer pressed; False if this is no attempt."""
        state = interaction.state
        if not isinstance(state, st.Calling):
            return False
        if fact.prompt == interaction.promised.prompt:
            interaction.customer.do(st.Doing.ASKING, turn.now)
            if fact.key == CONFIRM_KEY:
                self._reached(turn, interaction, state)
            else:
                self._not_reached(turn, interaction, state, "not_confirmed")
        return True

    def _reached(self, turn: Turn, interaction: st.Interaction, state: st.Calling) -> None:
        """Join the customer with the agent who waits, or let the phone ring of the one who is kept."""
        interaction.promised.reached = True
        self._deadlines.drop(f"callback/{interaction.id}")
        self._deadlines.drop(f"expire/{interaction.id}")
        if self._is_kept(state):
            self._offers.ring_kept(turn, interaction, state)
            self._interactions.asked_again(turn, interaction)
        else:
            joining = st.Joining(waiting=state.waiting, offer=state.offer, agent=state.agent, leg=state.leg)
            self._interactions.change(turn, interaction, joining)
            self._offers.join(turn, interaction, state.leg)

    def _is_kept(self, state: st.Calling) -> bool:
        """Whether the agent's phone has not rung yet."""
        return state.leg not in self._state.legs

    def dial_failed(self, turn: Turn, interaction: st.Interaction, cause: str) -> None:
        """Take in that the customer did not pick up, or that a trunk had no line: then the next one is tried."""
        state = interaction.state
        if not isinstance(state, st.Calling):
            return
        self._state.legs.pop(interaction.leg, None)
        if cause != CONGESTED or not self._interactions.callbacks.dial_again(turn, interaction, state.waiting):
            self._not_reached(turn, interaction, state, cause)

    def _not_reached(self, turn: Turn, interaction: st.Interaction, state: st.Calling, cause: str) -> None:
        """End an attempt without blame for the agent; try again later, or give up."""
        self._free(turn, interaction, state)
        self._agents.spare(turn, self._agents.all[state.agent])
        self._suspend(turn, interaction, state.waiting, cause)

    def _free(self, turn: Turn, interaction: st.Interaction, state: st.Calling) -> None:
        """Hang up on both, and forget the offer."""
        if self._state.legs.pop(interaction.leg, None) is not None:
            turn.ask(ask.HangUp(leg=interaction.leg))
        if not self._is_kept(state):
            turn.ask(ask.HangUp(leg=state.leg))
        self._offers.forget(interaction, state)

    def _suspend(self, turn: Turn, interaction: st.Interaction, waiting: st.Waiting, cause: str) -> None:
        callback, rules = interaction.promised, self._interactions.callbacks.rules(waiting.queue)
        self._off_the_line(interaction)
        self._interactions.change(turn, interaction, st.Suspended(waiting=waiting))
        if callback.attempts >= rules.attempts or turn.now >= callback.expires_at:
            self._give_up(turn, interaction, waiting, f"callback_{cause}")
        else:
            self._deadlines.set(f"callback/{interaction.id}", turn.now + rules.retry_s * SECOND_US)

    def _off_the_line(self, interaction: st.Interaction) -> None:
        self._state.legs.pop(interaction.leg, None)
        interaction.customer.leg = Leg(interaction.leg.exchange, "")

    def _give_up(self, turn: Turn, interaction: st.Interaction, waiting: st.Waiting, cause: str) -> None:
        self._queues.counts(waiting.queue).callbacks_failed += 1
        self._interactions.close(turn, interaction, cause)

    def published(self, turn: Turn) -> None:
        """Let the clocks of those who wait follow a new configuration, and of promises for which a phone rings."""
        for interaction in self._state.interactions.values():
            held = interaction.state
            if isinstance(held, st.Waiting) or (isinstance(held, st.Offered) and interaction.is_called_back):
                self._interactions.wait_on(turn, interaction, waiting_of(held))

    # -- the end of a leg

    def gone(self, turn: Turn, interaction: st.Interaction, leg: Leg) -> bool:
        """Take in that a leg is gone; False if this is no matter of a callback."""
        if leg in self._left_line(interaction):
            del self._state.legs[leg]
            return True
        match interaction.state:
            case st.Suspended() if leg == interaction.leg:
                self._off_the_line(interaction)
                self.due(turn, interaction)
            case st.Calling() as state if leg == interaction.leg:
                self._state.legs.pop(leg, None)
                self._not_reached(turn, interaction, state, "not_confirmed")
            case st.Calling() as state:
                self._agent_gone(turn, interaction, state)
            case _:
                return False
        return True

    def _left_line(self, interaction: st.Interaction) -> tuple[Leg, ...]:
        """Give the line that the promise was made on, once it is left; it may yet ask, until it is gone.

        If it does it is told again to hang up: a line that nobody remembers would be taken for a new call.
        """
        callback = interaction.callback
        return () if callback is None or callback.line == interaction.leg else (callback.line,)

    def _agent_gone(self, turn: Turn, interaction: st.Interaction, state: st.Calling) -> None:
        """Let the customer keep the place: the agent hung up while the customer's phone rang."""
        self._state.legs.pop(state.leg, None)
        self._free(turn, interaction, state)
        self._off_the_line(interaction)
        self._deadlines.drop(f"callback/{interaction.id}")
        self._interactions.wait_again(turn, interaction, state.waiting)
        self._agents.miss(turn, self._agents.all[state.agent], "refused", 0)

    # -- time

    def due(self, turn: Turn, interaction: st.Interaction) -> None:
        """Wait in the queue again, once the line is over, the pause too, and we may call; or end a call that lasts.

        A promise whose turn has not come when we may call no more is put off, also while an agent's phone rings for it.
        """
        match interaction.state:
            case st.Calling() as state:
                self._not_reached(turn, interaction, state, "no_answer")
            case st.Suspended(waiting=waiting):
                line, hangs = interaction.leg, interaction.leg in self._state.legs
                self._off_the_line(interaction)
                if hangs:
                    turn.ask(ask.HangUp(leg=line))
                    self._state.legs |= dict.fromkeys(self._left_line(interaction), interaction.id)
                if self._interactions.callbacks.is_time(turn.now, waiting.queue):
                    self._interactions.wait_again(turn, interaction, waiting)
                else:
                    self._interactions.callbacks.put_off(turn.now, interaction, waiting)
            case st.Waiting() as waiting if interaction.is_called_back:
                self._put_off(turn, interaction, waiting)
            case st.Offered(waiting=waiting) as state if interaction.is_called_back:
                self._offers.give_to(turn, interaction, state, "")
                self._put_off(turn, interaction, waiting)
            case _:
                return

    def expired(self, turn: Turn, interaction: st.Interaction) -> None:
        """Give up, unless the promise is being kept just now."""
        match interaction.state:
            case st.Waiting() as waiting if interaction.is_called_back:
                self._queues.leave(interaction, waiting)
                self._give_up(turn, interaction, waiting, "callback_expired")
            case st.Suspended(waiting=waiting):
                self._give_up(turn, interaction, waiting, "callback_expired")
            case _:
                self._deadlines.set(f"expire/{interaction.id}", turn.now + EXPIRE_AGAIN_S * SECOND_US)

    # -- after an exchange was out of sight

    def mended(self, turn: Turn, interaction: st.Interaction, legs: dict[Leg, FoundLeg]) -> bool:
        """Hold a callback against what is there; False if it has a line that others must mend."""
        for line in [leg for leg in self._left_line(interaction) if leg in self._state.legs]:
            if line in legs:
                turn.ask(ask.HangUp(leg=line))
            else:
                del self._state.legs[line]
        if not interaction.is_called_back:
            return False
        match interaction.state:
            case st.Suspended():
                if interaction.leg in self._state.legs and interaction.leg not in legs:
                    self.gone(turn, interaction, interaction.leg)
            case st.Calling() as state if interaction.leg not in legs:
                self._not_reached(turn, interaction, state, "failed")
            case st.Calling() as state if not self._is_kept(state) and state.leg not in legs:
                self._agent_gone(turn, interaction, state)
            case st.Calling():
                self._deadlines.set(f"callback/{interaction.id}", turn.now + CONFIRM_S * SECOND_US)
            case st.Offered():
                return False
            case _:
                pass
        return True
