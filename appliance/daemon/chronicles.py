"""Calls that an exchange alone knew: read back from what it wrote down, told to the Centre, and then removed.

At each start, and every few seconds while we live, what was written becomes a part of its own; its calls are told page
by page, and it is removed as soon as the commit is done that holds them. So a crash anywhere loses none (the part is
still there) and doubles none (the Centre knows how far it was told). Numbers in clear lie there no longer than that.

After a long absence there may be hundreds of thousands of calls. A page is read and recognised while the one before it
is being committed, never more than that; a few calls are told at once, and between two such the reactor does all else.
"""

import time
from collections.abc import Callable, Coroutine, Mapping
from typing import Any  # any: what a coroutine takes and yields is Twisted's affair

from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread
from twisted.logger import Logger

from appliance.core import facts
from appliance.core.facts import Leg
from appliance.daemon.hub import Hub
from appliance.daemon.reactor import Reactor, Timer, answer_of
from appliance.store.guard import StoreError
from appliance.store.people import People
from appliance.written import Chronicle, Page, Written

EVERY_S = 5.0
"How often what was written is taken in."
TOLD_AT_ONCE = 10
"Calls in one fact, which nothing interrupts."

report = Logger()


def wall_us() -> int:
    """Tell the wall clock's time, microseconds since 1970 UTC."""
    return time.time_ns() // 1_000


class Chronicles:
    """What all exchanges write down by themselves."""

    def __init__(self, reactor: Reactor, *, hub: Hub, people: People, wall: Callable[[], int] = wall_us) -> None:
        """Tell the hub; who called is kept with the people."""
        self._reactor = reactor
        self._hub = hub
        self._people = people
        self._wall = wall
        self._followed: dict[str, Chronicle] = {}
        self._turned: dict[tuple[str, int], int] = {}
        "When a part of this life was made; centre time."
        self._timer: Timer | None = None
        self._stopping = False
        self.torn = 0
        "Pieces of what was read that are no record."

    def follow(self, exchange: str, chronicle: Chronicle) -> None:
        """Read what an exchange writes; before its first leg can ask."""
        self._followed[exchange] = chronicle
        if exchange not in self._hub.centre.state.chronicles:
            self._hub.take(facts.CallsTold(exchange=exchange))

    def start(self) -> None:
        """Look at once, and from then on again and again."""
        if self._followed:
            self._start(self._look())

    def stop(self) -> None:
        """Look no more; what is not told is told at the next start."""
        self._stopping = True
        if self._timer is not None:
            self._timer.cancel()

    def _start(self, work: Coroutine[Deferred[Any], Any, None]) -> None:
        Deferred.fromCoroutine(work).addErrback(lambda failure: report.failure("chronicle: unexpected", failure))

    async def _look(self) -> None:
        self._timer = None
        for exchange, chronicle in self._followed.items():
            try:
                await self._take_in(exchange, chronicle)
            except (OSError, StoreError) as error:
                report.error("what an exchange wrote cannot be taken in: {error}", error=type(error).__name__)
        if not self._stopping:
            self._timer = self._reactor.callLater(EVERY_S, self._again)

    def _again(self) -> None:
        self._start(self._look())

    async def _take_in(self, exchange: str, chronicle: Chronicle) -> None:
        """Take in all that is written by now."""
        told = self._hub.centre.state.chronicles[exchange]
        turned, before = self._hub.now, set(await deferToThread(chronicle.parts))
        await deferToThread(chronicle.turn, told.part)
        for part in await deferToThread(chronicle.parts):
            if part not in before:
                self._turned[exchange, part] = turned
            if self._stopping or not await self._read(exchange, chronicle, part):
                return
        rest = await deferToThread(chronicle.cut_off, told.part, told.offset)
        if rest is not None:
            await (await self._tell(exchange, rest, await self._meet(exchange, rest)))

    async def _read(self, exchange: str, chronicle: Chronicle, part: int) -> bool:
        """Tell a part from where the Centre knows it, then remove it; False if it has to be looked at again."""
        told = self._hub.centre.state.chronicles[exchange]
        offset = told.offset if part == told.part else 0
        committed: Deferred[None] = succeed(None)
        whole = part < told.part
        while not whole:
            page = await deferToThread(chronicle.read, part, offset)
            self.torn += page.torn
            if page.torn:
                report.warn("{torn} records of an exchange were torn", torn=page.torn)
            if page.calls:
                met = await self._meet(exchange, page)
                await committed
                committed = await self._tell(exchange, page, met)
            if not page.whole and (self._stopping or page.offset == offset):
                return False
            offset, whole = page.offset, page.whole
        await committed
        await deferToThread(chronicle.remove, part)
        self._turned.pop((exchange, part), None)
        return True

    async def _meet(self, exchange: str, page: Page) -> dict[str, str]:
        """Recognise who made the calls of a page that nobody has heard of: Uniqueid to party, in one commit."""
        knows = self._hub.centre.chronicles.knows
        new = [call for call in page.calls if not knows(Leg(exchange, call.uniqueid)) and self._is_one(call)]
        if not new:
            return {}
        met = self._people.recognise([(call.number, call.name) for call in new], self._hub.now)
        parties = await answer_of(self._reactor, met)
        return {call.uniqueid: party.party for call, party in zip(new, parties, strict=True)}

    async def _tell(self, exchange: str, page: Page, met: Mapping[str, str]) -> Deferred[None]:
        """Tell a page, a few calls at a time; gives what fires when all of it is committed."""
        shift = self._hub.now - self._wall()
        told = [(call.end, one) for call in page.calls if (one := self._told(exchange, call, met, shift)) is not None]
        turned = self._turned.get((exchange, page.part), 0) if page.whole else 0
        firsts = range(0, max(len(told), 1), TOLD_AT_ONCE)
        for first in firsts:
            if first:
                await deferLater(self._reactor, 0)
            few, last = told[first : first + TOLD_AT_ONCE], first == firsts[-1]
            self._hub.take(
                facts.CallsTold(
                    exchange=exchange,
                    part=page.part,
                    offset=page.offset if last else few[-1][0],
                    calls=tuple(call for _, call in few),
                    turned=turned if last else 0,
                )
            )
        return self._hub.committed_all()

    def _is_one(self, call: Written) -> bool:
        return call.sure or bool(self._dialled(call.dialled))

    def _dialled(self, dialled: str) -> str:
        """Give the number of ours, or the emergency number, that was dialled; empty if it is neither."""
        directory = self._hub.centre.directory
        for form in (dialled, dialled.removeprefix("+"), f"+{dialled}", dialled.removeprefix(directory.company.prefix)):
            if form in directory.numbers or form in directory.company.emergency:
                return form
        return ""

    def _told(self, exchange: str, call: Written, met: Mapping[str, str], shift: int) -> facts.ToldCall | None:
        """Say what is to be told of a call: its leg if we know of it, all if it is a stranger's, else nothing."""
        if self._hub.centre.chronicles.knows(Leg(exchange, call.uniqueid)):
            return facts.ToldCall(uniqueid=call.uniqueid)
        if call.uniqueid not in met:
            return None
        return facts.ToldCall(
            uniqueid=call.uniqueid,
            began=call.began + shift,
            ended=call.ended + shift,
            routed=call.routed + shift if call.routed else 0,
            trunk=call.endpoint if call.endpoint in self._hub.centre.directory.trunks else "",
            number=self._dialled(call.dialled),
            party=met[call.uniqueid],
            cause="switch_failure" if call.cut else "caller" if call.by_caller else "exchange",
            code=call.code,
            answered=call.answered,
        )
