"""Round robin: the agents in turn."""

from dataclasses import dataclass

from appliance.core.views import AgentView, MemberView, Scope

SCOPE = Scope.AGENT_IN_QUEUE


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """It has no settings."""


def rank(_options: Options, agent: AgentView, member: MemberView) -> tuple[int | str, ...]:
    """Smallest has had the last offer from this queue longest ago; ties (none yet) by the place in its list."""
    return (member.last_turn, member.position, agent.slug)


def width(_options: Options) -> int:
    """Ring one phone."""
    return 1
