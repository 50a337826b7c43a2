"""Replay a recorded day, or a file of one, and name the first difference."""

import sys
import time
from pathlib import Path

import click

from appliance.commands._box import out
from appliance.commands._recorded import recorded_of, save
from appliance.replay import replay
from appliance.texts import said

SHOWN_MAX = 2000


@click.command()
@click.argument("what", metavar="FILE|DATE")
@click.option("--save", "target", type=click.Path(path_type=Path), help="Write the recorded day into a file as well.")
def command(what: str, target: Path | None) -> None:
    """Handle every recorded fact once more, and hold what comes out against what was recorded, to the bit.

    FILE is what --save has written; DATE is today, 2026-11-21, 3d …, in the company's zone.
    """
    recorded, _since, _until = recorded_of(what)
    if target is not None:
        save(recorded, target)
    began = time.perf_counter()
    done = replay(recorded)
    took = time.perf_counter() - began
    console = out()
    if done.difference is None:
        console.print(
            said(
                "{rows} facts replayed in {took} s: every one gave the same, to the bit.",
                rows=done.rows,
                took=f"{took:.1f}",
            )
        )
        return
    row = done.difference.row
    what_row = {"sequence": row.sequence, "kind": row.fact.__struct_config__.tag, "at": row.now}
    console.print(said("fact {sequence} ({kind}) at {at} differs: {what}", **what_row, what=done.difference.what))
    for line in (
        said("recorded: {said}", said=done.difference.recorded[:SHOWN_MAX]),
        said("replayed: {said}", said=done.difference.replayed[:SHOWN_MAX]),
    ):
        console.print(f"  {line}", markup=False)
    if recorded.release:
        console.print(said("It was recorded by release {release}.", release=recorded.release))
    sys.exit(1)
