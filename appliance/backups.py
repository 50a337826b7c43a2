"""What an administrator sets of backups: the words between console, daemon and store."""

import re
from pathlib import PurePosixPath
from typing import Literal

import msgspec

KEEP_MAX = 400
FULL_MAX = 100
DESTINATIONS_MAX = 8
PORT_MAX = 65_535
TEXT_MAX = 500
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.:-]{0,252}[A-Za-z0-9])?")
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


class Destination(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where backups go."""

    slug: str
    kind: Literal["folder", "sftp", "smb"] = "folder"
    path: str
    "A folder; of a share `<share>/<folder>`."
    host: str = ""
    port: int = 0
    "0 for the usual one."
    user: str = ""
    password: str = ""
    "Of SFTP empty where the server knows the box's own key."
    keep: int = 14
    "How many backups are kept."


class BackupSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What an administrator has set."""

    destinations: tuple[Destination, ...] = ()
    nightly: bool = True
    at: str = "02:30"
    "Local time of the company, `hh:mm`."
    full_every: int = 7
    "After so many backups one is whole again."
    prove: bool = True
    "Whether the newest backup is restored into a sandbox each night, and called into there."


def faults_of(settings: BackupSettings) -> list[tuple[str, str, str]]:
    """Find what cannot be kept: (code, field, detail) of each fault; see `words.PROBLEMS`."""
    found = []
    if not _TIME.fullmatch(settings.at):
        found.append(("invalid", "at", ""))
    if not 1 <= settings.full_every <= FULL_MAX:
        found.append(("out_of_range", "full_every", f"1-{FULL_MAX}"))
    if len(settings.destinations) > DESTINATIONS_MAX:
        found.append(("too_many", "slug", str(DESTINATIONS_MAX)))
    for one in settings.destinations:
        found += _faults_of(one)
    return found


def _faults_of(one: Destination) -> list[tuple[str, str, str]]:
    found = []
    words = (one.path, one.host, one.user, one.password)
    if not _SLUG.fullmatch(one.slug):
        found.append(("invalid", "slug", ""))
    if any(len(word) > TEXT_MAX or not word.isprintable() for word in words):
        found.append(("invalid", "path", ""))
    if one.kind == "folder" and (not PurePosixPath(one.path).is_absolute() or ".." in PurePosixPath(one.path).parts):
        found.append(("invalid", "path", ""))
    if not one.path.strip("/\\ "):
        found.append(("empty", "path", ""))
    if one.kind != "folder" and not _HOST.fullmatch(one.host):
        found.append(("invalid", "host", ""))
    if one.kind != "folder" and not one.user:
        found.append(("empty", "user", ""))
    if not 0 <= one.port <= PORT_MAX:
        found.append(("out_of_range", "port", f"0-{PORT_MAX}"))
    if not 1 <= one.keep <= KEEP_MAX:
        found.append(("out_of_range", "keep", f"1-{KEEP_MAX}"))
    return found
