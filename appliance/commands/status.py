"""Say whether calls can be taken, and how the programs are."""

import sys
import time
from typing import Any  # any: the supervisor's JSON

import click
import msgspec
from rich.table import Table

from appliance import live
from appliance.client import Client, DoorClosedError
from appliance.commands._box import box, out, store, supervisor
from appliance.overview import Overview, overview
from appliance.places import Places

WAIT_S = 120
LOOK_S = 0.1
CALLS = "exchange"
"The part of the daemon's health without which no call comes in."


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """What `--json` gives."""

    ready: bool
    problem: str = ""
    "One line; empty if calls can be taken."
    processes: list[dict[str, Any]] = []  # any: see above
    health: dict[str, str] = {}
    box: Overview | None = None


def look(places: Places) -> Status:
    """Ask supervisor and daemon once."""
    seen = supervisor(places)
    try:
        health = Client(places.console_socket, timeout_s=LOOK_S * 20).health().parts
    except DoorClosedError:
        health = {}
    processes = seen["processes"] if seen else []
    problem = ""
    if seen is None and not health:
        problem = f"No Switchroom runs in {places.home}: start it by `switchroom run`."
    elif not health:
        problem = "The daemon does not answer."
    elif health.get(CALLS, "ok") != "ok":
        problem = f"The exchange is {health[CALLS]}."
    elif seen is not None and not seen["ready"]:
        waits = [f"{entry['name']} is {entry['state']}" for entry in processes if entry["state"] != "ready"]
        problem = f"Not ready yet: {', '.join(waits) or 'the company is being set up'}."
    return Status(ready=not problem, problem=problem, processes=processes, health=health)


@click.command()
@click.option(
    "--wait",
    "wait_s",
    type=click.FloatRange(min=0),
    is_flag=False,
    flag_value=WAIT_S,
    default=0,
    metavar="[SECONDS]",
    help=f"Wait until calls can be taken, {WAIT_S} s unless told otherwise.",
)
@click.option("--json", "as_json", is_flag=True, help="Everything another program needs to place calls.")
def command(wait_s: float, *, as_json: bool) -> None:
    """Say whether calls can be taken: exit code 0 if so, else 1 with one line."""
    places = box()
    deadline = time.monotonic() + wait_s
    status = look(places)
    while not status.ready and time.monotonic() < deadline:
        time.sleep(LOOK_S)
        status = look(places)
    if as_json:
        if status.ready:
            with store(places) as reader:
                status = msgspec.structs.replace(status, box=overview(places, reader))
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(status), indent=2).decode() + "\n")
    elif status.ready and not wait_s:
        _show(status, places)
    if status.problem:
        click.echo(f"Error: {status.problem}", err=True)
        sys.exit(1)
    if wait_s and not as_json:
        click.echo(f"Calls can be taken: {places.address}")


def _show(status: Status, places: Places) -> None:
    console = out()
    console.print(f"Calls can be taken: {places.address}")
    table = Table(box=None, pad_edge=False)
    for column in ("program", "state", "pid", "restarts", "says"):
        table.add_column(column)
    for entry in status.processes:
        says = entry["status"]
        if "zygote" in entry:
            says = f"{says} {'warm' if entry['zygote'] else 'not warm'}".strip()
        table.add_row(entry["name"], entry["state"], str(entry["pid"] or ""), str(entry["restarts"] or ""), says)
    console.print(table)
    for part, state in sorted(status.health.items()):
        style = "" if state == "ok" else "bold yellow" if state in live.AMBER else "bold red"
        console.print(f"{part}: {state}", style=style)
