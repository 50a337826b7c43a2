"""Percentage: each agent gets a set share of the queue's contacts."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from appliance.core.views import AgentView, MemberView, Scope

SCOPE = Scope.SHARE
WHOLE = 100
SCALE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Settings of a queue that uses this strategy."""

    shares: dict[str, int] = field(default_factory=dict)
    "Agent to percent; an agent who is not named gets what nobody else can take."

    def __post_init__(self) -> None:
        """Refuse what cannot be shared out."""
        if any(share < 1 for share in self.shares.values()) or sum(self.shares.values()) > WHOLE:
            raise ValueError(f"shares must be at least 1 and at most {WHOLE} together")


def rank(options: Options, agent: AgentView, member: MemberView) -> tuple[int | str, ...]:
    """Smallest is furthest behind the share: fewest offers of this day from this queue by share.

    The next offer is counted in, so that the first of a day goes to the largest share. Ties by who has waited longest,
    then by the agent's slug.
    """
    share = options.shares.get(agent.slug, 0)
    behind = ((member.offered + 1) * SCALE // share) if share else 1 << 62
    return (behind, agent.idle_since_wrap_up, agent.slug)


def begins_at(options: Options, agent: str, others: Mapping[str, int]) -> int:
    """Begin where that one of the others at work is who is furthest behind the share.

    Else who signs on at noon would get every contact until the morning is made up for.
    """
    levels = [offered * SCALE // options.shares[other] for other, offered in others.items() if other in options.shares]
    return min(levels, default=0) * options.shares.get(agent, 0) // SCALE


def width(_options: Options) -> int:
    """Ring one phone."""
    return 1
