"""Test the network: telephones, trunks, names and clock now, and how the last calls were."""

import sys
import time
from collections.abc import Callable, Mapping
from zoneinfo import ZoneInfo

import click
import msgspec
from rich.markup import escape
from rich.table import Table

from appliance import api, network
from appliance.client import Client, DoorClosedError
from appliance.commands._box import ask, box, is_not_running, out, store
from appliance.commands._since import shown
from appliance.network import Leg, Level, Run, Standing, Verdict, Way
from appliance.places import Places
from appliance.texts import here, marked, said
from appliance.words import problem_text

LOOK_S = 0.2
WAIT_S_MAX = 300.0
LEVELS: Mapping[Level, str] = {"good": marked("good"), "fair": marked("fair"), "bad": marked("bad")}
STYLES: Mapping[Level, str] = {"good": "green", "fair": "bold yellow", "bad": "bold red"}
STEPS: Mapping[str, str] = {
    "names": marked("Looking names up"),
    "clock": marked("Asking about the clock"),
    "probes": marked("Probing telephones and trunks"),
}
PROBED = (
    marked("Telephone or trunk"),
    marked("Answers now"),
    marked("Round trip, median and worst"),
    marked("Lost probes"),
)
CALLED = (
    marked("Last call"),
    "MOS",
    marked("Loss and jitter to us"),
    marked("Loss and jitter from us"),
    marked("Round trip"),
)
NAMED = (marked("Name"), marked("State"), marked("Addresses"), marked("Took"))


@click.command()
@click.option("--last", is_flag=True, help="Show the newest result; test nothing.")
@click.option("--json", "as_json", is_flag=True, help="Everything as JSON.")
def command(*, last: bool, as_json: bool) -> None:
    """Test telephones, trunks, names and clock, and show how the last calls were; exit code 1 if something is bad."""
    places = box()
    tell = (lambda _step: None) if as_json else (lambda step: click.echo(said(STEPS[step])))
    standing = _standing(places) if last else _tested(places, tell)
    if as_json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(standing), indent=2).decode() + "\n")
    if not standing.runs:
        raise click.ClickException(said("Nothing was tested yet"))
    run = standing.runs[0]
    if not as_json:
        _show(places, standing, run)
    if network.verdict_on_run(run).level == "bad":
        sys.exit(1)


def _standing(places: Places) -> Standing:
    try:
        return Client(places.console_socket).network()
    except DoorClosedError as error:
        raise is_not_running(places) from error


def _tested(places: Places, tell: Callable[[str], None]) -> Standing:
    """Begin a test and wait for its end, telling each step."""
    reply = ask(places, api.TestNetwork())
    if reply.problems:
        raise click.ClickException(" ".join(problem_text(here(), problem) for problem in reply.problems))
    deadline = time.monotonic() + WAIT_S_MAX
    step = ""
    while (standing := _standing(places)).running is not None:
        if standing.running.step != step:
            step = standing.running.step
            tell(step)
        if time.monotonic() > deadline:
            raise click.ClickException(said("The test does not end; look at the log of the daemon."))
        time.sleep(LOOK_S)
    return standing


def _show(places: Places, standing: Standing, run: Run) -> None:
    with store(places) as reader:
        zone = ZoneInfo(reader.standing().configuration.company.zone)
    console = out()
    verdict = network.verdict_on_run(run)
    said_of = verdict if run.problem else Verdict(level=verdict.level)  # else the tables say what it is about
    console.print(f"{shown(run.at, zone)}  {_lamp(said_of)}")
    probed = Table(*(said(column) for column in PROBED))
    for one in run.tested:
        trips = f"{_figure(one.median_ms)} · {_figure(one.worst_ms)} ms" if one.round_trips_ms else "—"
        lost = f"{one.lost} / {one.sent}" if one.sent else "—"
        probed.add_row(_plain(one.name), _lamp(network.verdict_on_probed(one)), trips, lost)
    called = Table(said(PROBED[0]), *(said(column) for column in CALLED))
    for name, (leg, *_) in standing.calls.items():
        called.add_row(_plain(name), *_called(leg, zone))
    named = Table(*(said(column) for column in NAMED))
    for each in run.lookups:
        lamp = _lamp(network.verdict_on_lookup(each))
        named.add_row(_plain(each.name), lamp, _plain(", ".join(each.addresses) or "—"), f"{each.took_ms:.1f} ms")
    for table in (probed, called, named):
        if table.row_count:
            console.print(table)
    offset = "" if run.clock.problem else f"  {run.clock.offset_ms:.3f} ms"
    console.print(f"{said('Clock')}: {_lamp(network.verdict_on_clock(run.clock))}{offset}")


def _called(leg: Leg, zone: ZoneInfo) -> tuple[str, ...]:
    lamp = f"{_lamp(network.verdict_on_leg(leg))} {shown(leg.at, zone)}"
    return lamp, f"{leg.mos:.2f}", _way(leg.heard), _way(leg.said), f"{_figure(leg.round_trip_ms)} ms"


def _way(way: Way | None) -> str:
    return "—" if way is None else f"{way.loss_percent:.2f} % · {way.jitter_ms:.1f} ms"


def _figure(value: float | None) -> str:
    return "—" if value is None else f"{value:,.1f}"


def _lamp(verdict: Verdict) -> str:
    word = f"[{STYLES[verdict.level]}]{said(LEVELS[verdict.level])}[/]"
    return f"{word}: {escape(said(verdict.advice))}" if verdict.advice else word


def _plain(text: str) -> str:
    return escape("".join(letter if letter.isprintable() else " " for letter in text))
