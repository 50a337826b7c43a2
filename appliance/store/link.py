"""A connection to a storage, named by a zodburi.

`zeo://<socket>?storage=<name>` is the default, with every transaction beginning by a round trip to the server when it
reads only (0 of 300 stale reads, 95 of 300 without). Other schemes are resolved by zodburi.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from transaction import TransactionManager
from ZEO.Exceptions import ClientDisconnected
from ZODB.interfaces import IStorage
from zodburi import resolve_uri

from appliance.store.ahead import AheadStorage
from appliance.store.guard import GuardedDB, StoreAbsentError, StoreBrokenError
from appliance.store.knock import answers
from appliance.store.schema import FORMAT, TABLES, lay_out

OBJECTS_MAX = 2_000
"Objects that one connection keeps in memory."
OBJECTS_BYTES_MAX = 48 << 20
"Bytes that these may take."
CACHE_BYTES = 8 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Which storage, and how it is opened."""

    uri: str
    "A zodburi; see `uri_of`."
    storage: str
    "What it has to be: one of `schema.TABLES`."
    read_only: bool
    wait_s: float
    "How long the first answer may take."


STORE = "SWITCHROOM_STORE"
"Variable with the zodburi of another store than the ZEO process, `{storage}` where the storage's name goes."
POSTGRES = "postgres"


def uri_of(socket: Path, storage: str) -> str:
    """Name a storage: behind the ZEO process's unix socket, or where the environment says that the store is."""
    if storage not in TABLES:
        raise ValueError(f"no storage {storage!r}")
    return os.environ.get(STORE, f"zeo://{socket}?storage={{storage}}").replace("{storage}", storage)


def connect(where: Where) -> GuardedDB:
    """Open a storage; raises `StoreAbsentError` if it does not answer in time, `StoreBrokenError` if it is another."""
    database = GuardedDB(_storage(where), pool_size=16, cache_size=OBJECTS_MAX, cache_size_bytes=OBJECTS_BYTES_MAX)
    manager = TransactionManager(explicit=True)
    connection = database.open(manager)
    manager.begin()
    root = connection.root()
    if not where.read_only and urlsplit(where.uri).scheme == POSTGRES and lay_out(root, where.storage):
        manager.commit()
        manager.begin()
    found = (root.get("storage"), root.get("format"))
    manager.abort()
    connection.close()
    if found != (where.storage, FORMAT):
        database.close()
        raise StoreBrokenError(
            f"{where.uri} is storage {found[0]!r} of format {found[1]!r}, not {where.storage!r} of format {FORMAT}; "
            "start the release that wrote it"
        )
    return database


def last_of(where: Where, database: GuardedDB) -> bytes:
    """Tell a storage's last transaction as it is now; PostgreSQL keeps no transaction open for having been asked."""
    last = database.lastTransaction()
    if urlsplit(where.uri).scheme == POSTGRES:
        from appliance.store import postgres  # noqa: PLC0415  as below

        postgres.let_go(database.storage)
    return last


def _storage(where: Where) -> IStorage:
    parts = urlsplit(where.uri)
    if parts.scheme == POSTGRES:
        from appliance.store import postgres  # noqa: PLC0415  its driver is loaded where it is used: most boxes have none

        return postgres.storage_of(where.uri, where.storage, read_only=where.read_only, wait_s=where.wait_s)
    if parts.scheme != "zeo":
        factory, _settings = resolve_uri(where.uri)
        return factory()
    try:
        return AheadStorage(
            parts.path,
            parse_qs(parts.query)["storage"][0],
            cache_size=CACHE_BYTES,
            wait_timeout=where.wait_s,
            read_only=where.read_only,
            server_sync=where.read_only,
        )
    except ClientDisconnected:
        if not where.read_only and answers(Path(parts.path)):
            line = f"the store behind {parts.path} does not let this user write; run as the user who started it"
        else:
            line = f"nothing answers on {parts.path}; start the store first: switchroom run"
        raise StoreAbsentError(line) from None


def tidy(where: Where) -> bool:
    """Have the ZEO process pack a storage; tells whether it has begun.

    A storage in PostgreSQL is packed by us, and that is over when this returns. Others look after themselves.
    """
    if urlsplit(where.uri).scheme == POSTGRES:
        from appliance.store import postgres  # noqa: PLC0415  as above

        postgres.tidy(where.uri, where.storage, wait_s=where.wait_s)
        return False
    return bool(_told(where, "tidy"))


def tidied(where: Where) -> bytes:
    """Tell the last transaction that the last packing has seen; empty for other kinds of storage."""
    told = _told(where, "tidied")
    return told if isinstance(told, bytes) else b""


def _told(where: Where, method: str) -> object:
    """Ask the ZEO process something by a connection of its own; raises `StoreAbsentError`."""
    if urlsplit(where.uri).scheme != "zeo":
        return None
    storage = _storage(where)
    try:
        told: object = storage._call(method)  # type: ignore[attr-defined]  # noqa: SLF001  ZEO's only way to own calls
        return told
    finally:
        storage.close()
