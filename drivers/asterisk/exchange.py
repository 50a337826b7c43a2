"""One Asterisk as the daemon sees it: facts come out of it, effects and configurations go into it."""

import time
from collections.abc import Callable, Coroutine, Mapping

from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.defer import Deferred, DeferredLock
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread
from twisted.logger import Logger

from appliance.api import Equipment
from appliance.core import effects, facts
from appliance.core.facts import Leg, PartyView, Target
from appliance.core.model import Trunk
from drivers.asterisk import reconcile, settings
from drivers.asterisk.addresses import Addresses
from drivers.asterisk.agi import AgiOptions, AgiServer, Session
from drivers.asterisk.callers import Callers
from drivers.asterisk.card_lines import CardLines
from drivers.asterisk.channels import Channels
from drivers.asterisk.chronicle import ESCAPED, Chronicle
from drivers.asterisk.codec import ProtocolError
from drivers.asterisk.codec_ami import Action, Event
from drivers.asterisk.dialplan import OUTSIDE
from drivers.asterisk.link import Account, Link, LinkError, LinkOptions
from drivers.asterisk.observe import Observer
from drivers.asterisk.own_calls import OwnCalls
from drivers.asterisk.perform import Parties, Performer
from drivers.asterisk.quality import Quality
from drivers.asterisk.render import SIGNALLING, Options, accounts_of, modules_of, rendered, write

CONNECT_S_MAX = 2
LOOK_AGAIN_S = 1.0
SEEN_FILE = "seen"
"Holds when the Asterisk was started that we have seen last."

report = Logger()


