"""Who runs when, in a whole run by several workers: what is marked `alone` has the machine to itself.

Every other test takes the room together with its neighbours; a module marked `alone` takes it for itself, from its
first test to its last, so that its fixtures stand alone too. Whoever wants the room passes the door first: one who
waits to be alone holds it, so that nobody enters meanwhile. Without workers nothing of this happens.
"""

import fcntl
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Protocol

import pytest

KEY = "turns"
"Under which the workers are told the folder of the locks."


class Node(Protocol):
    """A worker, as xdist shows it to the run that starts it."""

    workerinput: dict[str, object]


class Turns:
    """The plugin of the run that starts the workers: it gives them a room."""

    def __init__(self) -> None:
        """Have no folder of locks as long as there is no worker."""
        self._folder: Path | None = None

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Node) -> None:
        """Tell a new worker where the locks are."""
        self._folder = self._folder or Path(tempfile.mkdtemp(prefix="switchroom-turns-"))
        node.workerinput[KEY] = str(self._folder)

    def pytest_unconfigure(self) -> None:
        """Leave nothing behind."""
        if self._folder is not None:
            shutil.rmtree(self._folder)


class Turn:
    """The plugin of one worker."""

    def __init__(self, folder: Path) -> None:
        """Open the locks of all workers; none is taken."""
        self._door = (folder / "door").open("w")
        self._room = (folder / "room").open("w")
        self._inside = False

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Begin with what has to be alone, then with what is slow: so that both workers end at about the same time."""
        ranks: dict[Path, int] = {}
        for item in items:
            ranks[item.path] = min(_rank(item), ranks.get(item.path, _rank(item)))
        items.sort(key=lambda item: ranks[item.path])

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, bool, bool]:
        """Take the room before a test is set up; outside of the time that a test may take."""
        if not self._inside:
            fcntl.flock(self._door, fcntl.LOCK_EX)
            fcntl.flock(self._room, fcntl.LOCK_EX if _alone(item) else fcntl.LOCK_SH)
            fcntl.flock(self._door, fcntl.LOCK_UN)
        try:
            return (yield)
        finally:
            self._inside = _alone(item) and nextitem is not None and _alone(nextitem) and nextitem.path == item.path
            if not self._inside:
                fcntl.flock(self._room, fcntl.LOCK_UN)

    def pytest_unconfigure(self) -> None:
        """Close the locks."""
        self._door.close()
        self._room.close()


def plugin_for(config: pytest.Config) -> Turns | Turn:
    """Choose what a process of the run takes part as."""
    told: dict[str, object] = getattr(config, "workerinput", {})
    return Turn(Path(str(told[KEY]))) if told else Turns()


def _alone(item: pytest.Item) -> bool:
    return item.get_closest_marker("alone") is not None


def _rank(item: pytest.Item) -> int:
    return ("alone", "slow", "").index(next((name for name in ("alone", "slow") if item.get_closest_marker(name)), ""))
