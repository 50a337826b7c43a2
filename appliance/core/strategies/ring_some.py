"""Ring several: the phones of the agents who have waited longest ring, and whoever answers first has the call."""

from dataclasses import dataclass

from appliance.core.views import AgentView, MemberView, Scope

SCOPE = Scope.AGENT
AT_ONCE_MAX = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Settings of a queue that uses this strategy."""

    at_once: int = 2
    "How many phones ring."

    def __post_init__(self) -> None:
        """Refuse what is not several."""
        if not 1 <= self.at_once <= AT_ONCE_MAX:
            raise ValueError(f"at_once must be 1 to {AT_ONCE_MAX}")


def rank(_options: Options, agent: AgentView, _member: MemberView) -> tuple[int | str, ...]:
    """By who has waited longest; ties by the agent's slug."""
    return (agent.idle_since_wrap_up, agent.slug)


def width(options: Options) -> int:
    """Ring as many as were set."""
    return options.at_once
