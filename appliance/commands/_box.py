"""What several subcommands need: the box of this environment, its supervisor, its daemon, its store."""

import contextlib
import json
import os
import socket
import sys
from collections.abc import Iterator
from typing import Any, NoReturn  # any: JSON as it comes

import click
from rich.console import Console

from appliance import api
from appliance.client import Client, DoorClosedError
from appliance.places import Places, PlacesError, places_of
from appliance.store.guard import StoreAbsentError, StoreError
from appliance.store.reader import Reader, open_reader
from appliance.texts import marked, said

SUPERVISOR_S_MAX = 5.0
PIPE_WIDTH = 200
NOT_RUNNING = marked("No Switchroom runs in {home}: start it by `switchroom run`.")


def out() -> Console:
    """Give the console for tables and lines: as wide as the terminal, and wide enough for another program."""
    return Console(highlight=False, emoji=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)


def box() -> Places:
    """Give the places of this environment's box."""
    try:
        return places_of(os.environ)
    except PlacesError as error:
        raise click.ClickException(str(error)) from error


def not_running(places: Places) -> str:
    """Say that a box does not run."""
    return said(NOT_RUNNING, home=places.home)


def is_not_running(places: Places) -> click.ClickException:
    """Give the one line for a box that does not run."""
    return click.ClickException(not_running(places))


@contextlib.contextmanager
def store(places: Places) -> Iterator[Reader]:
    """Open the store for reading; a box that does not run is one line."""
    if not places.zeo_socket.exists():
        raise is_not_running(places)
    reader = open_reader(places.zeo_socket, media=places.media)
    try:
        yield reader
    except StoreAbsentError as error:
        raise is_not_running(places) from error
    except StoreError as error:
        raise click.ClickException(str(error)) from error
    finally:
        reader.close()


def ask(places: Places, request: api.AnyRequest, *, timeout_s: float = 30.0) -> api.Reply:
    """Ask the daemon as the console; its answer may hold problems."""
    try:
        return Client(places.console_socket, timeout_s=timeout_s).send(request)
    except DoorClosedError as error:
        raise is_not_running(places) from error


def supervisor(places: Places) -> dict[str, Any] | None:
    """Ask the supervisor how its programs are; None if there is none."""
    with contextlib.suppress(OSError, ValueError), socket.socket(socket.AF_UNIX) as door:
        door.settimeout(SUPERVISOR_S_MAX)
        door.connect(str(places.supervisor_socket))
        door.sendall(b'{"ask": "status"}\n')
        with door.makefile() as answer:
            return dict(json.loads(answer.readline()))
    return None


def become(module: str) -> NoReturn:
    """Turn this process into `python -m module`, of the same libraries."""
    os.execv(sys.executable, [sys.executable, "-m", module])  # noqa: S606  no shell: our own interpreter
