"""Most skilled: the agent with the highest levels in what the queue requires."""

from dataclasses import dataclass

from appliance.core.views import AgentView, MemberView, Scope

SCOPE = Scope.AGENT_IN_QUEUE


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """It has no settings."""


def rank(_options: Options, agent: AgentView, member: MemberView) -> tuple[int | str, ...]:
    """Largest sum of levels first; ties by who has waited longest, then by the agent's slug."""
    return (-member.level, agent.idle_since_wrap_up, agent.slug)


def width(_options: Options) -> int:
    """Ring one phone."""
    return 1
