"""Queue: the caller waits for an agent of a workgroup."""

from dataclasses import dataclass

from appliance.core.steps import End, Enqueue, Heard, Step, Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Where the caller waits."""

    queue: str
    "The queue's slug."


def exits(_options: Options) -> tuple[str, ...]:
    """Name the ways out: the queue's overflows, the key that leaves it, and after the conversation."""
    return ("timeout", "full", "service_level", "expected_wait", "no_agents", "closed", "left", "next")


def enter(options: Options, _visit: Visit) -> Step:
    """Wait."""
    return Enqueue(queue=options.queue)


def hear(_options: Options, _heard: Heard) -> Step:
    """End: a queue asks nothing."""
    return End()
