"""Transfer: the caller is sent on to an extension or an outside number."""

from dataclasses import dataclass

from appliance.core.steps import End, Heard, Send, Step, Visit

RING_S_MAX = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Where to."""

    extension: str = ""
    "An extension of ours."
    outside: str = ""
    "Or a number outside."
    ring_s: int = 30
    "Seconds it rings before the caller leaves by `failed`."

    def __post_init__(self) -> None:
        """Refuse two targets, or none."""
        if bool(self.extension) == bool(self.outside):
            raise ValueError("give either extension or outside")
        if not 1 <= self.ring_s <= RING_S_MAX:
            raise ValueError(f"ring_s must be 1 to {RING_S_MAX}")


def exits(_options: Options) -> tuple[str, ...]:
    """Name the ways out."""
    return ("failed",)


def enter(options: Options, _visit: Visit) -> Step:
    """Send the caller on."""
    return Send(extension=options.extension, outside=options.outside, ring_s=options.ring_s)


def hear(_options: Options, _heard: Heard) -> Step:
    """End: a transfer asks nothing."""
    return End()
