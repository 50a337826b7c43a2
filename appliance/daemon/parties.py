"""Who is who, for drivers and live views: parties of the people's storage, with a small memory.

Drivers ask before the Centre hears of a caller, so this must answer even when the disk is slow: after `PARTY_S` the
caller goes on as a party of their own, whose number and name are kept when the disk is back; what is lost is the
history that such a caller may have.
"""

import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping

import msgspec
from twisted.internet.defer import CancelledError
from twisted.internet.defer import TimeoutError as LateError
from twisted.logger import Logger
from twisted.python.failure import Failure

from appliance.core.facts import PartyView
from appliance.daemon.reactor import Reactor, answer_of
from appliance.store.guard import StoreError
from appliance.store.people import People, cleaned

LABELS_MAX = 20_000
"Labels remembered; the one unused for longest goes first."
PARTY_S = 1.0
"How long a caller waits for being recognised."

report = Logger()


class Parties:
    """What the drivers and the live views may ask of the people's storage."""

    def __init__(self, reactor: Reactor, people: People, now: Callable[[], int]) -> None:
        """Ask `people`; `now` is centre time in microseconds."""
        self._reactor = reactor
        self._people = people
        self._now = now
        self._labels: OrderedDict[str, tuple[str, str]] = OrderedDict()
        self._wanted: set[str] = set()

    @property
    def labels(self) -> Mapping[str, tuple[str, str]]:
        """The remembered parties' numbers and names."""
        return self._labels

    async def party_of(self, number: str, name: str) -> tuple[str, PartyView]:
        """Recognise a caller; a withheld number (empty) is a fresh party each time. Never fails, never takes long."""
        fresh = secrets.token_hex(8)
        waiting = answer_of(self._reactor, self._people.party_of(number, name, self._now(), fresh))
        waiting.addTimeout(PARTY_S, self._reactor)
        try:
            known = await waiting
        except (LateError, CancelledError, StoreError) as error:
            report.error("a caller was not recognised in time: {error}", error=type(error).__name__)
            self._remember(fresh, (cleaned(number), cleaned(name)))
            answer_of(self._reactor, self._people.keep_late(fresh, number, name, self._now())).addErrback(_not_kept)
            return fresh, PartyView(withheld=not cleaned(number))
        self._remember(known.party, (known.number, known.name))
        return known.party, msgspec.structs.replace(known.view, withheld=not known.number)

    async def label(self, party: str) -> tuple[str, str]:
        """Look up number and name of a party, cleaned; both empty if it is unknown or erased."""
        if party not in self._labels:
            await self.learn((party,))
        return self._labels.get(party, ("", ""))

    async def learn(self, parties: Iterable[str]) -> bool:
        """Load the labels that are not remembered; True if there was one. Never fails."""
        missing = [party for party in parties if party and party not in self._labels and party not in self._wanted]
        if not missing:
            return False
        self._wanted.update(missing)
        try:
            labels = await answer_of(self._reactor, self._people.labels(missing))
        except StoreError as error:
            report.error("labels cannot be read: {error}", error=type(error).__name__)
            return False
        finally:
            self._wanted.difference_update(missing)
        for party in missing:
            label = labels.get(party)
            self._remember(party, (label.number, label.name) if label else ("", ""))
        return True

    def forget(self, party: str) -> None:
        """Ask again next time: the party was changed or erased."""
        self._labels.pop(party, None)

    def _remember(self, party: str, label: tuple[str, str]) -> None:
        self._labels[party] = label
        self._labels.move_to_end(party)
        while len(self._labels) > LABELS_MAX:
            self._labels.popitem(last=False)


def _not_kept(failure: Failure) -> None:
    report.error("a late caller's number could not be kept: {error}", error=failure.value.__class__.__name__)
