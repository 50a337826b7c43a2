"""The watchdog: proofs of our own life for whoever started us (sd_notify(3)).

A hung daemon holds every AGI call until it is killed, so the watchdog is a call-safety device. It is fed only when
the reactor has just accepted an AGI connection to itself and the store's threads turn (or are within a system call).
What others do, a slow disk or a silent Asterisk, turns health red and never starves it.
"""

import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Protocol

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.error import ConnectionDone
from twisted.internet.protocol import Protocol as WireProtocol
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from typing_extensions import override

from appliance.daemon.reactor import Reactor, Timer

KNOCK = b"agi_network: yes\nagi_network_script: alive\nagi_request: agi://localhost/alive\nagi_threadid: 0\n\n"
"What the AGI driver answers by closing the connection."
KNOCK_S = 1.0
"How long that may take."
FEEDS = 4
"Proofs within one watchdog time."
THREAD_S_MAX = 10.0
"A thread that neither turned for so long nor is within a system call hangs."

report = Logger()


class Beat(Protocol):
    """A sign of life of a thread (`appliance.store.writer.Beat`)."""

    @property
    def at_ns(self) -> int:
        """`time.monotonic_ns` of its last turn."""

    @property
    def inside(self) -> bool:
        """Whether it is within a system call, where being slow is not its fault."""


class Notify:
    """Who started us, to be told how we are; nobody, where no socket is named."""

    def __init__(self, address: str) -> None:
        """Speak to `NOTIFY_SOCKET`: a path, or `@` and an abstract name."""
        self._address = "\0" + address[1:] if address.startswith("@") else address

    def tell(self, state: str) -> None:
        """Send one state, such as `READY=1`; never waits, never fails."""
        if not self._address:
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
            out.settimeout(0)
            out.sendto(state.encode(), self._address)


class Knock(WireProtocol):
    """One connection to our own AGI door: says who it is and waits to be let go."""

    def __init__(self) -> None:
        """Begin before the connection is made."""
        self.let_go: Deferred[None] = Deferred(lambda _: self._cut())

    @override
    def connectionMade(self) -> None:
        """Say who it is."""
        if self.transport is not None:
            self.transport.write(KNOCK)

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Be let go: in order is a proof of life, anything else is none."""
        if self.let_go.called:
            return
        if isinstance(reason.value, ConnectionDone):
            self.let_go.callback(None)
        else:
            self.let_go.errback(reason)

    def _cut(self) -> None:
        if self.transport is not None:
            self.transport.loseConnection()


class Watchdog:
    """Feeds whoever watches, as long as there are proofs."""

    def __init__(
        self,
        reactor: Reactor,
        *,
        notify: Notify,
        watchdog_us: int,
        agi: tuple[str, int] | None,
        beats: Callable[[], Mapping[str, Beat]],
    ) -> None:
        """Prove life `FEEDS` times within `watchdog_us` (0: twice a second); `agi` is our own FastAGI address."""
        self._reactor = reactor
        self._notify = notify
        self._every_s = watchdog_us / 1_000_000 / FEEDS if watchdog_us else 0.5
        self._agi = agi
        self._beats = beats
        self._next: Timer | None = None
        self._proving = False
        self.proofs = 0
        "How often life was proved."

    def start(self) -> None:
        """Begin."""
        self._turn()

    def stop(self) -> None:
        """Feed no more."""
        if self._next is not None and self._next.active():
            self._next.cancel()
        self._next = None

    def _turn(self) -> None:
        self._next = self._reactor.callLater(self._every_s, self._turn)
        if not self._proving:
            self._proving = True
            Deferred.fromCoroutine(self._prove()).addErrback(_no_proof)

    async def _prove(self) -> None:
        try:
            if self._agi is not None:
                await self._knock(self._agi)
            if hung := self._hung():
                report.critical("threads of the store hang: {threads}", threads=", ".join(hung))
                return
            self.proofs += 1
            self._notify.tell("WATCHDOG=1")
        finally:
            self._proving = False

    async def _knock(self, agi: tuple[str, int]) -> None:
        endpoint = TCP4ClientEndpoint(self._reactor, *agi, timeout=KNOCK_S)
        knock = Knock()
        await connectProtocol(endpoint, knock)  # type: ignore[no-untyped-call]  # Twisted gives it no types
        await knock.let_go.addTimeout(KNOCK_S, self._reactor)

    def _hung(self) -> list[str]:
        now_ns = time.monotonic_ns()
        return [
            name
            for name, beat in self._beats().items()
            if not beat.inside and now_ns - beat.at_ns > THREAD_S_MAX * 1_000_000_000
        ]


def _no_proof(failure: Failure) -> None:
    report.error("no proof of life: {error}", error=failure.type.__name__ if failure.type else "")
