"""Coming back: the last snapshot, the facts after it, and a clock that goes on.

Done before the reactor runs, so it may wait for the disk. Effects of replayed facts are discarded: what they asked
for was asked when they happened, and the look at the live legs that follows mends what was lost.
"""

from collections.abc import Callable
from dataclasses import dataclass

import msgspec
from twisted.logger import Logger

from appliance import api
from appliance.core import effects
from appliance.core.centre import Centre
from appliance.core.model import Configuration
from appliance.daemon.clock import CentreClock, Clocks
from appliance.replay import difference_of

RECOVER_S = 60.0
"How long the journal may take to be read."

report = Logger()


class Configurations:
    """The versions in use, by name; a version once known never changes."""

    def __init__(self, load: Callable[[str], Configuration]) -> None:
        """Load what is not known yet by `load`, which may wait for the disk."""
        self._known: dict[str, Configuration] = {}
        self._load: Callable[[str], Configuration] | None = load

    def __call__(self, version: str) -> Configuration:
        """Give a version; raises `KeyError` if there is none."""
        if version not in self._known and self._load is not None:
            self._known[version] = self._load(version)
        return self._known[version]

    def add(self, version: str, configuration: Configuration) -> None:
        """Know a version."""
        self._known[version] = configuration

    def keep_to_memory(self) -> None:
        """Wait for the disk no more: the reactor is about to run."""
        self._load = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What the journal remembers."""

    boot: int
    snapshot: bytes
    rows: tuple[api.Row, ...]
    last_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """Where we are again."""

    centre: Centre
    clock: CentreClock
    replayed: int
    filed: tuple[api.Row, ...]
    "The replayed rows that ended a call."
    differing: int
    "Rows whose replay did not give what was kept when they happened."


def recover(past: Past, clocks: Clocks, configurations: Configurations) -> Recovered:
    """Bring the Centre back to where the journal ends; never fails for what stands in it."""
    try:
        centre = Centre.restore(past.snapshot, configurations) if past.snapshot else Centre(configurations)
    except (msgspec.DecodeError, KeyError) as error:
        report.critical("the snapshot cannot be used: {error}", error=type(error).__name__)
        centre = Centre(configurations)
    differing = 0
    for row in past.rows:
        differing += not _replay(centre, row)
    if differing:
        report.error("{differing} of {rows} rows differ in replay", differing=differing, rows=len(past.rows))
    return Recovered(
        centre=centre,
        clock=CentreClock(clocks, max(past.last_us, centre.state.now)),
        replayed=len(past.rows),
        filed=tuple(row for row in past.rows if any(isinstance(kept, effects.CallFiled) for kept in row.kept)),
        differing=differing,
    )


def _replay(centre: Centre, row: api.Row) -> bool:
    """Handle a row again; whether it gave the same."""
    try:
        asked = centre.handle(row.now, row.fact)
    except ValueError:
        return False
    centre.state.sequence = row.sequence
    return difference_of(centre, row, asked) is None
