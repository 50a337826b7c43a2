"""What a printer prints: the finished calls of the store, in the order in which they ended, each once.

The list of calls is the spool: while a printer is off nothing is copied, so that somebody who is erased meanwhile is
printed without a number, and a disk that is full loses nothing.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar  # any: what a deferred yields to its coroutine is Twisted's affair

import msgspec
from twisted.internet.threads import deferToThread

from appliance.core import model
from appliance.lines import place_kept
from appliance.lines.place_kept import Printed
from appliance.store.guard import StoreError
from appliance.store.ledger import Listed
from drivers.serial.smdr.finished import Sheet
from drivers.serial.smdr.made import Layout, finished, places_of_trunks, telephones, zone_of
from drivers.serial.smdr.printer import SupplyError

ResultT = TypeVar("ResultT")


class Calls(Protocol):
    """The list of finished calls, as the store tells it."""

    def count(self) -> int:
        """Tell how many there are."""

    def listed(self, ordinal: int) -> Listed | None:
        """Give the call of a number; None if it was let go of."""


class CallsToPrint:
    """The calls that one printer has yet to print."""

    def __init__(self, calls: Calls, file: Path, layout: Layout, *, waiting_max: int) -> None:
        """Go on where `file` says; without one, begin with the call that ends next."""
        self._calls = calls
        self._file = file
        self._layout = layout
        self._waiting_max = waiting_max
        self._printed = place_kept.read(file)
        self._under_way: tuple[Printed, bytes] | None = None
        self._count = 0
        self.configuration = model.Configuration()

    @property
    def printed(self) -> Printed:
        """How far we are."""
        return self._printed or Printed(next=1)

    @property
    def waiting(self) -> int:
        """How many calls wait, as of when the store was last asked."""
        return max(0, self._count + 1 - self.printed.next) if self._printed else 0

    async def next(self) -> bytes | None:
        """Give the next call's line, the same until `said`; None if all are printed. Raises `SupplyError`."""
        if self._under_way is None:
            self._under_way = await _apart(self._look)
        return None if self._under_way is None else self._under_way[1]

    async def said(self) -> None:
        """Remember on the disk that it was printed. Raises `SupplyError`."""
        if self._under_way is not None:
            printed, _line = self._under_way
            await _apart(lambda: self._keep(printed))
            self._under_way = None

    def _keep(self, printed: Printed) -> None:
        place_kept.write(self._file, printed)
        self._printed = printed

    def _look(self) -> tuple[Printed, bytes] | None:
        """Find the next call; in a thread, for the store may have to be waited for."""
        self._count = self._calls.count()
        place = self._place()
        while place.next <= self._count:
            listed = self._calls.listed(place.next)
            after = msgspec.structs.replace(place, next=place.next + 1)
            if listed is not None:
                return self._line(listed, after)
            self._keep(after)  # it was too old to be kept
            place = after
        return None

    def _place(self) -> Printed:
        """Tell where to go on: calls beyond the limit are dropped and counted, a restored list is begun anew."""
        place = self._printed or Printed(next=self._count + 1)
        behind = self._count + 1 - place.next
        if behind < 0:
            place = msgspec.structs.replace(place, next=self._count + 1)
        elif behind > self._waiting_max:
            dropped = behind - self._waiting_max
            place = msgspec.structs.replace(place, next=place.next + dropped, dropped=place.dropped + dropped)
        if place != self._printed:
            self._keep(place)
        return place

    def _line(self, listed: Listed, after: Printed) -> tuple[Printed, bytes]:
        configuration = self.configuration
        call = finished(
            listed.cdr,
            ordinal=listed.ordinal,
            number=listed.label.number,
            trunks=places_of_trunks(configuration),
            extensions=telephones(configuration),
            zone=zone_of(configuration.company.zone),
        )
        after = msgspec.structs.replace(after, printed=after.printed + 1)
        opening, day = b"", call.ended.date().isoformat()
        if day != after.day:
            after = msgspec.structs.replace(after, day=day, page=after.page + 1)
            midnight = datetime.combine(call.ended.date(), datetime.min.time(), tzinfo=call.ended.tzinfo)
            opening = self._layout.opening(Sheet(day=midnight, page=after.page))
        return after, opening + self._layout.line(call)


async def _apart(work: Callable[[], ResultT]) -> ResultT:
    """Do something that may wait for store or disk; raises `SupplyError`."""
    try:
        done: Any = await deferToThread(work)  # any: as above
    except (StoreError, OSError) as problem:
        raise SupplyError(str(problem)) from problem
    result: ResultT = done
    return result
