"""The expected wait: an interval that is meant to cover four waits of five, and what became of it.

The wait of a caller with k callers to be served up to and with the own turn, and S agents at work, is about k/S of a
handling. So each wait that ends gives a sample, wait * S / k; an interval is two order statistics of the last samples
times k/S. Samples are kept in lanes by k, for the sum of many handlings spreads less than one. How many samples an
interval leaves out follows its misses, so that it covers its share whatever the waits do (adaptive conformal
inference: Gibbs and Candès, 2021). Integers alone: the same journal gives the same words on every machine.
"""

from bisect import bisect_left
from dataclasses import dataclass

from appliance.core.waits import DayScore, Guess, Lane, Outlook

SECOND_US = 1_000_000
SHARE = 800
"What an interval is to cover, in thousandths."
SAMPLES_MIN = 20
"With fewer samples in a lane nothing is said."
SAMPLES_MAX = 150
LANES_MAX = 6
STEP = 10
"How far a miss moves the share that is left out, in thousandths times `SHARE`/1000."
MISS_MAX = 900
GUESSES_MAX = 20
"Announcements of one caller that are scored."
DAYS_MAX = 30
"Days for which it is kept how often an interval came true."
DAY_US = 24 * 3600 * SECOND_US
STEPS_S = (
    *(0, 10, 20, 30, 40, 50, 60, 75, 90, 105, 120, 150, 180, 210, 240, 300, 360, 420, 480, 540, 600),
    *(720, 900, 1080, 1200, 1500, 1800, 2100, 2400, 3000, 3600, 4500, 5400, 7200),
)
"Seconds that can be said."


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """An interval and its middle, microseconds from now."""

    low_us: int
    middle_us: int
    high_us: int


def lane_of(turns: int) -> int:
    """Give the lane of a caller: 1, 2, 3 to 4, 5 to 8, … turns up to and with the own one."""
    return min((turns - 1).bit_length(), LANES_MAX)


def expected(outlook: Outlook, ahead: int, staff: int) -> Expected | None:
    """Tell the wait of a caller with so many ahead; None without agents at work or without enough data."""
    lane = outlook.lanes.get(lane_of(ahead + 1))
    if staff <= 0 or lane is None or len(lane.samples) < SAMPLES_MIN:
        return None
    samples = sorted(lane.samples)
    count = len(samples)
    below = (count + 1) * lane.miss // 2000
    low = samples[below - 1] if below else 0
    high = samples[count - below] if below else 2 * samples[-1]
    return Expected(
        low_us=low * (ahead + 1) // staff,
        middle_us=samples[count // 2] * (ahead + 1) // staff,
        high_us=max(low, high) * (ahead + 1) // staff,
    )


def guess(outlook: Outlook, now: int, ahead: int, staff: int, before: Guess | None = None) -> Guess:
    """Make the interval that is said, on steps that can be spoken; both ends 0 without data.

    It never grows against the one said before while no agent has left and nobody has come to stand ahead.
    """
    wait = expected(outlook, ahead, staff)
    low_s = high_s = 0
    if wait is not None:
        low_s = _nearest(wait.low_us)
        high_s = max(_nearest(wait.high_us), _above(low_s))
        if before is not None and before.high_s and staff >= before.staff and ahead <= before.ahead:
            high_s = min(high_s, before.high_s)
            low_s = min(low_s, before.low_s)
    return Guess(now, ahead, staff, low_s, high_s)


def _nearest(wait_us: int) -> int:
    index = min(bisect_left(STEPS_S, wait_us, key=lambda step_s: step_s * SECOND_US), len(STEPS_S) - 1)
    if index and 2 * wait_us < (STEPS_S[index - 1] + STEPS_S[index]) * SECOND_US:
        index -= 1
    return STEPS_S[index]


def _above(step_s: int) -> int:
    index = STEPS_S.index(step_s)
    return STEPS_S[min(index + 1, len(STEPS_S) - 1)]


def answered(outlook: Outlook, guesses: list[Guess], now: int, day: int = 0) -> None:
    """Learn from a wait that ended with an agent: a sample and a score for each guess. `day` is today's midnight."""
    for one in guesses:
        waited_us = now - one.at
        lane = outlook.lanes.setdefault(lane_of(one.ahead + 1), Lane())
        if one.high_s:
            _score(outlook, lane, one, waited_us, day)
        if one.staff > 0:
            lane.samples.append(waited_us * one.staff // (one.ahead + 1))
            del lane.samples[:-SAMPLES_MAX]


def given_up(outlook: Outlook, guesses: list[Guess], now: int, day: int = 0) -> None:
    """Learn from a caller who gave up: only that those guesses were wrong whose time had passed."""
    for one in guesses:
        if one.high_s and now - one.at > one.high_s * SECOND_US:
            _score(outlook, outlook.lanes[lane_of(one.ahead + 1)], one, now - one.at, day)


def came_true(outlook: Outlook, today: int, days: int) -> tuple[int, int]:
    """Tell how many intervals were scored in so many days, today counted, and how many came true.

    Days are told apart by their midnights, which may be 23 or 25 hours from each other.
    """
    recent = [score for score in outlook.days if score.day > today - (2 * days - 1) * DAY_US // 2]
    return sum(score.told for score in recent), sum(score.inside for score in recent)


def _score(outlook: Outlook, lane: Lane, one: Guess, waited_us: int, day: int) -> None:
    outlook.told += 1
    if not outlook.days or outlook.days[-1].day != day:
        outlook.days.append(DayScore(day))
        del outlook.days[:-DAYS_MAX]
    outlook.days[-1].told += 1
    if waited_us < one.low_s * SECOND_US:
        outlook.sooner += 1
    elif waited_us > one.high_s * SECOND_US:
        outlook.later += 1
    else:
        outlook.inside += 1
        outlook.days[-1].inside += 1
        lane.miss = min(MISS_MAX, lane.miss + STEP * (1000 - SHARE) // 1000)
        return
    lane.miss = max(0, lane.miss - STEP * SHARE // 1000)
