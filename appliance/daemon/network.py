"""The network test: what calls were like, and names, clock, telephones and trunks as they are when somebody asks.

What was found stands in a file: the newest runs, and the last calls of each telephone and trunk.
"""

import time
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

import msgspec
from twisted.internet.defer import CancelledError, Deferred, DeferredLock, DeferredSemaphore, gatherResults
from twisted.internet.threads import deferToThread
from twisted.logger import Logger
from twisted.python.failure import Failure

from appliance import api, network, root_work
from appliance.core.model import Configuration
from appliance.daemon import lookups
from appliance.daemon.reactor import Reactor
from appliance.network import Clock, Leg, Lookup, Probed, Run, Running, Standing
from appliance.store.backup_words import BackupHome
from appliance.store.network_runs import Kept, NetworkHome
from drivers.asterisk.link import LinkError
from drivers.asterisk.quality import Asked, Quality, untested

ROUNDS = 5
"Probes of each telephone and trunk."
LOOKUPS_AT_ONCE = 8
NAMES_MAX = 200
KEEP_EVERY_S = 300.0
"How often calls are written down, if there were any: all of them, some hundreds of bytes each."
Problem = Literal["", "no_exchange", "cut"]

report = Logger()


@runtime_checkable
class WithQuality(Protocol):
    """An exchange that knows how its calls sound."""

    @property
    def quality(self) -> Quality:
        """Who listens there."""


class Network:
    """Keeps what calls were like, and tests the network when it is asked to."""

    def __init__(
        self, reactor: Reactor, *, home: Path | None, exchanges: Iterable[object], privileged: Path | None = None
    ) -> None:
        """Begin with what was kept in a home; without one nothing outlives us. Root may know the time servers."""
        self._reactor = reactor
        self._home = home
        self._privileged = privileged
        self._kept = None if home is None else NetworkHome(home)
        self._qualities = tuple(each.quality for each in exchanges if isinstance(each, WithQuality))
        for quality in self._qualities:
            quality.ended = self._ended
        self._configuration = Configuration()
        kept = Kept() if self._kept is None else self._kept.kept
        self._runs, self._calls = kept.runs, dict(kept.calls)
        self._running: Running | None = None
        self._work: Deferred[None] | None = None
        self._writing = DeferredLock()
        self._fresh = False
        "Whether there is something that is not written down."

    @property
    def standing(self) -> Standing:
        """Give all that the console shows."""
        names = {each.slug for each in (*self._configuration.trunks, *self._configuration.extensions)}
        calls = {name: legs for name, legs in sorted(self._calls.items()) if name in names}
        return Standing(running=self._running, runs=self._runs, calls=calls)

    async def configure(self, equipment: api.Equipment) -> None:
        """Take a configuration: what is to be tested."""
        self._configuration = equipment.configuration

    def test(self, by: str) -> api.Reply:
        """Begin a test, unless one is at work."""
        if self._running is not None:
            return api.Reply(problems=(api.Problem(code="busy"),))
        self._running = Running(began=_now(), by=by, step="names", done=0, total=0)
        self._work = Deferred.fromCoroutine(self._test(self._running)).addErrback(self._failed)
        return api.Reply()

    async def keep(self) -> None:
        """Write down what is not yet written."""
        if self._kept is None or not self._fresh:
            return
        self._fresh = False
        kept, file = Kept(runs=self._runs, calls=dict(self._calls)), self._kept
        try:
            await self._writing.run(lambda: deferToThread(file.note, kept))
        except OSError as error:
            self._fresh = True
            report.warn("what is known of the network cannot be written down: {error}", error=str(error))

    async def stop(self) -> None:
        """End a test that is at work, and write down what there is."""
        if self._work is not None:
            self._work.cancel()
        await self.keep()

    def _ended(self, name: str, leg: Leg) -> None:
        self._calls[name] = (leg, *self._calls.pop(name, ()))[: network.LEGS_MAX]
        while len(self._calls) > network.ENDPOINTS_MAX:
            del self._calls[next(iter(self._calls))]
        self._fresh = True

    # -- the test

    async def _test(self, running: Running) -> None:
        began = time.monotonic()
        names = await self._names()
        clock = await self._clock()
        tested, problem = await self._probes()
        run = Run(
            at=running.began,
            by=running.by,
            took_s=round(time.monotonic() - began, 1),
            tested=tested,
            lookups=names,
            clock=clock,
            problem=problem,
        )
        self._runs = (run, *self._runs)[: network.RUNS_MAX]
        self._fresh = True
        await self.keep()
        self._running = None

    def _failed(self, failure: Failure) -> None:
        self._running = None
        if not isinstance(failure.value, CancelledError):
            report.failure("the network test failed", failure)

    async def _names(self) -> tuple[Lookup, ...]:
        used = lookups.names_of(self._configuration, await deferToThread(self._other_hosts))
        self._step("names", 0, len(used))
        few = DeferredSemaphore(LOOKUPS_AT_ONCE)

        def begin(name: str, uses: tuple[str, ...]) -> Deferred[Lookup]:
            return Deferred.fromCoroutine(self._name(name, uses))

        waits = [few.run(begin, name, uses) for name, uses in sorted(used.items())[:NAMES_MAX]]
        return tuple(await gatherResults(waits))

    def _other_hosts(self) -> dict[str, str]:
        """Give where backups go, and whom chrony asks if somebody has set that. Blocking."""
        backups = () if self._home is None else BackupHome(self._home).settings.destinations
        hosts = {f"backup/{one.slug}": one.host for one in backups if one.host}
        try:
            told = None if self._privileged is None else root_work.ask(self._privileged, root_work.Look(), timeout_s=3)
        except root_work.RootAwayError:
            return hosts
        servers = () if told is None or told.seen is None else told.seen.network.ntp
        return {**hosts, **{f"time/{place}": server for place, server in enumerate(servers, start=1)}}

    async def _name(self, name: str, uses: tuple[str, ...]) -> Lookup:
        lookup = await lookups.look_up(self._reactor, name)
        if self._running is not None:
            self._step("names", self._running.done + 1, self._running.total)
        return msgspec.structs.replace(lookup, used=uses)

    async def _clock(self) -> Clock:
        self._step("clock", 0, 0)
        return await deferToThread(lookups.clock)

    async def _probes(self) -> tuple[tuple[Probed, ...], Problem]:
        trunks = [trunk.slug for trunk in self._configuration.trunks if not trunk.channels]
        phones = [phone.slug for phone in self._configuration.extensions if not phone.line]
        asked = untested([*trunks, *phones][: network.ENDPOINTS_MAX])
        problem: Problem = "" if self._qualities or not asked else "no_exchange"
        for turn in range(ROUNDS):
            self._step("probes", turn, ROUNDS)
            try:
                for quality in self._qualities:
                    await quality.probe(asked)
            except LinkError:
                problem = "cut" if turn else "no_exchange"
                break
        tested = () if problem == "no_exchange" else tuple(_tested(name, one, trunks) for name, one in asked.items())
        return tested, problem

    def _step(self, step: Literal["names", "clock", "probes"], done: int, total: int) -> None:
        if self._running is not None:
            self._running = msgspec.structs.replace(self._running, step=step, done=done, total=total)


def _tested(name: str, asked: Asked, trunks: Collection[str]) -> Probed:
    return Probed(
        name=name,
        kind="trunk" if name in trunks else "phone",
        contact=asked.contact,
        sent=asked.sent,
        round_trips_ms=tuple(asked.round_trips_ms),
    )


def _now() -> int:
    return time.time_ns() // 1_000
