"""What the drivers of telephone cards go by, on disk: whole sets of files, one of them good, at most one on trial.

`dahdi.service` reads `system.conf` and its neighbours, which lead through the link `now` into a set. A new set is
written beside the old one, `now` is turned to it in one step, and only when the drivers have taken it `good` follows.
Whoever finds a trial that did not end, after a root part was killed or the machine lost its power, turns `now` back. So
at every moment the files are those of one set, and what nobody found good outlives nothing.
"""

import contextlib
import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from appliance import root_work as words
from appliance.core import model
from appliance.whole import remove, sync_folder, write_whole
from drivers.dahdi import applied, system

FILES = (system.SYSTEM, system.ASSIGNED, system.MODULES)
NOW, GOOD, SETS, TRIAL = "now", "good", "sets", "on-trial"
FILE_BYTES_MAX = 65_536
FOLDER_MODE = 0o755
"Nothing in them is secret: drivers, exchange and daemon read them as other users."
MICROSECOND_NS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CardFiles:
    """The folder of all sets; root's own, for everybody to read."""

    folder: Path

    @property
    def settled(self) -> bool:
        """Whether nothing is on trial."""
        return self._target(NOW) == self._target(GOOD) and not (self.folder / TRIAL).exists()

    def seen(self) -> words.Cards:
        """Tell what is good."""
        name = self._target(GOOD)
        place = self.folder / SETS / name if name else self.folder
        files = {file: text for file in FILES if (text := _text(place / file))}
        known = applied.read(place / applied.FILE) if name else None
        at = (self.folder / GOOD).lstat().st_mtime_ns // MICROSECOND_NS if name else 0
        return words.Cards(spans=known, files=files, digest=name or (_digest(files) if files else ""), at=at)

    def try_out(self, spans: tuple[model.Span, ...]) -> None:
        """Let the drivers' next start go by these spans; raises `ConfError` for what cannot be said."""
        files = dict(system.files(model.Configuration(spans=spans)))
        files[applied.FILE] = applied.written(spans)
        self._tidy()
        self._adopt()
        self._lead()
        name = self._write(files)
        write_whole(self.folder / TRIAL, b"")
        self._turn(NOW, name)

    def keep(self) -> None:
        """Find good what is on trial, and drop what was good before."""
        self._turn(GOOD, self._target(NOW))
        self.end()

    def take_back(self) -> None:
        """Let the drivers' next start go by what is good again."""
        if name := self._target(GOOD):
            self._turn(NOW, name)
        else:
            remove(self.folder / NOW)

    def end(self) -> None:
        """End the trial: the drivers were given what holds now."""
        self._tidy()
        remove(self.folder / TRIAL)

    def _adopt(self) -> None:
        """Make a good set of files that somebody wrote by hand, before links take their places."""
        plain = {file: _text(self.folder / file) for file in FILES if not (self.folder / file).is_symlink()}
        if any(plain.values()) and not self._target(GOOD):
            name = self._write({file: text for file, text in plain.items() if text})
            self._turn(NOW, name)
            self._turn(GOOD, name)

    def _lead(self) -> None:
        """Let the names that drivers know lead to what holds now."""
        for file in FILES:
            if not (self.folder / file).is_symlink():
                self._link(file, f"{NOW}/{file}")

    def _write(self, files: Mapping[str, str]) -> str:
        """Write a set whole and give its name; the same files are the same set."""
        name, sets = _digest(files), self.folder / SETS
        sets.mkdir(exist_ok=True)
        sets.chmod(FOLDER_MODE)
        if not (sets / name).is_dir():
            fresh = sets / f".{name}"
            shutil.rmtree(fresh, ignore_errors=True)
            fresh.mkdir()
            fresh.chmod(FOLDER_MODE)
            for file, text in files.items():
                write_whole(fresh / file, text.encode())
            fresh.replace(sets / name)
            sync_folder(sets)
        return name

    def _tidy(self) -> None:
        """Remove the sets that nothing leads to."""
        with contextlib.suppress(OSError):
            for place in (self.folder / SETS).iterdir():
                if place.name not in {self._target(NOW), self._target(GOOD)}:
                    shutil.rmtree(place, ignore_errors=True)

    def _target(self, link: str) -> str:
        """Give the name of the set that a link leads to, empty for none."""
        try:
            place = self.folder / (self.folder / link).readlink()
        except OSError:
            return ""
        return place.name if place.parent == self.folder / SETS and place.is_dir() else ""

    def _turn(self, link: str, name: str) -> None:
        self._link(link, f"{SETS}/{name}")

    def _link(self, name: str, target: str) -> None:
        """Put a link in place in one step."""
        fresh = self.folder / f".{name}.new"
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(target)
        fresh.replace(self.folder / name)
        sync_folder(self.folder)


def _digest(files: Mapping[str, str]) -> str:
    return hashlib.sha256(msgspec.json.encode(sorted(files.items()))).hexdigest()[:32]


def _text(file: Path) -> str:
    """Read a file as text; empty where there is none, or one that is torn or too long."""
    try:
        with file.open("rb") as stream:
            data = stream.read(FILE_BYTES_MAX + 1)
    except OSError:
        return ""
    return data.decode(errors="replace") if len(data) <= FILE_BYTES_MAX else ""
