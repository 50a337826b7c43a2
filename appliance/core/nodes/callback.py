"""Callback: the caller hangs up, keeps a place in a workgroup and is called when it is served."""

from dataclasses import dataclass

from appliance.core.steps import CallBack, End, Heard, Step, Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Where the place is kept."""

    queue: str
    "The queue's slug; it says how we call back."


def exits(_options: Options) -> tuple[str, ...]:
    """Name the ways out: the queue calls nobody back, or the caller has no number; and after the conversation."""
    return ("refused", "next")


def enter(options: Options, _visit: Visit) -> Step:
    """Take the caller's place."""
    return CallBack(queue=options.queue)


def hear(_options: Options, _heard: Heard) -> Step:
    """End: it asks nothing."""
    return End()
