"""The benches measure what they say: a short run of each side, and a side that lies is found out."""

import asyncio
from collections.abc import Coroutine, Iterator
from typing import TypeVar, cast

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred
from typing_extensions import override

from tests.bench import measure
from tests.bench.__main__ import BENCHES, Bench, Row, missed, run_all
from tests.bench.asterisk import EVENTS, SCRIPT, Floor, WrongAnswerError
from tests.bench.centre import centre
from tests.bench.measure import ami, expected, fastagi, memory
from tests.bench.year import SIDES as SIDES_OF_A_YEAR
from tests.bench.year import Year, listing, report, weight

FoundT = TypeVar("FoundT")

SIDES = ("ours", "pyst2", "panoramisk")


async def run(measuring: Coroutine[None, None, FoundT]) -> FoundT:
    """Run a measurement on the loop below the reactor."""
    return await Deferred.fromFuture(asyncio.ensure_future(measuring))


@pytest.mark.parametrize("side", SIDES)
@pytest_twisted.ensureDeferred
async def test_each_side_answers_every_command_and_reads_every_event(
    side: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the measurement raises."""
    monkeypatch.setattr(measure, "CALLS", dict.fromkeys(SIDES, 300))
    monkeypatch.setattr(measure, "STREAMS", dict.fromkeys(SIDES, 2))
    assert await run(fastagi(side, at_once=10)) > 0
    assert await run(ami(side, "ami-all")) > 0
    assert await run(ami(side, "ami-subscribed")) > 0


@pytest_twisted.ensureDeferred
async def test_every_caller_of_the_centre_comes_into_the_queue() -> None:
    """Otherwise the measurement raises."""
    assert await run(centre(at_once=10, rounds=20)) > 0


@pytest_twisted.ensureDeferred
async def test_a_session_takes_little_memory() -> None:
    """At most 6 KiB, however few there are."""
    assert await run(memory("ours", calls=300)) <= 6


@pytest.fixture
def year() -> Iterator[Year]:
    """Make a short year in every store."""
    made = Year(2 * 4_096)
    yield made
    made.close()


@pytest.mark.slow
@pytest_twisted.ensureDeferred
async def test_every_store_reports_the_same(year: Year) -> None:
    """Otherwise the measurement raises; and a call weighs little."""
    for side in SIDES_OF_A_YEAR:
        assert await run(report(side, year)) > 0
    assert await run(listing("ours", year)) > 0
    assert await run(weight("ours", year)) < 80 < await run(weight("sqlite3", year))


class _Liar(asyncio.Protocol):
    """A server that asks for something else."""

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast("asyncio.Transport", transport).write(b"HANGUP\n")  # a stream's


async def _call_a_liar() -> None:
    server = await asyncio.get_running_loop().create_server(_Liar, "127.0.0.1", 0)
    async with server:
        floor = Floor(server.sockets[0].getsockname()[1], calls=1, at_once=1)
        await floor.open()
        try:
            await floor.finished
        finally:
            floor.hang_up()  # the server waits for it


@pytest_twisted.ensureDeferred
async def test_a_wrong_command_ends_the_run() -> None:
    """Its figures would say nothing."""
    with pytest.raises(WrongAnswerError, match="in place of"):
        await run(_call_a_liar())


def test_the_goals_are_the_ones_that_were_set() -> None:
    """By bench and peer."""
    goals = {(bench.name, peer): goal for bench in BENCHES for peer, goal in bench.goals.items()}
    assert goals == {
        **{(f"acd-{name}-{agents}", "search"): 0 for name in ("arrive", "free") for agents in (10, 100)},
        **{(f"acd-{name}-1000", "search"): 10 for name in ("arrive", "free")},
        **{(f"acd-{name}-10000", "search"): 100 for name in ("arrive", "free")},
        **{(f"acd-{name}-10000", "hundred"): 0.4 for name in ("arrive", "free")},
        **{(f"acd-{name}-10000", "search"): 50 for name in ("worst", "worst-free")},
        ("centre-facts", "wanted"): 1,
        **{
            (f"ready-to-dial-{members}-{waiting}", "app_queue"): 50
            for members in (10, 100, 1000)
            for waiting in (1, 100)
        },
        ("fastagi-100", "pyst2-threads"): 5,
        ("fastagi-100", "panoramisk"): 3,
        ("fastagi-1000", "pyst2-threads"): 15,
        ("fastagi-1000", "panoramisk"): 3,
        ("fastagi-1000-memory", "pyst2-threads"): 6,
        ("fastagi-1000-memory", "panoramisk"): 6,
        ("fastagi-centre-100", "pyst2-threads"): 0,
        ("fastagi-centre-100", "panoramisk"): 0,
        ("ami-all", "pyst2"): 100,
        ("ami-all", "panoramisk"): 3.5,
        ("ami-subscribed", "pyst2"): 250,
        ("ami-subscribed", "panoramisk"): 7,
        ("journal-100", "raw append, fdatasync"): 0.1,
        ("journal-100", "wanted"): 1,
        ("journal-100-alone", "raw append, fdatasync"): 0.3,
        ("reactor-stall-p99", "most"): 1,
        ("reactor-stall-p99", "without"): 0,
        ("reactor-stall-max", "most"): 1,
        ("reactor-stall-max", "without"): 0,
        ("decode", "wanted"): 1,
        ("restart", "most"): 1,
        ("year-report", "sqlite3"): 8,
        ("year-report", "postgresql"): 3.5,
        ("year-report", "duckdb"): 0.286,
        ("calls-first-line", "most"): 1,
        ("cdr-bytes", "most"): 1,
        ("cdr-bytes", "sqlite3"): 1,
    }
    assert len(SCRIPT) == 10
    assert expected(1, subscribed=False)[0] == EVENTS == 77


def test_a_goal_is_a_least_ratio_or_for_memory_a_most() -> None:
    """Both are shown in red when they are missed."""
    row = Row(name="x", peer="pyst2", ours=10, theirs=2, ratio=5, unit="events/CPU-s", goal=5)
    assert not missed(row)
    assert missed(Row(name="x", peer="pyst2", ours=9, theirs=2, ratio=4.5, unit="events/CPU-s", goal=5))
    assert missed(Row(name="x", peer="pyst2", ours=6.1, theirs=50, ratio=8, unit="KiB/session", goal=6))
    assert not missed(Row(name="x", peer="pyst2", ours=6, theirs=5, ratio=0.8, unit="KiB/session", goal=6))


@pytest_twisted.ensureDeferred
async def test_a_void_bench_is_said_and_the_others_go_on() -> None:
    """What it had opened is closed."""
    closed: list[str] = []

    async def void(_side: str) -> float:
        raise WrongAnswerError("somebody was not served")

    async def one(_side: str) -> float:
        return 1.0

    async def close() -> None:
        closed.append("void")

    benches = (
        Bench(name="void", unit="ms", measure=void, goals={"peer": 1}, close=close),
        Bench(name="well", unit="ms", measure=one, goals={"peer": 1}),
    )
    rows, said = await run_all(benches)
    assert closed == ["void"]
    assert [row.name for row in rows] == ["well"]
    assert said == ["void is void: somebody was not served"]
