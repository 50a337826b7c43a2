"""A reactor on uvloop with two children, of which the sealer is killed: `python -m tests.daemon.two_children FOLDER`.

Says `again` once the sealer was started again; the other child lives on until the end.
"""

import os
import signal
import sys
from pathlib import Path

import uvloop
from twisted.internet.asyncioreactor import install
from twisted.internet.protocol import ProcessProtocol

from appliance.daemon.recordings import Recordings
from tests.daemon.world import World

POLL_S = 0.05
ROUNDS = 3


def main(folder: Path) -> None:
    """Kill the sealer `ROUNDS` times."""
    install(uvloop.new_event_loop())  # type: ignore[no-untyped-call]  # Twisted gives it no types
    from tests.daemon.real import the_reactor  # noqa: PLC0415  it asks for the reactor that was just installed

    reactor = the_reactor()
    other = reactor.spawnProcess(ProcessProtocol(), b"sleep", [b"sleep", b"60"], env=None)
    recordings = Recordings(
        reactor,
        hub=World().hub,
        people=None,  # type: ignore[arg-type]  # nothing is recorded here, so nobody is asked
        argv=[
            *(sys.executable, "-m", "appliance.store.seal"),
            *("--spool", str(folder / "spool"), "--media", str(folder / "media")),
        ],
        spool=folder / "spool",
    )
    seen: set[int] = set()

    def look() -> None:
        pid = recordings.sealer_pid
        if pid and pid not in seen:
            if len(seen) == ROUNDS:
                sys.stdout.write("again\n")
                other.signalProcess("KILL")
                recordings.stop()
                reactor.stop()
                return
            seen.add(pid)
            os.kill(pid, signal.SIGKILL)
        reactor.callLater(POLL_S, look)

    reactor.callWhenRunning(recordings.start)
    reactor.callLater(POLL_S, look)
    reactor.run()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
