"""A year's report over a million calls, from a store that was just opened; and what a call weighs on the disk.

The same calls stand in our journal behind its ZEO process, in sqlite3, in a PostgreSQL of our own and in DuckDB, each
with every field of a call but its segments, and in a second table, which the report reads, the queue visits. A side is
a new process that connects, reports and says how long that took; its figures are compared with the others' before they
count.
"""

import asyncio
import atexit
import csv
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from functools import cache
from pathlib import Path

import duckdb
import msgspec
import psycopg2

from appliance import api
from appliance.core.cdr import CDR
from appliance.core.reports import workgroups
from appliance.core.visits import visits_of
from appliance.store.durable import DurableStorage
from appliance.store.knock import answers
from appliance.store.opened import open_store
from appliance.store.reader import open_reader
from appliance.store.schema import JOURNAL
from tests.bench.asterisk import WrongAnswerError
from tests.store.calls import a_year, by_end, filed_away
from tests.store.cluster import Cluster
from tests.store.stand import BEGIN, until

CALLS = 1_000_000
DAYS = 365
DAY_US = 86_400_000_000
COLUMNS = (
    *("interaction", "exchange", "uniqueid", "trunk", "number", "party", "began", "ended", "outcome", "cause"),
    *("queue", "agent", "wait_us", "talk_us", "recording"),
)
VISITS = ("ended", "queue", "outcome", "wait_us", "talk_us")
NUMBERS = frozenset({"began", "ended", "wait_us", "talk_us"})
REPORT = f"""
SELECT CAST(FLOOR((ended - {BEGIN}) / {float(DAY_US)}) AS BIGINT) AS day, queue,
  COUNT(*) FILTER (WHERE outcome = 'answered'),
  COUNT(*) FILTER (WHERE outcome = 'answered' AND wait_us <= 20000000),
  COUNT(*) FILTER (WHERE outcome = 'abandoned' AND wait_us > 5000000),
  COUNT(*) FILTER (WHERE outcome = 'abandoned' AND wait_us > 5000000 AND wait_us <= 20000000),
  COUNT(*) FILTER (WHERE outcome = 'abandoned' AND wait_us <= 5000000),
  COUNT(*) FILTER (WHERE outcome = 'flowed_out'),
  COUNT(*) FILTER (WHERE outcome = 'callback'),
  COUNT(*) FILTER (WHERE outcome = 'failed'),
  CAST(COALESCE(SUM(wait_us) FILTER (WHERE outcome = 'answered'), 0) AS BIGINT),
  CAST(COALESCE(SUM(talk_us) FILTER (WHERE outcome = 'answered'), 0) AS BIGINT)
FROM visits WHERE ended >= {BEGIN} AND ended < {BEGIN + DAYS * DAY_US} GROUP BY 1, 2 ORDER BY 1, 2
"""  # noqa: S608  figures of ours
Found = list[list[int | str]]


def fields(cdr: CDR) -> tuple[int | str, ...]:
    """Give a call as a row of a table."""
    return (
        *(cdr.interaction, cdr.leg.exchange, cdr.leg.uniqueid, cdr.trunk, cdr.number, cdr.party, cdr.began, cdr.ended),
        *(str(cdr.outcome), cdr.cause, cdr.queue, cdr.agent, cdr.wait_us, cdr.talk_us, cdr.recording),
    )


def visits(cdr: CDR) -> list[tuple[int | str, ...]]:
    """Give a call's queue visits as rows of a table."""
    return [(one.until, one.queue, str(one.outcome), one.wait_us, one.talk_us) for one in visits_of(cdr)]


def created(name: str, columns: tuple[str, ...]) -> str:
    """Write what makes a table."""
    said = ", ".join(f"{column} {'BIGINT' if column in NUMBERS else 'TEXT'}" for column in columns)
    return f"CREATE TABLE {name} ({said})"


class Year:
    """The calls in every store, made once and gone with the process."""

    def __init__(self, calls: int) -> None:
        """Make them; PostgreSQL and the ZEO process run until `close`."""
        self.home = Path(tempfile.mkdtemp(prefix="switchroom-year-"))
        self.calls = calls
        listed = by_end(a_year(calls))
        filed_away(self.home / "store", listed)
        self.cluster = Cluster(self.home / "pg")
        self._fill("calls", COLUMNS, map(fields, listed))
        self._fill("visits", VISITS, (row for cdr in listed for row in visits(cdr)))
        self.socket = self.home / "run/zeo.sock"
        self.socket.parent.mkdir()
        argv = [
            *(sys.executable, "-m", "appliance.store.server"),
            *("--folder", str(self.home / "store"), "--socket", str(self.socket)),
        ]
        self._zeo = subprocess.Popen(argv)
        until(lambda: answers(self.socket), "the ZEO process answers")
        company = api.Put(base="", list="company", value=msgspec.Raw(b'{"title": "Year"}'))
        store = open_store(folder=self.home / "store", socket=self.socket, clock=lambda: BEGIN)
        store.settings.apply(company, by="bench", now_us=BEGIN).result(WAIT_S)
        store.close()

    def _fill(self, name: str, columns: tuple[str, ...], rows: Iterable[tuple[int | str, ...]]) -> None:
        """Make a table in every other store."""
        table = self.home / f"{name}.csv"
        with table.open("w", newline="") as file:
            csv.writer(file).writerows(rows)
        create = created(name, columns)
        with closing(sqlite3.connect(self.home / "calls.sqlite")) as lite, lite, table.open(newline="") as file:
            lite.execute(create)
            lite.executemany(f"INSERT INTO {name} VALUES ({','.join('?' * len(columns))})", csv.reader(file))  # noqa: S608  our columns' names
        with duckdb.connect(str(self.home / "calls.duck")) as duck:
            duck.execute(create)
            duck.execute(f"COPY {name} FROM '{table}' (HEADER false)")
        connection = psycopg2.connect(self.cluster.dsn)
        with connection, connection.cursor() as cursor, table.open() as file:
            cursor.execute(create)
            cursor.copy_expert(f"COPY {name} FROM STDIN (FORMAT csv)", file)
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f"VACUUM ANALYZE {name}")
        connection.close()
        table.unlink()

    def bytes_a_call(self) -> float:
        """Give what a sealed call weighs: every object that is alive, with the header that it has in the file."""
        storage = DurableStorage(str(shutil.copy(self.home / "store" / f"{JOURNAL}.fs", self.home / "copy.fs")))
        total, token = 0, None
        while True:
            _oid, _tid, data, token = storage.record_iternext(token)
            total += RECORD_BYTES + len(data)
            if token is None:
                break
        storage.close()
        return total / self.calls

    def lite_bytes_a_call(self) -> float:
        """Give what the same call weighs in sqlite3, with its visits instead of its segments."""
        return (self.home / "calls.sqlite").stat().st_size / self.calls

    def close(self) -> None:
        """End everything, leave nothing."""
        self._zeo.send_signal(signal.SIGTERM)
        self._zeo.wait()
        self.cluster.close()
        shutil.rmtree(self.home)


