"""Text messages: list them, send one, see how the modems are."""

import sys
import zoneinfo

import click
import msgspec
from rich.table import Table

from appliance import api
from appliance.client import Client, DoorClosedError
from appliance.commands._box import ask, box, is_not_running, out, store
from appliance.commands._since import MICROSECONDS, shown
from appliance.sms import Modem
from appliance.store.reader import Sms
from appliance.texts import here, marked, said
from appliance.words import MODEMS, TEXTS, problem_text

COLUMNS = (marked("number of the text"), marked("time"), marked("from or to"), marked("state"), marked("text"))
MODEM_COLUMNS = (marked("modem"), marked("state"), marked("network"), marked("signal"))


class TextLine(msgspec.Struct, frozen=True, kw_only=True):
    """A text as `--json` gives it, one a line. Times in seconds since 1970 UTC."""

    id: int
    at: float
    outgoing: bool
    number: str
    name: str
    text: str
    state: str
    parts: int
    done: int
    why: str
    line: str
    by: str


@click.group()
def command() -> None:
    """Text messages that modems send and receive."""


@command.command("list")
@click.option("--count", type=click.IntRange(1, 10_000), default=50, help="How many, the newest first.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def list_(count: int, *, as_json: bool) -> None:
    """List what came in and what went out, newest first."""
    places = box()
    with store(places) as reader:
        texts = reader.texts(0, count)
        zone = zoneinfo.ZoneInfo(reader.standing().configuration.company.zone)
    if as_json:
        for text in texts:
            sys.stdout.write(msgspec.json.encode(_line(text)).decode() + "\n")
        return
    table = Table(*(said(column) for column in COLUMNS))
    for text in texts:
        word = TEXTS[text.state]
        parts = f" {text.done}/{text.parts}" if text.parts > 1 else ""
        way = "→" if text.outgoing else "←"
        table.add_row(
            str(text.id),
            shown(text.at, zone),
            _plain(f"{way} {text.number} {text.name}".strip()),
            _plain(f"{word.sign} {said(word.text)}{parts} {text.why}".strip()),
            _plain(text.text),
        )
    out().print(table)


@command.command()
@click.argument("number")
@click.argument("text")
@click.option("--line", default="", help="The modem's line; the first one if not given.")
def send(number: str, text: str, line: str) -> None:
    """Send TEXT to NUMBER; it is kept when this returns, and sent as soon as the modem can."""
    reply = ask(box(), api.SendSms(number=number, text=text, line=line))
    if reply.problems:
        problem = problem_text(here(), reply.problems[0])
        raise click.ClickException(said("The text was not taken: {problem}", problem=problem))
    out().print(said("Taken as number {number}.", number=reply.message))


@command.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def status(*, as_json: bool) -> None:
    """Say how the modems are."""
    places = box()
    try:
        modems = Client(places.console_socket).health().modems
    except DoorClosedError as error:
        raise is_not_running(places) from error
    if as_json:
        for modem in modems:
            sys.stdout.write(msgspec.json.encode(modem).decode() + "\n")
        return
    if not modems:
        out().print(said("No modem for text messages is set up."))
        return
    table = Table(*(said(column) for column in MODEM_COLUMNS))
    for modem in modems:
        table.add_row(*_row(modem))
    out().print(table)


def _row(modem: Modem) -> tuple[str, str, str, str]:
    word = MODEMS[modem.fitness]
    signal = f"{modem.signal_percent} %" if modem.signal_percent >= 0 else ""
    return modem.line, f"{word.sign} {said(word.text)}", _plain(modem.operator), signal


def _plain(text: str) -> str:
    """Keep what others send from speaking to the terminal or to rich."""
    return "".join(letter if letter.isprintable() else " " for letter in text).replace("[", r"\[")


def _line(text: Sms) -> TextLine:
    return TextLine(
        id=text.id,
        at=text.at / MICROSECONDS,
        outgoing=text.outgoing,
        number=text.number,
        name=text.name,
        text=text.text,
        state=text.state,
        parts=text.parts,
        done=text.done,
        why=text.why,
        line=text.line,
        by=text.by,
    )
