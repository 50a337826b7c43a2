"""`python -m tests.unkillable --kills 1000`: the whole run, its figures and its verdict."""

import argparse
import os
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from twisted.internet.asyncioreactor import AsyncioSelectorReactor, install
from twisted.internet.defer import Deferred
from twisted.internet.error import ReactorNotRunning


def main() -> int:
    """Run; 0 if nobody was harmed, 1 if somebody was, 2 if the run is void."""
    parser = argparse.ArgumentParser(prog="tests.unkillable", description=__doc__)
    parser.add_argument("--kills", type=int, default=1_000)
    parser.add_argument("--waiting", type=int, default=100)
    parser.add_argument("--talking", type=int, default=50)
    parser.add_argument("--robots", type=int, default=10)
    parser.add_argument("--seed", type=int, default=11)
    asked = parser.parse_args()
    install()  # type: ignore[no-untyped-call]  # Twisted gives it no types
    from twisted.internet import reactor  # noqa: PLC0415  importing it makes one, so it comes after install

    from tests.contract.slots import slot  # noqa: PLC0415  as above
    from tests.unkillable.company import Crowd  # noqa: PLC0415  as above
    from tests.unkillable.report import Verdict, prove  # noqa: PLC0415  as above

    assert isinstance(reactor, AsyncioSelectorReactor)
    crowd = Crowd(waiting=asked.waiting, talking=asked.talking, robots=min(asked.robots, asked.talking))
    os.umask(0o077)
    codes = []

    async def run() -> None:
        with slot() as base, tempfile.TemporaryDirectory(prefix="unkillable-") as folder:
            verdict = await prove(reactor, Path(folder), base, crowd, kills=asked.kills, seed=asked.seed)
            codes.append({Verdict.GREEN: 0, Verdict.RED: 1, Verdict.VOID: 2}[verdict])

    def over(result: object) -> None:
        if result is not None:
            sys.stderr.write(f"{result}\n")
        with suppress(ReactorNotRunning):  # it stops already, because somebody has told us to end
            reactor.stop()  # type: ignore[no-untyped-call]  # as above

    def begin() -> None:
        running = Deferred.fromCoroutine(run()).addBoth(over)

        def end() -> Deferred[None]:
            """Let the box and the load be ended first."""
            running.cancel()
            return running

        reactor.addSystemEventTrigger("before", "shutdown", end)

    reactor.callWhenRunning(begin)
    reactor.run()  # type: ignore[no-untyped-call]  # as above
    return codes[0] if codes else 1


if __name__ == "__main__":
    sys.exit(main())
