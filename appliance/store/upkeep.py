"""What the journal needs from time to time: calls put into columns, and what is too old let go.

A thread of its own, which waits for the presser and gives the writer small pieces of work, so that a group commit
never waits long behind one.
"""

import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

import msgspec
from ZODB.POSException import POSError

from appliance.store.batches import CHUNK, PAGES_A_CHUNK, decode_segment
from appliance.store.forgetting import Forgetting
from appliance.store.guard import StoreError
from appliance.store.link import Where, tidy
from appliance.store.pressing import Entry, PressedChunk, Pressing, Sweep, messages
from appliance.store.schema import JOURNAL, JournalTables, Root, Sheet, tables
from appliance.store.writer import Writer

SWEPT = "swept"
"In `numbers`: the first chunk whose calls still stand in the indexes."
FLOOR = "floor"
"In `numbers`: where the journal begins, once some of it was let go."
SLICE = 128
"Entries that one commit takes out of the indexes."
BATCHES_A_COMMIT = 200
"Batches that one commit lets go of."
SNAPSHOTS_KEPT = 2
"The last ones, from which a start recovers."
EVERY_S = 3_600.0
"What is too old is looked for this often."
AGAIN_S = 60.0
"After something failed."
COMMIT_S = 60.0
DAY_US = 86_400 * 1_000_000

