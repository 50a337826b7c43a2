"""Average longest idle: the agent whose waits between two offers were longest on average."""

from dataclasses import dataclass

from appliance.core.views import AgentView, MemberView, Scope

SCOPE = Scope.AGENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """It has no settings."""


def rank(_options: Options, agent: AgentView, _member: MemberView) -> tuple[int | str, ...]:
    """Largest average of the waits of this day that ended in an offer; who had none yet comes first.

    The present wait is left out, for it grows for all alike and would make the order depend on the time. Ties by who
    has waited longest, then by the agent's slug.
    """
    return (-(agent.idle_us // agent.idles) if agent.idles else -(1 << 62), agent.idle_since_wrap_up, agent.slug)


def width(_options: Options) -> int:
    """Ring one phone."""
    return 1
