"""The front end as it was built: which file has a name's content."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from webadmin.texts import ROOT

BUILT = ROOT / "build" / "web"


class BundleMissingError(Exception):
    """The front end has not been built; the message says how to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """The built files."""

    folder: Path
    files: Mapping[str, str]
    "Name of a source to the file that holds it."

    def address(self, name: str) -> str:
        """Give the address of a style, script or picture."""
        return f"/static/{self.files[name]}"


def built(folder: Path = BUILT) -> Bundle:
    """Read what was built; raises `BundleMissingError`."""
    try:
        files = msgspec.json.decode((folder / "manifest.json").read_bytes(), type=dict[str, str])
    except (OSError, msgspec.DecodeError) as error:
        raise BundleMissingError(
            f"{folder} holds no built pages ({error}): run `make run`, which builds them."
        ) from error
    return Bundle(folder=folder, files=files)
