"""Standing prompts: what every company's callers may hear, in both languages, without anybody writing it.

A company that has a prompt of the same name is heard saying that one.
"""

from collections.abc import Iterable, Iterator

from appliance.core import model
from appliance.core.estimate import STEPS_S

POSITIONS_MAX = 20
"Beyond this a position is not said as a number."
MINUTE_S = 60
_POSITION = "queue-position"
_FROM = "queue-wait-from"
_TO = "queue-wait-to"
_WITHIN = "queue-wait-within"


def position_sound(position: int) -> str:
    """Name the prompt that says a position in the queue, 1 for who is served next."""
    return f"{_POSITION}-{position}" if position <= POSITIONS_MAX else f"{_POSITION}-many"


def wait_sounds(low_s: int, high_s: int) -> tuple[str, ...]:
    """Name the prompts that say an expected wait; both ends are steps that can be said."""
    return (f"{_FROM}-{low_s}", f"{_TO}-{high_s}") if low_s else (f"{_WITHIN}-{high_s}",)


def prompts_to_speak(configuration: model.Configuration) -> Iterator[model.Prompt]:
    """Give all that is to be spoken: the company's prompts, and the standing ones that its queues may say."""
    own = model.by_slug(configuration.prompts)
    yield from configuration.prompts
    waiting = [queue.waiting for queue in configuration.queues]
    if any(rules.position for rules in waiting):
        yield from _others(own, _positions())
    if any(rules.expected_wait for rules in waiting):
        yield from _others(own, _waits())


def _others(own: Iterable[str], prompts: Iterable[model.Prompt]) -> Iterator[model.Prompt]:
    return (prompt for prompt in prompts if prompt.slug not in own)


def _positions() -> Iterator[model.Prompt]:
    yield _prompt(f"{_POSITION}-1", "You are next in line.", "您是下一位。")
    for position in range(2, POSITIONS_MAX + 1):
        yield _prompt(f"{_POSITION}-{position}", f"You are number {position} in line.", f"您排在第{position}位。")
    many = (f"There are more than {POSITIONS_MAX} callers before you.", f"您前面还有{POSITIONS_MAX}多位来电者。")
    yield _prompt(f"{_POSITION}-many", *many)


def _waits() -> Iterator[model.Prompt]:
    for step_s in STEPS_S[1:]:
        english, chinese = _length(step_s)
        yield _prompt(f"{_FROM}-{step_s}", f"You will probably wait between {english}", f"预计等候{chinese}")
        yield _prompt(f"{_TO}-{step_s}", f"and {english}.", f"到{chinese}。")
        yield _prompt(
            f"{_WITHIN}-{step_s}", f"You will probably wait less than {english}.", f"预计等候不超过{chinese}。"
        )


def _length(step_s: int) -> tuple[str, str]:
    minutes, seconds = divmod(step_s, MINUTE_S)
    english = [
        f"{count} {word}{'s' if count > 1 else ''}"
        for count, word in ((minutes, "minute"), (seconds, "second"))
        if count
    ]
    chinese = [
        f"{count}{word}" for count, word in ((minutes, "分钟" if not seconds else "分"), (seconds, "秒")) if count
    ]
    return " and ".join(english), "".join(chinese)


def _prompt(slug: str, english: str, chinese: str) -> model.Prompt:
    return model.Prompt(slug=slug, texts={"en": english, "zh": chinese})
