"""What a workgroup says and does for its waiting callers, as fields: announcements, keys, overflow, callbacks."""

import msgspec

from appliance.core import model
from webadmin.setup.fields import Check, Choice, Field, Form, Number
from webadmin.setup.rows import Pick, Rows
from webadmin.texts import marked

SECONDS = marked("s")
KEYS = tuple(("" if key == "—" else key, key) for key in "—1234567890*#")
CONDITIONS = (
    ("", "—"),
    ("length", marked("callers who wait already, at least")),
    ("wait", marked("seconds waited")),
    ("service_level", marked("service level today below, %")),
    ("expected_wait", marked("expected wait above, s")),
    ("no_agents", marked("seconds without any agent signed on")),
    ("closing", marked("seconds after closing time")),
)
WAYS = (
    ("", marked("the condition's own way")),
    ("full", marked("if the workgroup is full")),
    ("timeout", marked("if the caller waited too long")),
    ("service_level", marked("if the service level is too low")),
    ("expected_wait", marked("if the wait will be too long")),
    ("no_agents", marked("if no agent is signed on")),
    ("closed", marked("if closed")),
)

FIELDS: tuple[Field, ...] = (
    Choice(name="waiting_welcome", label=marked("Welcome"), help=marked("Said once when a caller begins to wait.")),
    Rows(
        name="waiting_sounds",
        label=marked("Announcements"),
        alone=True,
        columns=(Choice(name="prompt", label=marked("Prompt")),),
        help=marked("Said in turn while callers wait; an agent who becomes free never waits for one to end."),
    ),
    Number(
        name="waiting_first_s",
        label=marked("First announcement after"),
        low=0,
        high=3600,
        default=20,
        unit=SECONDS,
        help=marked("Counted from when the caller begins to wait."),
    ),
    Number(
        name="waiting_every_s",
        label=marked("Then every"),
        low=0,
        high=3600,
        default=60,
        unit=SECONDS,
        help=marked("Seconds of music between two announcements; 0 for one alone."),
    ),
    Check(
        name="waiting_position",
        label=marked("Say the position"),
        help=marked("How many callers are before this one."),
    ),
    Check(
        name="waiting_position_may_rise",
        label=marked("The position may become worse"),
        help=marked("If not, the best one that was said is said again when somebody more urgent has come."),
    ),
    Check(
        name="waiting_expected_wait",
        label=marked("Say the expected wait"),
        help=marked("As an interval, from what has happened lately; nothing is said while there is no data for it."),
    ),
    Pick(
        name="waiting_leave_key",
        label=marked("Key to leave"),
        words=KEYS,
        help=marked("Who presses it goes on by the way “if the caller leaves by a key” of the flow."),
    ),
    Pick(
        name="waiting_callback_key",
        label=marked("Key for a callback"),
        words=KEYS,
        help=marked("Who presses it hangs up, keeps the place and is called back; switch callbacks on for it."),
    ),
    Rows(
        name="overflow",
        label=marked("Overflow"),
        columns=(
            Pick(name="when", label=marked("Condition"), words=CONDITIONS),
            Number(name="limit", label=marked("Limit"), low=0, high=86_400),
            Pick(name="exit", label=marked("Way out of the flow"), words=WAYS),
        ),
        help=marked("When a caller leaves unanswered, by a way that the flow leads on. Nobody is sent back and forth."),
    ),
    Choice(
        name="hours",
        label=marked("Opening hours"),
        help=marked("Of this workgroup, for the overflow after closing time; empty for always open."),
    ),
    Check(
        name="callback_on",
        label=marked("Offer callbacks"),
        help=marked("Callers may be called back; they keep their place among those who wait."),
    ),
    Check(
        name="callback_customer_first",
        label=marked("Ring the customer first"),
        help=marked("The agent is kept free meanwhile. Otherwise the agent's phone rings first."),
    ),
    Number(
        name="callback_ring_s",
        label=marked("Ring the customer at most"),
        low=5,
        high=60,
        default=30,
        unit=SECONDS,
        help=marked("Then the attempt counts as not answered."),
    ),
    Number(
        name="callback_attempts",
        label=marked("Attempts"),
        low=1,
        high=9,
        default=3,
        help=marked("After the last one the callback counts as failed."),
    ),
    Number(
        name="callback_retry_s",
        label=marked("Between two attempts"),
        low=10,
        high=86_400,
        default=300,
        unit=SECONDS,
        help=marked("After an attempt that nobody answered."),
    ),
    Number(
        name="callback_expire_s",
        label=marked("Call back within"),
        low=60,
        high=604_800,
        default=14_400,
        unit=SECONDS,
        help=marked("Afterwards it is too late: the callback has failed. Only time in the hours below counts."),
    ),
    Choice(name="callback_hours", label=marked("Call back in these hours"), help=marked("Empty for always.")),
    Choice(
        name="callback_accepted",
        label=marked("Prompt when a callback is taken down"),
        help=marked("It is said only once the callback is safely kept."),
    ),
    Choice(
        name="callback_confirm",
        label=marked("Prompt that asks to press 1"),
        help=marked("Keeps an agent from being joined to an answering machine; empty asks nothing."),
    ),
)
PROMPTS = ("waiting_welcome", "waiting_sounds", "callback_accepted", "callback_confirm")
HOURS = ("hours", "callback_hours")
ERRORS = {"waiting": "waiting_welcome", "callback": "callback_on"}


def data(queue: model.Queue) -> dict[str, object]:
    """Give what the form shows."""
    shown = {f"waiting_{name}": value for name, value in msgspec.structs.asdict(queue.waiting).items()}
    if queue.callback is not None:
        shown |= {f"callback_{name}": value for name, value in msgspec.structs.asdict(queue.callback).items()}
    return {**shown, "callback_on": queue.callback is not None}


def values(form: Form) -> dict[str, object]:
    """Give what the form says."""
    said = dict(form.values)
    waiting = {name.removeprefix("waiting_"): said[name] for name in said if name.startswith("waiting_")}
    callback = {name.removeprefix("callback_"): said[name] for name in said if name.startswith("callback_")}
    on = callback.pop("on")
    return {
        "waiting": waiting,
        "callback": callback if on else None,
        "overflow": said["overflow"],
        "hours": said["hours"],
    }
