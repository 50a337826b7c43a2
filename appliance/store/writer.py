"""One thread a storage, with the only connection that may write.

Work is a function of the storage's root. It runs in the writer's thread, in a transaction of its own that is dated by
centre time, and its future is settled after the commit. Work may run twice (if the ZEO process went away before the
commit), so it reads what it changes from the root and nowhere else. Whether a commit whose answer was lost has
happened is told by the last transaction's id: nobody else writes.

Work that is `shared` stands in one transaction with the shared work beside it in the queue, each piece after the other;
if one fails, each is done by itself. Work that is `patient` is shared, and waits for more of its kind for a moment, as
long as nobody in the queue is in a hurry: every commit costs the reactor a part of the interpreter's time.
"""

import errno
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TypeVar

from transaction import TransactionManager
from transaction.interfaces import NoTransaction
from ZEO.Exceptions import ClientStorageError, ServerException
from ZODB.Connection import Connection
from ZODB.POSException import POSError

from appliance.store.guard import AT, GuardedDB, StoreAbsentError, StoreError
from appliance.store.link import Where, connect, last_of
from appliance.store.schema import Root

TICK_S = 0.25
"An idle thread shows that it lives this often."
RETRY_S = 0.2
CONNECT_S = 1.0
"One try to reach the ZEO process."
PATIENCE_S = 0.1
"From the beginning of one commit of patient work to that of the next."
SHARED_MAX = 100
"Pieces of work in one transaction."
QUEUE_MAX = 10_000
"Work that may wait; more is refused."
_DISK: Mapping[int, str] = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT), "no_space"),
    **dict.fromkeys((errno.EIO, errno.EROFS), "failed"),
}
"What is waited out, and what it is called meanwhile."

ResultT = TypeVar("ResultT")
Work = Callable[[Root], ResultT]


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """That a thread lives."""

    at_ns: int
    "`time.monotonic_ns` of its last turn."
    inside: bool
    "Whether it is within a system call or a commit, where being slow is not its fault."


class StoreBusyError(StoreError):
    """Too much work waits."""


