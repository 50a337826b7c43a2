"""What is seen of the floor at this moment: the live views that the daemon streams, joined with names."""

import msgspec

from appliance import sms


class LiveCall(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An interaction in progress, as a desk or the floor shows it."""

    interaction: str
    state: str
    "`flow`, `waiting`, `offered`, `talking`, `forwarded`, `callback` (to be called back), `calling`."
    since: int
    "Centre time at which the state began, microseconds."
    began: int
    number: str = ""
    "The number of ours that was dialled."
    queue: str = ""
    entered_at: int = 0
    "When it entered the queue."
    place: int = 0
    "Of a caller who waits: 1 for who is served first of the queue; 0 otherwise."
    wait_us: int = 0
    agent: str = ""
    caller_number: str = ""
    caller_name: str = ""
    party: str = ""
    path: tuple[str, ...] = ()
    "Keys pressed in menus, with the titles of what they chose."
    attempt: int = 0
    "Of somebody who is called back: which attempt is being made or comes next; 0 for no callback."
    attempts: int = 0
    "How many there are at most."
    expires_at: int = 0
    "When it is too late to call back; 0 once the customer is on the line again."
    next: str = ""
    "What happens next: `line`, `later`, `turn`, `pick_up`, `customer`, `customer_first`, `confirm`, `waits`."
    next_at: int = 0
    "When, where the clock decides; centre time."


class LiveAgent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An agent at this moment."""

    agent: str
    name: str = ""
    extension: str = ""
    state: str
    "`signed_out`, `available`, `ringing`, `talking`, `wrap_up`, `on_break`, `missed`, `unreachable`."
    since: int = 0
    until: int = 0
    "When the state ends by itself, 0 if it does not."
    reason: str = ""
    "Of a break, now or the one asked for."
    spent_at: int = 0
    "Of a break of so many minutes a day: when they are used up."
    cause: str = ""
    "Of *missed*: `no_answer`, `busy`, `refused`, `unreachable` or `failed`."
    leaves: bool = False
    "Whether the agent signs off after the call."
    interaction: str = ""
    queue: str = ""
    "The workgroup that is served, or is wrapped up for."
    disposition: str = ""
    queues: tuple[str, ...] = ()
    handled: int = 0
    "Interactions handled since midnight of the company's zone."
    talk_us: int = 0
    missed: int = 0


class LiveQueue(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A queue at this moment, and its figures since midnight of the company's zone."""

    queue: str
    title: str = ""
    waiting: int = 0
    longest_since: int = 0
    "When the caller who has waited longest entered, 0 if nobody waits."
    answered: int = 0
    answered_within: int = 0
    abandoned: int = 0
    abandoned_short: int = 0
    flowed_out: int = 0
    wait_us: int = 0
    "Sum over the answered."
    answer_within_s: int = 20
    service_level: str = ""
    "Percent with one decimal, empty while nobody came."
    speed_of_answer: str = ""
    "ASA: seconds with one decimal, empty while nobody was answered."
    formula: str = ""
    "The name of the service level's formula (`appliance.core.figures.Measure.name`)."
    agents: dict[str, int] = {}
    "State to the number of the queue's agents in it."
    callbacks: int = 0
    "Callers who became callbacks today."
    callbacks_answered: int = 0
    callbacks_failed: int = 0
    callbacks_waiting: int = 0
    "Those who keep their place without the line just now; `waiting` does not count them."
    expected_low_s: int = 0
    "The wait that a caller who came now would be told; both ends 0 without data."
    expected_high_s: int = 0
    expected_share: int = 80
    "Percent of the waits that such an interval is to cover,"
    expected_told: int = 0
    expected_inside: int = 0
    "how many have been told in the last `estimate.DAYS_MAX` days, and how many of the waits were inside,"
    expected_told_today: int = 0
    expected_inside_today: int = 0
    "and the same of today."


AMBER = frozenset(
    {"over_80", "over_90", "files_over_80", "files_over_90", "backup_failed", "backup_old", "proof_failed", "proof_old"}
)
"Words of health that ask for a look and are no harm yet; `ok` is well, any other is harm."


class Health(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How the box is: part to `ok`, or to a stable word of what is wrong."""

    parts: dict[str, str] = {}
    "`exchange`, `store`, `journal`, `recordings`, `disk`, `trunk/<slug>`, `line/<slug>`."
    boot: int = 0
    version: str = ""
    modems: tuple[sms.Modem, ...] = ()
    "Those for text messages."


class LiveView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything that a stream's topic shows; sent whole first, then by its changed members."""

    now: int
    agents: dict[str, LiveAgent | None] = {}
    "In a delta, None takes one away."
    queues: dict[str, LiveQueue | None] = {}
    calls: dict[str, LiveCall | None] = {}
    health: Health | None = None
