"""The journal's writing side: group commits, snapshots, recovery.

Rows gather while a commit is under way and go together in the next, as one immutable batch; an idle journal commits
at once. The indexes by which the ledger finds a call are written in the same commit.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from itertools import groupby, islice
from operator import itemgetter

import msgspec

from appliance import api
from appliance.core.cdr import CDR
from appliance.store.batches import (
    CHUNK,
    PAGE,
    Bound,
    Segment,
    collector_at_rest,
    decode_bound,
    decode_segment,
    encode_bound,
    encode_page,
    encode_segment,
    numbered,
    sound,
)
from appliance.store.schema import JournalTables, Root, Sheet, position, tables
from appliance.store.traces import Step, Traces
from appliance.store.upkeep import DAY_US, SNAPSHOTS_KEPT
from appliance.store.writer import Writer

BACKLOG_MAX = 100_000
"Rows that may wait for the disk."
BATCH_MAX = 1_000
"Rows in one batch."
PACE_S = 0.04
"From the beginning of one commit to that of the next, so that a busy journal gathers."
SNAPSHOT_EVERY = 5_000
"Facts between two snapshots."
BOOT = "boot"

_encoder = msgspec.msgpack.Encoder()


class Snapshot(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The Centre's whole state after a row, and what it ran under."""

    format: int = 1
    release: str
    boot: int
    sequence: int
    now: int
    "Centre time of the row."
    configuration: str
    state: bytes
    traces: bytes
    "See `traces.Traces.save`."


_snapshots = msgspec.msgpack.Decoder(Snapshot)