ResultT = TypeVar("ResultT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long what happened is kept, in days; 0 is for ever."""

    journal_days: int = 400
    "Every fact; without them a call has its record and no timeline, and cannot be replayed."
    calls_days: int = 0
    "Records of calls."
    recordings_days: int = 0


class Upkeep:
    """The thread, and what it does."""

    def __init__(
        self,
        writer: Writer,
        *,
        uri: str,
        clock: Callable[[], int],
        retention: Callable[[], Retention] = Retention,
        recordings: Callable[[int], bool] = lambda _before: False,
        forgetting: Forgetting | None = None,
    ) -> None:
        """Begin; `uri` is where the presser reads, the clock tells centre time in microseconds.

        `retention` is asked each time; `recordings` lets go of some that began before a moment, and tells of more.
        """
        self._writer = writer
        self._uri = uri
        self._clock = clock
        self._retention = retention
        self._recordings = recordings
        self._forgetting = forgetting
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._presser: subprocess.Popen[bytes] | None = None
        self.failures = 0
        "How often the presser did not do its work."
        self._thread = threading.Thread(target=self._run, name="store-upkeep", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Look for work now; may be called by any thread."""
        self._wake.set()

    def close(self, wait_s: float = 5.0) -> None:
        """End the thread; what is not done is done after the next start."""
        self._stopping.set()
        self._wake.set()
        if (presser := self._presser) is not None:
            presser.kill()
        self._thread.join(wait_s)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                if self._forgetting is not None:
                    self._forgetting.finish(self._stopping)
                self.press()
                self.forget()
            except (StoreError, POSError, OSError, TimeoutError, CancelledError, msgspec.DecodeError):
                self.failures += 1
                self._wake.wait(AGAIN_S)
            else:
                self._wake.wait(EVERY_S)

    def press(self) -> None:
        """Put full pages into columns, if there are enough."""
        if not self._do(is_due, ""):
            return
        argv = [sys.executable, "-m", "appliance.store.presser", "--uri", self._uri]
        with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as presser:
            self._presser = presser
            if presser.stdout is not None:
                for message in messages(presser.stdout):
                    self._keep(message)
        self._presser = None
        if presser.returncode and not self._stopping.is_set():
            self.failures += 1

    def forget(self) -> None:
        """Let go of what is too old; the file of the journal is packed then, so that nothing of it is left."""
        now, retention = self._clock(), self._retention()
        dropped = False
        if retention.journal_days and now:
            before = now - retention.journal_days * DAY_US
            while self._do(lambda journal: drop_rows(journal, before), "retention"):
                dropped = True
        if retention.calls_days and now:
            oldest = now - retention.calls_days * DAY_US
            while self._do(lambda journal: drop_chunk(journal, oldest), "retention"):
                dropped = True
        if retention.recordings_days and now:
            while self._recordings(now - retention.recordings_days * DAY_US):
                pass
        if dropped:
            tidy(Where(uri=self._uri, storage=JOURNAL, read_only=False, wait_s=COMMIT_S))

    def _keep(self, message: Pressing) -> None:
        match message:
            case PressedChunk():
                self._do(lambda journal: keep_chunk(journal, message), "chunk")
            case Sweep(number=number, entries=entries):
                numbered = enumerate(entries, number * CHUNK + 1)
                while part := list(islice(numbered, SLICE)):
                    self._do(lambda journal, part=part: sweep(journal, part), "sweep")  # type: ignore[misc]  # its default is its type
                self._do(lambda journal: swept(journal, number), "sweep")

    def _do(self, work: Callable[[JournalTables], ResultT], note: str) -> ResultT:
        """Have the writer do something now; raises `StoreError` once we are to close."""
        if self._stopping.is_set():
            raise StoreError("the upkeep of the journal is over")
        future: Future[ResultT] = self._writer.submit(lambda root: work(_tables(root)), note)
        return future.result(COMMIT_S)


def _tables(root: Root) -> JournalTables:
    return tables(root, JournalTables)


def is_due(journal: JournalTables) -> bool:
    """Tell whether there is work for the presser."""
    chunks = journal.chunks.maxKey() + 1 if journal.chunks else 0
    return len(journal.pages) >= PAGES_A_CHUNK or journal.numbers.get(SWEPT, 0) < chunks


def keep_chunk(journal: JournalTables, message: PressedChunk) -> None:
    """Store a chunk in place of its pages."""
    number, chunk = message.number, message.chunk
    if number in journal.chunks:
        return
    sheets = [Sheet(data) for data in (chunk.ready, chunk.who, chunk.rest, chunk.visits)]
    ended = max(chunk.ended, journal.chunks[number - 1][1] if number - 1 in journal.chunks else 0)
    journal.chunks[number] = (chunk.began, ended, chunk.least, chunk.greatest, *sheets)
    for page in range(number * PAGES_A_CHUNK, (number + 1) * PAGES_A_CHUNK):
        del journal.pages[page]


def sweep(journal: JournalTables, entries: list[tuple[int, Entry]]) -> None:
    """Take calls of a chunk out of the indexes; what was said about one since it was pressed stays."""
    for ordinal, entry in entries:
        if journal.interactions.get(entry.interaction) == entry.batch:
            del journal.interactions[entry.interaction]
        journal.parties.discard((entry.party, ordinal))


def swept(journal: JournalTables, number: int) -> None:
    """Note that a chunk's calls are in no index any more."""
    journal.numbers[SWEPT] = max(number + 1, journal.numbers.get(SWEPT, 0))


def drop_rows(journal: JournalTables, before: int) -> bool:
    """Let go of some rows of the oldest segment, if all of it is older; tells whether there may be more to do.

    Kept is whatever a start reads, and what holds a call that is on no page.
    """
    first, following = [*islice(journal.segments.items(), 2), None, None][:2]
    if first is None or following is None or decode_segment(following[1]).at >= before:
        return False
    last = min([following[0], *list(journal.snapshots.keys())[-SNAPSHOTS_KEPT:], *journal.calls.values()])
    keep = journal.batches.maxKey(last) if journal.batches and journal.batches.minKey() <= last else 0
    old = list(islice(journal.batches.keys(max=keep, excludemax=True), BATCHES_A_COMMIT))
    for key in old:
        del journal.batches[key]
    if old or last < following[0]:
        return bool(old)
    journal.numbers[FLOOR] = following[0]
    del journal.segments[first[0]]
    journal.snapshots.pop(first[0], None)
    return True


def drop_chunk(journal: JournalTables, before: int) -> bool:
    """Let go of the oldest chunk of calls, if all of it is older and it is not the last one."""
    if not journal.chunks or (oldest := journal.chunks.minKey()) == journal.chunks.maxKey():
        return False
    if journal.chunks[oldest][1] >= before or journal.numbers.get(SWEPT, 0) <= oldest:
        return False
    del journal.chunks[oldest]
    return True
