"""The journal: how fast it takes facts in, how fast it is read, how soon a start is over.

The facts are those of the ACD's bench: calls that come, are offered, answered and ended. Each measurement raises if
what it wrote is not there afterwards.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from transaction import TransactionManager
from typing_extensions import override

from appliance import api
from appliance.core import effects, facts
from appliance.daemon.clock import Clocks
from appliance.daemon.recovery import Configurations, Past, recover
from appliance.replay import sum_of
from appliance.store import journal as journal_module
from appliance.store.batches import Bound, collector_at_rest, decode_bound, encode_bound
from appliance.store.durable import DurableStorage
from appliance.store.guard import GuardedDB
from appliance.store.knock import answers
from appliance.store.opened import open_store
from appliance.store.schema import JOURNAL, JournalTables, Sheet, lay_out, position, tables
from tests.bench.acd import Load
from tests.bench.asterisk import WrongAnswerError
from tests.store.stand import until

BATCH = 100
FACTS = 20_000
FACTS_WANTED = 10_000.0
"Facts a second that the journal has to take in."
DECODED_WANTED = 200_000.0
"Facts in a second of processor time."
RESTART_S_MAX = 1.0
AGENTS, LIVE = 1_000, 200
AFTER_SNAPSHOT = 4_900
"Facts that are replayed; a snapshot comes every 5,000."
ANSWER_S = 60.0


class Journalled(Load):
    """The load, and the rows that its facts make."""

    def __init__(self, agents: int, waiting: int) -> None:
        """Begin without rows."""
        self.rows: list[api.Row] = []
        super().__init__(agents, waiting)

    @override
    def take(self, fact: facts.AnyFact) -> None:
        """Give the Centre a fact, keep the row, and answer the offers that it makes."""
        self.now += 1_000
        self.facts += 1
        asked = self.centre.handle(self.now, fact)
        kept = tuple(effect for effect in asked if isinstance(effect, effects.Kept))
        self.rows.append(
            api.Row(
                sequence=self.centre.state.sequence,
                now=self.now,
                fact=fact,
                kept=kept,
                about=self.centre.about,
                effects_sum=sum_of(asked),
            )
        )
        for effect in asked:
            if isinstance(effect, effects.Offer):
                self.answer(effect)


@cache
def load(after: int) -> tuple[Journalled, bytes, int]:
    """Give a load of 200 conversations, its snapshot, and the row after which that was taken; then so many facts."""
    made = Journalled(AGENTS, 0)
    for _ in range(LIVE):
        made.call()
    snapshot, at = made.centre.snapshot(), len(made.rows)
    while len(made.rows) < at + after:
        made.call()
        made.end()
    return made, snapshot, at


def rows_of(number: int) -> list[api.Row]:
    """Give so many rows, numbered from 1."""
    made, _snapshot, _at = load(FACTS)
    return made.rows[:number]


@contextmanager
def zeo() -> Iterator[tuple[Path, Path]]:
    """Run a ZEO process; gives the folder and the socket."""
    with tempfile.TemporaryDirectory(prefix="switchroom-bench-") as home:
        folder, socket = Path(home) / "store", Path(home) / "zeo.sock"
        argv = [*(sys.executable, "-m", "appliance.store.server"), *("--folder", str(folder), "--socket", str(socket))]
        process = subprocess.Popen(argv)
        try:
            until(lambda: answers(socket), "the ZEO process answers")
            yield folder, socket
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


def through_zeo(rows: list[api.Row]) -> float:
    """Give the facts a second that the journal commits through ZEO, 100 a commit."""
    before = journal_module.PACE_S, journal_module.BATCH_MAX
    journal_module.PACE_S, journal_module.BATCH_MAX = 0.0, BATCH
    try:
        with zeo() as (folder, socket):
            store = open_store(folder=folder, socket=socket, clock=lambda: 0)
            store.journal.recover().result(ANSWER_S)
            began = time.perf_counter()
            for row in rows:
                store.journal.append(row)
            store.journal.flush().result(ANSWER_S)
            spent = time.perf_counter() - began
            store.close()
            again = open_store(folder=folder, socket=socket, clock=lambda: 0)
            if again.journal.recover().result(ANSWER_S).rows != tuple(rows):
                raise WrongAnswerError("the journal does not have what it took in")
            again.close()
    finally:
        journal_module.PACE_S, journal_module.BATCH_MAX = before
    return len(rows) / spent


def bounds(rows: list[api.Row]) -> Iterator[tuple[int, Bound]]:
    """Give the rows as batches, with their keys."""
    for first in range(0, len(rows), BATCH):
        part = tuple(rows[first : first + BATCH])
        yield position(1, part[0].sequence), Bound(links={}, batch=api.Batch(release="bench", boot=1, rows=part))


def alone(rows: list[api.Row]) -> float:
    """Give the facts a second that the storage class commits in this process."""
    with tempfile.TemporaryDirectory(prefix="switchroom-bench-") as home:
        database = GuardedDB(DurableStorage(str(Path(home) / "journal.fs")))
        manager = TransactionManager()
        root = database.open(manager).root()
        lay_out(root, JOURNAL)
        manager.commit()
        began = time.perf_counter()
        for key, bound in bounds(rows):
            tables(root, JournalTables).batches[key] = Sheet(encode_bound(bound))
            manager.commit()
        spent = time.perf_counter() - began
        database.close()
    return len(rows) / spent


def raw(rows: list[api.Row]) -> float:
    """Give the facts a second that go to a file with fdatasync, encoded, and nothing else."""
    with tempfile.TemporaryDirectory(prefix="switchroom-bench-") as home, (Path(home) / "raw").open("ab", 0) as file:
        began = time.perf_counter()
        for _key, bound in bounds(rows):
            file.write(encode_bound(bound))
            os.fdatasync(file.fileno())
        return len(rows) / (time.perf_counter() - began)


async def journal(side: str, facts_count: int = FACTS) -> float:
    """Give the facts a second of one side."""
    rows = rows_of(facts_count)
    match side:
        case "ours":
            return through_zeo(rows)
        case "alone":
            return alone(rows)
        case "raw append, fdatasync":
            return raw(rows)
        case _:
            return FACTS_WANTED


async def decode(side: str) -> float:
    """Give the facts that are decoded in a second of processor time."""
    if side != "ours":
        return DECODED_WANTED
    rows = rows_of(FACTS)
    batches = [encode_bound(bound) for _key, bound in bounds(rows)]
    began = time.process_time()
    with collector_at_rest():
        read = [row for data in batches for row in decode_bound(data).batch.rows]
    spent = time.process_time() - began
    if read != rows:
        raise WrongAnswerError("what is decoded is not what was encoded")
    return len(rows) / spent


async def restart(side: str) -> float:
    """Give the seconds until the state is back: the journal read, the snapshot restored, the rest replayed."""
    if side != "ours":
        return RESTART_S_MAX
    made, snapshot, at = load(AFTER_SNAPSHOT)
    with zeo() as (folder, socket):
        store = open_store(folder=folder, socket=socket, clock=lambda: 0)
        store.journal.recover().result(ANSWER_S)
        for row in made.rows[:at]:
            store.journal.append(row)
        store.journal.snapshot(snapshot, at, "one").result(ANSWER_S)
        for row in made.rows[at:]:
            store.journal.append(row)
        store.close()
        again = open_store(folder=folder, socket=socket, clock=lambda: 0)
        began = time.perf_counter()
        past = again.journal.recover().result(ANSWER_S)
        recovered = recover(
            Past(boot=past.boot, snapshot=past.snapshot, rows=past.rows, last_us=past.last_us),
            Clocks(wall_ns=time.time_ns, monotonic_ns=time.monotonic_ns),
            Configurations(lambda _version: made.configuration),
        )
        spent = time.perf_counter() - began
        again.close()
    if recovered.differing or recovered.replayed != len(made.rows) - at:
        raise WrongAnswerError(f"{recovered.differing} of {recovered.replayed} facts differ in replay")
    if recovered.centre.snapshot() != made.centre.snapshot():
        raise WrongAnswerError("the state that is back is another")
    return spent
