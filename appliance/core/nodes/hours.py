"""Hours: the way depends on whether we are open."""

from dataclasses import dataclass

from appliance.core.hours import is_open
from appliance.core.steps import End, Heard, Leave, Step, Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Which hours."""

    hours: str
    "The slug of the opening hours."


def exits(_options: Options) -> tuple[str, ...]:
    """Name the ways out."""
    return ("open", "closed")


def enter(options: Options, visit: Visit) -> Step:
    """Look at the clock; hours that do not exist are closed."""
    return Leave(exit="open" if is_open(visit.opening.get(options.hours, ()), visit.now) else "closed")


def hear(_options: Options, _heard: Heard) -> Step:
    """End: nothing was asked."""
    return End()
