# The name of `zodburi` that we use.

from collections.abc import Callable

from ZODB.interfaces import IStorage

def resolve_uri(uri: str) -> tuple[Callable[[], IStorage], dict[str, object]]: ...
