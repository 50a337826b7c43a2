"""Show the agents as they are at this moment."""

import sys
import time

import click
import msgspec
from rich.markup import escape
from rich.table import Table

from appliance import live
from appliance.client import Client, DoorClosedError
from appliance.commands._box import box, is_not_running, out
from appliance.texts import marked, said
from appliance.words import STATES, Word

MICROSECONDS = 1_000_000
COLOURS = {
    "available": "green",
    "ringing": "blue",
    "talking": "magenta",
    "wrap_up": "yellow",
    "on_break": "bright_black",
    "missed": "red",
    "unreachable": "red",
    "signed_out": "bright_black",
}
"Of a state's sign; the word stands beside it always."
COLUMNS = {
    "agent": marked("agent"),
    "name": marked("name"),
    "phone": marked("phone"),
    "state": marked("state"),
    "for": marked("for"),
    "handled": marked("handled"),
    "missed": marked("missed"),
    "workgroups": marked("workgroups"),
}
FIGURES = {"for", "handled", "missed"}


def view(client: Client) -> live.LiveView | None:
    """Give the first whole view of the live stream."""
    return next((seen for event, seen in client.live() if event == "view"), None)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def command(*, as_json: bool) -> None:
    """Show the agents as they are at this moment."""
    places = box()
    try:
        seen = view(Client(places.console_socket))
    except DoorClosedError as error:
        raise is_not_running(places) from error
    agents = [agent for _, agent in sorted(seen.agents.items()) if agent is not None] if seen else []
    if as_json:
        sys.stdout.buffer.writelines(msgspec.json.encode(agent) + b"\n" for agent in agents)
        return
    console = out()
    if not agents:
        console.print(said("There is no agent yet: make one in the console, under Set up, People."))
        return
    now = seen.now if seen else time.time_ns() // 1000
    table = Table(box=None, pad_edge=False)
    for column, heading in COLUMNS.items():
        table.add_column(said(heading), justify="right" if column in FIGURES else "left")
    for agent in agents:
        word = STATES.get(agent.state, Word(text=agent.state, sign="?"))
        table.add_row(
            agent.agent,
            escape(agent.name),
            agent.extension,
            f"[{COLOURS.get(agent.state, 'default')}]{word.sign}[/] {said(word.text)}",
            _length(now - agent.since) if agent.since else "",
            str(agent.handled),
            str(agent.missed),
            ", ".join(agent.queues),
        )
    console.print(table)


def _length(us: int) -> str:
    seconds = max(0, us) // MICROSECONDS
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
