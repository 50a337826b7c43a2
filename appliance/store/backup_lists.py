"""What lies at a destination: lists of backups, what they need, and letting go of what no kept one does."""

import contextlib

import msgspec

from appliance.store.backup_frames import BackupError, DamagedError, unseal
from appliance.store.backup_places import FRESH, Place
from appliance.store.backup_words import FORMAT, Manifest, Recording
from appliance.texts import marked

BACKUPS, OBJECTS, MEDIA = "backups", "objects", "media"


def listed_recordings(place: Place, key: bytes, manifest: Manifest) -> dict[str, Recording]:
    """Read which recordings stand in a backup; raises `BackupError`."""
    found: dict[str, Recording] = {}
    for name in manifest.recordings:
        with place.read(name) as file:
            data = b"".join(unseal(file, key, name))
        found |= {one.path: one for one in msgspec.msgpack.decode(data, type=list[Recording])}
    return found


def manifests(place: Place, key: bytes) -> list[Manifest]:
    """Read every backup's list, the newest first; a damaged one is left out. Raises `BackupError`."""
    found = []
    for name in sorted(names(place), reverse=True):
        with contextlib.suppress(DamagedError):
            found.append(manifest_of(place, key, name))
    return found


def names(place: Place) -> list[str]:
    """List the backups of a destination by their names."""
    return [name.rpartition("/")[2] for name in place.names(BACKUPS) if FRESH not in name]


def manifest_of(place: Place, key: bytes, name: str) -> Manifest:
    """Read a backup's list; raises `BackupError`."""
    path = f"{BACKUPS}/{name}"
    with place.read(path) as file:
        data = b"".join(unseal(file, key, path))
    try:
        manifest = msgspec.json.decode(data, type=Manifest)
    except msgspec.DecodeError as error:
        raise BackupError(
            marked("the backup {name} is not of this release ({error}); use a newer release"), name=name, error=error
        ) from error
    if manifest.format != FORMAT:
        raise BackupError(
            marked("the backup {name} is of format {format}, this release reads {known}"),
            name=name,
            format=manifest.format,
            known=FORMAT,
        )
    return manifest


def rotate(place: Place, key: bytes, keep: int) -> int:
    """Let go of all but the newest backups, and of what no backup names; gives how many backups went.

    First goes what makes a backup be there, then what it alone named: a kill leaves what the next rotation removes.
    """
    known = manifests(place, key)
    kept_names = {kept.name for kept in known[:keep]}
    for old in names(place):
        if old not in kept_names:
            place.remove(f"{BACKUPS}/{old}")
    used: set[str] = set()
    for kept in known[:keep]:
        used |= objects_of(kept) | {f"{MEDIA}/{path}" for path in listed_recordings(place, key, kept)}
    for folder in (OBJECTS, MEDIA, BACKUPS):
        for name in place.names(folder):
            if FRESH in name or (folder != BACKUPS and name not in used):
                place.remove(name)
    return len(known[keep:])


def objects_of(manifest: Manifest) -> set[str]:
    """Name the objects that a backup needs."""
    parts = {part.object for database in manifest.databases.values() for part in database.parts}
    return parts | {one.object for one in manifest.files} | set(manifest.recordings)
