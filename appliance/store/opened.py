"""The daemon's store: three writers and what is done through them."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from appliance.store.accounts import Accounts
from appliance.store.forgetting import Forgetting
from appliance.store.guard import AloneLock
from appliance.store.journal import Journal
from appliance.store.link import Where, uri_of
from appliance.store.messages import Messages
from appliance.store.people import People
from appliance.store.retention import Keeping
from appliance.store.schema import CONFIGURATION, JOURNAL, PEOPLE
from appliance.store.settings import Settings
from appliance.store.upkeep import Upkeep
from appliance.store.writer import Beat, Writer

LOCK = "daemon.lock"


class Store:
    """Everything that outlives the daemon; one daemon at a time has it."""

    def __init__(self, lock: AloneLock, writers: Mapping[str, Writer], upkeep: Upkeep, *, release: str) -> None:
        """Take over opened writers, what looks after the journal, and the lock that says that we are alone."""
        self._lock = lock
        self._upkeep = upkeep
        self._writers = writers
        self.release = release
        self.journal = Journal(writers[JOURNAL], release=release)
        self.journal.paged = upkeep.wake
        self.people = People(writers[PEOPLE])
        self.people.erased = upkeep.wake
        self.messages = Messages(writers[PEOPLE])
        self.settings = Settings(writers[CONFIGURATION], self.people)
        self.accounts = Accounts(writers[CONFIGURATION])

    def heartbeats(self) -> Mapping[str, Beat]:
        """Tell when each writing thread last showed that it lives."""
        return {name: writer.beat for name, writer in self._writers.items()}

    def health(self) -> Mapping[str, str]:
        """Tell how each storage is: `ok`, or what it waits for; see `Writer.health`."""
        return {name: writer.health for name, writer in self._writers.items()}

    def close(self, wait_s: float = 5.0) -> None:
        """Commit what waits, end the threads, let go of the lock; may take so long for each storage."""
        self.accounts.close()
        self._upkeep.close(wait_s)
        self.journal.flush()
        for name in (CONFIGURATION, PEOPLE, JOURNAL):
            self._writers[name].close(wait_s)
        self._lock.release()


def open_store(
    *, folder: Path, socket: Path, clock: Callable[[], int], media: Path | None = None, wait_s: float = 10.0
) -> Store:
    """Open the store for writing; waits for the ZEO process so long. Raises `StoreError`.

    Recordings of erased persons are removed below `media`.

    The clock tells centre time in microseconds, in any thread; ids of transactions are made from it.
    """
    with ExitStack() as opened:
        folder.mkdir(parents=True, exist_ok=True)
        lock = opened.enter_context(AloneLock(folder / LOCK))
        writers: dict[str, Writer] = {}
        for name in (JOURNAL, PEOPLE, CONFIGURATION):
            where = Where(uri=uri_of(socket, name), storage=name, read_only=False, wait_s=wait_s)
            writers[name] = Writer(where, clock)
            opened.callback(writers[name].close)
        people = Where(uri=uri_of(socket, PEOPLE), storage=PEOPLE, read_only=False, wait_s=wait_s)
        forgetting = Forgetting(writers[PEOPLE], people, media)
        keeping = Keeping(settings=writers[CONFIGURATION], people=writers[PEOPLE], where=people, forgetting=forgetting)
        upkeep = Upkeep(
            writers[JOURNAL],
            uri=uri_of(socket, JOURNAL),
            clock=clock,
            retention=keeping.retention,
            recordings=keeping.recordings,
            forgetting=forgetting,
        )
        opened.callback(upkeep.close)
        store = Store(lock, writers, upkeep, release=release_of())
        opened.pop_all()
    return store


def release_of() -> str:
    """Tell which release this is."""
    try:
        return version("switchroom")
    except PackageNotFoundError:
        return "source"
