"""Hang up: says goodbye and ends the call."""

from dataclasses import dataclass

from appliance.core.steps import End, Heard, Say, Step, Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What is said before."""

    prompt: str = ""
    "The prompt's slug; empty says nothing."


def exits(_options: Options) -> tuple[str, ...]:
    """Name the ways out: there is none."""
    return ()


def enter(options: Options, _visit: Visit) -> Step:
    """Say goodbye, if there is something to say."""
    return Say(sounds=(options.prompt,)) if options.prompt else End()


def hear(_options: Options, _heard: Heard) -> Step:
    """End the call."""
    return End()
