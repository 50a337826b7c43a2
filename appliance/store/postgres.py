"""A storage in PostgreSQL, by RelStorage without history.

`postgres://user:password@host:port/database`, or `?host=` with a socket's folder. Ids of transactions are
RelStorage's own, of the database's clock; nothing of ours reads a time from them: facts carry centre time, and replay
goes by that.
"""

import re
import time
from urllib.parse import parse_qs, unquote, urlsplit

import psycopg2
from psycopg2.errors import InsufficientPrivilege
from psycopg2.extensions import cursor as Cursor  # noqa: N812  a class, whatever its name
from relstorage.adapters.postgresql import PostgreSQLAdapter
from relstorage.options import Options
from relstorage.storage import RelStorage
from ZODB.interfaces import IStorage
from ZODB.POSException import POSError
from ZODB.serialize import referencesf

from appliance.store.guard import StoreAbsentError, StoreError
from appliance.store.schema import PEOPLE

CACHE_MB = 8
LOCK_S = 2
"How long a table may be waited for; then it is tried again later."
LOG_FILES_MAX = 1_024
"Files of the log that are gone over, 16 MB each as a rule."
_NO_SAMPLES = "ALTER TABLE object_state ALTER COLUMN state TYPE bytea, ALTER COLUMN state SET STATISTICS 0"
"Where a column's type is set, though to the same, the planner's samples of it are dropped."
_LEFT = re.compile(r"\b[1-9][0-9]* dead row versions cannot be removed")


def storage_of(uri: str, name: str, *, read_only: bool, wait_s: float) -> RelStorage:
    """Open it; raises `StoreAbsentError` if nothing answers."""
    options = Options(keep_history=False, read_only=read_only, cache_local_mb=CACHE_MB)
    try:
        adapter = PostgreSQLAdapter(dsn=dsn_of(uri, wait_s), options=options)
        return RelStorage(adapter, name=name, create=not read_only, options=options)
    except (POSError, psycopg2.Error) as error:
        raise StoreAbsentError(f"PostgreSQL does not answer ({type(error).__name__}); see SWITCHROOM_STORE") from error


def let_go(storage: IStorage) -> None:
    """End the database's transaction in which a storage was asked something."""
    if isinstance(storage, RelStorage):
        storage.sync()


def tidy(uri: str, name: str, *, wait_s: float) -> None:
    """Drop what nothing leads to and what is no longer current; raises `StoreError`, and is to be tried again then.

    Of the people's storage no byte of it is left in the database's files: dead rows and the samples that the planner
    had are written over by VACUUM FULL, which has the table for itself as long as that takes; and the log is gone over,
    if this user may do that (see `_go_over_log`).
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
            if name != PEOPLE:
                cursor.execute("VACUUM (ANALYZE) object_state")
                return
            cursor.execute(_NO_SAMPLES)
            cursor.execute("VACUUM (FULL, VERBOSE) object_state")
            if any(_LEFT.search(notice) for notice in connection.notices):
                raise StoreError(f"somebody still reads what was dropped from the {name} storage")
            cursor.execute("VACUUM FULL pg_statistic")
            _go_over_log(cursor)
    except psycopg2.Error as error:
        raise StoreError(f"the {name} storage could not be vacuumed ({type(error).__name__})") from error
    finally:
        connection.close()


def _go_over_log(cursor: Cursor) -> None:
    """Leave nothing of the log (pg_wal) as it was, where a superuser or who was granted the three functions asks.

    A checkpoint lets go of what was logged; the files are kept to be used again, as they are. So each is: a switch
    fills what is left of a file with zeros (xlog.c, CopyXLogRecordToWAL). What a standby, a slot, an archive or
    `wal_keep_size` holds back stays.
    """
    try:
        cursor.execute("SELECT pg_switch_wal()")
        cursor.execute("CHECKPOINT")
        cursor.execute("SELECT count(*) FROM pg_ls_waldir()")
        ((files,),) = cursor.fetchall()
        for _ in range(min(int(files), LOG_FILES_MAX)):
            cursor.execute("SELECT pg_logical_emit_message(true, 'switchroom', '')")
            cursor.execute("SELECT pg_switch_wal()")
        cursor.execute("CHECKPOINT")
    except InsufficientPrivilege:
        return


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
