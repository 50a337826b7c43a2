"""After a (re)connection: what lives on the exchange, and which phones and trunks it reaches."""

from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from functools import partial

from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.python.failure import Failure

from appliance.core.facts import FoundLeg, Leg
from drivers.asterisk.asking import RECORDED
from drivers.asterisk.channels import Channel, Channels
from drivers.asterisk.codec_ami import Action, Answer, Event
from drivers.asterisk.conf import Seen, Technology
from drivers.asterisk.link import Link, LinkError
from drivers.asterisk.vocabulary import Actions

VARIABLES = ("SR_INTERACTION", "SR_OFFER", "SR_AGENT", "SR_QUEUE", "SR_PLACE", "SR_DONE", RECORDED)
"What we read from each channel."
UNSET = "(null)"
"What Asterisk says in `Status` of a variable that a channel does not have (main/manager.c prints a null pointer)."
TRIES = 60
TRY_S = 0.05
"How often, and after which pause, a list is asked for that could not be had."
LIST_S = 10.0
"How long a list may take: one of hundreds of channels on a busy machine takes seconds, and none if asked for again."
MEANWHILE_MAX = 10_000
"Events remembered for the next list; more than phones and trunks can make while one is on its way."


@dataclass(slots=True)
class Sight:
    """The phones and trunks as last seen."""

    contacts: dict[str, set[str]] = field(default_factory=dict)
    "Extension or trunk to its addresses that can be reached."
    known: dict[str, bool] = field(default_factory=dict)
    "Trunk to whether the carrier knows us."

    asking: bool = False
    "Whether lists are on their way that `find_again` has asked for."
    again: bool = False
    "Whether they are to be asked for once more then."
    meanwhile: list[Seen] = field(default_factory=list)
    "What events have told while the lists were on their way."

    def take(self, seen: Seen) -> bool:
        """Take in what an event tells; True if it makes something reachable or unreachable."""
        if len(self.meanwhile) < MEANWHILE_MAX:
            self.meanwhile.append(seen)
        return self._take(seen)

    def replace(self, found: Iterable[Seen]) -> None:
        """Take in the lists in the place of all that was seen before them."""
        self.contacts.clear()
        self.known.clear()
        for seen in (*found, *self.meanwhile):
            self._take(seen)

    def _take(self, seen: Seen) -> bool:
        if seen.registered is not None:
            self.known[seen.name] = seen.registered
        if seen.reachable is None:
            return False
        contacts = self.contacts.setdefault(seen.name, set())
        before = bool(contacts)
        if seen.reachable:
            contacts.add(seen.contact)
        else:
            contacts.discard(seen.contact)
        return before != bool(contacts)

    def reaches(self, name: str) -> bool:
        """Whether a phone or trunk can be reached."""
        return bool(self.contacts.get(name))


async def ask_until_answered(clock: IReactorTime, ask: Callable[[], Awaitable[Answer]]) -> Answer:
    """Ask, and ask again, `TRIES` times, for what cannot be had; raises `LinkError` after that."""
    for _ in range(TRIES - 1):
        try:
            return await ask()
        except LinkError:
            await deferLater(clock, TRY_S)
    return await ask()


async def together(*works: Coroutine[Deferred[object], object, object]) -> None:
    """Do all of it at once, and wait for all of it; the first failure of any is raised then."""
    done = await DeferredList([Deferred.fromCoroutine(work) for work in works], consumeErrors=True)
    for _, failure in done:
        if isinstance(failure, Failure):
            failure.raiseException()


async def started_at(clock: IReactorTime, link: Link) -> str:
    """Ask when this Asterisk was started, in its own words: another one has another time."""
    answer = await ask_until_answered(clock, partial(link.act, Action(name="CoreStatus"), deadline_s=LIST_S))
    return f"{answer.get('CoreStartupDate')} {answer.get('CoreStartupTime')}"


async def find_channels(clock: IReactorTime, link: Link, channels: Channels) -> None:
    """Bring in the channels that live, with our variables; one whose end an event has told meanwhile stays ended."""
    action = Actions().status(variables=",".join(VARIABLES))
    for event in (await ask_until_answered(clock, partial(link.act, action, deadline_s=LIST_S))).events:
        take_status(event, channels)


