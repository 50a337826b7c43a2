"""Ordered: always the first free agent of the queue's list."""

from dataclasses import dataclass

from appliance.core.views import AgentView, MemberView, Scope

SCOPE = Scope.AGENT_IN_QUEUE


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """It has no settings: the order is that of the queue's agents."""


def rank(_options: Options, agent: AgentView, member: MemberView) -> tuple[int | str, ...]:
    """By the place in the queue's list; those who are lent, of one place, by slug."""
    return (member.position, agent.slug)


def width(_options: Options) -> int:
    """Ring one phone."""
    return 1
