from collections.abc import Callable, MutableMapping
from typing import BinaryIO

from ZODB.FileStorage import FileStorage

class FileStoragePacker:
    index: MutableMapping[bytes, int]
    _path: str
    _tfile: BinaryIO
    def __init__(
        self, storage: FileStorage, referencesf: Callable[..., list[bytes]], stop: bytes, gc: bool = True
    ) -> None: ...
    def pack(self) -> int | None: ...
    def copyToPacktime(self) -> tuple[int, int]: ...
    def close(self) -> None: ...
