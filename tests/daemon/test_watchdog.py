"""The watchdog is fed by proofs of our own life and by nothing else."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest_twisted
from twisted.internet.address import IPv4Address
from twisted.internet.defer import maybeDeferred
from twisted.internet.interfaces import IAddress, IListeningPort
from twisted.internet.protocol import Protocol, ServerFactory
from typing_extensions import override

from appliance.daemon.watchdog import KNOCK, THREAD_S_MAX, Notify, Watchdog
from tests.daemon.real import the_reactor
from tests.daemon.supervisor import Supervisor

WATCHDOG_US = 200_000
DEADLINE_S = 5.0


@dataclass(frozen=True, kw_only=True)
class Sign:
    """A sign of life."""

    at_ns: int
    inside: bool = False


class LetsGo(Protocol):
    """An AGI door that knows the knock."""

    heard = b""

    @override
    def dataReceived(self, data: bytes) -> None:
        """Close in order at the knock."""
        self.heard += data
        if self.heard == KNOCK and self.transport is not None:
            self.transport.loseConnection()


class Hangs(Protocol):
    """An AGI door that takes connections and does nothing."""


class Door(ServerFactory):
    """Opens one or the other."""

    def __init__(self, kind: type[Protocol]) -> None:
        """Make connections of this kind."""
        self._kind = kind

    @override
    def buildProtocol(self, addr: IAddress | None) -> Protocol:
        """Take one."""
        return self._kind()


def living() -> Mapping[str, Sign]:
    """Show a thread that has just turned, and one that is within a system call for long."""
    return {
        "journal": Sign(at_ns=time.monotonic_ns()),
        "people": Sign(at_ns=time.monotonic_ns() - 10**12, inside=True),
    }


def address_of(port: IListeningPort) -> tuple[str, int]:
    """Tell where it listens."""
    address = port.getHost()
    assert isinstance(address, IPv4Address)
    return address.host, address.port


def a_watchdog(supervisor: Supervisor, agi: tuple[str, int] | None, *, hung: bool = False) -> Watchdog:
    """Make one that is fed fast."""
    stale = {"journal": Sign(at_ns=time.monotonic_ns() - round((THREAD_S_MAX + 1) * 1e9))}
    return Watchdog(
        the_reactor(),
        notify=Notify(supervisor.address),
        watchdog_us=WATCHDOG_US,
        agi=agi,
        beats=(lambda: stale) if hung else living,
    )


@pytest_twisted.ensureDeferred
async def test_it_is_fed_while_the_door_answers(tmp_path: Path) -> None:
    """Four times within the time that the supervisor waits."""
    supervisor = Supervisor(tmp_path)
    port = the_reactor().listenTCP(0, Door(LetsGo), interface="127.0.0.1")
    watchdog = a_watchdog(supervisor, address_of(port))
    watchdog.start()
    began = time.monotonic()
    for _ in range(8):
        assert await supervisor.hears() == "WATCHDOG=1"
    assert time.monotonic() - began < 2.0
    watchdog.stop()
    await maybeDeferred(port.stopListening)
    supervisor.close()


@pytest_twisted.ensureDeferred
async def test_it_starves_when_the_door_takes_and_does_nothing(tmp_path: Path) -> None:
    """A connection that the kernel takes for us proves nothing."""
    supervisor = Supervisor(tmp_path)
    port = the_reactor().listenTCP(0, Door(Hangs), interface="127.0.0.1")
    watchdog = a_watchdog(supervisor, address_of(port))
    watchdog.start()
    assert await supervisor.hears(2.5) == ""
    assert watchdog.proofs == 0
    watchdog.stop()
    await maybeDeferred(port.stopListening)
    supervisor.close()


@pytest_twisted.ensureDeferred
async def test_it_starves_when_a_thread_hangs(tmp_path: Path) -> None:
    """But not while the thread is within a system call: a slow disk is not our fault."""
    supervisor = Supervisor(tmp_path)
    watchdog = a_watchdog(supervisor, None, hung=True)
    watchdog.start()
    assert await supervisor.hears(0.5) == ""
    watchdog.stop()
    alive = a_watchdog(supervisor, None)
    alive.start()
    assert await supervisor.hears() == "WATCHDOG=1"
    alive.stop()
    supervisor.close()


def test_nobody_may_listen(tmp_path: Path) -> None:
    """Without a supervisor, or with one that has gone."""
    Notify("").tell("READY=1")
    Notify(str(tmp_path / "gone.sock")).tell("READY=1")
    Notify("@switchroom-test-nobody").tell("READY=1")
