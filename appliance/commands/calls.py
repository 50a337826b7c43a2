"""List finished calls, newest first."""

import sys
import time
import zoneinfo
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import TypeVar

import click
import msgspec
from rich.table import Table

from appliance.commands._box import box, out, store
from appliance.commands._since import MICROSECONDS, Moment, moment, shown
from appliance.core.cdr import Outcome
from appliance.store.reader import Listed, Query, Reader
from appliance.texts import marked, said
from appliance.words import OUTCOMES, Word

FIRST = 64
"Calls that are asked for first, so that something is to be seen at once."
PAGE = 4_096
"Calls that are asked for at a time."


COLUMNS = {
    marked("began"): 19,
    marked("number"): 12,
    marked("caller"): 16,
    marked("workgroup"): 16,
    marked("agent"): 20,
    marked("wait s"): 7,
    marked("talk s"): 7,
    marked("outcome"): 18,
    marked("recorded"): 8,
}
"Of the table, with how wide each is at least: calls that come later stand below those that came first."


LineT = TypeVar("LineT")


class CallLine(msgspec.Struct, frozen=True, kw_only=True):
    """A call as `--json` gives it, one a line. Times in seconds since 1970 UTC, lengths in seconds."""

    interaction: str
    began: float
    ended: float
    number: str
    caller_number: str
    caller_name: str
    outcome: str
    queue: str
    agent: str
    wait_s: float
    talk_s: float
    recording: str
    unrecorded: str
    "Why what was said was not recorded, or not all of it: `policy`, `disk`, `cut`, `late`, `failed`, or empty."
    cause: str
    alone: bool
    "Whether the exchange alone knew of it."


def found(reader: Reader, query: Query, limit: int) -> Iterator[Listed]:
    """Give at most `limit` calls of a query, each page from where the one before ended."""
    before, size = 0, FIRST
    while limit > 0:
        calls = reader.calls(replace(query, before=before, size=min(size, limit)))
        yield from calls.calls
        if not calls.more:
            return
        before = calls.calls[-1].ordinal
        limit -= len(calls.calls)
        size = PAGE


def line_of(listed: Listed) -> CallLine:
    """Say a call in plain words and seconds."""
    cdr = listed.cdr
    return CallLine(
        interaction=cdr.interaction,
        began=cdr.began / MICROSECONDS,
        ended=cdr.ended / MICROSECONDS,
        number=cdr.number,
        caller_number=listed.label.number,
        caller_name=listed.label.name,
        outcome=str(cdr.outcome),
        queue=cdr.queue,
        agent=cdr.agent,
        wait_s=cdr.wait_us / MICROSECONDS,
        talk_s=cdr.talk_us / MICROSECONDS,
        recording=cdr.recording,
        unrecorded=str(cdr.unrecorded or ""),
        cause=cdr.cause,
        alone=cdr.alone,
    )


def parts(lines: Iterator[LineT]) -> Iterator[list[LineT]]:
    """Give lines as they come, a few at first."""
    size = FIRST
    while part := list(islice(lines, size)):
        yield part
        size = PAGE


@click.command()
@click.option("--since", type=Moment(), default="today", show_default=True, help="2h, 3d, today, 2026-11-21T09:30 …")
@click.option("--until", type=Moment(), default=None, help="The same; now if not given.")
@click.option("--queue", default="", help="Only of this workgroup.")
@click.option("--agent", default="", help="Only of this agent.")
@click.option("--number", default="", help="Only to this number of ours.")
@click.option("--outcome", default="", type=click.Choice(["", *map(str, Outcome)]), help="Only those that ended so.")
@click.option("--limit", type=click.IntRange(1, 1_000_000), default=100, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def command(  # noqa: PLR0913  one option each
    since: str, until: str | None, queue: str, agent: str, number: str, outcome: str, limit: int, *, as_json: bool
) -> None:
    """List finished calls, newest first. Times are of the company's zone."""
    now_us = time.time_ns() // 1000
    with store(box()) as reader:
        zone = zoneinfo.ZoneInfo(reader.standing().configuration.company.zone)
        query = Query(
            since=moment(since, now_us=now_us, zone=zone),
            until=moment(until, now_us=now_us, zone=zone) if until else 0,
            queue=queue,
            agent=agent,
            number=number,
            outcome=outcome,
        )
        lines = map(line_of, found(reader, query, limit))
        if as_json:
            encode = msgspec.json.Encoder().encode
            for part in parts(lines):
                sys.stdout.buffer.writelines(encode(line) + b"\n" for line in part)
                sys.stdout.flush()
            return
        if not _show(lines, reader.names(), zone):
            began = shown(moment(since, now_us=now_us, zone=zone), zone)
            out().print(said("No call has ended since {began} ({zone}).", began=began, zone=zone.key))


def _show(lines: Iterator[CallLine], names: Mapping[str, str], zone: zoneinfo.ZoneInfo) -> bool:
    """Print tables of so many calls each, the first at once; tells whether there was any."""
    some = False
    for part in parts(lines):
        title = "" if some else said("Calls, times of {zone}", zone=zone.key)
        out().print(_table(part, names, zone, title))
        some = True
    return some


def _table(lines: Iterable[CallLine], names: Mapping[str, str], zone: zoneinfo.ZoneInfo, title: str) -> Table:
    table = Table(box=None, pad_edge=False, title=title or None, title_justify="left", show_header=bool(title))
    for column, width in COLUMNS.items():
        table.add_column(said(column), min_width=width, justify="right" if column.endswith(" s") else "left")
    withheld, alone, recorded = said("withheld"), said("exchange alone"), said("yes")
    outcomes = {str(outcome): said(OUTCOMES.get(outcome, Word(text=outcome)).text) for outcome in Outcome}
    for line in lines:
        table.add_row(
            shown(round(line.began * MICROSECONDS), zone),
            line.number,
            _plain(line.caller_number or withheld),
            line.queue,
            _plain(names.get(line.agent, line.agent)),
            f"{line.wait_s:.1f}",
            f"{line.talk_s:.1f}",
            outcomes[line.outcome] + (f" ({alone})" if line.alone else ""),
            recorded if line.recording else "",
        )
    return table


def _plain(text: str) -> str:
    """Keep what a caller sent from speaking to the terminal or to rich."""
    return "".join(letter if letter.isprintable() else "?" for letter in text).replace("[", r"\[")
