"""How well `what-if` says what will happen: `python -m tests.commands.bands` lives through days whose people are known.

Each day is lived with its own staffing and recorded; then `what-if` is asked of its journal what other staffing would
have done; and then the very same callers are served by that staffing, by the real Centre: that is the truth.
"""

import multiprocessing
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from functools import partial
from math import sqrt

import click

from appliance.commands._change import Change
from appliance.commands._day import Reading
from appliance.commands._trial import Trial, told
from appliance.commands.what_if import FIGURES, band, share
from tests.commands.worlds import LivedDay, the_callers

AGENTS = 5
MORE = 2
SIGMAS = 2.5
"By how many standard deviations of its days' luck a share may fall short of what a band promises."
Figure = tuple[float, float, float, float]
"What happened; the middle and the ends of the band of what was said."


def covered(more: int, trials: int, seed: int) -> dict[str, Figure]:
    """Give for each figure what happened, and the middle and the band of what is said of so many more agents."""
    callers = the_callers(seed, AGENTS)
    day = LivedDay(seed, AGENTS, callers)
    truth = LivedDay(seed, AGENTS + more, callers) if more else day
    recorded = day.recorded()
    read, done = Reading(recorded, 0, 0).read()
    if done.difference is not None:
        raise AssertionError(f"day {seed} replays otherwise: {done.difference}")
    change = Change(agents=more)
    lives = [told(Trial(read, recorded.configurations, trial, change).run(), day.queues) for trial in range(trials)]
    really = asdict(told(truth.records, truth.queues))
    return {name: (float(really[name]), *band([float(asdict(one)[name]) for one in lives])) for name in FIGURES}


def shares(days: list[dict[str, Figure]]) -> dict[str, float]:
    """Tell on what share of the days each figure was in its band."""
    return {name: sum(day[name][2] <= day[name][0] <= day[name][3] for day in days) / len(days) for name in FIGURES}


def share_min(days: int, trials: int) -> float:
    """Tell on what share of so many days a figure must have been in its band, for the band to be believed."""
    promised = share(trials) / 100
    return promised - SIGMAS * sqrt(promised * (1 - promised) / days)


def told_of(days: list[dict[str, Figure]]) -> list[str]:
    """Say, a line a figure, what happened and what had been said, averaged over the days."""
    lines = []
    for name, inside in shares(days).items():
        really, middle, low, high = (sum(day[name][n] for day in days) / len(days) for n in range(4))
        off = sum(abs(day[name][0] - day[name][1]) for day in days) / len(days)
        lines.append(
            f"{name}: really {really:.1f}, said {middle:.1f} [{low:.1f} … {high:.1f}], {off:.2f} off,"
            f" inside on {inside:.1%} of {len(days)} days"
        )
    return lines


@click.command()
@click.option("--first", default=0, show_default=True, help="The first day's seed.")
@click.option("--days", default=150, show_default=True)
@click.option("--trials", default=20, show_default=True, help="As many as `switchroom what-if` makes.")
@click.option("--more", default=MORE, show_default=True, help="Agents; fewer below 0.")
@click.option("--jobs", default=os.cpu_count() or 1, show_default=True, help="Processes at once.")
def main(first: int, days: int, trials: int, more: int, jobs: int) -> None:
    """Say how often the band covered what really happened; fails if that is less than the band promises."""
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        lived = list(pool.map(partial(covered, more, trials), range(first, first + days)))
    for line in told_of(lived):
        click.echo(line)
    least = share_min(days, trials)
    short = [name for name, inside in shares(lived).items() if inside < least]
    click.echo(f"promised {share(trials)} %, at least {least:.1%} asked: {', '.join(short) or 'none'} fell short")
    sys.exit(bool(short))


if __name__ == "__main__":
    main()
