"""Whether what a queue says of its waiting callers can be published: overflow, announcements, keys, callbacks."""

from collections.abc import Container, Iterator
from itertools import chain

from appliance.core import model
from appliance.core.fault import Fault
from appliance.core.overflow import EXITS
from appliance.core.plugins import node_kinds, options_of

KEYS = "0123456789*#"
PERCENT_MAX = 100
LIMITS: dict[str, tuple[int, int]] = {
    "length": (0, 10_000),
    "wait": (0, 86_400),
    "service_level": (0, PERCENT_MAX),
    "expected_wait": (1, 86_400),
    "no_agents": (0, 86_400),
    "closing": (0, 86_400),
}
RANGES: dict[str, tuple[int, int]] = {
    "first_s": (0, 3600),
    "every_s": (0, 3600),
    "ring_s": (5, 60),
    "attempts": (1, 9),
    "retry_s": (10, 86_400),
    "expire_s": (60, 604_800),
}
"What a number may be, by the name of its field."


def faults(configuration: model.Configuration, queue: model.Queue) -> Iterator[Fault]:
    """Find everything that is wrong."""
    prompts, hours = model.by_slug(configuration.prompts), model.by_slug(configuration.hours)
    where = f"queues.{queue.slug}"
    if queue.hours and queue.hours not in hours:
        yield Fault(f"{where}.hours", "missing", queue.hours)
    yield from chain.from_iterable(_overflow(where, rule) for rule in queue.overflow)
    yield from _ranges(f"{where}.waiting", queue.waiting)
    for sound in (queue.waiting.welcome, *queue.waiting.sounds):
        if sound and sound not in prompts:
            yield Fault(f"{where}.waiting", "missing", sound)
    keys = (queue.waiting.leave_key, queue.waiting.callback_key)
    for name, key in zip(("leave_key", "callback_key"), keys, strict=True):
        if key and (len(key) != 1 or key not in KEYS):
            yield Fault(f"{where}.waiting.{name}", "invalid", key)
    if keys[0] and keys[0] == keys[1]:
        yield Fault(f"{where}.waiting.callback_key", "twice", keys[1])
    if keys[1] and queue.callback is None:
        yield Fault(f"{where}.callback", "empty")
    if queue.callback is not None:
        yield from _callback(f"{where}.callback", queue.callback, prompts=prompts, hours=hours)


def _overflow(where: str, rule: model.Overflow) -> Iterator[Fault]:
    if rule.when not in EXITS:
        yield Fault(f"{where}.overflow", "unknown", rule.when)
        return
    low, high = LIMITS[rule.when]
    if not low <= rule.limit <= high:
        yield Fault(f"{where}.overflow.{rule.when}", "out_of_range", f"{low}-{high}")
    kind = node_kinds()["queue"]
    if rule.exit and rule.exit not in kind.exits(options_of(kind, {"queue": where})):
        yield Fault(f"{where}.overflow.{rule.when}", "unknown", rule.exit)


def _callback(where: str, rules: model.Callback, *, prompts: Container[str], hours: Container[str]) -> Iterator[Fault]:
    yield from _ranges(where, rules)
    for sound in (rules.accepted, rules.confirm):
        if sound and sound not in prompts:
            yield Fault(where, "missing", sound)
    if rules.hours and rules.hours not in hours:
        yield Fault(f"{where}.hours", "missing", rules.hours)


def _ranges(where: str, part: model.WaitingCaller | model.Callback) -> Iterator[Fault]:
    for name, (low, high) in RANGES.items():
        if not low <= getattr(part, name, low) <= high:
            yield Fault(f"{where}.{name}", "out_of_range", f"{low}-{high}")
