"""Starts daemons as the supervisor does, hears what they say of themselves, and kills them."""

import asyncio
import os
import socket
import subprocess
import sys
from pathlib import Path

import psutil
from twisted.internet.defer import Deferred

from appliance.places import Places, places_of
from tests.daemon.real import DEADLINE_S

ROOT = Path(__file__).parent.parent.parent
WATCHDOG_US = 2_000_000


class Supervisor:
    """Who starts a daemon and listens to it."""

    def __init__(self, path: Path) -> None:
        """Listen on a socket below `path`."""
        self.address = str(path / "notify.sock")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.address)
        self._socket.setblocking(False)  # noqa: FBT003  its only parameter

    async def hears(self, deadline_s: float = DEADLINE_S) -> str:
        """Wait for the next word; empty if none comes in time."""
        loop = asyncio.get_event_loop()
        waiting = asyncio.wait_for(loop.sock_recv(self._socket, 100), deadline_s)
        try:
            return (await Deferred.fromFuture(asyncio.ensure_future(waiting))).decode()
        except TimeoutError:
            return ""

    async def is_told(self, word: str) -> None:
        """Wait until the daemon says this."""
        while (heard := await self.hears()) != word:
            assert heard, f"the daemon does not say {word}"

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()


def a_home(path: Path, port: int) -> Places:
    """Make the folders of a box below `path`."""
    places = places_of({"SWITCHROOM_HOME": str(path), "SWITCHROOM_PORT": str(port)})
    for folder in places.folders:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return places


class Process:
    """A daemon in a process of its own."""

    def __init__(self, places: Places, supervisor: Supervisor | None = None, *, exchange: str = "none") -> None:
        """Start it."""
        environment = {**os.environ, **places.environment(), "WATCHDOG_USEC": str(WATCHDOG_US)}
        environment["NOTIFY_SOCKET"] = supervisor.address if supervisor else ""
        self._errors = (places.log / "daemon.errors").open("a+b")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "appliance.daemon", "--exchange", exchange],
            env=environment,
            cwd=ROOT,
            stderr=self._errors,
            start_new_session=True,
        )

    def send(self, number: int) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def children(self, module: str) -> list[int]:
        """List the processes of a module that it has started."""
        found = psutil.Process(self._process.pid).children()
        return [child.pid for child in found if child.is_running() and module in _words(child)]

    def ended(self, deadline_s: float = 30.0) -> int:
        """Wait for its end; returns its exit code."""
        code = self._process.wait(deadline_s)
        self._errors.close()
        return code

    def kill(self) -> None:
        """End it at once, if it still runs."""
        if self._process.poll() is None:
            self._process.kill()
        self.ended()


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []
