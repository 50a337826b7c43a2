"""What pages and commands read, past the daemon: a connection that cannot write, as fresh as the last commit.

A reader may be used by many threads. Open it after a fork, never before. Every call raises `StoreAbsentError` if the
ZEO process does not answer in time.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec
from transaction import TransactionManager
from ZEO.Exceptions import ClientStorageError
from ZODB.DB import DB
from ZODB.POSException import POSError

from appliance import api
from appliance.core import model
from appliance.core.columns import Part
from appliance.core.effects import Decided, WorkFiled
from appliance.core.facts import PartyView
from appliance.store import ledger, media, sessions, sms, standing
from appliance.store.guard import StoreAbsentError, StoreBrokenError
from appliance.store.ledger import Calls, History, Listed, Numbered, Query, Recording, Told
from appliance.store.link import Where, connect, uri_of
from appliance.store.people import Label, Note, labels_of, notes_of, parties_like, party_named, since_of, view_of
from appliance.store.publishing import equipment_of
from appliance.store.schema import (
    CONFIGURATION,
    JOURNAL,
    PEOPLE,
    JournalTables,
    PeopleTables,
    Root,
    SettingsTables,
    tables,
)
from appliance.store.sessions import Session, hash_of
from appliance.store.sms_record import Sms
from appliance.store.standing import Changed, Page, Standing
from appliance.store.vault import RATE, Peak, SealedRecording, VaultError

__all__ = [
    "Calls",
    "Changed",
    "History",
    "Label",
    "Listed",
    "Note",
    "Page",
    "Peak",
    "Playable",
    "Query",
    "Reader",
    "Recording",
    "Session",
    "Signed",
    "Sms",
    "Standing",
    "Told",
    "VaultError",
    "open_reader",
]

PARTIES_SCANNED_MAX = 200_000
ResultT = TypeVar("ResultT")

report = logging.getLogger(__name__)


class Signed(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who is signed in, as the person is now."""

    session: Session
    person: api.Person


