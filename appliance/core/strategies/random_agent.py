"""Random: any free agent, drawn so that a replay draws the same."""

from dataclasses import dataclass

from appliance.core.views import AgentView, MemberView, Scope

SCOPE = Scope.INTERACTION
MASK = (1 << 64) - 1
"SplitMix64 (Steele, Lea, Flood 2014) counts in 64 bits."


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Settings of a queue that uses this strategy."""

    seed: int = 0
    "Two queues of the same seed draw alike."


def rank(_options: Options, agent: AgentView, member: MemberView) -> tuple[int | str, ...]:
    """By the place in the queue's list; what is drawn is where in this order to begin. Ties by slug."""
    return (member.position, agent.slug)


def width(_options: Options) -> int:
    """Ring one phone."""
    return 1


def draw(options: Options, turn: int, free: int) -> int:
    """Draw one of so many free agents at the queue's so-manieth offer, each with the same chance (SplitMix64)."""
    mixed = (options.seed + (turn + 1) * 0x9E3779B97F4A7C15) & MASK
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & MASK
    return (mixed ^ (mixed >> 31)) % free
