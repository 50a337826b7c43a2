"""Objects that are asked for together, before each is needed: one message there and one back.

ZEO's own way asks for each alone, and writes it to the cache's file and reads it back, which took a report half of its
time. What has come is handed over once, and kept no longer than a few requests.
"""

import threading
from collections.abc import Iterable
from concurrent.futures import Future
from typing import TypeAlias

from typing_extensions import override
from ZEO.ClientStorage import ClientStorage
from ZEO.Exceptions import ClientStorageError
from ZODB.POSException import POSError

OBJECTS_MAX = 64
"That one request may name."
REQUESTS_MAX = 4
"Requests whose objects are kept until they are loaded; of older ones what was not loaded is let go."

Loaded: TypeAlias = tuple[bytes, bytes, bytes | None]
"An object's data, the transaction that wrote it, and the one that wrote it anew."
Asked: TypeAlias = Future[tuple[Loaded | None, ...]]


class AheadStorage(ClientStorage):
    """A connection to the ZEO process that can ask for many objects at once."""

    def __init__(
        self,
        addr: str,
        storage: str,
        *,
        cache_size: int,
        wait_timeout: float,
        read_only: bool,
        server_sync: bool,
    ) -> None:
        """Connect; raises `ClientDisconnected`."""
        self._asked: dict[tuple[bytes, bytes], tuple[Asked, int]] = {}
        self._requests: list[tuple[tuple[bytes, bytes], ...]] = []
        self._hold = threading.Lock()
        super().__init__(
            addr,
            storage,
            cache_size=cache_size,
            wait_timeout=wait_timeout,
            read_only=read_only,
            server_sync=server_sync,
        )

    @override
    def prefetch(self, oids: Iterable[bytes], tid: bytes) -> None:
        """Ask for objects as they were before a transaction; does not wait."""
        with self._hold:
            wanted = [oid for oid in oids if (oid, tid) not in self._asked]
            while wanted:
                part, wanted = wanted[:OBJECTS_MAX], wanted[OBJECTS_MAX:]
                answer: Asked = self._server.call("load_many", part, tid, wait=False)
                keys = tuple((oid, tid) for oid in part)
                self._asked |= {key: (answer, place) for place, key in enumerate(keys)}
                self._requests.append(keys)
            while len(self._requests) > REQUESTS_MAX:
                for key in self._requests.pop(0):
                    self._asked.pop(key, None)

    @override
    def loadBefore(self, oid: bytes, tid: bytes) -> Loaded | None:
        """Give an object as it was before a transaction; None if it was not there."""
        with self._hold:
            asked = self._asked.pop((oid, tid), None)
        if asked is not None:
            answer, place = asked
            try:
                return answer.result()[place]
            except (ClientStorageError, POSError):  # a process of another release: ask as ever
                pass
        return super().loadBefore(oid, tid)
