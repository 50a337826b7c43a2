"""What a routing strategy may know."""

import enum
from typing import Protocol

import msgspec


class Scope(enum.Enum):
    """What a strategy's key depends on, hence what the index keeps sorted."""

    AGENT = "agent"
    "The agent alone: one key for all queues that rank alike."
    AGENT_IN_QUEUE = "agent_in_queue"
    "The agent and what the agent is to the queue."
    SHARE = "share"
    "As above; and who signs on late begins where the others are, which the strategy's `begins_at` tells."
    INTERACTION = "interaction"
    "As `AGENT_IN_QUEUE`; and each interaction begins to read the order at a place of its own, which `draw` tells."


class AgentView(Protocol):
    """An agent. Nothing of it changes while the agent is free, so that its key may be kept."""

    @property
    def slug(self) -> str:
        """The stable name."""

    @property
    def idle_since(self) -> int:
        """The latest of sign-in, end of break, end of wrap-up; centre time, microseconds."""

    @property
    def idle_since_wrap_up(self) -> int:
        """The latest of sign-in and end of wrap-up."""

    @property
    def idle_us(self) -> int:
        """All stretches of waiting for an offer that ended in one, since the day began; microseconds."""

    @property
    def idles(self) -> int:
        """Their number."""

    @property
    def handled(self) -> int:
        """Conversations since the day began."""

    @property
    def talk_us(self) -> int:
        """Time in them, microseconds."""


class MemberView(msgspec.Struct, frozen=True):
    """What an agent is to a queue. A msgspec struct because it is made for each queue of each agent who is freed."""

    position: int
    "In the queue's list of agents, from 0; who is lent stands behind them."
    level: int
    "The agent's levels in the skills that the queue requires, added up."
    handled: int = 0
    "Conversations from this queue since the day began."
    talk_us: int = 0
    "Time in them, microseconds."
    offered: int = 0
    "Offers from this queue since the day began, with those that the agent is taken to have had before signing on late."
    last_turn: int = 0
    "Which of the queue's offers was the agent's last, counted since ever; 0 for none."
