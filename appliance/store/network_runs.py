"""What is kept of the network: the newest tests, and the last calls of each telephone and trunk, in a file."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from appliance.network import Leg, Run
from appliance.store.backup_words import write


class Kept(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All of it."""

    runs: tuple[Run, ...] = ()
    "The newest first."
    calls: Mapping[str, tuple[Leg, ...]] = {}
    "By telephone or trunk, the newest first."


class NetworkHome:
    """The folder of a box in which it stands."""

    def __init__(self, home: Path) -> None:
        """Look into a box's home."""
        self._file = home / "network/kept.json"

    @property
    def kept(self) -> Kept:
        """What is there; nothing, if nothing can be read."""
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=Kept)
        except (OSError, msgspec.DecodeError):
            return Kept()

    def note(self, kept: Kept) -> None:
        """Keep it, whole or not at all."""
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write(self._file, msgspec.json.encode(kept))
