from collections.abc import Iterable
from concurrent.futures import Future
from typing import Any  # any: what a method of the server gives

class ClientThread:
    def call(self, method: str, *args: object, wait: bool = True) -> Future[Any]: ...  # any: see above

class ClientStorage:
    _server: ClientThread
    def __init__(
        self,
        addr: str | tuple[str, int],
        storage: str = "1",
        cache_size: int = ...,
        name: str = "",
        wait_timeout: float | None = None,
        *,
        read_only: bool = False,
        wait: bool = True,
        server_sync: bool = False,
    ) -> None: ...
    def close(self) -> None: ...
    def is_connected(self, test: bool = False) -> bool: ...
    def lastTransaction(self) -> bytes: ...
    def loadBefore(self, oid: bytes, tid: bytes) -> tuple[bytes, bytes, bytes | None] | None: ...
    def prefetch(self, oids: Iterable[bytes], tid: bytes) -> None: ...
