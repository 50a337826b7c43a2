"""Fewest handled: the agent who has handled the fewest contacts today."""

from dataclasses import dataclass

from appliance.core.views import AgentView, MemberView, Scope

SCOPE = Scope.AGENT_IN_QUEUE


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Settings of a queue that uses this strategy."""

    all_queues: bool = False
    "Whether contacts from other queues count too."


def rank(options: Options, agent: AgentView, member: MemberView) -> tuple[int | str, ...]:
    """Smallest number first; ties by who has waited longest, then by the agent's slug."""
    return (agent.handled if options.all_queues else member.handled, agent.idle_since_wrap_up, agent.slug)


def width(_options: Options) -> int:
    """Ring one phone."""
    return 1
