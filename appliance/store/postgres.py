"""A storage in PostgreSQL, by RelStorage without history.

`postgres://user:password@host:port/database`, or `?host=` with a socket's folder. Ids of transactions are
RelStorage's own, of the database's clock; nothing of ours reads a time from them: facts carry centre time, and replay
goes by that.
"""

import time
from urllib.parse import parse_qs, unquote, urlsplit

import psycopg2
from relstorage.adapters.postgresql import PostgreSQLAdapter
from relstorage.options import Options
from relstorage.storage import RelStorage
from ZODB.POSException import POSError
from ZODB.serialize import referencesf

from appliance.store.guard import StoreAbsentError, StoreError

CACHE_MB = 8
LOCK_S = 2
"How long a table may be waited for; then it is tried again later."


def storage_of(uri: str, name: str, *, read_only: bool, wait_s: float) -> RelStorage:
    """Open it; raises `StoreAbsentError` if nothing answers."""
    options = Options(keep_history=False, read_only=read_only, cache_local_mb=CACHE_MB)
    try:
        adapter = PostgreSQLAdapter(dsn=dsn_of(uri, wait_s), options=options)
        return RelStorage(adapter, name=name, create=not read_only, options=options)
    except (POSError, psycopg2.Error) as error:
        raise StoreAbsentError(f"PostgreSQL does not answer ({type(error).__name__}); see SWITCHROOM_STORE") from error


def tidy(uri: str, name: str, *, wait_s: float) -> None:
    """Drop what nothing leads to and what is no longer current; raises `StoreError`, and is to be tried again then.

    No samples of objects are kept for the planner. The bytes of dead rows are the database's to write over: only its
    administrator's VACUUM FULL, which needs the table for itself, leaves none at once (PostgreSQL manual, VACUUM), and
    what stands in its log and its backups is the administrator's too.
    """
    storage = storage_of(uri, name, read_only=False, wait_s=wait_s)
    try:
        storage.pack(time.time(), referencesf)
    except POSError as error:
        raise StoreError(f"the {name} storage could not be packed ({type(error).__name__})") from error
    finally:
        storage.close()
    connection = psycopg2.connect(dsn_of(uri, wait_s))
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"SET lock_timeout = '{LOCK_S}s'")
            cursor.execute("ALTER TABLE object_state ALTER COLUMN state SET STATISTICS 0")
            cursor.execute("VACUUM (ANALYZE) object_state")
    except psycopg2.Error as error:
        raise StoreError(f"the {name} storage could not be vacuumed ({type(error).__name__})") from error
    finally:
        connection.close()


def dsn_of(uri: str, wait_s: float) -> str:
    """Give libpq's connection string of a URI."""
    parts = urlsplit(uri)
    given = {
        "dbname": parts.path.lstrip("/"),
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "host": parse_qs(parts.query).get("host", [parts.hostname or ""])[0],
        "port": str(parts.port or ""),
        "connect_timeout": str(max(1, round(wait_s))),
    }
    return " ".join(f"{name}={_quoted(value)}" for name, value in given.items() if value)


def _quoted(value: str) -> str:
    """Write a value of a libpq connection string (PostgreSQL, Database Connection Control Functions)."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
