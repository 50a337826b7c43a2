"""How calls sounded: what RTCP tells of each leg while it lives, and how long phones and trunks take to answer a probe.

Asterisk tells of each RTCP report that it sends (what it heard) and gets (what the other side heard of us), every five
seconds of audio (main/rtp_engine.c, `RTCPSent`, `RTCPReceived`). Reports count from one to the next, so their mean is
that of the leg. A leg too short for a report has no figures. What the other side reports may be invented: it is read
as numbers within bounds, or not at all.
"""

import re
import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

from appliance.network import Leg, Way, mos_of
from drivers.asterisk.codec_ami import Event
from drivers.asterisk.link import Link
from drivers.asterisk.vocabulary import Actions

LEGS_MAX = 2_000
"Legs that are followed at once; of more, the oldest is forgotten."
REPORTS_MAX = 100_000
"Reports of one direction that are taken: six days of them."
CLOCK_KHZ = 8
"The clock of G.711's packets, in which jitter is told."
JITTER_MS_MAX = 10_000.0
ROUND_TRIP_S_MAX = 60.0
"More is nonsense, and the report is left out."
GIVE_UP = 2
"Probes in a row without an answer, after which none is sent any more."
ANSWER_S_MAX = 4.0
"After this a probe is lost: Asterisk waits 3 s (`qualify_timeout`, drivers/pjsip) and tells it a moment later."
LIST_S = 10.0
"How long the list of contacts may take, on a busy machine with hundreds of them."
LOOK_S = 0.1
LOOK_S_MAX = 0.8
"How soon after a probe it is looked what came of it, and how seldom in the end: a list of hundreds is not little."

_SIP = "PJSIP/"
_WHOLE = re.compile(r"[0-9]{1,10}")
_DECIMAL = re.compile(r"[0-9]{1,10}(?:\.[0-9]{1,9})?")
_NAME_END = re.compile(";@|@@")
"What stands in a contact's name between its address of record and a digest (res_pjsip/location.c)."
_FRACTION_MAX = 255
_ANSWERED = "Reachable"


@dataclass(slots=True)
class _Heard:
    """What the reports about one direction add up to."""

    reports: int = 0
    fractions: int = 0
    "256ths of the packets that were lost between two reports, added up."
    worst: int = 0
    jitter: float = 0.0
    "Milliseconds, added up."

    @property
    def way(self) -> Way | None:
        if not self.reports:
            return None
        return Way(
            loss_percent=round(100 * self.fractions / self.reports / 256, 2),
            worst_percent=round(100 * self.worst / 256, 2),
            jitter_ms=round(self.jitter / self.reports, 2),
        )


@dataclass(slots=True)
class _Followed:
    """A leg that lives."""

    heard: _Heard = field(default_factory=_Heard)
    said: _Heard = field(default_factory=_Heard)
    round_trip_ms: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """How a phone or trunk answered last, as Asterisk has it."""

    round_trip_us: int | None
    "None of one that did not answer, or has not been probed."


@dataclass(slots=True, kw_only=True)
class Asked:
    """A phone or trunk that is being probed."""

    contact: bool = False
    "Whether there is an address of it."
    fixed: bool | None = None
    "Whether its address is one that is set and nobody registers, as a trunk's; None as long as nobody asked."
    sent: int = 0
    missed: int = 0
    "In a row."
    round_trips_ms: list[float] = field(default_factory=list)

    def answered(self, microseconds: int) -> None:
        """Note an answer."""
        self.missed = 0
        self.round_trips_ms.append(round(microseconds / 1_000, 3))


