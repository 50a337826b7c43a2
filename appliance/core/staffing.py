"""Staffing: how many agents of each queue are signed on, and how many are at work. Counted, never scanned for."""

from collections.abc import Callable

from appliance.core import state as st
from appliance.core.directory import Directory
from appliance.core.turn import Deadlines

SECOND_US = 1_000_000
AWAY = (st.SignedOut, st.OnBreak, st.Missed)


def serves(agent: st.Agent) -> bool:
    """Whether an agent serves or could: neither signed out, nor on a break, nor *missed*, with a phone in reach.

    The expected wait counts these, for callers and for the wallboard.
    """
    return agent.reachable and not isinstance(agent.state, AWAY)


class Staffing:
    """Counts of the agents that queues name as theirs."""

    def __init__(self, directory: Directory, agents: dict[str, st.Agent], deadlines: Deadlines) -> None:
        """Count the agents of a state."""
        self._deadlines = deadlines
        self._queues: dict[str, list[str]] = {}
        self._alone_s: dict[str, int] = {}
        self._signed_on = dict.fromkeys(directory.queues, 0)
        self._at_work = dict.fromkeys(directory.queues, 0)
        self._seen: dict[str, tuple[bool, bool]] = {}
        "Whether each agent is signed on, and at work."
        for slug, bound in directory.queues.items():
            limits = [rule.limit for rule in bound.queue.overflow if rule.when == "no_agents"]
            if limits:
                self._alone_s[slug] = min(limits)
            for agent in bound.queue.agents:
                self._queues.setdefault(agent, []).append(slug)
        for known in agents.values():
            self._count(known)

    def at_work(self, queue: str) -> int:
        """Count the agents of a queue who serve or could."""
        return self._at_work.get(queue, 0)

    def signed_on(self, queue: str) -> int:
        """Count the agents of a queue who have taken their seats."""
        return self._signed_on.get(queue, 0)

    def follow(self, now: int, agent: st.Agent) -> None:
        """Take in that an agent's state may have changed; what a queue without anybody does begins to run."""
        for queue in self._count(agent):
            if self._signed_on[queue]:
                self._deadlines.drop(f"alone/{queue}")
            else:
                self._set(now, queue)

    def begin(self, now: int, length: Callable[[str], int]) -> None:
        """Take in a new configuration: where callers wait and nobody is signed on, the clock begins to run."""
        for queue in self._alone_s:
            if not self._signed_on[queue] and length(queue) and f"alone/{queue}" not in self._deadlines:
                self._set(now, queue)

    def _set(self, now: int, queue: str) -> None:
        if queue in self._alone_s:
            self._deadlines.set(f"alone/{queue}", now + self._alone_s[queue] * SECOND_US)

    def _count(self, agent: st.Agent) -> list[str]:
        """Count an agent anew; gives the agent's queues if the agent came or left."""
        before = self._seen.get(agent.slug, (False, False))
        after = (not isinstance(agent.state, st.SignedOut), serves(agent))
        if before == after:
            return []
        self._seen[agent.slug] = after
        queues = self._queues.get(agent.slug, [])
        for queue in queues:
            self._signed_on[queue] += after[0] - before[0]
            self._at_work[queue] += after[1] - before[1]
        return queues if before[0] != after[0] else []
