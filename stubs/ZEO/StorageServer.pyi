from collections.abc import Callable, Mapping

from ZEO.asyncio.server import Acceptor, ServerProtocol
from ZODB.interfaces import IStorage

class ZEOStorage:
    storage_id: str
    read_only: bool
    connection: ServerProtocol
    server: StorageServer
    async_: Callable[..., None]
    async_threadsafe: Callable[..., None]
    def __init__(self, server: StorageServer, read_only: bool = False) -> None: ...
    def notify_connected(self, conn: ServerProtocol) -> None: ...
    def tpc_begin(
        self,
        id: int,
        user: bytes,
        description: bytes,
        ext: dict[str, object],
        tid: bytes | None = None,
        status: str = " ",
    ) -> None: ...
    def loadBefore(self, oid: bytes, tid: bytes) -> tuple[bytes, bytes, bytes | None] | None: ...
    def register(self, storage_id: str, read_only: bool) -> bytes: ...

class StorageServer:
    acceptor: Acceptor
    read_only: bool
    storages: Mapping[str, IStorage]
    def __init__(
        self,
        addr: str | tuple[str, int],
        storages: Mapping[str, IStorage],
        read_only: bool = False,
        invalidation_queue_size: int = 100,
        invalidation_age: float | None = None,
        transaction_timeout: float | None = None,
    ) -> None: ...
    def create_client_handler(self) -> ZEOStorage: ...
    def loop(self, timeout: float | None = None) -> None: ...
    def close(self, join_timeout: float = 1) -> None: ...