def take_status(event: Event, channels: Channels) -> None:
    """Take in one channel of the answer to `Status`."""
    channel = channels.born(event.get("Uniqueid"), event.get("Channel"), event.get("ChannelState"))
    if channel is not None:
        channel.bridge = channel.bridge or event.get("BridgeID")
        pairs = (variable.partition("=") for variable in event.all("Variable"))
        channel.variables = {name: value for name, equals, value in pairs if equals and value != UNSET}


async def find_contacts(clock: IReactorTime, link: Link, technologies: Iterable[Technology], sight: Sight) -> None:
    """Look anew which phones and trunks can be reached."""
    found: list[Seen] = []
    sight.meanwhile.clear()
    for technology in technologies:
        for question in technology.questions:
            ask = partial(link.care, Action(name=question), deadline_s=LIST_S)
            answer = await ask_until_answered(clock, ask)
            seen = (technology.seen(event.name, event.get) for event in answer.events)
            found.extend(each for each in seen if each is not None)
    sight.replace(found)


async def find_again(
    clock: IReactorTime, link: Link, technologies: Iterable[Technology], sight: Sight
) -> frozenset[str]:
    """Look anew after an event that said no more than that; gives what can be reached now and could not, or could.

    A span that fails tells it once for each of its channels: what is asked meanwhile is asked once, afterwards.
    """
    sight.again = True
    if sight.asking:
        return frozenset()
    sight.asking = True
    before = frozenset(name for name in sight.contacts if sight.reaches(name))
    try:
        while sight.again:
            sight.again = False
            await find_contacts(clock, link, technologies, sight)
    finally:
        sight.asking = False
    return before ^ frozenset(name for name in sight.contacts if sight.reaches(name))


async def poll(link: Link, technologies: Iterable[Technology], sight: Sight) -> frozenset[str]:
    """Ask what tells nothing by itself; gives what can be reached now and could not, or could. Nothing without a line.

    An answer that comes too late is one that the next question gives.
    """
    before = frozenset(name for name in sight.contacts if sight.reaches(name))
    for technology in technologies:
        for question in technology.questions:
            try:
                answer = await link.care(Action(name=question))
            except LinkError:
                return frozenset()
            for event in answer.events:
                seen = technology.seen(event.name, event.get)
                if seen is not None:
                    sight.take(seen)
    return before ^ frozenset(name for name in sight.contacts if sight.reaches(name))


async def probe(link: Link, technologies: Iterable[Technology], names: Iterable[str]) -> None:
    """Have the phones or trunks probed that nobody has seen yet; what comes of it is told by events."""
    for name in names:
        for technology in technologies:
            asked = technology.probe(name)
            if asked is not None:
                await link.care(Action(name=asked[0], headers=asked[1]))


def found_legs(exchange: str, channels: Channels, asking: Iterable[str]) -> tuple[FoundLeg, ...]:
    """Say in the core's words what lives: every channel, and the legs that ask just now.

    A leg that asks lives, though the event that says so may still be on its way.
    """
    legs = [_found(exchange, channel, channels) for channel in channels]
    there = {found.leg.uniqueid for found in legs}
    legs += [FoundLeg(leg=Leg(exchange, uniqueid)) for uniqueid in asking if uniqueid not in there]
    return tuple(sorted(legs, key=lambda found: found.leg))


def _found(exchange: str, channel: Channel, channels: Channels) -> FoundLeg:
    others = (other.uniqueid for other in channels.inside(channel.bridge) if other is not channel)
    return FoundLeg(
        leg=Leg(exchange, channel.uniqueid),
        interaction=channel.variables.get("SR_INTERACTION", ""),
        offer=channel.variables.get("SR_OFFER", ""),
        agent=channel.variables.get("SR_AGENT", ""),
        up=channel.up,
        bridged=tuple(Leg(exchange, uniqueid) for uniqueid in others),
    )
