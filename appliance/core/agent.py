"""The agents: who is at work, free, ringing, talking, finishing, away."""

from appliance.core import state as st
from appliance.core.effects import WorkFiled
from appliance.core.facts import Leg
from appliance.core.turn import Deadlines, Turn

WRAP_UP_S_MAX = 3600
"Beyond this a wrap-up is not extended."
SECOND_US = 1_000_000


class Agents:
    """All agents of the company, by slug."""

    def __init__(self, agents: dict[str, st.Agent], deadlines: Deadlines) -> None:
        """Take over the agents of a state."""
        self.all = agents
        self._deadlines = deadlines

    def become(self, turn: Turn, agent: st.Agent, state: st.AgentState) -> None:
        """Change an agent's state."""
        agent.state = state
        agent.since = turn.now

    def see(self, slug: str, *, reachable: bool) -> None:
        """Note whether an agent's phone can be reached; a phone of nobody is nothing."""
        if slug in self.all:
            self.all[slug].reachable = reachable

    # -- commands: the answer is a refusal, empty if it was done

    def sign_on(self, turn: Turn, agent: st.Agent) -> str:
        """Take a seat."""
        if not isinstance(agent.state, st.SignedOut):
            if not agent.wants_out:
                return "already_signed_on"
            agent.wants_out = False
            return ""
        self._idle(turn, agent, restart=True)
        return ""

    def sign_off(self, turn: Turn, agent: st.Agent) -> str:
        """Leave, or leave after the call and its wrap-up."""
        match agent.state:
            case st.SignedOut():
                return "not_signed_on"
            case st.Ringing() | st.Talking() | st.WrapUp():
                agent.wants_out = True
            case _:
                self._sign_out(turn, agent)
        return ""

    def take_break(self, turn: Turn, agent: st.Agent, reason: str) -> str:
        """Go, or go after the call and its wrap-up."""
        match agent.state:
            case st.SignedOut():
                return "not_signed_on"
            case st.Ringing() | st.Talking() | st.WrapUp():
                agent.wants_break = reason
            case _:
                self.become(turn, agent, st.OnBreak(reason=reason))
        return ""

    def end_break(self, turn: Turn, agent: st.Agent) -> str:
        """Come back from a break or from *missed*, or take back a break that has not begun."""
        if agent.wants_break:
            agent.wants_break = ""
        elif isinstance(agent.state, st.OnBreak | st.Missed):
            self._idle(turn, agent, restart=False)
        else:
            return "not_on_break"
        return ""

    def end_wrap_up(self, turn: Turn, agent: st.Agent) -> str:
        """Be done."""
        if not isinstance(agent.state, st.WrapUp):
            return "not_in_wrap_up"
        self.finish(turn, agent)
        return ""

    def extend_wrap_up(self, turn: Turn, agent: st.Agent, by_s: int) -> str:
        """Take more time."""
        state = agent.state
        if not isinstance(state, st.WrapUp):
            return "not_in_wrap_up"
        until = state.until + by_s * SECOND_US
        if by_s <= 0 or until - agent.since > WRAP_UP_S_MAX * SECOND_US:
            return "too_long"
        agent.state = st.WrapUp(
            interaction=state.interaction, queue=state.queue, until=until, disposition=state.disposition
        )
        self._deadlines.set(f"wrap-up/{agent.slug}", until)
        turn.touch(state.interaction)
        return ""

    def dispose(self, agent: st.Agent, interaction: str, disposition: str) -> str:
        """Say how an interaction ended, while it is in hand."""
        match agent.state:
            case st.Talking(interaction=mine, queue=queue, leg=leg) if mine == interaction:
                agent.state = st.Talking(interaction=mine, queue=queue, leg=leg, disposition=disposition)
            case st.WrapUp(interaction=mine, queue=queue, until=until) if mine == interaction:
                agent.state = st.WrapUp(interaction=mine, queue=queue, until=until, disposition=disposition)
            case _:
                return "not_your_call"
        return ""

    # -- what calls do to agents

    def ring(self, turn: Turn, agent: st.Agent, interaction: str, offer: str) -> None:
        """Get an offer."""
        self.become(turn, agent, st.Ringing(interaction=interaction, offer=offer))

    def talk(self, turn: Turn, agent: st.Agent, interaction: str, queue: str, leg: Leg) -> None:
        """Begin a conversation."""
        self.become(turn, agent, st.Talking(interaction=interaction, queue=queue, leg=leg))

    def spare(self, turn: Turn, agent: st.Agent) -> None:
        """Be free again without blame: the caller gave up, or we broke the offer. The idle time goes on."""
        self._settle(turn, agent)

    def miss(self, turn: Turn, agent: st.Agent, cause: str) -> None:
        """Be taken out of routing: the phone did not take an offer."""
        agent.missed += 1
        if agent.wants_out or agent.wants_break:
            self._settle(turn, agent)
        else:
            self.become(turn, agent, st.Missed(cause=cause))

    def wrap_up(self, turn: Turn, agent: st.Agent, wrap_up_s: int) -> None:
        """End a conversation and finish it within the queue's time."""
        state = agent.state
        if not isinstance(state, st.Talking):
            return
        agent.handled += 1
        agent.talk_us += turn.now - agent.since
        until = turn.now + wrap_up_s * SECOND_US
        self.become(
            turn,
            agent,
            st.WrapUp(interaction=state.interaction, queue=state.queue, until=until, disposition=state.disposition),
        )
        if wrap_up_s <= 0:
            self.finish(turn, agent)
        else:
            self._deadlines.set(f"wrap-up/{agent.slug}", until)

    def finish(self, turn: Turn, agent: st.Agent) -> None:
        """End the wrap-up."""
        state = agent.state
        if not isinstance(state, st.WrapUp):
            return
        self._deadlines.drop(f"wrap-up/{agent.slug}")
        turn.touch(state.interaction)
        turn.ask(
            WorkFiled(
                interaction=state.interaction,
                agent=agent.slug,
                queue=state.queue,
                wrap_up_us=turn.now - agent.since,
                disposition=state.disposition,
            )
        )
        agent.idle_since = agent.idle_since_wrap_up = turn.now
        self._settle(turn, agent)

    def _settle(self, turn: Turn, agent: st.Agent) -> None:
        if agent.wants_out:
            self._sign_out(turn, agent)
        elif agent.wants_break:
            self.become(turn, agent, st.OnBreak(reason=agent.wants_break))
            agent.wants_break = ""
        else:
            self.become(turn, agent, st.Available())

    def _sign_out(self, turn: Turn, agent: st.Agent) -> None:
        agent.wants_out = False
        agent.wants_break = ""
        self.become(turn, agent, st.SignedOut())

    def _idle(self, turn: Turn, agent: st.Agent, *, restart: bool) -> None:
        agent.idle_since = turn.now
        if restart:
            agent.idle_since_wrap_up = turn.now
        self.become(turn, agent, st.Available())
