"""A process of its own that holds a Centre and an exchange, to be killed: `python -m tests.contract.lone BASE FOLDER`.

It writes the Centre's snapshot after each fact, so that the next one goes on from there, and a line to stdout once it
has found its calls: the numbers of callers who wait and who talk.
"""

import os
import sys
from pathlib import Path

from twisted.internet import asyncioreactor

asyncioreactor.install()  # type: ignore[no-untyped-call]  # Twisted gives it no type

from twisted.internet import reactor  # noqa: E402  after its installation
from twisted.internet.defer import Deferred  # noqa: E402

from appliance.core import facts  # noqa: E402
from appliance.core import state as st  # noqa: E402
from tests.contract.box import CARRIER_PORT, options_of  # noqa: E402
from tests.contract.company import AGENTS, company  # noqa: E402
from tests.contract.running import Running  # noqa: E402


async def live(base: int, folder: Path) -> None:
    """Go on from where the last one was killed."""
    file = folder / "lone.snapshot"
    snapshot = file.read_bytes() if file.exists() else b""
    configuration = company(carrier_port=base + CARRIER_PORT)
    assert isinstance(reactor, asyncioreactor.AsyncioSelectorReactor)
    running = Running(reactor, options_of(base, folder), configuration, snapshot=snapshot)

    def save(_row: object, _effects: object) -> None:
        fresh = file.with_suffix(".fresh")
        fresh.write_bytes(running.hub.centre.snapshot())
        fresh.rename(file)

    running.hub.listen(save)
    await running.open(running.hub.centre.state.boot + 1)
    if not snapshot:
        for agent in AGENTS:
            await running.hub.ask(facts.SignOn(token=f"first-{agent}", agent=agent))
    states = [interaction.state for interaction in running.hub.centre.state.interactions.values()]
    waiting = sum(isinstance(state, st.Waiting | st.Offered | st.Joining) for state in states)
    talking = sum(isinstance(state, st.Connected) for state in states)
    sys.stdout.write(f"up {waiting} waiting {talking} talking\n")
    sys.stdout.flush()


def main() -> None:
    """Run until killed."""
    os.umask(0o077)
    base, folder = int(sys.argv[1]), Path(sys.argv[2])
    Deferred.fromCoroutine(live(base, folder)).addErrback(_fail)
    reactor.run()


def _fail(failure: object) -> None:
    sys.stderr.write(f"{failure}\n")
    os._exit(1)


if __name__ == "__main__":
    main()
