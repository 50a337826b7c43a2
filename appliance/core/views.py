"""What a routing strategy may know."""

import enum
from dataclasses import dataclass


class Scope(enum.Enum):
    """What a strategy's key depends on, hence what an index may keep sorted."""

    AGENT = "agent"
    AGENT_IN_QUEUE = "agent_in_queue"
    INTERACTION = "interaction"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentView:
    """An eligible agent."""

    slug: str
    idle_since: int
    "The latest of sign-in, end of break, end of wrap-up; centre time, microseconds."
    idle_since_wrap_up: int
    "The latest of sign-in and end of wrap-up."


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueView:
    """The queue that the interaction waits in."""

    slug: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InteractionView:
    """The interaction that is to be served."""

    id: str
    priority: int
    entered_at: int
