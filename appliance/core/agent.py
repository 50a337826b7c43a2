"""The agents: who is at work, free, ringing, talking, finishing, away."""

import msgspec

from appliance.core import state as st
from appliance.core.effects import WorkFiled
from appliance.core.facts import Leg
from appliance.core.model import Reason
from appliance.core.task import Task
from appliance.core.turn import Deadlines, Turn

WRAP_UP_S_MAX = 3600
"Beyond this a wrap-up is not extended."
SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US


class Agents:
    """All agents of the company, by slug."""

    def __init__(self, agents: dict[str, st.Agent], deadlines: Deadlines) -> None:
        """Take over the agents of a state."""
        self.all = agents
        self.changed: dict[str, None] = {}
        "Those of whom something may have changed that routing asks for, since the index last looked."
        self._deadlines = deadlines
        self._away: dict[str, int] = {}
        "Reason to the number of those who are on such a break, or will be after their call."
        for agent in agents.values():
            for reason in (agent.state.reason if isinstance(agent.state, st.OnBreak) else "", agent.wants_break):
                self._away[reason] = self._away.get(reason, 0) + 1

    def become(self, turn: Turn, agent: st.Agent, state: st.AgentState) -> None:
        """Change an agent's state."""
        if isinstance(agent.state, st.OnBreak):
            reason = agent.state.reason
            self._away[reason] -= 1
            agent.away_us[reason] = self.away_us(turn, agent, reason)
        elif isinstance(agent.state, st.Missed):
            self._deadlines.drop(f"missed/{agent.slug}")
        if isinstance(state, st.OnBreak):
            self._away[state.reason] = self._away.get(state.reason, 0) + 1
        agent.state = state
        agent.since = turn.now
        self.changed[agent.slug] = None

    def see(self, slug: str, *, reachable: bool) -> None:
        """Note whether an agent's phone can be reached; a phone of nobody is nothing."""
        agent = self.all.get(slug)
        if agent is not None and agent.reachable != reachable:
            agent.reachable = reachable
            self.changed[slug] = None

    def busy(self, slug: str, *, busy: bool) -> None:
        """Note whether an agent's phone is in a call of the agent's own."""
        agent = self.all.get(slug)
        if agent is not None and agent.busy != busy:
            agent.busy = busy
            self.changed[slug] = None

    def take(self, slug: str, contact: str, task: Task) -> None:
        """Note that an agent has a contact by another medium in hand."""
        self.done(slug, contact)
        agent = self.all.get(slug)
        if agent is not None:
            agent.tasks[contact] = task
            agent.load += task.units
            self.changed[slug] = None

    def done(self, slug: str, contact: str) -> None:
        """Note that an agent is done with such a contact."""
        agent = self.all.get(slug)
        if agent is not None and contact in agent.tasks:
            agent.load -= agent.tasks.pop(contact).units
            self.changed[slug] = None

    def away_us(self, turn: Turn, agent: st.Agent, reason: str) -> int:
        """Tell how long an agent has been on such breaks since the day began."""
        before = agent.away_us.get(reason, 0)
        match agent.state:
            case st.OnBreak(reason=present) if present == reason:
                return before + turn.now - agent.since
            case _:
                return before

    def new_day(self) -> None:
        """Begin the figures of the day again."""
        for agent in self.all.values():
            agent.handled = agent.talk_us = agent.missed = agent.idle_us = agent.idles = 0
            agent.away_us.clear()
            for work in agent.work.values():
                work.handled = work.talk_us = work.offered = work.head = 0
            self.changed[agent.slug] = None

    def _want(self, agent: st.Agent, *, break_for: str = "", out: bool = False) -> None:
        self._away[agent.wants_break] -= 1
        self._away[break_for] = self._away.get(break_for, 0) + 1
        agent.wants_break, agent.wants_out = break_for, out
        self.changed[agent.slug] = None

    # -- commands: the answer is a refusal, empty if it was done

    def sign_on(self, turn: Turn, agent: st.Agent) -> str:
        """Take a seat."""
        if not isinstance(agent.state, st.SignedOut):
            if not agent.wants_out:
                return "already_signed_on"
            self._want(agent, break_for=agent.wants_break)
            return ""
        self._idle(turn, agent, restart=True)
        return ""

    def sign_off(self, turn: Turn, agent: st.Agent) -> str:
        """Leave, or leave after the call and its wrap-up."""
        match agent.state:
            case st.SignedOut():
                return "not_signed_on"
            case st.Ringing() | st.Talking() | st.WrapUp():
                self._want(agent, break_for=agent.wants_break, out=True)
            case _:
                self._sign_out(turn, agent)
        return ""

    def take_break(self, turn: Turn, agent: st.Agent, reason: Reason) -> str:
        """Go, or go after the call and its wrap-up, if the reason's limits allow it."""
        if isinstance(agent.state, st.SignedOut):
            return "not_signed_on"
        slug = reason.slug
        already = agent.wants_break == slug or (isinstance(agent.state, st.OnBreak) and agent.state.reason == slug)
        if 0 < reason.at_once_max <= self._away.get(slug, 0) and not already:
            return "too_many_away"
        if 0 < reason.minutes_max * MINUTE_US <= self.away_us(turn, agent, slug):
            return "break_used_up"
        if isinstance(agent.state, st.Ringing | st.Talking | st.WrapUp):
            self._want(agent, break_for=slug, out=agent.wants_out)
        else:
            self.become(turn, agent, st.OnBreak(reason=slug))
        return ""

    def end_break(self, turn: Turn, agent: st.Agent) -> str:
        """Come back from a break or from *missed*, or take back a break that has not begun."""
        if agent.wants_break:
            self._want(agent, out=agent.wants_out)
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
        agent.state = msgspec.structs.replace(state, until=until)
        self._deadlines.set(f"wrap-up/{agent.slug}", until)
        turn.touch(state.interaction)
        return ""

    def dispose(self, agent: st.Agent, interaction: str, disposition: str) -> str:
        """Say how an interaction ended, while it is in hand."""
        state = agent.state
        if not isinstance(state, st.Talking | st.WrapUp) or state.interaction != interaction:
            return "not_your_call"
        agent.state = msgspec.structs.replace(state, disposition=disposition)
        return ""

    # -- what calls do to agents

    def ring(self, turn: Turn, agent: st.Agent, interaction: str, offer: str, queue: str, number: int) -> None:
        """Get an offer, the queue's so-manieth since ever."""
        agent.idle_us += turn.now - agent.since
        agent.idles += 1
        work = agent.work.setdefault(queue, st.Work())
        work.offered += 1
        work.last_turn = number
        self.become(turn, agent, st.Ringing(interaction=interaction, offer=offer))

    def talk(self, turn: Turn, agent: st.Agent, interaction: str, queue: str, leg: Leg, wrap_up_s: int) -> None:
        """Begin a conversation, after which the agent has at least so many seconds."""
        self.become(turn, agent, st.Talking(interaction=interaction, queue=queue, leg=leg, wrap_up_s=wrap_up_s))

    def spare(self, turn: Turn, agent: st.Agent) -> None:
        """Be free again without blame: the caller gave up, or we broke the offer. The idle time goes on."""
        self._settle(turn, agent)

    def miss(self, turn: Turn, agent: st.Agent, cause: str, for_s: int) -> None:
        """Be taken out of routing, for so many seconds or (0) until coming back: the phone did not take an offer."""
        agent.missed += 1
        if agent.wants_out or agent.wants_break:
            self._settle(turn, agent)
            return
        self.become(turn, agent, st.Missed(cause=cause))
        if for_s:
            self._deadlines.set(f"missed/{agent.slug}", turn.now + for_s * SECOND_US)

    def wrap_up(self, turn: Turn, agent: st.Agent, wrap_up_s: int) -> None:
        """End a conversation and finish it within the time of its queues and the agent: the longest of them."""
        state = agent.state
        if not isinstance(state, st.Talking):
            return
        work = agent.work.setdefault(state.queue, st.Work())
        work.handled, agent.handled = work.handled + 1, agent.handled + 1
        work.talk_us, agent.talk_us = work.talk_us + turn.now - agent.since, agent.talk_us + turn.now - agent.since
        wrap_up_s = max(wrap_up_s, state.wrap_up_s)
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
            reason = agent.wants_break
            self._want(agent)
            self.become(turn, agent, st.OnBreak(reason=reason))
        else:
            self.become(turn, agent, st.Available())

    def _sign_out(self, turn: Turn, agent: st.Agent) -> None:
        self._want(agent)
        self.become(turn, agent, st.SignedOut())

    def _idle(self, turn: Turn, agent: st.Agent, *, restart: bool) -> None:
        agent.idle_since = turn.now
        if restart:
            agent.idle_since_wrap_up = turn.now
        self.become(turn, agent, st.Available())