class Quality:
    """How the legs of one exchange sound, and how its phones and trunks answer."""

    def __init__(self, clock: IReactorTime, link: Link) -> None:
        """Begin with no leg."""
        self._clock = clock
        self._link = link
        self._legs: OrderedDict[str, _Followed] = OrderedDict()
        self.ended: Callable[[str, Leg], None] = lambda _name, _leg: None
        "Told of each leg that has figures when it ends, with the phone's extension or the trunk's slug."

    # -- calls

    def hear(self, event: Event) -> None:
        """Take in one event of the exchange."""
        match event.name:
            case "RTCPSent" | "RTCPReceived":
                self._report(event)
            case "Hangup":
                self._end(event)
            case _:
                pass

    def _report(self, event: Event) -> None:
        uniqueid = event.get("Uniqueid")
        fraction = _whole(event.get("Report0FractionLost"))
        jitter = _whole(event.get("Report0IAJitter"))
        if not uniqueid or fraction is None or fraction > _FRACTION_MAX or jitter is None:
            return
        jitter_ms = jitter / CLOCK_KHZ
        if jitter_ms > JITTER_MS_MAX:
            return
        leg = self._legs.get(uniqueid) or self._follow(uniqueid)
        way = leg.heard if event.name == "RTCPSent" else leg.said
        if way.reports < REPORTS_MAX:
            way.reports += 1
            way.fractions += fraction
            way.worst = max(way.worst, fraction)
            way.jitter += jitter_ms
        trip = event.get("RTT")
        if event.name == "RTCPReceived" and _DECIMAL.fullmatch(trip) and 0 < float(trip) <= ROUND_TRIP_S_MAX:
            leg.round_trip_ms = max(leg.round_trip_ms or 0.0, round(1_000 * float(trip), 2))

    def _follow(self, uniqueid: str) -> _Followed:
        while len(self._legs) >= LEGS_MAX:
            self._legs.popitem(last=False)
        leg = self._legs[uniqueid] = _Followed()
        return leg

    def _end(self, event: Event) -> None:
        name = event.get("Channel")
        if not name.startswith(_SIP):
            return  # a stand-in takes no other channel with it
        leg = self._legs.pop(event.get("Uniqueid"), None)
        if leg is None:
            return
        heard, said = leg.heard.way, leg.said.way
        mos = round(mos_of(heard, said, leg.round_trip_ms), 2)
        at = time.time_ns() // 1_000
        told = Leg(at=at, heard=heard, said=said, round_trip_ms=leg.round_trip_ms, mos=mos)
        self.ended(name.removeprefix(_SIP).rpartition("-")[0], told)

    # -- probes

    async def contacts(self, asked: dict[str, Asked]) -> dict[str, Contact]:
        """Ask where phones and trunks are, and how they answered last; raises `LinkError`.

        Asterisk's list has those that registered; the others are asked for one by one; who has no address, once.
        """
        answer = await self._link.care(Actions().pjsip_show_contacts(), deadline_s=LIST_S)
        found = dict(contact for event in answer.events if (contact := contact_of(event)) is not None)
        for name, one in asked.items():
            if name in found or one.fixed is False:
                continue
            answer = await self._link.care(Actions().pjsip_show_endpoint(name), deadline_s=LIST_S)
            found.update(contact for event in answer.events if (contact := contact_of(event)) is not None)
            one.fixed = name in found
        return found

    async def probe(self, asked: dict[str, Asked]) -> None:
        """Send a probe to each that has an address and has not been given up, and wait for what comes of it.

        Raises `LinkError`.
        """
        before = await self.contacts(asked)
        waiting: dict[str, Contact] = {}
        for name, one in asked.items():
            one.contact = one.contact or name in before
            if name in before and one.missed < GIVE_UP:
                await self._link.care(Actions().pjsip_qualify(name))
                one.sent += 1
                waiting[name] = before[name]
        began, pause = self._clock.seconds(), LOOK_S
        while waiting:
            await deferLater(self._clock, pause)
            pause = min(1.5 * pause, LOOK_S_MAX)
            now = await self.contacts({name: asked[name] for name in waiting})
            over = self._clock.seconds() - began >= ANSWER_S_MAX
            _settle(asked, waiting, now, over=over)


def _settle(asked: dict[str, Asked], waiting: dict[str, Contact], now: dict[str, Contact], *, over: bool) -> None:
    """Take those out whose probe has come to something.

    Two round trips of the same length look like none until the time is over; by then a lost one would have been told.
    """
    for name in tuple(waiting):
        before, contact = waiting[name], now.get(name)
        if contact is not None and contact.round_trip_us is not None and (over or contact != before):
            asked[name].answered(contact.round_trip_us)
        elif over or (contact != before and before.round_trip_us is not None):
            asked[name].missed += 1
        else:
            continue
        del waiting[name]


def contact_of(event: Event) -> tuple[str, Contact] | None:
    """Read one entry of the list of contacts; None for one that cannot be read."""
    match event.name:
        case "ContactList":
            name = _NAME_END.split(event.get("ObjectName"))[0]
        case "ContactStatusDetail":
            name = event.get("EndpointName")
        case _:
            return None
    if not name:
        return None
    answered = event.get("Status") == _ANSWERED
    return name, Contact(round_trip_us=_whole(event.get("RoundtripUsec")) if answered else None)


def untested(names: Collection[str]) -> dict[str, Asked]:
    """Begin with phones and trunks of which nothing is known."""
    return {name: Asked() for name in names}


def _whole(text: str) -> int | None:
    """Read a whole number that is not negative, of ten digits at most."""
    return int(text) if _WHOLE.fullmatch(text) else None
