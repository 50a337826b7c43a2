from collections.abc import Callable

from relstorage.adapters.postgresql import PostgreSQLAdapter
from relstorage.options import Options

class RelStorage:
    def __init__(
        self,
        adapter: PostgreSQLAdapter,
        name: str | None = None,
        create: bool | None = None,
        options: Options | None = None,
    ) -> None: ...
    def close(self) -> None: ...
    def lastTransaction(self) -> bytes: ...
    def sync(self, force: bool = True) -> None: ...
    def pack(self, t: float, referencesf: Callable[..., list[bytes]]) -> None: ...
