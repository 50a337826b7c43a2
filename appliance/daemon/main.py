"""The daemon's program, `python -m appliance.daemon`: comes back to where it was, and runs until it is told to stop.

Ends with 0 after an orderly stop, 64 for a wrong environment, 65 for a broken store, 69 for one that is not there, 70
if it cannot go on, 75 if another daemon runs here; each with one clear line on standard error.
"""

import argparse
import os
import resource
import sys
import time
from collections.abc import Sequence
from typing import cast

import uvloop
from twisted.internet.asyncioreactor import AsyncioSelectorReactor, install
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from appliance.daemon import garbage, logs, publishing
from appliance.daemon.clock import CentreClock, Clocks
from appliance.daemon.composition import Daemon, ExchangeMaker, Options
from appliance.daemon.own_work import OwnPlaces
from appliance.daemon.reactor import Reactor
from appliance.daemon.recovery import RECOVER_S, Configurations, Past, recover
from appliance.daemon.start import Steps, process_began_ns
from appliance.exchanges import own_asterisk
from appliance.places import Places, PlacesError, places_of
from appliance.store.guard import StoreAbsentError, StoreError, StoreTakenError
from appliance.store.journal import Recovered
from appliance.store.opened import Store, open_store
from appliance.store.schema import JOURNAL
from drivers.asterisk.bundle import BundleMissingError, open_bundle
from drivers.asterisk.exchange import Exchange as AsteriskExchange

OK, WRONG_USE, BROKEN, ABSENT, CANNOT_GO_ON, TAKEN = 0, 64, 65, 69, 70, 75
UMASK = 0o077
SWITCH_S = 0.0005
"After so long a thread of the store lets the reactor's go on."
CLOCKS = Clocks(wall_ns=time.time_ns, monotonic_ns=time.monotonic_ns)

report = Logger()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the daemon; returns its exit code."""
    steps = Steps(process_began_ns())
    steps.done("import")
    parser = argparse.ArgumentParser(prog="appliance.daemon", description="The daemon of a Switchroom box.")
    parser.add_argument("--exchange", choices=("asterisk", "none"), default="asterisk", help="which exchange to drive")
    asked = parser.parse_args(arguments)
    os.umask(UMASK)
    _allow_files()
    sys.setswitchinterval(SWITCH_S)
    try:
        places = places_of(os.environ)
        makers = (_asterisk(places),) if asked.exchange == "asterisk" else ()
    except (PlacesError, BundleMissingError, OSError) as error:
        return _end(WRONG_USE, error)
    try:
        return _run(places, makers, steps)
    except StoreTakenError as error:
        return _end(TAKEN, error)
    except StoreAbsentError as error:
        return _end(ABSENT, error)
    except StoreError as error:
        return _end(BROKEN, error)


def _run(places: Places, makers: tuple[ExchangeMaker, ...], steps: Steps) -> int:
    install(uvloop.new_event_loop())  # type: ignore[no-untyped-call]  # Twisted gives it no types
    from twisted.internet import reactor as installed  # noqa: PLC0415  importing it makes one, so it comes after install

    reactor = cast("Reactor", installed)  # cast: Twisted declares the module, not the reactor that stands in its place
    logs.begin(places.log / "daemon.jsonl")
    time_of = CentreTime()
    store = open_store(folder=places.store, socket=places.zeo_socket, clock=time_of, media=places.media)
    steps.done("store")
    try:
        daemon, boot = _come_back(reactor, places, store, makers, time_of)
    except BaseException:
        store.close()
        raise
    steps.done("recovery")
    starting = Deferred.fromCoroutine(daemon.start(boot, steps))
    starting.addCallback(lambda _: garbage.rest(daemon.hub, reactor))
    starting.addErrback(_cannot_start, daemon, reactor)
    reactor.addSystemEventTrigger("before", "shutdown", lambda: Deferred.fromCoroutine(daemon.stop()))
    reactor.run()
    return _end(CANNOT_GO_ON, daemon.why) if daemon.why else OK


def _come_back(
    reactor: Reactor, places: Places, store: Store, makers: tuple[ExchangeMaker, ...], time_of: "CentreTime"
) -> tuple[Daemon, int]:
    past = past_of(store)
    configurations = Configurations(lambda version: store.settings.configuration(version).result(RECOVER_S))
    recovered = recover(
        Past(boot=past.boot, snapshot=past.snapshot, rows=past.rows, last_us=past.last_us), CLOCKS, configurations
    )
    configurations.keep_to_memory()
    time_of.clock = recovered.clock
    report.info("boot {boot}: {rows} facts replayed", boot=past.boot, rows=recovered.replayed)
    first = None if places.sample else places.first_boot
    options = Options(
        door_socket=places.door_socket,
        console_socket=places.console_socket,
        spool=places.spool,
        changed=publishing.Places(
            prompts=places.prompts,
            sign_ins=places.sign_ins,
            first_boot=first,
        ),
        own=OwnPlaces(
            first_boot=first,
            test_call=places.test_call,
            update=places.update,
            updates=places.updates,
            privileged=places.privileged,
        ),
        sealer=[
            *(sys.executable, "-m", "appliance.store.seal"),
            *("--spool", str(places.spool), "--media", str(places.media)),
        ],
        home=places.home,
        folders=(places.store, places.spool, places.media, places.log),
        notify=os.environ.get("NOTIFY_SOCKET", ""),
        watchdog_us=_number(os.environ.get("WATCHDOG_USEC", "")),
        agi=("127.0.0.1", places.agi_port) if makers else None,
        release=store.release,
        privileged=places.privileged,
    )
    return Daemon(reactor, options, store, recovered, configurations, makers), past.boot


def past_of(store: Store, wait_s: float = RECOVER_S) -> Recovered:
    """Read where the journal ends, with a new boot number on the disk; raises `StoreError` if it cannot be written."""
    try:
        return store.journal.recover().result(wait_s)
    except TimeoutError:
        raise StoreAbsentError(
            f"the journal cannot be written ({store.health()[JOURNAL]}): make room on the disk, or see the store's log"
        ) from None


class CentreTime:
    """Centre time for the store, which is opened before it is known: 0 until then, which lets ids follow the last."""

    clock: CentreClock | None = None

    def __call__(self) -> int:
        """Tell it, in microseconds."""
        return self.clock.now() if self.clock is not None else 0


def _asterisk(places: Places) -> ExchangeMaker:
    options = own_asterisk(places, open_bundle(places.cache / "asterisk/current"))
    return lambda reactor, observe, parties: AsteriskExchange(
        cast("AsyncioSelectorReactor", reactor),  # cast: the one that `_run` installed
        options,
        observe,
        parties,
    )


def _cannot_start(failure: Failure, daemon: Daemon, reactor: Reactor) -> None:
    report.failure("the daemon cannot start", failure)
    daemon.why = f"the daemon cannot start: {failure.getErrorMessage()}"
    if reactor.running:
        reactor.stop()


def _end(code: int, why: object) -> int:
    sys.stderr.write(f"switchroom daemon: {why}\n")
    return code


def _allow_files() -> None:
    """Take as many open files as the system gives, for calls and streams each hold one."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0
