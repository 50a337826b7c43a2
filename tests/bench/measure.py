"""Measure one side once: start it, play Asterisk to it, and see what it has cost."""

import asyncio
import json
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psutil

from tests.bench.asterisk import CALL, EVENTS, SCRIPT, Manager, RefusedError, WrongAnswerError, call, events, hold
from tests.bench.side import HEADERS, WANTED, Count

CALLS = {"ours": 5_000, "panoramisk": 3_000, "pyst2": 1_000}
"How many calls a run makes, so that each side works for about a second or more."
STREAMS = {"ours": 4_000, "panoramisk": 1_000, "pyst2": 20}
"Of how many calls a run has the events."
FIRST = 20
"Calls that are not counted: a side has to be warm."
START_S = 20.0
RUN_S = 120.0
KIB = 1_024


def free_port() -> int:
    """Find a TCP port of loopback that nobody holds now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@asynccontextmanager
async def worker(side: str, bench: str, port: int) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run one side in a process of its own."""
    command = (sys.executable, "-m", "tests.bench.worker", side, bench, str(port))
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _warm(port: int) -> None:
    """Wait until the side listens, and let it work a little."""
    async with asyncio.timeout(START_S):
        while True:
            try:
                await call(port, calls=1, at_once=1)
            except RefusedError:
                await asyncio.sleep(0.02)
            else:
                break
    await call(port, calls=FIRST, at_once=FIRST)


async def fastagi(side: str, *, at_once: int) -> float:
    """Give the commands that a side carries out in a second of processor time."""
    port = free_port()
    async with worker(side, "fastagi", port) as process, asyncio.timeout(RUN_S):
        await _warm(port)
        seen = psutil.Process(process.pid)
        before = sum(seen.cpu_times()[:2])
        calls = max(CALLS[side], at_once)
        commands = await call(port, calls=calls, at_once=at_once)
        spent = sum(seen.cpu_times()[:2]) - before
    if commands != calls * len(SCRIPT):
        raise WrongAnswerError(f"{side}: {commands} commands in {calls} calls")
    return commands / spent


async def memory(side: str, *, calls: int) -> float:
    """Give the KiB that a session takes in which Asterisk is busy with a command."""
    port = free_port()
    async with worker(side, "fastagi", port) as process, asyncio.timeout(RUN_S):
        await _warm(port)
        seen = psutil.Process(process.pid)
        before = seen.memory_info().rss
        held = await hold(port, calls=calls)
        after = seen.memory_info().rss
        held.hang_up()
    return (after - before) / KIB / calls


async def ami(side: str, bench: str) -> float:
    """Give the events that a side takes in in a second of processor time."""
    calls = STREAMS[side]
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Manager(lambda: events(calls)), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, worker(side, bench, port) as process, asyncio.timeout(RUN_S):
        said, _ = await process.communicate()
    count = Count(**json.loads(said))
    right = expected(calls, subscribed=bench == "ami-subscribed")
    if (count.events, count.letters) != right:
        raise WrongAnswerError(f"{side}: {count.events} events of {count.letters} letters, not {right}")
    return calls * EVENTS / count.cpu_s


def expected(calls: int, *, subscribed: bool) -> tuple[int, int]:
    """Give the events and the letters that a side has to have seen."""
    found = letters = 0
    for block in CALL.decode().split("\r\n\r\n")[:-1]:
        pairs = [line.split(": ", 1) for line in block.split("\r\n")]
        headers = {pair[0]: pair[-1] for pair in reversed(pairs)}
        if not subscribed or headers["Event"] in WANTED:
            found += 1
            letters += sum(len(headers.get(name, "")) for name in ("Event", *HEADERS))
    return calls * found, calls * letters
