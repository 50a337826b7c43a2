"""Days of a simulated contact centre: `python -m tests.simulation --seeds 200`.

A seed that fails is printed with what did not hold; the same seed fails again.
"""

import time
import traceback

import click

from tests.simulation.day import STEPS, a_day


@click.command()
@click.option("--seeds", default=200, show_default=True, help="How many days.")
@click.option("--first", default=0, show_default=True, help="The first seed.")
@click.option("--steps", default=STEPS, show_default=True, help="What happens in a day, step by step.")
def main(seeds: int, first: int, steps: int) -> None:
    """Live through days drawn by seed, and say which did not hold together."""
    began, calls, failed = time.monotonic(), 0, []
    with click.progressbar(range(first, first + seeds), label="days") as days:
        for seed in days:
            try:
                calls += len(a_day(seed, steps).world.records())
            except AssertionError:
                failed.append((seed, traceback.format_exc(limit=-2)))
    took = time.monotonic() - began
    click.echo(f"{seeds} days, {calls} calls, {took:.1f} s, {calls / took:.0f} calls/s, {len(failed)} failed")
    for seed, text in failed:
        click.echo(f"seed {seed}: {text}")
    raise SystemExit(bool(failed))


if __name__ == "__main__":
    main()
