class ClientStorage:
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