class Playable:
    """A recording as a WAV file of known size: PCM, 16 bit, 8 kHz, left the caller, right the agent."""

    def __init__(self, sealed: SealedRecording) -> None:
        """Take over an opened recording."""
        self._sealed = sealed
        self.size = sealed.wav_bytes
        "Bytes."
        self.seconds = sealed.seconds

    def read(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Give the bytes [start, stop); raises `VaultError` on the way if the file is damaged."""
        return self._sealed.wav(start, stop)

    def peaks(self, buckets: int) -> tuple[Peak, ...]:
        """Give the waveform in at most so many buckets: least and greatest of each channel, -128…127."""
        return self._sealed.peaks(buckets)


class Reader:
    """Reads the store for pages and commands."""

    def __init__(self, socket: Path, *, media: Path | None, wait_s: float) -> None:
        """Remember where the store is; nothing is opened before it is asked for."""
        self._socket = socket
        self._media = media
        self._wait_s = wait_s
        self._databases: dict[str, DB] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        """Let go of the connections."""
        with self._lock:
            databases, self._databases = self._databases, {}
        for database in databases.values():
            database.close()

    # -- people and sessions

    def session(self, secret: str, now_us: int) -> Signed | None:
        """Tell who brings a session's secret; None if it is over or the person may not sign in any more."""

        def work(settings: SettingsTables) -> tuple[Session, api.Person] | None:
            session = sessions.session_of(settings, hash_of(secret), now_us)
            if session is None:
                return None
            return session, next(person for person in standing.roster_of(settings) if person.slug == session.person)

        found = self._settings(work)
        if found is None:
            return None
        session, person = found
        name = self.names().get(person.slug, "")
        return Signed(session=session, person=msgspec.structs.replace(person, name=name, language=session.language))

    def names(self) -> dict[str, str]:
        """Tell names by person's sign-in name, and by agent where an agent is named otherwise."""
        names = self._people(lambda people: dict(people.names.items()))
        roster = self._settings(standing.roster_of)
        return {person.agent: names.get(person.slug, "") for person in roster if person.agent} | names

    def labels(self, parties: Iterable[str]) -> dict[str, Label]:
        """Tell numbers and names of parties; an unknown or erased one is left out."""
        wanted = tuple(parties)
        return self._people(lambda people: labels_of(people, wanted))

    def everybody(self, limit: int) -> set[str]:
        """Give the numbers and names of the first so many parties: what must not be shown to others."""

        def work(people: PeopleTables) -> set[str]:
            labels = labels_of(people, parties_like(people, "", limit)).values()
            return {word for label in labels for word in (label.number, label.name) if word}

        return self._people(work)

    def party(self, named: str) -> str:
        """Tell the party of an id or a number; empty if nobody is known by it."""
        return self._people(lambda people: party_named(people, named))

    def routed(self, party: str) -> PartyView:
        """Tell what routing may know of a party; nothing of an unknown or erased one."""
        return self._people(lambda people: view_of(people, party))

    def texts(self, before: int, count: int) -> tuple[Sms, ...]:
        """Give text messages, the newest first; those with numbers below `before`, if that is not 0."""
        return self._people(lambda people: sms.listed(people, before, count))

    def notes(self, interactions: Iterable[str]) -> dict[str, tuple[Note, ...]]:
        """Tell the notes of interactions that have any."""
        wanted = tuple(interactions)
        return self._people(lambda people: notes_of(people, wanted))

    # -- configuration

    def standing(self) -> Standing:
        """Tell what holds now; people without their names."""
        return self._settings(standing.standing_of)

    def document(self, version: str = "") -> api.Document:
        """Give what people edit and export; an older version with the people of now. KeyError if unknown."""
        now = self.standing()
        configuration = self.configuration(version) if version else now.configuration
        return standing.document_of(configuration, now.people, self.names())

    def configuration(self, version: str) -> model.Configuration:
        """Give a version as it was published; KeyError if it never was."""
        return self._settings(lambda settings: standing.configuration_of(settings, version))

    def changes(self, page: int = 0) -> Page:
        """Give a page of changes, newest first."""
        return self._settings(lambda settings: standing.page_of_changes(settings, page))

    def change(self, number: int) -> Changed | None:
        """Tell a change with every value that it changed; None if there is no such change."""
        names = self.names()
        return self._settings(lambda settings: standing.changed(settings, number, names))

    def equipment(self) -> api.Equipment:
        """Give what drivers need, SIP passwords included; for administrators and the command line."""
        names = self.names()
        return self._settings(lambda settings: equipment_of(settings, names))

    def secrets(self) -> Mapping[str, str]:
        """Give the SIP passwords; for administrators and the command line."""
        return self._settings(lambda settings: dict(settings.secrets.items()))

    # -- calls

    def calls(self, query: Query) -> Calls:
        """Give a page of calls, newest first."""

        def named() -> frozenset[str]:
            return self._people(lambda people: parties_like(people, query.text, PARTIES_SCANNED_MAX))

        found, more, scanned = self._journal(lambda journal: ledger.find(journal, query, named))
        return Calls(calls=self._listed(found), page=query.page, more=more, scanned=scanned)

    def past_calls(self, party: str, limit: int = 10) -> tuple[Listed, ...]:
        """List the last calls of a party, newest first."""
        since = self._people(lambda people: since_of(people, party))
        return self._listed(self._journal(lambda journal: ledger.past(journal, party, limit, since)))

    def call(self, interaction: str) -> Told | None:
        """Tell everything about a call that has ended; None if there is none of this name."""
        trace = self._journal(lambda journal: ledger.trace(journal, interaction))
        cdr = trace.cdr
        if cdr is None:
            return None
        kept = [kept for row in trace.rows for kept in row.kept]
        works = tuple(work for work in kept if isinstance(work, WorkFiled) and work.interaction == interaction)
        decisions = tuple(made for made in kept if isinstance(made, Decided) and made.interaction == interaction)
        (listed,) = self._listed([(trace.ordinal, cdr)])
        return Told(
            cdr=cdr,
            ordinal=trace.ordinal,
            label=listed.label,
            rows=trace.rows,
            boots=trace.boots,
            works=works,
            decisions=decisions,
            notes=self.notes((interaction,)).get(interaction, ()),
            recording=self._recording(cdr.recording),
        )

    def call_by(self, ordinal: int) -> Told | None:
        """Tell everything about the call of a number."""
        cdr = self._journal(lambda journal: ledger.call_at(journal, ordinal))
        return None if cdr is None else self.call(cdr.interaction)

    def listed(self, ordinal: int) -> Listed | None:
        """Give the call of a number as lists show it; None if there is none."""
        cdr = self._journal(lambda journal: ledger.call_at(journal, ordinal))
        return None if cdr is None else self._listed([(ordinal, cdr)])[0]

    def first_of(self, since_us: int) -> int:
        """Tell the number of the first call that ended at a moment or later; one after the last if there is none."""
        return self._journal(lambda journal: ledger.first_since(journal, since_us))

    def report(
        self, columns: Sequence[str], since_us: int, until_us: int, make: Callable[[Iterator[Part]], ResultT]
    ) -> ResultT:
        """Make a report from columns of the queue visits (`appliance.core.visits.Visit`) of calls in a stretch of time.

        Visits of such a call that ended outside of it are among them.
        """
        return self._journal(lambda journal: make(ledger.visits(journal, columns, since_us, until_us)))

    def history(self, since_us: int, until_us: int) -> History | None:
        """Give what happened in a stretch of time, so that it can be replayed; None if its facts were let go."""
        return self._journal(lambda journal: ledger.history(journal, since_us, until_us))

    def count(self) -> int:
        """Tell how many calls have ended."""
        return self._journal(ledger.count)

    def recording(self, recording: str) -> Playable | None:
        """Open a sealed recording; None if there is none, or it is not sealed yet, or its key or file is gone."""
        record = self._people(lambda people: media.record_of(people, recording))
        if record is None or not record.sealed or self._media is None:
            return None
        try:
            return Playable(SealedRecording(self._media / record.file, record.key))
        except FileNotFoundError:
            return None
        except VaultError as error:
            report.warning("recording %s: %s", recording, error)
            return None

    # -- how

    def _recording(self, recording: str) -> Recording | None:
        record = self._people(lambda people: media.record_of(people, recording)) if recording else None
        return Recording(seconds=record.samples / RATE) if record is not None and record.sealed else None

    def _listed(self, found: list[Numbered]) -> tuple[Listed, ...]:
        labels = self.labels({cdr.party for _ordinal, cdr in found})
        return tuple(Listed(cdr=cdr, ordinal=number, label=labels.get(cdr.party, Label())) for number, cdr in found)

    def _settings(self, work: Callable[[SettingsTables], ResultT]) -> ResultT:
        return self._ask(CONFIGURATION, lambda root: work(tables(root, SettingsTables)))

    def _people(self, work: Callable[[PeopleTables], ResultT]) -> ResultT:
        return self._ask(PEOPLE, lambda root: work(tables(root, PeopleTables)))

    def _journal(self, work: Callable[[JournalTables], ResultT]) -> ResultT:
        return self._ask(JOURNAL, lambda root: work(tables(root, JournalTables)))

    def _ask(self, storage: str, work: Callable[[Root], ResultT]) -> ResultT:
        manager = TransactionManager(explicit=True)  # else PostgreSQL keeps a transaction open between two questions
        try:
            connection = self._database(storage).open(manager)
            try:
                manager.begin()
                return work(connection.root())
            finally:
                manager.abort()
                connection.close()
        except ClientStorageError:
            line = f"nothing answers on {self._socket}; start the store first: switchroom run"
            raise StoreAbsentError(line) from None
        except POSError as error:
            line = f"the {storage} storage cannot be read ({error.__cause__ or error}); restore it from a backup"
            raise StoreBrokenError(line) from error

    def _database(self, storage: str) -> DB:
        with self._lock:
            if storage not in self._databases:
                uri = uri_of(self._socket, storage)
                where = Where(uri=uri, storage=storage, read_only=True, wait_s=self._wait_s)
                self._databases[storage] = connect(where)
            return self._databases[storage]


def open_reader(socket: Path, *, media: Path | None = None, wait_s: float = 5.0) -> Reader:
    """Read the store behind a socket, and recordings below a folder if it is given."""
    return Reader(socket, media=media, wait_s=wait_s)
