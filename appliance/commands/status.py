"""Say whether calls can be taken, and how the programs are."""

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any  # any: the supervisor's JSON

import click
import msgspec
from rich.table import Table

from appliance import live
from appliance.client import Client, DoorClosedError
from appliance.commands._box import NOT_RUNNING, box, out, store, supervisor
from appliance.overview import Overview, overview
from appliance.places import Places
from appliance.texts import DEFAULT, Texts, here, marked, said, texts
from appliance.words import PART_STATES, PARTS

WAIT_S = 120
"As the help says."
LOOK_S = 0.1
TRUNK = "trunk/"
SPAN = "span/"
SIGNALLING = "signalling/"
CALLS = "exchange"
"The part of the daemon's health without which no call comes in."


COLUMNS = (marked("program"), marked("state"), marked("pid"), marked("restarts"), marked("says"))
PROGRAM_STATES = {
    "waiting": marked("waiting"),
    "starting": marked("starting"),
    "ready": marked("ready"),
    "pausing": marked("pausing"),
    "stopped": marked("stopped"),
}


EXCHANGE = marked("The exchange is {state}.")
EXCHANGE_STATES = {"starting": marked("The exchange is starting."), "down": marked("The exchange is down.")}


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """What `--json` gives."""

    ready: bool
    problem: str = ""
    "One line, English as all of it; empty if calls can be taken."
    processes: list[dict[str, Any]] = []  # any: see above
    health: dict[str, str] = {}
    box: Overview | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What supervisor and daemon said."""

    home: Path
    supervisor: dict[str, Any] | None  # any: see above
    health: dict[str, str]

    @property
    def processes(self) -> list[dict[str, Any]]:  # any: see above
        """Give the supervisor's programs."""
        return self.supervisor["processes"] if self.supervisor else []

    def problem(self, say: Texts) -> str:
        """Say in one line why no call can be taken; nothing if calls can."""
        health = self.health
        if self.supervisor is None and not health:
            return say(NOT_RUNNING, home=self.home)
        if not health:
            return say("The daemon does not answer.")
        if health.get(CALLS, "ok") != "ok":
            return say(EXCHANGE_STATES.get(health[CALLS], EXCHANGE), state=health[CALLS])
        if self.supervisor is not None and not self.supervisor["ready"]:
            waits = [
                say("{program} is {state}", program=entry["name"], state=say(_word(entry["state"])))
                for entry in self.processes
                if entry["state"] != "ready"
            ]
            return say("Not ready yet: {what}.", what=", ".join(waits) or say("the company is being set up"))
        return ""


def _word(state: str) -> str:
    return PROGRAM_STATES.get(state, state)


def look(places: Places) -> Seen:
    """Ask supervisor and daemon once."""
    seen = supervisor(places)
    try:
        health = Client(places.console_socket, timeout_s=LOOK_S * 20).health().parts
    except DoorClosedError:
        health = {}
    return Seen(home=places.home, supervisor=seen, health=health)


@click.command()
@click.option(
    "--wait",
    "wait_s",
    type=click.FloatRange(min=0),
    is_flag=False,
    flag_value=WAIT_S,
    default=0,
    metavar="[SECONDS]",
    help="Wait until calls can be taken, 120 s unless told otherwise.",
)
@click.option("--json", "as_json", is_flag=True, help="Everything another program needs to place calls.")
def command(wait_s: float, *, as_json: bool) -> None:
    """Say whether calls can be taken: exit code 0 if so, else 1 with one line."""
    places = box()
    deadline = time.monotonic() + wait_s
    seen = look(places)
    while seen.problem(texts(DEFAULT)) and time.monotonic() < deadline:
        time.sleep(LOOK_S)
        seen = look(places)
    problem = seen.problem(texts(DEFAULT))
    if as_json:
        status = Status(ready=not problem, problem=problem, processes=seen.processes, health=seen.health)
        if status.ready:
            with store(places) as reader:
                status = msgspec.structs.replace(status, box=overview(places, reader))
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(status), indent=2).decode() + "\n")
    elif not problem and not wait_s:
        _show(seen, places)
    if problem:
        raise click.ClickException(seen.problem(here()))
    if wait_s and not as_json:
        click.echo(said("Calls can be taken: {address}", address=places.address))


def _show(seen: Seen, places: Places) -> None:
    console = out()
    console.print(said("Calls can be taken: {address}", address=places.address))
    table = Table(box=None, pad_edge=False)
    for column in COLUMNS:
        table.add_column(said(column))
    for entry in seen.processes:
        says = entry["status"]
        if "zygote" in entry:
            warm = said("warm") if entry["zygote"] else said("not warm")
            says = f"{says} {warm}".strip()
        state = said(_word(entry["state"]))
        table.add_row(entry["name"], state, str(entry["pid"] or ""), str(entry["restarts"] or ""), says)
    console.print(table)
    for part, state in sorted(seen.health.items()):
        style = "" if state == "ok" else "bold yellow" if state in live.AMBER else "bold red"
        console.print(f"{_title(part)}: {said(PART_STATES.get(state, state))}", style=style)


def _title(part: str) -> str:
    if part.startswith(TRUNK):
        return said("Trunk {name}", name=part.removeprefix(TRUNK))
    if part.startswith(SPAN):
        return said("Span {number}", number=part.removeprefix(SPAN))
    if part.startswith(SIGNALLING):
        return said("Signalling of span {number}", number=part.removeprefix(SIGNALLING))
    return said(PARTS.get(part, part))
