"""Kills the daemon at a boundary of its own: before or after a commit, or a word to or from Asterisk.

Python reads a module of this name at its start, from the PYTHONPATH that the harness gives to the daemon. Whoever
takes the file that `UNKILLABLE_DOOM` names (it is renamed, so that one process takes it) dies at the so-manieth
crossing of the boundary in it, by SIGKILL, and leaves the moment behind. Nothing of the project is read
here before the daemon reads it.
"""

import importlib.abc
import importlib.machinery
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, ParamSpec, TypeVar  # any: what a wrapped method takes and gives is its own affair

from typing_extensions import override

GivenP = ParamSpec("GivenP")
GotT = TypeVar("GotT")

BOUNDARIES = {
    "commit": ("appliance.store.writer", "Writer", "_commit"),
    "commit-begin": ("ZEO.ClientStorage", "ClientStorage", "tpc_begin"),
    "commit-vote": ("ZEO.ClientStorage", "ClientStorage", "tpc_vote"),
    "commit-finish": ("ZEO.ClientStorage", "ClientStorage", "tpc_finish"),
    "row": ("appliance.store.journal", "Journal", "append"),
    "ami-asked": ("drivers.asterisk.link", "Wire", "ask"),
    "ami-sent": ("twisted.internet.tcp", "Connection", "writeSomeData"),
    "ami-heard": ("drivers.asterisk.link", "Wire", "dataReceived"),
    "ami-connected": ("drivers.asterisk.link", "Wire", "connectionMade"),
    "agi-connected": ("drivers.asterisk.agi", "Session", "connection_made"),
    "agi-heard": ("drivers.asterisk.agi", "Session", "data_received"),
    "agi-told": ("drivers.asterisk.agi", "Session", "ask"),
    "agi-closed": ("drivers.asterisk.agi", "Session", "close"),
}
"Name to module, class and method; each is two boundaries, before and after."


class Doom:
    """What this process will die of."""

    def __init__(self, path: Path) -> None:
        """Look for it at a path."""
        self._path = path
        self._taken = path.with_suffix(".taken")
        self._boundary = ""
        self._left = 0
        self._turn = threading.Lock()

    def cross(self, boundary: str) -> None:
        """Cross a boundary, perhaps the last one; threads one by one, so that one alone tells the death."""
        with self._turn:
            self._cross(boundary)

    def _cross(self, boundary: str) -> None:
        if not self._boundary:
            try:
                self._path.rename(self._taken)
            except FileNotFoundError:
                return
            self._boundary, left = self._taken.read_text().split()
            self._left = int(left)
        if boundary == self._boundary:
            self._left -= 1
            if self._left <= 0:
                dying = self._path.with_suffix(".dying")
                dying.write_text(f"{time.monotonic_ns()}")
                dying.rename(self._path.with_suffix(".done"))  # whole as soon as it is there
                os.kill(os.getpid(), signal.SIGKILL)


class Loader(importlib.abc.Loader):
    """Loads a module as it would be, and lets some of its methods cross boundaries."""

    def __init__(self, loader: importlib.abc.Loader, doom: Doom) -> None:
        """Stand in for a loader."""
        self._loader = loader
        self._doom = doom

    @override
    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        """Leave it to the loader."""
        return self._loader.create_module(spec)

    @override
    def exec_module(self, module: ModuleType) -> None:
        """Load it, and wrap what is a boundary."""
        self._loader.exec_module(module)
        for name, (where, owner, method) in BOUNDARIES.items():
            if where == module.__name__:
                holder = getattr(module, owner)
                setattr(holder, method, _crossing(getattr(holder, method), name, self._doom))


class Finder(importlib.abc.MetaPathFinder):
    """Finds the modules that have boundaries, where they are."""

    def __init__(self, doom: Doom) -> None:
        """Wrap for this doom."""
        self._doom = doom
        self._modules = {where for where, _owner, _method in BOUNDARIES.values()}

    @override
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Find a module as the path has it, with our loader before its own."""
        if fullname not in self._modules:
            return None
        self._modules.discard(fullname)
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = Loader(spec.loader, self._doom)
        return spec


def _crossing(work: Callable[GivenP, GotT], name: str, doom: Doom) -> Callable[GivenP, GotT]:
    def crossed(*given: GivenP.args, **named: GivenP.kwargs) -> GotT:
        doom.cross(f"{name}/before")
        got = work(*given, **named)
        doom.cross(f"{name}/after")
        return got

    return crossed


def _begin(orders: Sequence[Any]) -> None:
    if "appliance.daemon.main" in orders and "UNKILLABLE_DOOM" in os.environ:
        sys.meta_path.insert(0, Finder(Doom(Path(os.environ["UNKILLABLE_DOOM"]))))


_begin(sys.orig_argv)
