"""Announcement: says something and goes on."""

from dataclasses import dataclass

from appliance.core.steps import Heard, Leave, Say, Step, Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What is said."""

    prompt: str
    "The prompt's slug."


def exits(_options: Options) -> tuple[str, ...]:
    """Name the ways out."""
    return ("next",)


def enter(options: Options, _visit: Visit) -> Step:
    """Say it."""
    return Say(sounds=(options.prompt,))


def hear(_options: Options, _heard: Heard) -> Step:
    """Go on."""
    return Leave(exit="next")
