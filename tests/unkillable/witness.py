"""A witness of the calls: an AMI connection of the harness's own, which no kill of the daemon touches."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial

from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.endpoints import TCP4ClientEndpoint

from drivers.asterisk.codec_ami import Event
from drivers.asterisk.conf import Site
from drivers.asterisk.link import Account, Link, LinkOptions
from drivers.asterisk.reconcile import LIST_S, UNSET, ask_until_answered
from drivers.asterisk.render import accounts_of
from drivers.asterisk.vocabulary import Actions
from drivers.robot.waits import Waits

STAND_IN = "Surrogate/"
"What a leg leaves behind for an instant when it is bridged."


@dataclass(slots=True, kw_only=True)
class Seen:
    """One channel, as events tell of it."""

    uniqueid: str
    name: str
    number: str
    "The caller's, as shown to Asterisk."
    bridge: str = ""
    partner: str = ""
    "The Uniqueid of whom it was last bridged with."
    parted: int = 0
    "How often it has left a bridge."
    ended: bool = False
    ended_at: float = 0.0
    "By `time.time`."
    cause: str = ""


@dataclass(slots=True)
class Witness:
    """What has happened to every channel."""

    reactor: AsyncioSelectorReactor
    site: Site
    channels: dict[str, Seen] = field(default_factory=dict)
    waits: Waits = field(init=False)
    gaps: int = 0
    "How often its own connection was lost: then it cannot swear."
    _link: Link = field(init=False)

    def __post_init__(self) -> None:
        """Make the connection, but do not begin it."""
        accounts = {user: Account(user=user, secret=secret) for user, secret in accounts_of(self.site).items()}
        self.waits = Waits(self.reactor, "witness")
        self._link = Link(
            self.reactor,
            TCP4ClientEndpoint(self.reactor, "127.0.0.1", self.site.ami_port),
            LinkOptions(events=accounts["events"], calls=accounts["calls"], care=accounts["care"]),
            on_event=self._hear,
            on_up=self.waits.look,
            on_down=self._lose,
        )

    async def start(self) -> None:
        """Connect."""
        self._link.start()
        await self.waits.until(lambda: self._link.up or None, "its connection", 30)

    async def stop(self) -> None:
        """Disconnect."""
        await self._link.stop()

    async def places(self) -> dict[str, tuple[str, str]]:
        """Ask Asterisk for every caller's interaction and place, by Uniqueid, as the channels carry them."""
        status = Actions().status(variables="SR_INTERACTION,SR_PLACE")
        answer = await ask_until_answered(self.reactor, partial(self._link.act, status, deadline_s=LIST_S))
        found: dict[str, tuple[str, str]] = {}
        for event in answer.events:
            pairs = dict(variable.partition("=")[::2] for variable in event.all("Variable"))
            if pairs.get("SR_PLACE", UNSET) not in {"", UNSET}:
                found[event.get("Uniqueid")] = (pairs.get("SR_INTERACTION", ""), pairs["SR_PLACE"])
        return found

    async def hang_up(self, uniqueid: str) -> None:
        """End a channel."""
        await self._link.act(Actions().hangup(self.channels[uniqueid].name, 16))

    def of(self, number: str) -> Seen | None:
        """Find the channel of a caller at the trunk, by the caller's number."""
        return next((seen for seen in self.callers() if seen.number == number), None)

    def callers(self) -> Iterable[Seen]:
        """List every channel that a caller at the trunk ever had."""
        return (seen for seen in self.channels.values() if seen.name.startswith("PJSIP/carrier-"))

    def _lose(self, reason: str) -> None:
        del reason
        self.gaps += 1

    def _hear(self, event: Event) -> None:
        uniqueid = event.get("Uniqueid")
        if not uniqueid or event.get("Channel").startswith(STAND_IN):
            return
        match event.name:
            case "Newchannel":
                self.channels[uniqueid] = Seen(
                    uniqueid=uniqueid, name=event.get("Channel"), number=event.get("CallerIDNum")
                )
            case "BridgeEnter" if uniqueid in self.channels:
                self._enter(self.channels[uniqueid], event.get("BridgeUniqueid"))
            case "BridgeLeave" if uniqueid in self.channels:
                seen = self.channels[uniqueid]
                seen.parted += seen.bridge == event.get("BridgeUniqueid")
                seen.bridge = ""
            case "Hangup" if uniqueid in self.channels:
                self.channels[uniqueid].ended = True
                self.channels[uniqueid].ended_at = time.time()
                self.channels[uniqueid].cause = event.get("Cause")
            case _:
                return
        self.waits.look()

    def _enter(self, seen: Seen, bridge: str) -> None:
        seen.bridge = bridge
        for other in self.channels.values():
            if other is not seen and other.bridge == bridge and not other.ended:
                other.partner, seen.partner = seen.uniqueid, other.uniqueid
