"""What a workgroup's form says of those who wait: when they leave, what they hear, how they are called back."""

import msgspec

from appliance.core import model
from webadmin.request import PageRequest
from webadmin.setup.choices import titled
from webadmin.setup.fields import Check, Choice, Choices, Field, Form, Limit, Number, Several
from webadmin.texts import marked

KEYS = "1234567890*#"
DAY_S = 86_400
WEEK_S = 604_800
CUSTOMER_FIRST = "customer"
AGENT_FIRST = "agent"
_LEAVE_HELP = marked(
    "Then the caller goes on in the flow; empty for never. Where the flow has no such way, nobody leaves."
)
_OVERFLOW: dict[str, Field] = {
    "length": Limit(
        name="overflow_length", label=marked("Go on if so many wait"), low=0, high=10_000, help=_LEAVE_HELP
    ),
    "wait": Limit(name="overflow_wait", label=marked("Go on after a wait of, s"), low=0, high=DAY_S, help=_LEAVE_HELP),
    "service_level": Limit(
        name="overflow_service_level",
        label=marked("Go on below a service level of, %"),
        low=0,
        high=100,
        help=_LEAVE_HELP,
    ),
    "expected_wait": Limit(
        name="overflow_expected_wait",
        label=marked("Go on if the wait will be longer than, s"),
        low=1,
        high=DAY_S,
        help=_LEAVE_HELP,
    ),
    "no_agents": Limit(
        name="overflow_no_agents",
        label=marked("Go on after so long without anybody signed on, s"),
        low=0,
        high=DAY_S,
        help=_LEAVE_HELP,
    ),
    "closing": Limit(
        name="overflow_closing",
        label=marked("Go on so long after closing, s"),
        low=0,
        high=DAY_S,
        help=_LEAVE_HELP,
    ),
}
_WAITING: tuple[Field, ...] = (
    Choice(name="waiting_welcome", label=marked("Welcome"), help=marked("Said once, when the caller enters.")),
    Several(name="waiting_sounds", label=marked("Announcements"), help=marked("Said in turn, one each time.")),
    Number(
        name="waiting_first_s", label=marked("First announcement after"), low=0, high=3600, default=20, unit=marked("s")
    ),
    Number(
        name="waiting_every_s",
        label=marked("Music between two announcements"),
        low=0,
        high=3600,
        default=60,
        unit=marked("s"),
        help=marked("0 for one announcement alone."),
    ),
    Check(name="waiting_position", label=marked("Say the position")),
    Check(
        name="waiting_position_may_rise",
        label=marked("The position may get worse"),
        help=marked("If not, the best one that was said is said again."),
    ),
    Check(
        name="waiting_expected_wait",
        label=marked("Say the expected wait"),
        help=marked("As an interval that is to cover four waits of five; nothing is said without data."),
    ),
    Choice(name="waiting_leave_key", label=marked("Key that leaves the workgroup")),
    Choice(name="waiting_callback_key", label=marked("Key that asks for a callback")),
)
_CALLBACK: tuple[Field, ...] = (
    Choice(
        name="callback",
        label=marked("Call back"),
        help=marked("The caller hangs up, keeps the place and is called back."),
    ),
    Number(name="callback_ring_s", label=marked("Ring the customer"), low=5, high=60, default=30, unit=marked("s")),
    Number(name="callback_attempts", label=marked("Attempts"), low=1, high=9, default=3),
    Number(name="callback_retry_s", label=marked("Try again after"), low=10, high=DAY_S, default=300, unit=marked("s")),
    Number(
        name="callback_expire_s", label=marked("Too late after"), low=60, high=WEEK_S, default=14_400, unit=marked("s")
    ),
    Choice(name="callback_hours", label=marked("Call within")),
    Choice(name="callback_accepted", label=marked("Prompt that promises the callback")),
    Choice(
        name="callback_confirm",
        label=marked("Prompt that asks to press 1"),
        help=marked("Who picks up hears it before an agent is on the line; without it nothing is asked."),
    ),
)
FIELDS: tuple[Field, ...] = (
    Choice(name="hours", label=marked("Opening hours")),
    *_OVERFLOW.values(),
    *_WAITING,
    *_CALLBACK,
)


def choices(request: PageRequest) -> dict[str, Choices]:
    """Give the lists to choose from."""
    configuration = request.standing.configuration
    prompts = titled(configuration.prompts, request.language)
    hours = titled(configuration.hours, request.language, empty=request.say("always"))
    keys: Choices = [("", "—"), *((key, key) for key in KEYS)]
    return {
        "hours": hours,
        "waiting_welcome": [("", "—"), *prompts],
        "waiting_sounds": prompts,
        "waiting_leave_key": keys,
        "waiting_callback_key": keys,
        "callback": [
            ("", request.say("never")),
            (AGENT_FIRST, request.say("the agent's phone first")),
            (CUSTOMER_FIRST, request.say("the customer's phone first")),
        ],
        "callback_hours": hours,
        "callback_accepted": [("", "—"), *prompts],
        "callback_confirm": [("", "—"), *prompts],
    }


def data(part: model.Part) -> dict[str, object]:
    """Give what the form shows of a workgroup."""
    values = msgspec.structs.asdict(part)
    if isinstance(part, model.Queue):
        values |= {f"overflow_{rule.when}": rule.limit for rule in reversed(part.overflow)}
        values |= {f"waiting_{name}": value for name, value in msgspec.structs.asdict(part.waiting).items()}
        values["callback"] = ""
        if part.callback is not None:
            values |= {f"callback_{name}": value for name, value in msgspec.structs.asdict(part.callback).items()}
            values["callback"] = CUSTOMER_FIRST if part.callback.customer_first else AGENT_FIRST
    return values


def values(form: Form) -> dict[str, object]:
    """Give what the form says of a workgroup."""
    own = {one.name for one in (*_OVERFLOW.values(), *_WAITING, *_CALLBACK)}
    said = {name: value for name, value in form.values.items() if name not in own}
    limits = {when: form.values.get(one.name) for when, one in _OVERFLOW.items()}
    said["overflow"] = [{"when": when, "limit": limit} for when, limit in limits.items() if limit is not None]
    said["waiting"] = _parts(form, "waiting_")
    order = form.text("callback")
    said["callback"] = {**_parts(form, "callback_"), "customer_first": order == CUSTOMER_FIRST} if order else None
    return said


def _parts(form: Form, prefix: str) -> dict[str, object]:
    return {name.removeprefix(prefix): value for name, value in form.values.items() if name.startswith(prefix)}


ERRORS = {"overflow": "overflow_length", "waiting": "waiting_welcome", "callback": "callback"}
"Which field shows what is wrong with each of them."
