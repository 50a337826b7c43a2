"""A Centre and an exchange in a process of their own; `lone.py` starts it."""

import os
import sys
from pathlib import Path

from twisted.internet import reactor
from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorCore

from appliance.core import facts
from appliance.core import state as st
from tests.contract.box import CARRIER_PORT, options_of
from tests.contract.company import AGENTS, company
from tests.contract.running import Running


async def live(base: int, folder: Path) -> None:
    """Go on from where the last one was killed."""
    file = folder / "lone.snapshot"
    snapshot = file.read_bytes() if file.exists() else b""
    configuration = company(carrier_port=base + CARRIER_PORT)
    assert isinstance(reactor, AsyncioSelectorReactor)
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


def run(base: int, folder: Path) -> None:
    """Run until killed."""
    os.umask(0o077)
    Deferred.fromCoroutine(live(base, folder)).addErrback(_fail)
    IReactorCore(reactor).run()


def _fail(failure: object) -> None:
    sys.stderr.write(f"{failure}\n")
    os._exit(1)
