from typing import Protocol

class RepozoError(Exception): ...
class VerificationFail(RepozoError): ...

class _Options(Protocol):
    repository: str
    file: str
    gzip: bool
    full: bool
    killold: bool
    quick: bool
    withverify: bool
    date: str | None
    output: str | None

def do_full_backup(options: _Options) -> None: ...
def do_incremental_backup(options: _Options, reposz: int, repofiles: list[str]) -> None: ...
def do_recover(options: _Options) -> None: ...
