"""The record of a call: what happened to it, stretch by stretch."""

import enum

import msgspec

from appliance.core.facts import Leg


class Stretch(enum.StrEnum):
    """What an interaction was in during a segment."""

    FLOW = "flow"
    WAITING = "waiting"
    TALKING = "talking"
    FORWARDED = "forwarded"
    CALLBACK = "callback"
    "The customer has hung up and keeps the place."
    CALLING = "calling"
    "The customer is called back."


class Outcome(enum.StrEnum):
    """How a queue visit or a whole call ended."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    FLOWED_OUT = "flowed_out"
    CALLBACK = "callback"
    "Turned into a callback; of a whole call: one that reached nobody."
    SELF_SERVED = "self_served"
    "Ended in the flow, without a queue."
    FAILED = "failed"
    "We or the exchange broke it: the cause says which."


class Unrecorded(enum.StrEnum):
    """Why what was said was not recorded, or not all of it."""

    POLICY = "policy"
    "Calls of the queue are not."
    DISK = "disk"
    "There was no room when the call began to wait."
    CUT = "cut"
    "Room ran out in the middle: what was said before is recorded."
    LATE = "late"
    "An agent picked up before the exchange could be told to record."
    FAILED = "failed"
    "The exchange did not record although it was told to."


class Segment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A stretch of a call in one state; the segments of a call touch each other and add up to it."""

    stretch: Stretch
    since: int
    "Centre time, microseconds."
    until: int
    node: str = ""
    "`flow/node` while in a flow."
    queue: str = ""
    agent: str = ""
    outcome: Outcome | None = None
    "Of a queue visit, on the segment that ended it: waiting (no time, if it was over as it began) or calling back."


class CDR(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One finished call."""

    interaction: str
    leg: Leg
    trunk: str
    number: str
    party: str
    began: int
    "Centre time of arrival, microseconds."
    ended: int
    outcome: Outcome
    cause: str = ""
    "Who or what ended it: `caller`, `agent`, `flow`, `exchange`, `switch_failure`, `internal_error`, …"
    segments: tuple[Segment, ...] = ()
    queue: str = ""
    "The last queue it came to."
    agent: str = ""
    "The agent who talked last."
    wait_us: int = 0
    "Time waiting in queues, ringing included."
    talk_us: int = 0
    recording: str = ""
    unrecorded: Unrecorded | None = None
    "None if all that was said is recorded, or nobody talked; of a call of an older release nothing is known."
    medium: str = "voice"
    "`voice`, or `callback` if the customer was to be called back."
    callback_us: int = 0
    "A callback's own wait: from its acceptance to the conversation or to its end."
    attempts: int = 0
    "How often the customer was called."
    alone: bool = False
    "Whether the exchange alone knew of it, and told us when it was over."
    first: tuple[int, int] = (0, 0)
    "Journal position (boot, sequence) of the first fact about it."
    last: tuple[int, int] = (0, 0)
