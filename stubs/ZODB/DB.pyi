from transaction import TransactionManager
from ZODB.Connection import Connection
from ZODB.interfaces import IStorage

class DB:
    storage: IStorage
    def __init__(
        self,
        storage: IStorage,
        pool_size: int = 7,
        pool_timeout: float = ...,
        cache_size: int = 400,
        cache_size_bytes: int = 0,
    ) -> None: ...
    def classFactory(self, connection: Connection, modulename: str, globalname: str) -> type: ...
    def open(self, transaction_manager: TransactionManager | None = None) -> Connection: ...
    def close(self) -> None: ...
    def lastTransaction(self) -> bytes: ...
