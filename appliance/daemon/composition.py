"""The daemon's parts, put together, started and stopped in order."""

import time
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol  # any: what a coroutine takes and yields is Twisted's affair

from twisted.internet.defer import Deferred, DeferredList, maybeDeferred
from twisted.internet.interfaces import IListeningPort
from twisted.internet.threads import deferToThread
from twisted.logger import Logger
from twisted.python.failure import Failure

from appliance import api, root_work
from appliance.core import effects, facts
from appliance.daemon import publishing
from appliance.daemon.backups import EVERY_S as BACKUPS_EVERY_S
from appliance.daemon.backups import Backups
from appliance.daemon.card_changes import CardChanges
from appliance.daemon.chronicles import Chronicles
from appliance.daemon.disk import EVERY_S as DISK_EVERY_S
from appliance.daemon.disk import Disk
from appliance.daemon.door import Door, Offices
from appliance.daemon.health import Figures, Organs, health_of, metrics_of
from appliance.daemon.hub import Hub
from appliance.daemon.lines import Lines
from appliance.daemon.live import Live
from appliance.daemon.lookout import Lookout
from appliance.daemon.network import KEEP_EVERY_S, Network
from appliance.daemon.own_work import EVERY_S as OWN_WORK_EVERY_S
from appliance.daemon.own_work import OwnPlaces, OwnWork
from appliance.daemon.parties import Parties
from appliance.daemon.publishing import Publishing
from appliance.daemon.reactor import Reactor, Timer, answer_of
from appliance.daemon.recordings import Recordings
from appliance.daemon.recovery import Configurations, Recovered
from appliance.daemon.sessions import Sessions
from appliance.daemon.spans import EVERY_S as SPANS_EVERY_S
from appliance.daemon.spans import Spans, WithLines
from appliance.daemon.start import Steps
from appliance.daemon.texts import Desk, Texts
from appliance.daemon.visit import House
from appliance.daemon.watchdog import Notify, Watchdog
from appliance.daemon.web import DoorFactory, Entrance
from appliance.places import CARDS, PRIVILEGED
from appliance.store.opened import Store
from appliance.written import Chronicle

SESSIONS_EVERY_S = 30.0
"Sessions that ran out are noticed this often."
EXPAND_EVERY_S = 24 * 3600.0
STORE_CLOSE_S = 5.0
KEEP_AFTER = 200
"""A start that had to replay so many facts keeps its state: the next one may follow soon, and in a row of starts that
are each too short for a snapshot there would be ever more to replay."""
DOOR_MODE = 0o660
CONSOLE_MODE = 0o600

report = Logger()


class Exchange(Protocol):
    """What drives one exchange, real or simulated."""

    @property
    def name(self) -> str:
        """What `Leg.exchange` says."""

    @property
    def health(self) -> Mapping[str, str]:
        """Its parts, and a word for each."""

    @property
    def chronicle(self) -> Chronicle | None:
        """What it writes down by itself; None if it writes nothing."""

    def perform(self, effect: effects.AnyCallEffect) -> None:
        """Do it, without waiting and without raising."""

    async def configure(self, equipment: api.Equipment) -> None:
        """Take a configuration."""

    async def start(self) -> None:
        """Connect."""

    async def linked(self) -> None:
        """Wait until it can be asked what lives there."""

    async def up(self) -> None:
        """Wait until it is seen and steered."""

    async def stop(self) -> None:
        """Disconnect; calls go on without us."""


