"""Where the Asterisk bundle lies and how it is started.

The bundle is Debian's Asterisk with every library it needs, its own dynamic loader included, so that it runs on a
Debian whose libc is older. `images/asterisk` makes it; this module only describes it. Standard library alone: the
recipe runs before there is a venv.
"""

import os
from dataclasses import dataclass
from pathlib import Path


class BundleMissingError(Exception):
    """There is no usable bundle; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A folder that holds one Asterisk."""

    path: Path
    "The folder, absolute and without links: a newer bundle beside it changes nothing for who runs this one."

    libraries: Path
    "The folder of shared libraries, named by Debian's multiarch triplet."

    loader: Path
    "The dynamic loader that belongs to these libraries."

    @property
    def binary(self) -> Path:
        """The program itself; it starts by `argv` alone, since the host's loader does not suit it."""
        return self.path / "usr/sbin/asterisk"

    @property
    def modules(self) -> Path:
        """The folder for `astmoddir`."""
        return self.libraries / "asterisk/modules"

    @property
    def data(self) -> Path:
        """Debian's data: documentation, rest-api, sounds, moh."""
        return self.path / "usr/share/asterisk"

    @property
    def sounds(self) -> Path:
        """The folder that holds `en`, Asterisk's own English prompts, 8 kHz mono WAV."""
        return self.data / "sounds"

    @property
    def music(self) -> Path:
        """The folder of music on hold, 8 kHz mono WAV."""
        return self.data / "moh"

    def argv(self, *arguments: str) -> list[str]:
        """Give the command that runs Asterisk with these arguments; it needs no environment.

        The process shows as the loader's name, so keep its pid.
        """
        library_path = f"{self.libraries}:{self.libraries / 'asterisk'}"
        return [str(self.loader), "--library-path", library_path, str(self.binary), *arguments]


def cache_folder() -> Path:
    """Say where downloads are kept between runs: $SWITCHROOM_CACHE, else switchroom in the user's cache folder."""
    if given := os.environ.get("SWITCHROOM_CACHE"):
        return Path(given).expanduser().absolute()
    home = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(home).expanduser().absolute() / "switchroom"


def open_bundle(folder: Path) -> Bundle:
    """Describe the bundle in a folder; raises `BundleMissingError` where it is not whole."""
    path = folder.resolve()
    found = sorted(path.glob("usr/lib/*/asterisk/modules"))
    libraries = found[0].parent.parent if found else path
    loaders = sorted(libraries.glob("ld-linux*.so.*"))
    if not found or not loaders or not (path / "usr/sbin/asterisk").is_file():
        raise BundleMissingError(f"There is no Asterisk in {folder}; make one with: python3 -m images.asterisk")
    return Bundle(path=path, libraries=libraries, loader=loaders[0])


def current_bundle() -> Bundle:
    """Describe the verified bundle in the cache; raises `BundleMissingError` where there is none yet."""
    return open_bundle(cache_folder() / "asterisk/current")
