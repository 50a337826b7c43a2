"""Ring all: every free agent's phone rings, and whoever answers first has the call."""

from dataclasses import dataclass

from appliance.core.views import AgentView, MemberView, Scope

SCOPE = Scope.AGENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """It has no settings."""


def rank(_options: Options, agent: AgentView, _member: MemberView) -> tuple[int | str, ...]:
    """By who has waited longest, which matters where more are free than may ring at once; ties by slug."""
    return (agent.idle_since_wrap_up, agent.slug)


def width(_options: Options) -> int:
    """Ring as many phones as may ring at once."""
    return 0