class StoreFailedError(StoreError):
    """The storage is closed, or did not answer before it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """Work with its future, whatever its result is."""

    begin: Callable[[], bool]
    "False if who asked has given up."
    work: Callable[[Root], None]
    done: Callable[[], None]
    fail: Callable[[Exception], None]
    note: str
    not_before: float
    shared: bool
    patient: bool


def _job(
    work: Work[ResultT], future: Future[ResultT], note: str, *, not_before: float, shared: bool, patient: bool
) -> _Job:
    results: list[ResultT] = []

    def again(root: Root) -> None:
        results[:] = [work(root)]

    def done() -> None:
        with suppress(InvalidStateError):
            future.set_result(results[0])

    def fail(error: Exception) -> None:
        with suppress(InvalidStateError):
            future.set_exception(error)

    return _Job(
        begin=future.set_running_or_notify_cancel,
        work=again,
        done=done,
        fail=fail,
        note=note,
        not_before=not_before,
        shared=shared or patient,
        patient=patient,
    )


def _disk_trouble(error: Exception) -> str:
    """Tell what is wrong with the disk, here or in the ZEO process, which has written nothing then; else empty."""
    match error:
        case OSError(errno=int(number)):
            return _DISK.get(number, "")
        case ServerException(args=("builtins.OSError", (int(number), *_))):
            return _DISK.get(number, "")
        case _:
            return ""


def _manager() -> TransactionManager:
    """Make one whose transactions begin when they are begun: PostgreSQL would keep one open while there is no work."""
    return TransactionManager(explicit=True)


class Writer:
    """The writing thread of one storage."""

    def __init__(self, where: Where, clock: Callable[[], int]) -> None:
        """Connect; raises `StoreError`. The clock tells centre time in microseconds and is called in the thread."""
        self._where = replace(where, wait_s=min(where.wait_s, CONNECT_S))
        self._clock = clock
        self._jobs: deque[_Job] = deque()
        self._hurried = 0
        "How many of them are not patient."
        self._patient_until = 0.0
        "When patient work may begin next, by `time.monotonic`."
        self._wake = threading.Condition()
        self._closing = False
        self._health = "ok"
        self._beat = Beat(at_ns=time.monotonic_ns(), inside=True)
        self._manager = _manager()
        self._opened: tuple[GuardedDB, Connection] | None = self._connect_within(where.wait_s)
        self._thread = threading.Thread(target=self._run, name=f"store-{where.storage}", daemon=True)
        self._thread.start()

    @property
    def health(self) -> str:
        """`ok`, `waiting` for the ZEO process, `no_space` on its disk, or `failed`: its disk reports errors."""
        return self._health

    @property
    def beat(self) -> Beat:
        """The thread's last sign of life."""
        return self._beat

    def submit(
        self,
        work: Work[ResultT],
        note: str = "",
        *,
        not_before: float = 0.0,
        shared: bool = False,
        patient: bool = False,
    ) -> Future[ResultT]:
        """Have work done and committed; never waits. `not_before` is a `time.monotonic` that holds the queue back.

        Work may be shared if what is done beside it may fail and be done again, and its answer may come with theirs.
        """
        future: Future[ResultT] = Future()
        with self._wake:
            if self._closing:
                future.set_exception(StoreFailedError(f"the {self._where.storage} storage is closed"))
            elif len(self._jobs) >= QUEUE_MAX:
                future.set_exception(StoreBusyError(f"the {self._where.storage} storage has too much to do"))
            else:
                job = _job(work, future, note, not_before=not_before, shared=shared, patient=patient)
                self._jobs.append(job)
                self._hurried += not patient
                if len(self._jobs) == 1 or not patient:
                    self._wake.notify()
        return future

    def close(self, wait_s: float = 5.0) -> None:
        """Commit what waits, then end the thread; what is not done in time fails."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join(wait_s)
        self._fail(f"the {self._where.storage} storage was closed")

    def _fail(self, why: str) -> None:
        with self._wake:
            jobs, self._jobs, self._hurried = self._jobs, deque(), 0
        for job in jobs:
            job.fail(StoreFailedError(why))

    def _tick(self, *, inside: bool) -> None:
        self._beat = Beat(at_ns=time.monotonic_ns(), inside=inside)

    def _run(self) -> None:
        while jobs := self._next():
            begun = [job for job in jobs if job.begin()]
            if begun and not self._is_settled(begun):
                for job in begun:
                    self._is_settled([job])
        self._disconnect()

    def _is_settled(self, jobs: Sequence[_Job]) -> bool:
        """Do some work in one transaction; False if some of it has failed, and nobody knows which."""
        try:
            self._commit(jobs)
        except Exception as error:  # noqa: BLE001 # whatever the work raises is its caller's; the thread goes on
            if jobs[1:] and not isinstance(error, StoreFailedError):
                return False
            for job in jobs:
                job.fail(error)
        else:
            for job in jobs:
                job.done()
        return True

    def _next(self) -> list[_Job]:
        """Wait for work, and take what may stand in one transaction; nothing when closed and nothing is left."""
        with self._wake:
            while True:
                self._tick(inside=False)
                if not self._jobs:
                    if self._closing:
                        return []
                    self._wake.wait(TICK_S)
                elif not self._closing and (wait_s := self._begins() - time.monotonic()) > 0:
                    self._wake.wait(min(wait_s, TICK_S))
                else:
                    return self._taken()

    def _begins(self) -> float:
        """Tell when the first of the queue may begin."""
        return self._jobs[0].not_before if self._hurried else self._patient_until

    def _taken(self) -> list[_Job]:
        jobs = [self._jobs.popleft()]
        while jobs[0].shared and self._jobs and self._jobs[0].shared and len(jobs) < SHARED_MAX:
            jobs.append(self._jobs.popleft())
        patient = sum(job.patient for job in jobs)
        self._hurried -= len(jobs) - patient
        if patient:
            self._patient_until = time.monotonic() + PATIENCE_S
        return jobs

    def _commit(self, jobs: Sequence[_Job]) -> None:
        last = b""
        while True:
            self._tick(inside=True)
            try:
                database, connection = self._open()
                if last and last_of(self._where, database) != last:
                    break
                last = b""
                transaction = self._manager.begin()
                for job in jobs:
                    job.work(connection.root())
                transaction.setExtendedInfo(AT, self._clock())
                transaction.note(jobs[0].note)
                last = last_of(self._where, database)
                self._manager.commit()
            except (ClientStorageError, StoreAbsentError, OSError) as error:
                word = _disk_trouble(error)
                if not word and isinstance(error, OSError):
                    with suppress(NoTransaction):
                        self._manager.abort()
                    raise
                self._disconnect()
                last = b"" if word else last
                self._wait(word or "waiting")
            except BaseException:
                with suppress(POSError, NoTransaction):
                    self._manager.abort()
                raise
            else:
                break
        self._health = "ok"
        self._tick(inside=False)

    def _open(self) -> tuple[GuardedDB, Connection]:
        """Give the connection, a new one where it was lost."""
        if self._opened is None:
            self._opened = self._connect()
        return self._opened

    def _connect_within(self, wait_s: float) -> tuple[GuardedDB, Connection]:
        """Connect at a start, where the ZEO process may be starting too."""
        deadline = time.monotonic() + wait_s
        while True:
            try:
                return self._connect()
            except StoreAbsentError:
                if time.monotonic() > deadline:
                    raise

    def _connect(self) -> tuple[GuardedDB, Connection]:
        database = connect(self._where)
        return database, database.open(self._manager)

    def _disconnect(self) -> None:
        """Let go of a connection whose state is not known."""
        opened, self._opened = self._opened, None
        if opened is not None:
            with suppress(POSError, NoTransaction):
                self._manager.abort()
            with suppress(POSError):
                opened[1].close()  # else the database would end a transaction that there is not
            with suppress(POSError):
                opened[0].close()
        self._manager = _manager()

    def _wait(self, word: str = "waiting") -> None:
        """Wait before another try; raises `StoreFailedError` once the writer is to close."""
        self._health = word
        with self._wake:
            if self._closing:
                raise StoreFailedError(f"the {self._where.storage} storage does not answer")
            self._wake.wait(RETRY_S)
