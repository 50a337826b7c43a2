"""Least talk time: the agent who has talked least today."""

from dataclasses import dataclass

from appliance.core.views import AgentView, MemberView, Scope

SCOPE = Scope.AGENT_IN_QUEUE


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Settings of a queue that uses this strategy."""

    all_queues: bool = False
    "Whether talk for other queues counts too."


def rank(options: Options, agent: AgentView, member: MemberView) -> tuple[int | str, ...]:
    """Least time first; ties by who has waited longest, then by the agent's slug."""
    return (agent.talk_us if options.all_queues else member.talk_us, agent.idle_since_wrap_up, agent.slug)


def width(_options: Options) -> int:
    """Ring one phone."""
    return 1
