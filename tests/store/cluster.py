"""A PostgreSQL of the tests' own: a private cluster in a folder, on a unix socket, gone when it is closed."""

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

import psycopg2

from appliance.store.schema import TABLES

DATABASE = "switchroom"
USER = "switchroom"
AS_ROOT = "postgres"
"Who runs it where we are root: PostgreSQL refuses to be root."
LEAVE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'"
"Asked before a database is emptied: what a failed test left open would hold its tables for ever."


def newest() -> Path:
    """Find the programs of the newest PostgreSQL that Debian has installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if not found:
        raise FileNotFoundError("no PostgreSQL here: install the package postgresql")
    return found[-1]


class Cluster:
    """One that runs."""

    def __init__(self, folder: Path) -> None:
        """Make it and wait until it answers; `folder` remembers where its socket is."""
        self._programs = newest()
        self._made: set[str] = set()
        self._owner: tuple[int, int] | None = None
        self.home = Path(tempfile.mkdtemp(prefix="swpg-"))
        if os.geteuid() == 0:
            entry = pwd.getpwnam(AS_ROOT)
            os.chown(self.home, entry.pw_uid, entry.pw_gid)
            self._owner = (entry.pw_uid, entry.pw_gid)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "home").write_text(str(self.home))
        data = self.home / "data"
        self._call("initdb", "-D", str(data), "-U", USER, "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8")
        options = f"-c listen_addresses='' -c unix_socket_directories='{self.home}' -c fsync=off"
        self._call("pg_ctl", "-D", str(data), "-w", "-l", str(self.home / "log"), "-o", options, "start")
        self._call("createdb", "-h", str(self.home), "-U", USER, DATABASE)

    @staticmethod
    def dsn_of(folder: Path) -> str:
        """Tell how a cluster is reached that another process started."""
        return f"host={(folder / 'home').read_text()} user={USER} dbname={DATABASE}"

    @property
    def dsn(self) -> str:
        """Tell how it is reached."""
        return f"host={self.home} user={USER} dbname={DATABASE}"

    def databases(self, name: str) -> str:
        """Make databases, one a storage, or empty them; gives the zodburi of them all."""
        for storage in TABLES:
            if name not in self._made:
                self._ask(self.dsn, f"CREATE DATABASE {name}_{storage} STRATEGY wal_log")
            else:
                self._ask(self.dsn, LEAVE.format(f"{name}_{storage}"))
                of = self.dsn.replace(f"dbname={DATABASE}", f"dbname={name}_{storage}")
                self._ask(of, "DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        self._made.add(name)
        return f"postgres://{USER}@/{name}_{{storage}}?host={self.home}"

    def count(self, database: str, query: str) -> int:
        """Ask one of its databases for a number."""
        connection = psycopg2.connect(self.dsn.replace(f"dbname={DATABASE}", f"dbname={database}"))
        with connection, connection.cursor() as cursor:
            cursor.execute(query)
            ((found,),) = cursor.fetchall()
        connection.close()
        return int(found)

    def files_with(self, text: str) -> set[str]:
        """Name the files of the cluster that have a text in them, tables and log and all."""
        self._ask(self.dsn, "CHECKPOINT")
        found: set[str] = set()
        for path in (self.home / "data").rglob("*"):
            with contextlib.suppress(FileNotFoundError):
                if path.is_file() and text.encode() in path.read_bytes():
                    found.add(str(path.relative_to(self.home / "data")))
        return found

    def _ask(self, dsn: str, query: str) -> None:
        connection = psycopg2.connect(dsn)
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(query)
        connection.close()

    def close(self) -> None:
        """End it, leave nothing."""
        with contextlib.suppress(subprocess.CalledProcessError):
            self._call("pg_ctl", "-D", str(self.home / "data"), "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.home, ignore_errors=True)

    def _call(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [str(self._programs / program), *arguments],
            check=True,
            cwd=self.home,
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            umask=0o077,
            user=self._owner[0] if self._owner else None,
            group=self._owner[1] if self._owner else None,
            extra_groups=[] if self._owner else None,
        )
