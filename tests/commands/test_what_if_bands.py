"""The band of `what-if` covers what really happened: days whose people are known, lived with other staffing, too."""

import pytest

from appliance.commands._trial import told
from appliance.commands.what_if import band, share
from appliance.core import figures
from tests.commands.bands import AGENTS, MORE, covered, shares, told_of
from tests.commands.worlds import LivedDay, the_callers

DAYS = 8
TRIALS = 8
SHARE = 0.6
"Of days and figures: bands of eight trials are meant for 78 %. `python -m tests.commands.bands` makes many more."


def test_a_band_leaves_out_what_it_says() -> None:
    """Of 20 trials none, for 19 of 21 lie within; of 39 the outermost two; of few, all that there are."""
    assert band([float(n) for n in range(20)]) == (10.0, 0.0, 19.0)
    assert band([float(n) for n in range(39)]) == (19.0, 1.0, 37.0)
    assert band([3.0, 1.0]) == (3.0, 1.0, 3.0)
    assert [share(trials) for trials in (2, 8, 20, 39, 1000)] == [33, 78, 90, 90, 90]


@pytest.mark.slow
def test_a_day_with_the_same_staffing_is_lived_as_it_was() -> None:
    """To a tenth of a point and of a second: what the day showed of its callers is kept."""
    for seed in range(3):
        for name, (really, *others) in covered(0, 2, seed).items():
            assert others == pytest.approx([really] * 3, abs=0.1), name


@pytest.mark.slow
def test_the_band_covers_what_really_happened_with_more_agents() -> None:
    """Over independent days: the same callers, really served by two agents more."""
    days = [covered(MORE, TRIALS, seed) for seed in range(DAYS)]
    inside = shares(days)
    assert sum(inside.values()) / len(inside) >= SHARE, told_of(days)


def test_the_figures_are_those_of_the_desk() -> None:
    """What is summed up from a day's records is what the queues have counted, by the same definitions."""
    day = LivedDay(1, AGENTS, the_callers(1, AGENTS))
    for queue, counts in day.world.centre.state.counts.items():
        summed = told(day.records, day.queues, queue)
        level = figures.service_level(
            counts.answered, counts.answered_within, counts.abandoned, counts.abandoned_within
        )
        assert level is not None
        assert (summed.answered, summed.abandoned) == (counts.answered, counts.abandoned)
        assert summed.service_level == 100 * level
        assert summed.speed_of_answer_s == figures.speed_of_answer(counts.wait_us, counts.answered)
