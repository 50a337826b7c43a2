"""One call of a demo: what was planned, and what the demo's own clock and ears say of it."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What one caller will do. Times in seconds."""

    caller_number: str
    "Its own, by which its record is found again."
    number: str
    language: str
    prompts: tuple[str, ...]
    "What it hears before it presses the key."
    key: str
    queue: str
    tone_hz: int
    starts_s: float
    "After the demo's beginning."
    talk_s: float
    caller_hangs_up: bool
    gives_up_s: float = 0.0
    "How long it waits in vain; 0 for a caller who waits."
    ring_s: float = 2.0
    "How long the agent lets it ring: long enough for music to be known."
    mute: bool = False
    "Sabotage: the agent says nothing."


@dataclass(slots=True, kw_only=True)
class Told:
    """What became of it, by the monotonic clock."""

    plan: Plan
    agent: str = ""
    agent_hz: int = 0
    entered_at: float | None = None
    "When the key was let go."
    picked_up_at: float | None = None
    connected_at: float | None = None
    "When the first of the two heard the other."
    ended_at: float | None = None
    "When the first of the two hung up."
    faults: list[str] = field(default_factory=list)

    @property
    def answered(self) -> bool:
        """Whether an agent picked up."""
        return self.picked_up_at is not None

    @property
    def wait_s(self) -> float | None:
        """From the key to the agent, or to giving up."""
        end = self.connected_at if self.answered else self.ended_at
        return None if end is None or self.entered_at is None else end - self.entered_at

    @property
    def talk_s(self) -> float:
        """From the first word to the hang-up."""
        if not self.answered or self.connected_at is None or self.ended_at is None:
            return 0.0
        return self.ended_at - self.connected_at