def decode_snapshot(data: bytes) -> Snapshot:
    """Read a snapshot; raises `msgspec.DecodeError` or `msgspec.ValidationError`."""
    return _snapshots.decode(data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """What a start begins with."""

    boot: int
    "The new boot number, committed."
    snapshot: bytes = b""
    "State of the Centre, empty if there is none."
    rows: tuple[api.Row, ...] = ()
    "What was journalled after it, in order."
    last_us: int = 0
    "Centre time of the last journalled fact, 0 if there is none."
    sequence: int = 0
    "Of the last journalled fact."
    configuration: str = ""
    "Version that the snapshot ran under."
    release: str = ""
    "Release that wrote the snapshot."


@dataclass(slots=True, kw_only=True)
class _Haul:
    """The rows of one commit; they stay the same when it has to be tried again."""

    rows: list[api.Row] = field(default_factory=list)
    step: Step | None = None
    filed: dict[int, CDR] = field(default_factory=dict)
    "The calls that end in these rows, by their numbers."
    paged: tuple[int, ...] = ()
    "Numbers of the calls that went to a page."


class Journal:
    """Appends rows; one for each start of the daemon. Its methods are for one thread (the reactor's)."""

    def __init__(self, writer: Writer, *, release: str) -> None:
        """Use a writer of the journal's storage; `recover` comes before everything else."""
        self._writer = writer
        self._release = release
        self._boot = 0
        self._last_us = 0
        self._traces = Traces()
        self._loose: dict[int, CDR] = {}
        self._waiting: deque[api.Row] = deque()
        self._draining = False
        self._lock = threading.Lock()
        self._due = 0.0
        self._committed: Callable[[int], None] = lambda _sequence: None
        self._failed: Callable[[BaseException], None] = lambda _error: None
        self.paged: Callable[[], None] = lambda: None
        "Called in the writer's thread when calls went to a page."

    @property
    def backlog(self) -> int:
        """Rows that wait for the disk."""
        return len(self._waiting)

    def listen(self, committed: Callable[[int], None], failed: Callable[[BaseException], None]) -> None:
        """Be told, in the writer's thread, of the last committed sequence number, and if the journal fails for good."""
        self._committed, self._failed = committed, failed

    def recover(self) -> Future[Recovered]:
        """Take a new boot number and read what a start needs."""

        def work(root: Root) -> Recovered:
            journal = tables(root, JournalTables)
            boot = journal.numbers.get(BOOT, 0) + 1
            journal.numbers[BOOT] = boot
            with collector_at_rest():
                recovered, self._traces = _recover(journal, boot)
            self._loose = dict(read_tail(journal))
            self._boot, self._last_us = boot, recovered.last_us
            return recovered

        return self._writer.submit(work, "boot")

    def append(self, row: api.Row) -> bool:
        """Have a row journalled; never waits. False if too many rows wait: this one is not taken."""
        if len(self._waiting) >= BACKLOG_MAX:
            return False
        with self._lock:
            self._waiting.append(row)
            idle, self._draining = not self._draining, True
        if idle:
            self._drain()
        return True

    def snapshot(self, state: bytes, sequence: int, configuration: str) -> Future[None]:
        """Keep the Centre's state as it is after the row with this sequence number, which was appended before."""

        def keep(journal: JournalTables) -> None:
            snapshot = Snapshot(
                release=self._release,
                boot=self._boot,
                sequence=sequence,
                now=self._last_us,
                configuration=configuration,
                state=state,
                traces=self._traces.save(),
            )
            key = position(self._boot, sequence)
            journal.snapshots[key] = Sheet(_encoder.encode(snapshot))
            self._begin_segment(journal, key, configuration)
            for old in list(journal.snapshots.keys())[:-SNAPSHOTS_KEPT]:
                if old not in journal.segments:
                    del journal.snapshots[old]

        self.flush()
        return self._commit("snapshot", keep, rows_max=0)

    def _begin_segment(self, journal: JournalTables, key: int, configuration: str) -> None:
        """Begin a segment with the first snapshot of a day (UTC)."""
        last = journal.segments.maxKey() if journal.segments else 0
        if not last or decode_segment(journal.segments[last]).at // DAY_US != self._last_us // DAY_US:
            segment = Segment(release=self._release, configuration=configuration, at=self._last_us)
            journal.segments[key] = encode_segment(segment)

    def flush(self) -> Future[None]:
        """Know when everything appended so far is committed."""
        commits = max(1, -(-len(self._waiting) // BATCH_MAX))
        return [self._commit("flush") for _number in range(commits)][-1]

    def _drain(self) -> None:
        drained = self._commit("batch", not_before=self._due)
        drained.add_done_callback(self._drained)

    def _drained(self, future: Future[None]) -> None:
        with self._lock:
            more = self._draining = bool(self._waiting) and future.exception() is None
        if more:
            self._drain()

    def _commit(
        self,
        note: str,
        more: Callable[[JournalTables], None] = lambda _journal: None,
        *,
        rows_max: int = BATCH_MAX,
        not_before: float = 0.0,
    ) -> Future[None]:
        haul = _Haul()

        def work(root: Root) -> None:
            self._due = time.monotonic() + PACE_S
            while self._waiting and len(haul.rows) < rows_max:
                haul.rows.append(self._waiting.popleft())
            journal = tables(root, JournalTables)
            if haul.rows:
                self._write(journal, haul)
            more(journal)

        def settled(future: Future[None]) -> None:
            if error := future.exception():
                self._failed(error)
            elif haul.step:
                self._traces.apply(haul.step)
                self._loose |= haul.filed
                for ordinal in haul.paged:
                    del self._loose[ordinal]
                if haul.paged:
                    self.paged()
                self._last_us = haul.rows[-1].now
                self._committed(haul.rows[-1].sequence)

        committed = self._writer.submit(work, note, not_before=not_before)
        committed.add_done_callback(settled)
        return committed

    def _write(self, journal: JournalTables, haul: _Haul) -> None:
        """Put a batch and its indexes into the tables."""
        key = position(self._boot, haul.rows[0].sequence)
        haul.step = step = self._traces.step(key, haul.rows, journal.interactions)
        batch = api.Batch(release=self._release, boot=self._boot, rows=tuple(haul.rows))
        bound = Bound(links=dict(step.links), first=next_ordinal(journal), batch=batch)
        journal.batches[key] = Sheet(encode_bound(bound))
        for name, last in step.indexed.items():
            journal.interactions[name] = last
        haul.filed = numbered(bound)
        for ordinal, cdr in haul.filed.items():
            journal.calls[ordinal] = key
            journal.parties.add((sound(cdr.party), ordinal))
        haul.paged = _turn_pages(journal, self._loose | haul.filed) if haul.filed else ()


def next_ordinal(journal: JournalTables) -> int:
    """Give the number of the next call; they count from 1."""
    if journal.calls:
        return journal.calls.maxKey() + 1
    if journal.pages:
        return (journal.pages.maxKey() + 1) * PAGE + 1
    return (journal.chunks.maxKey() + 1) * CHUNK + 1 if journal.chunks else 1


def _turn_pages(journal: JournalTables, loose: Mapping[int, CDR]) -> tuple[int, ...]:
    """Move the oldest calls that are on no page to one, if they fill it; what is on a page never changes again."""
    moved: list[int] = []
    while len(journal.calls) >= PAGE:
        ordinals = list(islice(journal.calls, PAGE))
        page = [loose[ordinal] for ordinal in ordinals]
        number = (ordinals[0] - 1) // PAGE
        # Calls that an exchange alone knew are filed after later ones: no older page may have a later end.
        latest = max(_latest(journal, number), *(cdr.ended for cdr in page))
        journal.pages[number] = (min(cdr.began for cdr in page), latest, Sheet(encode_page(page)))
        for ordinal in ordinals:
            del journal.calls[ordinal]
        moved += ordinals
    return tuple(moved)


def _latest(journal: JournalTables, number: int) -> int:
    """Tell when the last call ended that stands before a page."""
    if number - 1 in journal.pages:
        return journal.pages[number - 1][1]
    return journal.chunks[journal.chunks.maxKey()][1] if journal.chunks else 0


def read_tail(journal: JournalTables) -> list[tuple[int, CDR]]:
    """List the calls that are on no page yet, with their numbers."""
    listed: list[tuple[int, CDR]] = []
    for key, items in groupby(journal.calls.items(), key=itemgetter(1)):
        calls = numbered(decode_bound(journal.batches[key].data))
        listed += [(ordinal, calls[ordinal]) for ordinal, _key in items]
    return listed


def _recover(journal: JournalTables, boot: int) -> tuple[Recovered, Traces]:
    recovered = Recovered(boot=boot)
    traces = Traces()
    after = 0
    if journal.snapshots:
        after = journal.snapshots.maxKey()
        snapshot = decode_snapshot(journal.snapshots[after].data)
        traces = Traces(snapshot.traces)
        recovered = Recovered(
            boot=boot,
            snapshot=snapshot.state,
            last_us=snapshot.now,
            sequence=snapshot.sequence,
            configuration=snapshot.configuration,
            release=snapshot.release,
        )
    rows: list[api.Row] = []
    for key, sheet in journal.batches.items(min=_floor(journal, after)):
        batch = decode_bound(sheet.data).batch
        traces.apply(traces.step(key, batch.rows, journal.interactions))
        rows += [row for row in batch.rows if row.sequence > recovered.sequence]
    if rows:
        recovered = replace(recovered, rows=tuple(rows), last_us=rows[-1].now, sequence=rows[-1].sequence)
    return recovered, traces


def _floor(journal: JournalTables, key: int) -> int:
    """Give the position of the batch that may hold the row at this one."""
    return journal.batches.maxKey(key) if journal.batches and journal.batches.minKey() <= key else 0
