"""A sealer that dies: the real program, killed at everything that it does to the world, one thing a life.

Run as `python -m tests.daemon.mortal DEATHS …`: a life is ended by SIGKILL at the first step at which none before it
died; who finds no such step comes to the end of its work. A step is a file opened, locked, written, put on the disk,
renamed or removed, a folder made, or a word to the daemon, some of them before and after.
"""

import os
import signal
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

from appliance.store import seal
from appliance.store.orders import Answer

GivenP = ParamSpec("GivenP")
GotT = TypeVar("GotT")

EVENTS = frozenset({"open", "fcntl.fcntl", "os.mkdir", "os.rename", "os.remove"})
"Audit events that are steps (Python's table of audit events)."


class Doom:
    """What this life will die of."""

    def __init__(self, deaths: Path, places: tuple[str, ...]) -> None:
        """Read what the lives before died of; what is done elsewhere than below `places` is no step."""
        self._deaths = deaths
        self._places = places
        self._known = frozenset(deaths.read_text().splitlines())
        self._taken: Counter[str] = Counter()

    def step(self, what: str) -> None:
        """Take a step, perhaps the last one."""
        self._taken[what] += 1
        step = f"{what} {self._taken[what]}"
        if step not in self._known:
            with self._deaths.open("a") as deaths:
                deaths.write(f"{step}\n")
            os.kill(os.getpid(), signal.SIGKILL)

    def hear(self, event: str, given: tuple[object, ...]) -> None:
        """Hear what the program is about to do."""
        if event == "fcntl.fcntl":
            self.step(event)
        elif event in EVENTS and any(str(given[0]).startswith(place) for place in self._places):
            self.step(f"{event}{Path(str(given[0])).suffix}")

    def around(self, does: Callable[GivenP, GotT]) -> Callable[GivenP, GotT]:
        """Give a function with a step before and one after it, named by what it is given if that is a word."""

        def stepping(*given: GivenP.args, **named: GivenP.kwargs) -> GotT:
            what = type(given[0]).__name__ if isinstance(given[0], Answer) else does.__name__
            self.step(f"before {what}")
            got = does(*given, **named)
            self.step(f"after {what}")
            return got

        return stepping


def main() -> int:
    """Run the sealer, for as long as it lasts."""
    deaths, *arguments = sys.argv[1:]
    doom = Doom(Path(deaths), (arguments[1], arguments[3]))
    for module, name in ((os, "fsync"), (seal, "encode_line"), (seal, "seal")):
        setattr(module, name, doom.around(getattr(module, name)))
    sys.addaudithook(doom.hear)
    return seal.main(arguments)


if __name__ == "__main__":
    sys.exit(main())
