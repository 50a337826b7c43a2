"""Days of simulated contact centres: `make sim SEEDS=200 CALLS=500 FIRST=0`.

A seed that fails is printed with what did not hold; the same seed fails again. All cores are used.
"""

import multiprocessing
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import click

from tests.simulation.days import Told, try_seed
from tests.simulation.life import CALLS
from tests.simulation.tally import FAULTS, SEEN


@click.command()
@click.option("--seeds", default=200, show_default=True, help="How many days.")
@click.option("--first", default=0, show_default=True, help="The first seed.")
@click.option("--calls", default=CALLS, show_default=True, help="Calls a day.")
@click.option("--jobs", default=os.cpu_count() or 1, show_default=True, help="Processes at once.")
@click.option("--stop", is_flag=True, help="Stop at the first seed that fails.")
def main(seeds: int, first: int, calls: int, jobs: int, *, stop: bool) -> None:
    """Live through days drawn by seed, and say which did not hold together."""
    began, done, failed = time.monotonic(), Told(-1), 0
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, context) as pool:
        days = range(first, first + seeds)
        told_all = map(partial(try_seed, calls), days) if jobs == 1 else pool.map(partial(try_seed, calls), days)
        for told in told_all:
            done = Told(-1, done.calls + told.calls, done.facts + told.facts, seen=done.seen + told.seen)
            if told.wrong:
                failed += 1
                click.echo(f"seed {told.seed}: {told.wrong}\n  again: make sim SEEDS=1 FIRST={told.seed} CALLS={calls}")
                if stop:
                    pool.shutdown(wait=False, cancel_futures=True)
                    break
    took = time.monotonic() - began
    for what in (*FAULTS, *SEEN):
        click.echo(f"{done.seen[what]:>10} {what}")
    never = [what for what in (*FAULTS, *SEEN) if not done.seen[what]]
    click.echo(f"never: {', '.join(never)}" if never else "everything happened at least once")
    click.echo(
        f"{seeds} seeds, {done.calls} calls, {done.facts} facts, {took:.1f} s on {jobs} processes,"
        f" {done.calls / took:.0f} calls/s, {failed} failed"
    )
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