class Exchange:
    """One Asterisk."""

    def __init__(
        self,
        reactor: AsyncioSelectorReactor,
        options: Options,
        observe: Callable[[facts.AnyFact], None],
        parties: Parties,
    ) -> None:
        """`observe` is given every fact, in the reactor's thread and never from within `perform`."""
        self.name = options.site.name
        self._reactor = reactor
        self._options = options
        self._observe = observe
        self._parties = parties
        site = options.site
        accounts = {user: Account(user=user, secret=secret) for user, secret in accounts_of(site).items()}
        self._channels = Channels()
        self._observer = Observer(self.name, self._channels, observe)
        self._sight = reconcile.Sight()
        self._link = Link(
            reactor,
            TCP4ClientEndpoint(reactor, "127.0.0.1", site.ami_port, timeout=CONNECT_S_MAX),
            LinkOptions(
                events=accounts["events"], calls=accounts["calls"], care=accounts["care"], wanted=settings.EVENTS
            ),
            on_event=self._heard,
            on_up=self._up,
            on_down=self._down,
        )
        self.card_lines = CardLines(self._link, options.technologies)
        self._performer = Performer(
            reactor,
            self._link,
            site,
            channels=self._channels,
            observer=self._observer,
            parties=parties,
            tell=observe,
        )
        self._observer.on_end = self._ended
        self.quality = Quality(reactor, self._link)
        self._agi = AgiServer(
            reactor, AgiOptions(port=site.agi_port), on_session=self._asked, on_end=self._performer.asks_no_more
        )
        self._callers = Callers(parties)
        self._numbers: frozenset[str] | None = None
        self._extensions: frozenset[str] = frozenset()
        self._trunks: dict[str, Trunk] = {}
        self._configuring = DeferredLock()
        self._unloaded: list[str] = []
        "Files that Asterisk has not yet read again."
        self._refused = ""
        "Why the last configuration could not be rendered."
        self._own_calls = OwnCalls()
        self.chronicle = Chronicle(site.home)
        "What Asterisk wrote down by itself."
        self._ends: dict[str, int] = {}
        "When callers were gone that have gone unseen, by Uniqueid."
        self._looks = 0
        self._found = False
        self._booted = False
        "Whether Asterisk has told, on this connection, that it has booted."
        self._another = False
        "Whether it was found to be another one than before, which the core has not yet been told."
        self._waiting: list[Deferred[None]] = []
        self._unlinked: list[Deferred[None]] = []
        "Who waits for the link."

    # -- the life of it

    @property
    def agi_address(self) -> tuple[str, int]:
        """Where the exchange asks us, for a proof that we answer."""
        return "127.0.0.1", self._options.site.agi_port

    @property
    def health(self) -> Mapping[str, str]:
        """What is well and what is not: the exchange, each trunk, and the configuration if it was refused."""
        parts = {"exchange": "ok" if self._found else "starting" if self._link.up else "down"}
        for slug, trunk in self._trunks.items():
            parts[f"trunk/{slug}"] = self._word(trunk)
        for name, well in self._sight.known.items():
            if name.startswith(SIGNALLING):
                parts[name] = "ok" if well else "down"
        if self._refused:
            parts["configuration"] = "refused"
        return parts

    def _word(self, trunk: Trunk) -> str:
        if trunk.register and not self._sight.known.get(trunk.slug):
            return "unregistered"
        return "unreachable" if self._is_away(trunk) else "ok"

    def _is_away(self, trunk: Trunk) -> bool:
        """Say whether a trunk answers no probe; of one that is not probed nothing is known, so nothing is said."""
        return trunk.probe_s > 0 and not self._sight.reaches(trunk.slug)

    async def start(self) -> None:
        """Listen for questions and begin to connect; does not wait for Asterisk."""
        await self._agi.start()
        self._link.start()

    async def linked(self) -> None:
        """Wait until Asterisk can be asked."""
        if not self._link.up:
            waiting: Deferred[None] = Deferred()
            self._unlinked.append(waiting)
            await waiting

    async def up(self) -> None:
        """Wait until the exchange is seen and steered."""
        if not self._found:
            waiting: Deferred[None] = Deferred()
            self._waiting.append(waiting)
            await waiting

    async def stop(self) -> None:
        """Disconnect. Calls go on without us, in the exchange's own loop."""
        self._found = False
        self._looks += 1
        self._agi.stop()
        await self._link.stop()

    # -- what the core asks for

    def perform(self, effect: effects.AnyCallEffect) -> None:
        """Do it, without waiting and without raising."""
        if isinstance(effect, effects.Dial):
            self._callers.know(effect.leg.uniqueid, (effect.party, PartyView()))
        self._performer.perform(effect)

    # -- configuration

    async def configure(self, equipment: Equipment) -> None:
        """Render the configuration, write what differs, and let Asterisk read it again, now or when it is there.

        A part that cannot be rendered refuses the whole: the last good one stays (`health` says so).
        """
        await self._configuring.run(lambda: Deferred.fromCoroutine(self._configure(equipment)))

    async def _configure(self, equipment: Equipment) -> None:
        site = self._options.site
        try:
            files = rendered(self._options, equipment, accounts_of(site))
        except ValueError as error:
            self._refused = str(error)
            report.error("the configuration cannot be rendered: {error}", error=self._refused)
            return
        self._refused = ""
        configuration = equipment.configuration
        self._numbers = frozenset(number.slug for number in configuration.numbers)
        self._extensions = frozenset(extension.slug for extension in configuration.extensions)
        self._trunks = {trunk.slug: trunk for trunk in configuration.trunks}
        self._performer.trunks = {trunk.slug: trunk.calls_max for trunk in configuration.trunks}
        self._performer.inside = frozenset(phone.slug for phone in configuration.extensions if not phone.outside)
        self._performer.addresses = self._own_calls.addresses = Addresses(configuration)
        self._unloaded += write(site, files)
        await self._reload()

    async def _reload(self) -> None:
        """Let Asterisk read again what has changed; what it has not done is left for the next connection."""
        for module in modules_of(self._unloaded):
            try:
                answer = await self._link.care(Action(name="Reload", headers=(("Module", module),)))
            except LinkError:
                return
            if not answer.ok:
                report.error("Asterisk does not reload {module}: {why}", module=module, why=answer.message)
        self._unloaded.clear()

    # -- the link

    def _up(self) -> None:
        self._looks += 1
        self._observer.start_again()
        self._start(self._look(self._looks))
        unlinked, self._unlinked = self._unlinked, []
        for one in unlinked:
            one.callback(None)

    def _down(self, reason: str) -> None:
        report.warn("the exchange is out of sight: {reason}", reason=reason)
        self._looks += 1
        self._found = False
        self._booted = False
        self._observe(facts.ExchangeLost(exchange=self.name))

    async def _look(self, look: int) -> None:
        """See what is there and tell the core, once for each connection; try again until it is seen."""
        while look == self._looks:
            try:
                # Both lines at once, and nothing waits for an answer before it asks: callers wait for this.
                await reconcile.together(
                    self._is_another(look),
                    self._read_ends(),
                    reconcile.find_channels(self._reactor, self._link, self._channels),
                    reconcile.find_contacts(self._reactor, self._link, self._options.technologies, self._sight),
                )
                await self._configuring.run(lambda: Deferred.fromCoroutine(self._reload()))
                unseen = [slug for slug, trunk in self._trunks.items() if self._is_away(trunk)]
                await reconcile.probe(self._link, self._options.technologies, unseen)
            except (LinkError, ProtocolError) as error:
                report.error("the exchange cannot be looked at: {error}", error=str(error))
                await deferLater(self._reactor, LOOK_AGAIN_S)
                continue
            if look == self._looks:
                restarted, self._another = self._another, False
                self._tell_found(restarted=restarted)
                self._start(self._keep_asking(look))
            return

    async def _read_ends(self) -> None:
        self._ends = await deferToThread(self.chronicle.ends)

    async def _is_another(self, look: int) -> None:
        """Note whether this is another Asterisk than the one seen before; look again once it has booted if it is."""
        started = await reconcile.started_at(self._reactor, self._link)
        file = self._options.site.home / SEEN_FILE
        before = file.read_text() if file.exists() else ""
        if started != before:
            while look == self._looks and not self._booted:
                await deferLater(self._reactor, reconcile.TRY_S)
            await reconcile.find_channels(self._reactor, self._link, self._channels)
            file.write_text(started)
        if before not in {"", started}:
            self._another = True

    def _tell_found(self, *, restarted: bool) -> None:
        legs = reconcile.found_legs(self.name, self._channels, self._performer.asking)
        for found in legs:
            self._observer.know(found.leg.uniqueid)
        self._performer.look_again()
        self._own_calls.replace(self._channels, (found.leg.uniqueid for found in legs if found.offer))
        if restarted:
            self.chronicle.cut(time.time_ns() // 1_000, frozenset(channel.uniqueid for channel in self._channels))
        self._found = True
        reachable = tuple(sorted(name for name in self._extensions if self._sight.reaches(name)))
        busy = tuple(sorted(name for name in self._extensions if self._own_calls.is_busy(name)))
        now_us = time.time_ns() // 1_000
        gone = tuple(
            facts.GoneLeg(leg=Leg(self.name, uniqueid), ago_us=now_us - at_us)
            for uniqueid, at_us in self._ends.items()
            if self._channels.get(uniqueid) is None
        )
        self._observe(
            facts.LegsFound(
                exchange=self.name, legs=legs, reachable=reachable, busy=busy, restarted=restarted, gone=gone
            )
        )
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            one.callback(None)

    def _start(self, work: Coroutine[Deferred[object], object, None]) -> None:
        Deferred.fromCoroutine(work).addErrback(lambda failure: report.failure("asterisk: unexpected", failure))

    # -- what Asterisk tells

    def _heard(self, event: Event) -> None:
        if event.name == "FullyBooted":
            self._booted = True
        extension, busy = self._own_calls.hear(event, offered=self._observer.is_offer(event.get("Uniqueid")))
        if extension in self._extensions and self._found:
            self._observe(facts.PhoneBusy(extension=extension, busy=busy))
        self._observer.hear(event)
        self.quality.hear(event)
        for technology in self._options.technologies:
            if event.name in technology.events:
                seen = technology.seen(event.name, event.get)
                if seen is None:
                    self._start(self._find_again())
                elif self._sight.take(seen) and seen.name in self._extensions and self._found:
                    self._observe(facts.PhoneSeen(extension=seen.name, reachable=self._sight.reaches(seen.name)))

    async def _find_again(self) -> None:
        self._tell_changed(
            await reconcile.find_again(self._reactor, self._link, self._options.technologies, self._sight)
        )

    async def _keep_asking(self, look: int) -> None:
        """Ask, while this connection lives, those who tell nothing by themselves."""
        silent = [each for each in self._options.technologies if each.silent]
        while silent and look == self._looks:
            await deferLater(self._reactor, LOOK_AGAIN_S)
            self._tell_changed(await reconcile.poll(self._link, silent, self._sight))

    def _tell_changed(self, changed: frozenset[str]) -> None:
        for name in sorted(changed & self._extensions) if self._found else ():
            self._observe(facts.PhoneSeen(extension=name, reachable=self._sight.reaches(name)))

    def _ended(self, uniqueid: str) -> None:
        self._callers.forget(uniqueid)
        self._performer.ended(uniqueid)

    # -- a leg asks

    def _asked(self, session: Session) -> None:
        environment = session.environment
        script = "" if environment is None else environment.get("agi_network_script")
        if environment is None or script != "leg":
            session.close("nobody we know")
            return
        self._start(self._ask(session))

    async def _ask(self, session: Session) -> None:
        """Find out who asks and tell the core, unless the leg has gone meanwhile."""
        environment = session.environment
        assert environment is not None  # noqa: S101  a session is handed on with its environment
        uniqueid = environment.get("agi_uniqueid")
        arguments = environment.arguments + ("",) * 9
        trunk, number, interaction, queue, sent = arguments[:5]
        place = ",".join(arguments[5:8]).strip(",")
        if self._channels.born(uniqueid, environment.get("agi_channel")) is None:
            # What a leg leaves behind when it is bridged goes on in the dialplan for an instant.
            session.close("a stand-in")
            return
        self._performer.asks(uniqueid, session)
        name = environment.get("agi_calleridname")
        if environment.get("agi_type") == "PJSIP":
            name = ESCAPED.sub(r"\1", name)
        party, view = await self._callers.caller(uniqueid, environment.get("agi_callerid"), name)
        to = await self._target(sent) if sent else None
        if session.ended or self._channels.is_gone(uniqueid):
            return
        self._observer.know(uniqueid)
        self._observe(
            facts.LegAsked(
                leg=self._observer.leg(uniqueid),
                trunk=trunk,
                number=self._ours(number),
                party=party,
                view=view,
                interaction=interaction,
                queue=queue,
                place=place,
                key=arguments[8],
                to=to,
            )
        )

    async def _target(self, sent: str) -> Target:
        """Tell where an agent's phone has sent a leg; an outside number is a party from here on."""
        if sent.startswith(OUTSIDE):
            party, _ = await self._parties.party_of(sent.removeprefix(OUTSIDE), "")
            return Target(party=party)
        return Target(extension=sent) if sent in self._extensions else Target(number=sent)

    def _ours(self, number: str) -> str:
        """Give the number of ours that was dialled, with or without a plus; empty if it is none."""
        if self._numbers is None:
            return number
        for form in (number, number.removeprefix("+"), f"+{number}"):
            if form in self._numbers:
                return form
        return ""