ExchangeMaker = Callable[[Reactor, Callable[[facts.AnyFact], None], Parties], Exchange]
"Makes a driver that reports to the hub and asks who callers are."


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Where the daemon stands."""

    door_socket: Path
    console_socket: Path
    spool: Path
    changed: publishing.Places
    sealer: list[str]
    "Arguments that start the sealer."
    home: Path | None = None
    "What is backed up."
    own: OwnPlaces | None = None
    folders: tuple[Path, ...] = ()
    "Those whose file systems must not fill up."
    notify: str = ""
    "`NOTIFY_SOCKET`."
    watchdog_us: int = 0
    "`WATCHDOG_USEC`."
    agi: tuple[str, int] | None = None
    "Our own FastAGI address, for proofs of life."
    release: str = ""
    privileged: Path = PRIVILEGED
    "Where the machine's root part is asked, if there is one."
    cards: Path = CARDS
    "Where it tells the drivers of telephone cards."


class Daemon:
    """All of it, around one Centre."""

    def __init__(
        self,
        reactor: Reactor,
        options: Options,
        store: Store,
        recovered: Recovered,
        configurations: Configurations,
        makers: tuple[ExchangeMaker, ...],
    ) -> None:
        """Put the parts together; nothing runs yet."""
        self._reactor = reactor
        self._options = options
        self._store = store
        self._ports = list[IListeningPort]()
        self._timers: dict[str, Timer] = {}
        self._notify = Notify(options.notify)
        self.why = ""
        "Why the daemon cannot go on, empty while it can."
        now = recovered.clock.now
        self.hub = Hub(centre=recovered.centre, now=now, reactor=reactor, diary=store.journal, failed=self._broken)
        store.journal.listen(
            lambda sequence: reactor.callFromThread(self.hub.committed, sequence),
            lambda error: reactor.callFromThread(self.hub.failed, str(error)),
        )
        self.parties = Parties(reactor, store.people, now)
        self.sessions = Sessions(reactor, store.accounts, now)
        self._publishing = Publishing(
            reactor,
            hub=self.hub,
            settings=store.settings,
            people=store.people,
            sessions=self.sessions,
            configurations=configurations,
            places=options.changed,
        )
        hub, people = self.hub, store.people
        self.recordings = Recordings(reactor, hub=hub, people=people, argv=options.sealer, spool=options.spool)
        self._chronicles = Chronicles(reactor, hub=hub, people=people)
        self._lookout, self._replayed = Lookout(recovered.centre), recovered.replayed
        self._exchanges = tuple(make(reactor, self.hub.take, self.parties) for make in makers)
        for exchange in self._exchanges:
            self.hub.attach(exchange)
        self.lines = Lines(reactor, lambda line: Desk(reactor, store.messages, line, lambda: hub.now), self._changed)
        self.network = Network(reactor, home=options.home, exchanges=self._exchanges, privileged=options.privileged)
        self._publishing.exchanges = (*self._exchanges, self.lines, self.network)
        self.disk = Disk(hub=hub, folders=options.folders, changed=self._changed)
        self._backups = self._keeper_of_backups()
        self._own_work = OwnWork(reactor, options.own or OwnPlaces(), self._publishing, self.sessions, store, now)
        self.spans = Spans(expected=self._span_numbers, changed=self._changed, home=options.home)
        self.spans.lines = tuple(each.card_lines for each in self._exchanges if isinstance(each, WithLines))
        self._card_changes = CardChanges(options.cards, home=options.home, follow=self._take_cards_anew)
        organs = self._organs(recovered)
        self.live = Live(
            reactor,
            hub=self.hub,
            parties=self.parties,
            sessions=self.sessions,
            standing=self._publishing.standing,
            health=lambda: health_of(organs),
        )
        self._publishing.changed = self.live.changed
        self._watchdog = Watchdog(
            reactor, notify=self._notify, watchdog_us=options.watchdog_us, agi=options.agi, beats=store.heartbeats
        )
        door = self._door()
        self._house = self._house_of(organs, door)
        self._remember(recovered, door)
        self._listen()

    def _house_of(self, organs: Organs, door: Door) -> House:
        figures = Figures(organs, self.live, self._watchdog)
        return House(
            door=door,
            live=self.live,
            sessions=self.sessions,
            health=lambda: health_of(organs),
            metrics=lambda: metrics_of(figures),
            spans=self.spans.standing,
            network=lambda: self.network.standing,
        )

    def _remember(self, recovered: Recovered, door: Door) -> None:
        for row in recovered.filed:
            self.live.remember(row)
            self.recordings.remember(row)
            door.remember(row)

    def _listen(self) -> None:
        self.hub.listen(self._lookout.look)
        self.hub.listen(self._snapshot_if_due)
        self.hub.listen_filed(self._remember_agent)

    def _organs(self, recovered: Recovered) -> Organs:
        return Organs(
            hub=self.hub,
            exchanges=lambda: (*(exchange.health for exchange in self._exchanges), self.spans.health),
            spans=self.spans,
            store=self._store.health,
            backlog=lambda: self._store.journal.backlog,
            recordings=self.recordings,
            disk=self.disk,
            lookout=self._lookout,
            prompts=lambda: self._publishing.health,
            lines=lambda: self.lines.health,
            modems=lambda: self.lines.modems,
            backup=lambda: self._backups.health if self._backups is not None else "",
            release=self._options.release,
            clock_believed=recovered.clock.believed,
        )

    def _keeper_of_backups(self) -> Backups | None:
        if self._options.home is None:
            return None
        return Backups(
            self._reactor,
            home=self._options.home,
            now=lambda: time.time_ns() // 1000,
            zone=lambda: self.hub.centre.directory.company.zone,
            changed=self._changed,
        )

    def _span_numbers(self) -> list[int]:
        return [each.number for each in self.hub.centre.directory.spans.values()]

    async def _look_at_spans(self) -> None:
        await self.spans.look(self.hub.now)
        await self._card_changes.look()

    async def _take_cards_anew(self) -> None:
        """Let the exchanges go by what root has told the drivers of cards."""
        await self._publishing.equip()
        await self.spans.restart_lines()

    async def _ask_root(self, question: root_work.AnyQuestion) -> root_work.Answer:
        patience_s = root_work.patience_s(question)
        return await deferToThread(root_work.ask, self._options.privileged, question, timeout_s=patience_s)

    def _door(self) -> Door:
        return Door(
            self._reactor,
            Offices(
                hub=self.hub,
                sessions=self.sessions,
                accounts=self._store.accounts,
                settings=self._store.settings,
                people=self._store.people,
                applied=self._publishing.apply,
                root=self._ask_root,
                cards_applied=self._card_changes.look,
                texts=Texts(
                    self._reactor,
                    self._store.messages,
                    now=lambda: self.hub.now,
                    modems=lambda: self.lines.modems,
                    ring=self.lines.ring,
                ),
                own_work=self._own_work,
                backups=self._backups,
                network=self.network,
                clear_line=self.spans.clear_line,
            ),
        )

    # -- the life of it

    async def start(self, boot: int, steps: Steps | None = None) -> None:
        """Go on where the journal ends, open the doors, find the live legs, and say when calls can be taken."""
        steps = steps or Steps(time.monotonic_ns())
        self.hub.take(facts.Started(boot=boot))
        await self._publishing.begin()
        steps.done("publishing")
        for exchange in self._exchanges:
            if exchange.chronicle is not None:
                self._chronicles.follow(exchange.name, exchange.chronicle)
            await exchange.start()
        self._watchdog.start()  # whose proof is a knock at an exchange's door
        self.recordings.start()
        for path, mode, entrance in (
            (self._options.door_socket, DOOR_MODE, Entrance.DOOR),
            (self._options.console_socket, CONSOLE_MODE, Entrance.CONSOLE),
        ):
            path.unlink(missing_ok=True)
            factory = DoorFactory(self._house, entrance)
            port = self._reactor.listenUNIX(str(path), factory, mode=mode)  # type: ignore[arg-type]  # invariant there
            self._ports.append(port)
        self._every("sessions", SESSIONS_EVERY_S, self.sessions.refresh)
        self._every("disk", DISK_EVERY_S, self.disk.look)
        self._do(self.disk.look())
        self._every("own work", OWN_WORK_EVERY_S, self._own_work.look)
        self._every("spans", SPANS_EVERY_S, self._look_at_spans)
        self._every("expand", EXPAND_EVERY_S, self._publishing.expand)
        self._do(self._publishing.expand())
        self._every("network", KEEP_EVERY_S, self.network.keep)
        if self._backups is not None:
            self._every("backups", BACKUPS_EVERY_S, self._backups.look)
        steps.done("doors")
        for exchange in self._exchanges:
            await exchange.linked()
        steps.done("link")
        for exchange in self._exchanges:
            await exchange.up()
        steps.done("reconcile")
        self._chronicles.start()
        self._notify.tell("READY=1")
        report.info("calls can be taken, boot {boot}, after {steps}", boot=boot, steps=str(steps))
        if self._replayed >= KEEP_AFTER:
            self.hub.snapshot_taken()
            self._snapshot()

    async def stop(self) -> None:
        """Close the doors, let go of the exchanges (calls go on), write everything down."""
        self._notify.tell("STOPPING=1")
        self._watchdog.stop()
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self.live.stop()
        self._publishing.stop()
        await DeferredList([maybeDeferred(port.stopListening) for port in self._ports], consumeErrors=True)
        for exchange in self._exchanges:
            await exchange.stop()
        await self.lines.stop()
        await self.network.stop()
        self.recordings.stop()
        self._chronicles.stop()
        if not self.why:
            self.hub.close()
            await answer_of(self._reactor, self._snapshot())
        await deferToThread(self._store.close, STORE_CLOSE_S)

    def _broken(self, why: str) -> None:
        self.why = why
        if self._reactor.running:
            self._reactor.stop()

    # -- what happens

    def _snapshot_if_due(self, _row: api.Row, _asked: tuple[effects.AnyEffect, ...]) -> None:
        if self.hub.snapshot_due:
            self.hub.snapshot_taken()
            self._snapshot()

    def _snapshot(self) -> Future[None]:
        state = self.hub.centre.state
        return self._store.journal.snapshot(self.hub.centre.snapshot(), state.sequence, state.version)

    def _changed(self) -> None:
        self.live.changed()

    def _remember_agent(self, kept: effects.Kept) -> None:
        if isinstance(kept, effects.CallFiled) and kept.cdr.agent:
            self._store.people.talked(kept.cdr.party, kept.cdr.agent, self.hub.now)

    def _every(self, name: str, every_s: float, work: Callable[[], Coroutine[Deferred[Any], Any, None]]) -> None:
        def turn() -> None:
            self._timers[name] = self._reactor.callLater(every_s, turn)
            self._do(work())

        self._timers[name] = self._reactor.callLater(every_s, turn)

    def _do(self, work: Coroutine[Deferred[Any], Any, None]) -> None:
        Deferred.fromCoroutine(work).addErrback(_failed)


def _failed(failure: Failure) -> None:
    report.failure("something that is done from time to time failed", failure)
