"""How a daemon takes in what an exchange wrote while nobody listened: `python -m tests.bench.away [CALLS]`.

The whole daemon as it is composed, its store behind a ZEO process, and the file of an Asterisk in which so many
strangers called once: two records a call. It prints how long that took, the processor time and the most memory of the
daemon, how late its loop was (p99 and the most), and the most processor time that the loop took between two pulses:
that is the longest work which nothing interrupts, on a busy machine too. A run counts only if each call has its record.
"""

import asyncio
import json
import resource
import sys
import tempfile
import time
from pathlib import Path

from twisted.internet.defer import Deferred

from appliance.store.reader import open_reader
from drivers.asterisk.chronicle import FILE, FOLDER, Chronicle
from tests.bench.asterisk import WrongAnswerError
from tests.bench.stall import Telephones, Whole, installed
from tests.bench.storage import zeo
from tests.drivers.asterisk.test_chronicle import birth, end

CALLS = 10_000
AGENTS = 100
PULSE_S = 0.005
LOOK_S = 0.1
STILL_S = 300.0
"Without a record for so long, it has stopped."


def write(home: Path, calls: int) -> None:
    """Let an Asterisk in `home` have written down so many calls, each a stranger's."""
    (home / FOLDER).mkdir(parents=True)
    with (home / FOLDER / FILE).open("wb") as file:
        for number in range(calls):
            file.write(birth(number))
            file.write(end(number, caller=f"7{number:09}", name=f"Caller {number}"))


async def take_in(loop: asyncio.AbstractEventLoop, whole: Whole, home: Path) -> dict[str, float]:
    """Start the daemon and wait until all that was written is taken in, and gone; gives the figures."""
    clock = time.perf_counter
    late: list[float] = []
    busy: list[float] = []
    over: Deferred[None] = Deferred()
    daemon = await whole.begin()
    began = due = moved = clock()
    spent, worked, sequence = time.process_time(), time.thread_time(), 0

    def pulse() -> None:
        nonlocal due, worked
        late.append(clock() - due)
        busy.append(time.thread_time() - worked)
        worked = time.thread_time()
        due = clock() + PULSE_S
        if not over.called:
            loop.call_later(PULSE_S, pulse)

    def look() -> None:
        nonlocal moved, sequence
        if daemon.hub.centre.state.sequence > sequence:
            moved, sequence = clock(), daemon.hub.centre.state.sequence
        if not any((home / FOLDER).iterdir()):
            over.callback(None)
        elif clock() - moved > STILL_S or daemon.why:
            over.errback(WrongAnswerError(f"it has stopped: {daemon.why}"))
        else:
            loop.call_later(LOOK_S, look)

    pulse()
    look()
    await over
    figures = {"seconds": clock() - began, "cpu_s": time.process_time() - spent}
    await daemon.stop()
    late.sort()
    return figures | {
        "memory_MiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "late_p99_ms": late[len(late) * 99 // 100] * 1_000,
        "late_max_ms": late[-1] * 1_000,
        "busy_max_ms": max(busy) * 1_000,
    }


def main(calls: int = CALLS) -> int:
    """Run it, and print the figures; 1 if it went wrong."""
    reactor, loop = installed()
    results: list[object] = []
    with zeo() as (folder, socket), tempfile.TemporaryDirectory(prefix="switchroom-bench-") as place:
        home = Path(place)
        write(home, calls)
        whole = Whole(reactor, Telephones(Chronicle(home)), AGENTS, folder, socket)

        def over(result: object) -> None:
            results.append(result)
            reactor.stop()

        reactor.callWhenRunning(lambda: Deferred.fromCoroutine(take_in(loop, whole, home)).addBoth(over))
        reactor.run()
        reader = open_reader(socket)
        count = reader.count()
        reader.close()
    (result,) = results
    if not isinstance(result, dict) or count != calls:
        sys.stderr.write(f"{count} records of {calls} calls; {result}\n")
        return 1
    sys.stdout.write(json.dumps({"calls": calls} | {name: round(value, 1) for name, value in result.items()}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
