"""The alarms of spans: told at once, taken back only when the line has been calm for a while, kept as a history."""

from collections import deque
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

import msgspec

from drivers.dahdi.inventory import Inventory, numbers_and_alarms, proc_of
from drivers.dahdi.proc import COUNTER_MAX
from drivers.dahdi.spanstat import CONTROL, Asker, SpanStatError

CALM_US = 10_000_000
"How long a line must be without its alarm before it is well again: ITU-T G.7710 clears after 10 s as a rule."
HISTORY_MAX = 200
OK = "ok"
ABSENT = "absent"
"A span that is set up and that the kernel does not know: its card is gone, or nobody gave it its number."
_WORDS = ((8, "red"), (16, "blue"), (4, "yellow"), (2, "loopback"), (32, "not_open"), (1, "recovering"))
"Bits of DAHDI_ALARM_* (include/dahdi/user.h), the worst first."


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """A span as the kernel tells now."""

    alarms: int = 0
    counters: dict[str, int] = {}
    "`bpv`, `crc4`, `ebit`, `fas`, `irq_misses`, `slips` (of /proc alone), `errored_s` (of the ioctl)."


class State(msgspec.Struct, frozen=True, kw_only=True):
    """How a span is, and since when, in microseconds of the clock that `look` is given."""

    word: str
    since: int


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A span's state became another."""

    at: int
    span: int
    before: str
    after: str


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What the console shows."""

    inventory: Inventory = Inventory()
    states: dict[int, State] = {}
    history: tuple[Change, ...] = ()
    "The newest first."
    busy: tuple[int, ...] = ()
    "Channels that a call is on, as the exchanges tell."


def word_of(alarms: int) -> str:
    """Give the worst of a span's alarms, `ok` for none."""
    return next((word for bit, word in _WORDS if alarms & bit), OK)


def read_spans(root: Path = Path("/"), control: Path = CONTROL) -> Mapping[int, Reading]:
    """Ask the kernel about every span: by sysfs and /proc, by ioctl too if its device may be opened; never raises."""
    found = {number: _told(root, number, alarms) for number, alarms in numbers_and_alarms(root).items()}
    if not found:
        return found
    try:
        asker = Asker(control)
    except SpanStatError:
        return found
    try:
        return {number: _asked(asker, number, told) for number, told in found.items()}
    finally:
        asker.close()


def _told(root: Path, number: int, alarms: int) -> Reading:
    proc = proc_of(root, number)
    if proc is None:
        return Reading(alarms=alarms)
    names = ("bpv", "crc4", "ebit", "fas", "irq_misses", "slips")
    return Reading(alarms=alarms, counters={name: getattr(proc, name) for name in names})


def _asked(asker: Asker, number: int, told: Reading) -> Reading:
    try:
        stat = asker.span(number)
    except SpanStatError:
        return told
    names = ("bpv", "crc4", "ebit", "fas", "errored_s", "irq_misses")
    counters = {name: min(getattr(stat, name), COUNTER_MAX) for name in names}
    return Reading(alarms=stat.alarms, counters=told.counters | counters)


class Alarms:
    """Watches over the spans of one machine."""

    def __init__(self, past: Iterable[Change] = ()) -> None:
        """Begin where the past ends, the newest first: an alarm that was told is not told again, its end is."""
        self.history: deque[Change] = deque(past, maxlen=HISTORY_MAX)
        self.states = {each.span: State(word=each.after, since=each.at) for each in reversed(self.history)}
        self.counts: dict[tuple[int, str], int] = {}
        "How often a span has come into an alarm, by its word, since we began."
        self._calm: dict[int, int] = {}
        "Since when a span that is not well has been without its alarm."

    def look(self, now: int, readings: Mapping[int, Reading], expected: Collection[int]) -> tuple[Change, ...]:
        """Take in what the kernel tells of its spans and which are set up; gives what has changed."""
        words = dict.fromkeys(expected, ABSENT) | {number: word_of(each.alarms) for number, each in readings.items()}
        changes: list[Change] = []
        for number in sorted(words):
            state = self.states.get(number)
            word = self._settled(number, now, words[number], state)
            if state is not None and state.word == word:
                continue
            if state is not None or word != OK:
                changes.append(Change(at=now, span=number, before=state.word if state else OK, after=word))
            self.states[number] = State(word=word, since=now)
            if word != OK:
                self.counts[number, word] = self.counts.get((number, word), 0) + 1
        for number in [number for number in self.states if number not in words]:
            del self.states[number]
            self._calm.pop(number, None)
        self.history.extendleft(changes)
        return tuple(changes)

    def _settled(self, number: int, now: int, word: str, state: State | None) -> str:
        """Give the word that is to be told: an alarm at once, the end of one once it has been calm for long enough."""
        if word != OK or state is None or state.word == OK:
            self._calm.pop(number, None)
            return word
        return OK if now - self._calm.setdefault(number, now) >= CALM_US else state.word