WAIT_S = 60.0
RECORD_BYTES = 42
"Of a record's header in a FileStorage."


def ours(home: Path) -> Found:
    """Report from our columns."""
    reader = open_reader(home / "run/zeo.sock")
    borders = tuple(BEGIN + day * DAY_US for day in range(DAYS + 1))
    made = reader.report(
        workgroups.COLUMNS,
        borders[0],
        borders[-1],
        lambda parts: workgroups.rows(workgroups.Options(borders=borders), parts),
    )
    reader.close()
    return [
        [
            *(row.day, row.queue, row.answered, row.answered_within, row.abandoned, row.abandoned_within),
            *(row.short, row.flowed_out, row.callbacks, row.failed, row.wait_us, row.talk_us),
        ]
        for row in made
    ]


def lite(home: Path) -> Found:
    """Report by sqlite3."""
    with closing(sqlite3.connect(home / "calls.sqlite")) as connection:
        return [list(row) for row in connection.execute(REPORT)]


def duck(home: Path) -> Found:
    """Report by DuckDB."""
    with duckdb.connect(str(home / "calls.duck"), read_only=True) as connection:
        return [list(row) for row in connection.execute(REPORT).fetchall()]


def postgres(home: Path) -> Found:
    """Report by PostgreSQL."""
    connection = psycopg2.connect(Cluster.dsn_of(home / "pg"))
    with connection, connection.cursor() as cursor:
        cursor.execute(REPORT)
        found = [list(row) for row in cursor.fetchall()]
    connection.close()
    return found


SIDES: dict[str, Callable[[Path], Found]] = {"ours": ours, "sqlite3": lite, "duckdb": duck, "postgresql": postgres}


@cache
def a_million() -> Year:
    """Make the year once; it goes with the process."""
    year = Year(CALLS)
    atexit.register(year.close)
    return year


@cache
def expected(home: Path) -> str:
    """Give the digest of what is right, as sqlite3 says it."""
    return digest(lite(home))


def digest(found: Found) -> str:
    """Sum up a report."""
    return json.dumps(
        [len(found), [sum(int(row[place]) for row in found) for place in range(2, 12)], found[:3], found[-3:]]
    )


async def report(side: str, year: Year | None = None) -> float:
    """Give the seconds that a side takes for the report, in a process of its own."""
    year = year or a_million()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.year", side, str(year.home)), stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    taken, _, right = said.decode().partition("\n")
    if right.strip() != expected(year.home):
        raise WrongAnswerError(f"{side} reports something else")
    return float(taken)


async def listing(side: str, year: Year | None = None) -> float:
    """Give the seconds until `switchroom calls` over the year has written its first line; the most it may take."""
    if side != "ours":
        return FIRST_LINE_S_MAX
    year = year or a_million()
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "appliance.commands", "calls", "--since", "2020-01-01", "--json"),
        env={**os.environ, "SWITCHROOM_HOME": str(year.home)},
        stdout=asyncio.subprocess.PIPE,
    )
    line = await process.stdout.readline() if process.stdout else b""
    taken = time.perf_counter() - began
    rest, _ = await process.communicate()
    if not line.startswith(b"{") or rest.count(b"\n") != min(DEFAULT_LIMIT, year.calls) - 1:
        raise WrongAnswerError(f"the list of calls is {line!r} and {rest.count(bytes([10]))} lines")
    return taken


async def weight(side: str, year: Year | None = None) -> float:
    """Give the bytes of a call."""
    year = year or a_million()
    match side:
        case "ours":
            return year.bytes_a_call()
        case "sqlite3":
            return year.lite_bytes_a_call()
        case _:
            return BYTES_MAX


BYTES_MAX = 80.0
FIRST_LINE_S_MAX = 1.0
DEFAULT_LIMIT = 100
"Of the command's."


def main(side: str, home: str) -> None:
    """Report once; print the seconds and the digest."""
    begin = time.perf_counter()
    found = SIDES[side](Path(home))
    taken = time.perf_counter() - begin
    sys.stdout.write(f"{taken}\n{digest(found)}\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
