"""Measure: `python -m tests.bench [--only PREFIX]`; a table, and build/bench.json."""

import argparse
import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import uvloop
from rich.console import Console
from rich.table import Table

from tests.bench import storage, year
from tests.bench.acd import centre_facts, decisions
from tests.bench.asterisk import WrongAnswerError
from tests.bench.centre import centre
from tests.bench.dial import Dialling
from tests.bench.measure import ami, fastagi, memory
from tests.bench.stall import Stalls

RUNS = 5
TABLE_COLUMNS = 110
RESULT = Path("build/bench.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One bench against one peer; the ratio is above 1 where we are better."""

    name: str
    peer: str
    ours: float
    theirs: float
    ratio: float
    unit: str
    goal: float
    "The least ratio; for memory the most that ours may be."


async def _nothing() -> None:
    """Leave nothing to be ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What is measured, and what is expected of it."""

    name: str
    unit: str
    measure: Callable[[str], Awaitable[float]]
    "Gives a side's figure."
    goals: dict[str, float]
    "By peer."
    small_is_good: bool = False
    close: Callable[[], Awaitable[None]] = _nothing
    "Ends what the runs have left open for each other."


def _acd(name: str, agents: int, goals: dict[str, float], *, freed: bool, alike: bool = True) -> Bench:
    return Bench(
        name=f"acd-{name}-{agents}",
        unit="decisions/CPU-s",
        measure=lambda side: decisions(side, freed=freed, agents=agents, alike=alike),
        goals=goals,
    )


def _dial(members: int, waiting: int) -> Bench:
    dialling = Dialling(members=members, waiting=waiting)
    return Bench(
        name=f"ready-to-dial-{members}-{waiting}",
        unit="ms",
        measure=dialling.measure,
        goals={"app_queue": 50},
        small_is_good=True,
        close=dialling.close,
    )


STALLS = Stalls()


def _stall(figure: str) -> Bench:
    return Bench(
        name=f"reactor-stall-{figure}",
        unit="ms",
        measure=lambda side: STALLS.measure(side, figure),
        goals={"most": 1, "without": 0},  # not judged against a daemon that keeps nothing
        small_is_good=True,
    )


ACD_GOALS: dict[int, dict[str, float]] = {
    10: {"search": 0},
    100: {"search": 0},
    1_000: {"search": 10},
    10_000: {"search": 100, "hundred": 0.4},
}
"By agents. A search over ten is as quick as any index; from 100 to 10,000 agents at most 2.5x slower."

BENCHES = (
    *(_acd("arrive", agents, goals, freed=False) for agents, goals in ACD_GOALS.items()),
    *(_acd("free", agents, goals, freed=True) for agents, goals in ACD_GOALS.items()),
    _acd("worst", 10_000, {"search": 50}, freed=False, alike=False),
    _acd("worst-free", 10_000, {"search": 50}, freed=True, alike=False),
    Bench(
        name="centre-facts",
        unit="facts/CPU-s",
        measure=lambda side: centre_facts(side, agents=1_000, waiting=200),
        goals={"wanted": 1},
    ),
    *(_dial(members, waiting) for members in (10, 100, 1_000) for waiting in (1, 100)),
    Bench(
        name="fastagi-100",
        unit="commands/CPU-s",
        measure=lambda side: fastagi(side, at_once=100),
        goals={"pyst2-threads": 5, "panoramisk": 3},
    ),
    Bench(
        name="fastagi-1000",
        unit="commands/CPU-s",
        measure=lambda side: fastagi(side, at_once=1_000),
        goals={"pyst2-threads": 15, "panoramisk": 3},
    ),
    Bench(
        name="fastagi-1000-memory",
        unit="KiB/session",
        measure=lambda side: memory(side, calls=1_000),
        goals={"pyst2-threads": 6, "panoramisk": 6},
        small_is_good=True,
    ),
    Bench(
        name="fastagi-centre-100",
        unit="commands/CPU-s",
        measure=lambda side: centre(at_once=100, rounds=20) if side == "ours" else fastagi(side, at_once=100),
        goals={"pyst2-threads": 0, "panoramisk": 0},  # not judged: behind theirs is a fixed script
    ),
    Bench(
        name="ami-all",
        unit="events/CPU-s",
        measure=lambda side: ami(side, "ami-all"),
        goals={"pyst2": 100, "panoramisk": 3.5},
    ),
    Bench(
        name="ami-subscribed",
        unit="events/CPU-s",
        measure=lambda side: ami(side, "ami-subscribed"),
        goals={"pyst2": 250, "panoramisk": 7},
    ),
    Bench(
        name="journal-100",
        unit="facts/s",
        measure=storage.journal,
        goals={"raw append, fdatasync": 0.1, "wanted": 1},
    ),
    Bench(
        name="journal-100-alone",
        unit="facts/s",
        measure=lambda side: storage.journal("alone" if side == "ours" else side),
        goals={"raw append, fdatasync": 0.3},
    ),
    _stall("p99"),
    _stall("max"),
    Bench(name="decode", unit="facts/CPU-s", measure=storage.decode, goals={"wanted": 1}),
    Bench(name="restart", unit="s", measure=storage.restart, goals={"most": 1}, small_is_good=True),
    Bench(
        name="year-report",
        unit="s",
        measure=year.report,
        goals={"sqlite3": 8, "postgresql": 3.5, "duckdb": 0.286},  # at most 3.5 times DuckDB's time
        small_is_good=True,
    ),
    Bench(name="calls-first-line", unit="s", measure=year.listing, goals={"most": 1}, small_is_good=True),
    Bench(
        name="cdr-bytes",
        unit="bytes/CDR",
        measure=year.weight,
        goals={"most": 1, "sqlite3": 1},
        small_is_good=True,
    ),
)


async def run(bench: Bench) -> list[Row]:
    """Measure all sides in turns, and give the medians side by side."""
    sides = ("ours", *bench.goals)
    figures: dict[str, list[float]] = {side: [] for side in sides}
    try:
        for _ in range(RUNS):
            for side in sides:
                figures[side].append(await bench.measure(side.partition("-")[0]))
    finally:
        await bench.close()
    middle = {side: median(values) for side, values in figures.items()}
    ours = middle["ours"]
    return [
        Row(
            name=bench.name,
            peer=peer,
            ours=round(ours, 2),
            theirs=round(middle[peer], 2),
            ratio=round(middle[peer] / ours if bench.small_is_good else ours / middle[peer], 2),
            unit=bench.unit,
            goal=goal,
        )
        for peer, goal in bench.goals.items()
    ]


async def run_all(benches: Sequence[Bench]) -> tuple[list[Row], list[str]]:
    """Give the rows of all benches, and a line for each that is void: not everything was done in a run."""
    rows: list[Row] = []
    void: list[str] = []
    for bench in benches:
        try:
            rows += await run(bench)
        except WrongAnswerError as error:
            void.append(f"{bench.name} is void: {error}")
    return rows, void


def missed(row: Row) -> bool:
    """Whether a row is worse than its goal."""
    return row.ours > row.goal if row.unit == "KiB/session" else row.ratio < row.goal


def main() -> int:
    """Run the benches whose names begin so; give 1 if a goal is missed or a bench is void."""
    arguments = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    arguments.add_argument("--only", default="", metavar="PREFIX", help="run only the benches whose names begin so")
    only = arguments.parse_args().only
    chosen = [bench for bench in BENCHES if bench.name.startswith(only)]
    if not chosen:
        sys.stderr.write(f"No bench begins with {only!r}; there are {', '.join(bench.name for bench in BENCHES)}.\n")
        return 2
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        rows, void = runner.run(run_all(chosen))
    for line in void:
        sys.stderr.write(f"{line}\n")
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n")
    table = Table("bench", "peer", "ours", "theirs", "ratio", "unit", "goal", title=f"median of {RUNS} runs in turns")
    for row in rows:
        style = "red" if missed(row) else ""
        figures = (f"{row.ours:,.2f}", f"{row.theirs:,.2f}", f"{row.ratio:.1f}", row.unit, f"{row.goal:g}")
        table.add_row(row.name, row.peer, *figures, style=style)
    Console(width=TABLE_COLUMNS).print(table)
    return int(bool(void) or any(map(missed, rows)))


if __name__ == "__main__":
    sys.exit(main())
