"""What the Centre remembers of waits: what was expected of them, what was said, what became of it."""

import msgspec

from appliance.core.facts import Leg


class Guess(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What was expected of a caller's wait, when, and from what."""

    at: int
    ahead: int
    "Callers who were to be served before."
    staff: int
    "Agents at work."
    low_s: int
    "The interval's ends, seconds from then; both 0 if there was no data."
    high_s: int


class Comfort(msgspec.Struct, kw_only=True, omit_defaults=True, gc=False):
    """What a waiting caller hears and has heard."""

    prompt: int = 0
    "The prompt whose end is awaited, 0 for none."
    due: bool = False
    "Whether something is to be said as soon as the leg asks."
    next_at: int = 0
    "When the next announcement is due, 0 for never."
    placed: bool = False
    "Whether the leg's channel knows its place, and is recorded if it is to be."
    welcomed: bool = False
    spoken: int = 0
    "How many announcements there were."
    position: int = 0
    "The position that was said last, 0 for none."
    said: Guess | None = None
    "The expected wait that was said last."
    guesses: list[Guess] = []
    "The first one, made at the entry, and those that were said; each is scored when the wait is over."


class Callback(msgspec.Struct, kw_only=True, omit_defaults=True, gc=False):
    """A caller who keeps the place without the line."""

    line: Leg
    "The leg on which it was asked for first: the call's own, for its record."
    ticket: int
    "Of the queue visit that goes on without the line."
    accepted_at: int
    expires_at: int
    attempts: int = 0
    trunks_full: int = 0
    placed: bool = False
    "Whether the channel of the customer's leg knows its place, and is recorded if it is to be."
    prompt: int = 0
    "The prompt whose end is awaited, 0 for none."
    reached: bool = False
    "Whether the customer is on the line again."


class Lane(msgspec.Struct, kw_only=True, gc=False):
    """What waits have shown for callers with about the same number ahead of them."""

    samples: list[int] = []
    "Microseconds of wait an agent and a caller ahead (the own turn counts as one), oldest first."
    miss: int = 200
    "Share of the samples that an interval leaves out, in thousandths: it follows the misses."


class DayScore(msgspec.Struct, array_like=True, gc=False):
    """How well a queue has told its waits on one day."""

    day: int
    "The midnight that it began at, centre time."
    told: int = 0
    "Intervals that have been scored,"
    inside: int = 0
    "and those that the wait was inside of."


class Outlook(msgspec.Struct, kw_only=True, gc=False):
    """What a queue knows of its waits, and how well it has told them."""

    lanes: dict[int, Lane] = {}
    "By `estimate.lane_of`."
    told: int = 0
    "Intervals that have been scored since ever,"
    inside: int = 0
    sooner: int = 0
    later: int = 0
    "and where the wait was in respect of them."
    days: list[DayScore] = []
    "The last days on which there were any, the oldest first; at most `estimate.DAYS_MAX`."


class Return(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The place of a caller whom a failing exchange cut off, kept for when the caller calls again."""

    queue: str
    priority: int
    entered_at: int
    until: int
