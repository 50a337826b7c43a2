"""The program of the serial lines, `python -m appliance.lines`: begins at once, follows the configuration, tells.

It is ready once its socket answers, whatever is plugged in. It ends with 0 when it is told to, 64 for a wrong
environment.
"""

import os
import sys
from collections.abc import Callable
from typing import Any, Final, TypeVar  # any: what a coroutine takes and yields is Twisted's affair

import msgspec
from twisted.internet import reactor as installed
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress, IDelayedCall, IReactorCore, IReactorTime, IReactorUNIX
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.threads import deferToThread
from twisted.logger import (
    FilteringLogObserver,
    Logger,
    LogLevel,
    LogLevelFilterPredicate,
    globalLogBeginner,
    textFileLogObserver,
)
from typing_extensions import override

from appliance import root_work
from appliance.client import Client, DoorClosedError
from appliance.lines.keeper import Keeper
from appliance.places import Places, PlacesError, places_of
from appliance.store.guard import StoreError
from appliance.store.reader import Reader, open_reader
from drivers.serial.panel.front import Front
from drivers.serial.panel.screen import Seen

OK, WRONG_USE = 0, 64
UMASK = 0o077
LOOK_S: Final = 3.0
"How often the configuration and the box's health are looked at."
ANSWER_S: Final = 2.0
ResultT = TypeVar("ResultT")

report = Logger()


class _Told(Protocol):
    """Tells one asker how the lines are, and hangs up."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    @override
    def connectionMade(self) -> None:
        if self.transport is not None:
            self.transport.write(msgspec.json.encode(self._keeper.states))
            self.transport.loseConnection()


class _Door(Factory):
    noisy = False

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    @override
    def buildProtocol(self, addr: IAddress | None) -> _Told:
        return _Told(self._keeper)


class Program:
    """Follows store and daemon for the lines."""

    def __init__(self, places: Places, reader: Reader) -> None:
        """Begin with no line."""
        self._places = places
        self._reader = reader
        self._reactor = IReactorTime(installed)
        places.lines.mkdir(mode=0o700, exist_ok=True)
        self.keeper = Keeper(self._reactor, calls=reader, folder=places.lines, reset=self._reset)
        self._next: IDelayedCall | None = None
        self._stopping = False

    def start(self) -> None:
        """Open the socket, and look."""
        self._places.lines_socket.unlink(missing_ok=True)
        IReactorUNIX(installed).listenUNIX(str(self._places.lines_socket), _Door(self.keeper), mode=0o600)
        IReactorCore(installed).addSystemEventTrigger(
            "before", "shutdown", lambda: Deferred.fromCoroutine(self._stop())
        )
        self._turn()

    def _turn(self) -> None:
        self._next = None
        Deferred.fromCoroutine(self._look()).addErrback(
            lambda failure: report.failure("the serial lines could not be looked after", failure)
        ).addBoth(lambda _: self._again())

    def _again(self) -> None:
        if not self._stopping:
            self._next = self._reactor.callLater(LOOK_S, self._turn)

    async def _stop(self) -> None:
        self._stopping = True
        if self._next is not None:
            self._next.cancel()
        await self.keeper.stop()
        self._reader.close()

    async def _look(self) -> None:
        standing = await _apart(lambda: _or_none(self._reader.standing))
        if standing is not None and not self._stopping:
            await self.keeper.configure(standing.configuration)
        if self.keeper.panels:
            self.keeper.show(await _apart(self._seen))

    def _seen(self) -> Seen:
        """Look at the box, as far as anybody answers; in a thread."""
        try:
            health = Client(self._places.console_socket, timeout_s=ANSWER_S).health().parts
        except DoorClosedError:
            health = {}
        calls = _or_none(self._reader.count)
        try:
            seen = root_work.ask(self._places.privileged, root_work.Look(), timeout_s=ANSWER_S).seen
            addresses = seen.addresses if seen is not None else ()
        except root_work.RootAwayError:
            addresses = ()
        return Seen(
            addresses=addresses or (self._places.address,), health=dict(health), calls=-1 if calls is None else calls
        )

    def _reset(self, panel: Front) -> None:
        report.warn("the network is reset: somebody held the key of the front panel")
        panel.announce("is being reset")
        Deferred.fromCoroutine(self._reset_network(panel))

    async def _reset_network(self, panel: Front) -> None:
        def ask() -> str:
            try:
                answer = root_work.ask(self._places.privileged, root_work.ResetNetwork())
            except root_work.RootAwayError:
                return "no root part: nothing was reset"
            return answer.problem or "was reset: DHCP"

        panel.announce(await _apart(ask))


def _or_none(ask: Callable[[], ResultT]) -> ResultT | None:
    """Ask the store; None while it cannot be asked."""
    try:
        return ask()
    except StoreError:
        return None


async def _apart(work: Callable[[], ResultT]) -> ResultT:
    done: Any = await deferToThread(work)  # any: as above
    result: ResultT = done
    return result


def main() -> int:
    """Run until SIGTERM; returns the exit code."""
    os.umask(UMASK)
    try:
        places = places_of(os.environ)
    except PlacesError as error:
        sys.stderr.write(f"switchroom lines: {error}\n")
        return WRONG_USE
    loud = FilteringLogObserver(textFileLogObserver(sys.stderr), [LogLevelFilterPredicate(LogLevel.info)])
    globalLogBeginner.beginLoggingTo([loud], redirectStandardIO=False, discardBuffer=True)
    program = Program(places, open_reader(places.zeo_socket))
    IReactorCore(installed).callWhenRunning(program.start)
    IReactorCore(installed).run()
    return OK
