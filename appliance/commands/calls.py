"""List finished calls, newest first."""

import sys
import time
import zoneinfo
from collections.abc import Iterator
from dataclasses import replace

import click
import msgspec
from rich.table import Table

from appliance.commands._box import box, out, store
from appliance.commands._since import MICROSECONDS, Moment, moment, shown
from appliance.core.cdr import Outcome
from appliance.store.reader import Listed, Query, Reader

PAGE = 4_096


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
    cause: str
    alone: bool
    "Whether the exchange alone knew of it."


def found(reader: Reader, query: Query, limit: int) -> Iterator[Listed]:
    """Give at most `limit` calls of a query, each page from where the one before ended."""
    before = 0
    while limit > 0:
        calls = reader.calls(replace(query, before=before, size=min(PAGE, limit)))
        yield from calls.calls
        if not calls.more:
            return
        before = calls.calls[-1].ordinal
        limit -= len(calls.calls)


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
        cause=cdr.cause,
        alone=cdr.alone,
    )


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
        if as_json:
            encode = msgspec.json.Encoder().encode
            sys.stdout.buffer.writelines(encode(line_of(listed)) + b"\n" for listed in found(reader, query, limit))
            return
        lines = [line_of(listed) for listed in found(reader, query, limit)]
        names = reader.names()
    console = out()
    if not lines:
        console.print(f"No call has ended since {shown(moment(since, now_us=now_us, zone=zone), zone)} ({zone.key}).")
        return
    table = Table(box=None, pad_edge=False, title=f"Calls, times of {zone.key}", title_justify="left")
    for column in ("began", "number", "caller", "workgroup", "agent", "wait s", "talk s", "outcome", "recorded"):
        table.add_column(column, justify="right" if column.endswith(" s") else "left")
    for line in lines:
        table.add_row(
            shown(round(line.began * MICROSECONDS), zone),
            line.number,
            _plain(line.caller_number or "withheld"),
            line.queue,
            _plain(names.get(line.agent, line.agent)),
            f"{line.wait_s:.1f}",
            f"{line.talk_s:.1f}",
            line.outcome.replace("_", " ") + (" (exchange alone)" if line.alone else ""),
            "yes" if line.recording else "",
        )
    console.print(table)


def _plain(text: str) -> str:
    """Keep what a caller sent from speaking to the terminal or to rich."""
    return "".join(letter if letter.isprintable() else "?" for letter in text).replace("[", r"\[")
