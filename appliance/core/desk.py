"""The desk: what agents ask for, and what they are refused."""

from typing import assert_never

from appliance.core import effects as ask
from appliance.core import facts
from appliance.core import state as st
from appliance.core.agent import Agents
from appliance.core.directory import Directory, Seat
from appliance.core.index import NO_WORK
from appliance.core.offer import Offers
from appliance.core.plugins import sharing
from appliance.core.transfer import Transfers
from appliance.core.turn import Turn

ANSWERS_MAX = 1000
"How many answered tokens are remembered."


class Desk:
    """Obeys the agents' commands, or says why not."""

    def __init__(
        self, state: st.State, agents: Agents, offers: Offers, transfers: Transfers, directory: Directory
    ) -> None:
        """Take over the answers of a state."""
        self._state = state
        self._agents = agents
        self._offers = offers
        self._transfers = transfers
        self._directory = directory

    def obey(self, turn: Turn, fact: facts.AnyCommand) -> None:
        """Obey once: a token that was answered is answered the same way again."""
        refused = self._state.answered.get(fact.token)
        if refused is None:
            agent = self._state.agents.get(fact.agent)
            refused = "unknown_agent" if agent is None else self._do(turn, agent, fact)
        self.answer(turn, fact.token, refused)

    def answer(self, turn: Turn, token: str, refused: str) -> None:
        """Answer a command, and remember the answer."""
        self._state.answered[token] = refused
        while len(self._state.answered) > ANSWERS_MAX:
            del self._state.answered[next(iter(self._state.answered))]
        turn.ask(ask.Answered(token=token, refused=refused))

    def _do(self, turn: Turn, agent: st.Agent, fact: facts.AnyCommand) -> str:
        match fact:
            case facts.SignOn():
                refused = self._sign_on(turn, agent)
            case facts.SignOff():
                refused = self._agents.sign_off(turn, agent)
            case facts.TakeBreak():
                refused = self._take_break(turn, agent, fact)
            case facts.EndBreak():
                refused = self._agents.end_break(turn, agent)
            case facts.EndWrapUp():
                refused = self._agents.end_wrap_up(turn, agent)
            case facts.ExtendWrapUp():
                refused = self._agents.extend_wrap_up(turn, agent, fact.by_s)
            case facts.Dispose():
                refused = self._dispose(turn, agent, fact)
            case facts.HangUpCall():
                refused = self._hang_up(turn, agent, fact.interaction)
            case facts.TransferCall():
                refused = self._transfer(turn, agent, fact)
            case _:
                assert_never(fact)
        return refused

    def _sign_on(self, turn: Turn, agent: st.Agent) -> str:
        """Take a seat; where a queue shares its contacts out, an agent who comes late begins where the others are."""
        if isinstance(agent.state, st.SignedOut):
            for seat in self._directory.seats(agent.slug):
                self._begin(agent, seat)
        return self._agents.sign_on(turn, agent)

    def _begin(self, agent: st.Agent, seat: Seat) -> None:
        strategy, queue = sharing(seat.bound.strategy), seat.bound.queue
        if strategy is None:
            return
        offered: dict[str, int] = {}
        for slug in queue.agents:
            other = self._state.agents.get(slug)
            if other is not None and not isinstance(other.state, st.SignedOut):
                done = other.work.get(queue.slug, NO_WORK)
                offered[slug] = done.offered + done.head
        work = agent.work.setdefault(queue.slug, st.Work())
        level = strategy.begins_at(seat.bound.options, agent.slug, offered)
        work.head = max(work.head, level - work.offered)

    def _take_break(self, turn: Turn, agent: st.Agent, fact: facts.TakeBreak) -> str:
        reason = self._directory.breaks.get(fact.reason)
        return "unknown_reason" if reason is None else self._agents.take_break(turn, agent, reason)

    def _dispose(self, turn: Turn, agent: st.Agent, fact: facts.Dispose) -> str:
        if fact.disposition not in self._directory.dispositions:
            return "unknown_disposition"
        turn.touch(fact.interaction)
        return self._agents.dispose(agent, fact.interaction, fact.disposition)

    def _hang_up(self, turn: Turn, agent: st.Agent, interaction: str) -> str:
        refused, state = self._in_hand(turn, agent, interaction)
        if state is not None:
            self._offers.hang_up(turn, self._state.interactions[interaction], state.leg)
        return refused

    def _transfer(self, turn: Turn, agent: st.Agent, fact: facts.TransferCall) -> str:
        refused, state = self._in_hand(turn, agent, fact.interaction)
        if state is not None:
            refused = self._transfers.transfer(turn, self._state.interactions[fact.interaction], state, fact.to)
        return refused

    def _in_hand(self, turn: Turn, agent: st.Agent, interaction: str) -> tuple[str, st.Connected | None]:
        """Find the conversation that an agent has in hand, or say why it is not."""
        if not isinstance(agent.state, st.Talking):
            return "no_call", None
        if agent.state.interaction != interaction:
            return "not_your_call", None
        turn.touch(interaction)
        held = self._state.interactions[interaction].state
        return ("", held) if isinstance(held, st.Connected) else ("no_call", None)
