"""Longest idle: the agent who has waited longest."""

from dataclasses import dataclass

from appliance.core.views import AgentView, MemberView, Scope

SCOPE = Scope.AGENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Settings of a queue that uses this strategy."""

    count_breaks: bool = False
    "Whether a break restarts the idle time."


def rank(options: Options, agent: AgentView, _member: MemberView) -> tuple[int | str, ...]:
    """Smallest first; ties by the agent's slug."""
    return (agent.idle_since if options.count_breaks else agent.idle_since_wrap_up, agent.slug)


def width(_options: Options) -> int:
    """Ring one phone."""
    return 1
