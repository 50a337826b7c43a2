"""What a node of a flow may ask for: one step at a time."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """Play prompts, then wait for a key; the node hears the outcome."""

    sounds: tuple[str, ...]
    keys: str = ""
    wait_ms: int = 0
    tries: int = 1
    "How often the node has asked by now; it is told so when it hears the outcome."


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """Go on by an exit."""

    exit: str
    path: str = ""
    "What to remember of it for the people who take the call, such as the key and what it chose."


@dataclass(frozen=True, slots=True, kw_only=True)
class Enqueue:
    """Wait in a queue; the node is left by `timeout`, `full`, or, when the agent has hung up, by `next`."""

    queue: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallBack:
    """Keep a place in a queue without the line; the node is left by `refused` if the caller cannot be called."""

    queue: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """Forward the call; the node is left by `failed` if nobody takes it."""

    extension: str = ""
    outside: str = ""
    ring_s: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """Hang up."""


Step = Say | Leave | Enqueue | CallBack | Send | End


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """The outcome of a `Say`."""

    key: str
    "Empty if none was pressed in time."
    tries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What a node may know when it is entered."""

    now: int
    "Centre time, microseconds since 1970 UTC."
    opening: dict[str, tuple[tuple[int, int], ...]]
    "Hours by slug, expanded to [from, until)."
