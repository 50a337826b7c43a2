import os
from collections.abc import Iterator
from typing import IO, NamedTuple

class _Information(NamedTuple):
    end_of_file: int

class SMBDirEntry:
    @property
    def name(self) -> str: ...
    def is_dir(self) -> bool: ...
    @property
    def smb_info(self) -> _Information: ...

class SMBStatVolumeResult(NamedTuple):
    total_size: int
    caller_available_size: int
    actual_available_size: int

def register_session(
    server: str,
    username: str | None = None,
    password: str | None = None,
    port: int = 445,
    connection_timeout: float = 60,
    connection_cache: dict[str, object] | None = None,
) -> object: ...
def reset_connection_cache(fail_on_error: bool = True, connection_cache: dict[str, object] | None = None) -> None: ...
def open_file(
    path: str,
    mode: str = "r",
    *,
    share_access: str | None = None,
    port: int = 445,
    connection_cache: dict[str, object] | None = None,
) -> IO[bytes]: ...
def mkdir(path: str, *, port: int = 445, connection_cache: dict[str, object] | None = None) -> None: ...
def remove(path: str, *, port: int = 445, connection_cache: dict[str, object] | None = None) -> None: ...
def replace(src: str, dst: str, *, port: int = 445, connection_cache: dict[str, object] | None = None) -> None: ...
def scandir(
    path: str, *, port: int = 445, connection_cache: dict[str, object] | None = None
) -> Iterator[SMBDirEntry]: ...
def stat(path: str, *, port: int = 445, connection_cache: dict[str, object] | None = None) -> os.stat_result: ...
def stat_volume(
    path: str, *, port: int = 445, connection_cache: dict[str, object] | None = None
) -> SMBStatVolumeResult: ...
