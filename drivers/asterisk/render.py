"""Writes Asterisk's whole configuration: rendered from frozen data, written whole, compared, and only then reloaded."""

import os
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import msgspec

from appliance.api import Equipment
from appliance.core.model import Configuration
from drivers.asterisk import chronicle, dialplan, settings
from drivers.asterisk.addresses import digits, slug
from drivers.asterisk.conf import (
    COMPANY,
    SIGNALLING,
    ConfError,
    Options,
    Seen,
    Setting,
    Site,
    Technology,
    section,
    sections,
)
from drivers.asterisk.dialplan import FROM_TRUNK, OUT_OF_SERVICE, PHONE_INSIDE, PHONE_OUTSIDE

FOLDERS = ("etc", "lib", "lib/agi-bin", "keys", "spool", "log", chronicle.FOLDER, "cache")
MODULE_OF: Mapping[str, str] = MappingProxyType(
    {
        "extensions.conf": "pbx_config.so",
        f"extensions{COMPANY}": "pbx_config.so",
        "pjsip.conf": "res_pjsip.so",
        f"pjsip{COMPANY}": "res_pjsip.so",
        "chan_dahdi.conf": "chan_dahdi.so",
        f"chan_dahdi{COMPANY}": "chan_dahdi.so",
        "rtp.conf": "rtp",
        "udptl.conf": "udptl",
        "manager.conf": "manager",
        "http.conf": "http",
        "logger.conf": "logger",
        "musiconhold.conf": "res_musiconhold.so",
        "cel.conf": "cel",
        "cel_custom.conf": "cel_custom.so",
        "features.conf": "features",
        "indications.conf": "indications",
    }
)
"What is reloaded when a file changed; a change of another file waits for Asterisk's next start."

_ACCOUNTS_FILE = "manager-accounts"


def empty() -> Equipment:
    """Give the equipment of a company that has none yet."""
    return Equipment(configuration=Configuration(), names={}, secrets={})


def rendered(options: Options, equipment: Equipment, accounts: Mapping[str, str]) -> dict[str, str]:
    """Give every file, name to text; raises `ConfError` if a value cannot be said, and then nothing is changed."""
    site = options.site
    more = tuple(module for technology in options.technologies for module in technology.modules)
    files = settings.files(site, accounts, more)
    files.update(dialplan.files(site, equipment))
    for technology in options.technologies:
        files.update(technology.files(site, equipment))
    return files


def accounts_of(site: Site) -> dict[str, str]:
    """Read the passwords of the manager accounts, made at first use and kept where only we can read them."""
    file = site.home / _ACCOUNTS_FILE
    try:
        found = msgspec.json.decode(file.read_bytes(), type=dict[str, str])
    except (FileNotFoundError, msgspec.DecodeError):
        found = {}
    if found.keys() >= settings.ACCOUNTS.keys():
        return found
    made = {user: secrets.token_urlsafe(24) for user in settings.ACCOUNTS}
    _make_folders(site)
    _write_whole(file, msgspec.json.encode(made))
    return made


def write(site: Site, files: Mapping[str, str]) -> tuple[str, ...]:
    """Write the files that differ from what is there and give their names; each is whole, the old one or the new."""
    _make_folders(site)
    changed: list[str] = []
    for name, text in files.items():
        data = text.encode()
        file = site.etc / name
        try:
            same = file.read_bytes() == data
        except FileNotFoundError:
            same = False
        if not same:
            _write_whole(file, data)
            changed.append(name)
    return tuple(changed)


def lay_out(options: Options) -> tuple[str, ...]:
    """Write what Asterisk needs to start, and keep the company's phones, trunks and dialplan that are there already.

    Gives the names of the files that changed.
    """
    site = options.site
    files = rendered(options, empty(), accounts_of(site))
    kept = {name for name in files if name.endswith(COMPANY) and (site.etc / name).exists()}
    return write(site, {name: text for name, text in files.items() if name not in kept})


def modules_of(changed: Sequence[str]) -> tuple[str, ...]:
    """Say what Asterisk has to reload for the changed files, each once and in a fixed order."""
    return tuple(dict.fromkeys(MODULE_OF[name] for name in MODULE_OF if name in changed))


def _make_folders(site: Site) -> None:
    for folder in (site.home, *(site.home / name for name in FOLDERS), site.run, site.recordings):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _write_whole(file: Path, data: bytes) -> None:
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    fresh.rename(file)
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


__all__ = [
    "COMPANY",
    "FROM_TRUNK",
    "OUT_OF_SERVICE",
    "PHONE_INSIDE",
    "PHONE_OUTSIDE",
    "SIGNALLING",
    "ConfError",
    "Options",
    "Seen",
    "Setting",
    "Site",
    "Technology",
    "accounts_of",
    "digits",
    "empty",
    "lay_out",
    "modules_of",
    "rendered",
    "section",
    "sections",
    "slug",
    "write",
]
