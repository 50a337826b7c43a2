from collections.abc import Iterator

class RedundantPackWarning(Exception): ...

class TransactionRecord:
    description: bytes

class FileIterator:
    def __init__(self, filename: str) -> None: ...
    def __iter__(self) -> Iterator[TransactionRecord]: ...
