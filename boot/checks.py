"""What has to be true before the first program is started; each lack is one line that says what to do."""

import contextlib
import fcntl
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import psutil

from appliance.places import LOOPBACK, Places
from appliance.texts import marked, said

SEARCH_PATH = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin", "/sbin"))
"A user's PATH often lacks sbin, where nginx is."
PROGRAMS = {"nginx": "nginx", "espeak-ng": "espeak-ng"}
"Command to the Debian package that brings it."
ROOT = Path(__file__).resolve().parents[1]
BUILT = (ROOT / "build/web/manifest.json", ROOT / "build/locale")


class CheckError(Exception):
    """The box cannot start like this; the message is one line."""


def program(name: str) -> str:
    """Give the path of a program that has to be installed."""
    found = shutil.which(name, path=SEARCH_PATH)
    if found is None:
        raise CheckError(
            said(
                "{program} is not installed: apt-get install {package}, or start with `make run`.",
                program=name,
                package=PROGRAMS.get(name, name),
            )
        )
    return found


def front_end() -> None:
    """See that the pages were built."""
    for path in BUILT:
        if not path.exists():
            told = said("{path} is missing: build the pages, or start with `make run`, which does.", path=path)
            raise CheckError(told)


def folders(places: Places) -> None:
    """Make the folders of the box, for its user alone."""
    for folder in places.folders:
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if folder.stat().st_uid != os.geteuid():
                raise CheckError(
                    said(
                        "{folder} belongs to another user: start as that user, or set another SWITCHROOM_HOME.",
                        folder=folder,
                    )
                )
            folder.chmod(0o700)
        except OSError as error:
            told = said(
                "{folder} cannot be made ({error}): set another SWITCHROOM_HOME.", folder=folder, error=error.strerror
            )
            raise CheckError(told) from error


@contextlib.contextmanager
def alone(places: Places) -> Iterator[None]:
    """Hold the box: a second supervisor of the same folder is refused."""
    with (places.run / "supervisor.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            raise CheckError(
                said(
                    "Switchroom already runs in {home} (pid {pid}): "
                    "stop it by `switchroom stop`, or set another SWITCHROOM_HOME.",
                    home=places.home,
                    pid=lock.read().strip() or said("unknown"),
                )
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


def ports(places: Places) -> None:
    """See that the ports of the box are free."""
    stream, datagram = socket.SOCK_STREAM, socket.SOCK_DGRAM
    for host, port, kind, use in (
        (places.listen, places.web_port, stream, marked("web")),
        (LOOPBACK, places.ami_port, stream, marked("Asterisk's manager interface")),
        (LOOPBACK, places.http_port, stream, marked("Asterisk's HTTP")),
        (LOOPBACK, places.agi_port, stream, "FastAGI"),
        (places.listen, places.sip_port, stream, marked("SIP over TCP")),
        (places.listen, places.sip_port, datagram, "SIP"),
    ):
        with socket.socket(socket.AF_INET, kind) as trial:
            if kind == stream:
                trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind((host, port))
            except PermissionError:
                raise CheckError(
                    said(
                        "Port {port} ({use}) is for root alone: set SWITCHROOM_PORT to 1024 or more.",
                        port=port,
                        use=said(use),
                    )
                ) from None
            except OSError as error:
                raise CheckError(
                    said(
                        "Port {port} on {host} ({use}) cannot be had ({error}): "
                        "free it, or set SWITCHROOM_PORT to another base, 3000 away from any other box's.",
                        port=port,
                        host=host,
                        use=said(use),
                        error=f"{error.strerror}{_owner(port)}",
                    )
                ) from error


def _owner(port: int) -> str:
    """Say who has a port, if the system tells us."""
    with contextlib.suppress(psutil.Error):
        for connection in psutil.net_connections("inet"):
            here = connection.laddr and connection.laddr.port == port
            if here and connection.pid and connection.status in {psutil.CONN_LISTEN, psutil.CONN_NONE}:
                with contextlib.suppress(psutil.Error):
                    name = psutil.Process(connection.pid).name()
                    return said(", held by {program}, pid {pid}", program=name, pid=connection.pid)
    return ""
