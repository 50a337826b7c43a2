"""Restore the box from a backup, or take a restore back."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

import click

from appliance.backups import Destination
from appliance.commands._box import box as box_of
from appliance.commands.backup import told
from appliance.places import Places
from appliance.store import backup_restore
from appliance.store.backup_frames import BackupError, key_file_of, unwrap
from appliance.store.backup_jobs import noted
from appliance.store.backup_lists import manifests
from appliance.store.backup_places import Archive, Folder, Place, opened
from appliance.store.backup_restore import Reading, finish, prepare, undo
from appliance.store.backup_words import BackupHome
from appliance.store.knock import answers
from appliance.store.server import MARKER
from appliance.texts import marked, said

ANSWER_S_MAX = 180.0
MEGABYTE = 1_000_000


@contextmanager
def place_of(source: str, box: BackupHome) -> Iterator[Place]:
    """Open what a backup is restored from: a file, a folder, a destination's name, sftp:// or smb://."""
    parts, path = urlsplit(source), Path(source)
    if parts.scheme in {"sftp", "smb"}:
        password = parts.password if parts.password is not None else click.prompt(said("Password"), hide_input=True)
        folder = unquote(parts.path)
        kind = "sftp" if parts.scheme == "sftp" else "smb"
        wanted = Destination(
            slug="restore",
            kind="sftp" if kind == "sftp" else "smb",
            path=folder if kind == "sftp" else folder.strip("/"),
            host=parts.hostname or "",
            port=parts.port or 0,
            user=unquote(parts.username or ""),
            password=unquote(password),
        )
        with opened(wanted, box) as place:
            yield place
    elif path.is_file():
        yield Archive(path)
    elif path.is_dir():
        yield Folder(path)
    else:
        with opened(box.destination(source), box) as place:
            yield place


def key_of(place: Place, box: BackupHome, passphrase: str) -> bytes:
    """Give the key of what lies at a place: this box's own, or what the passphrase opens; raises `BackupError`."""
    try:
        with place.read("key.json") as file:
            there = file.read(1 << 16)
    except FileNotFoundError:
        raise BackupError(marked("there is no Switchroom backup")) from None
    own = box.kept / "key.json"
    if not passphrase and own.exists() and own.read_bytes() == there:
        return box.key
    known = key_file_of(there)
    return unwrap(known, passphrase or click.prompt(said("Passphrase of the backup"), hide_input=True))


def chosen(place: Place, key: bytes, at: str) -> str:
    """Find the newest backup that is not later than a day, a time (UTC) or a backup's name; raises `BackupError`."""
    known = manifests(place, key)
    if not at or any(one.name == at for one in known):
        return at
    try:
        limit = datetime.fromisoformat(at)
    except ValueError:
        raise BackupError(
            marked("{at} is no day, time or backup; say it as 2026-11-22 or 2026-11-22T02:30"), at=at
        ) from None
    limit = limit if limit.tzinfo else limit.replace(tzinfo=UTC)
    if len(at) == len("2026-11-22"):
        limit += timedelta(days=1)
    names = [one.name for one in known if one.began < limit.timestamp() * 1_000_000]
    if not names:
        raise BackupError(marked("there is no backup as old as {at}"), at=at)
    return names[0]


def is_running(places: Places) -> bool:
    """Whether anything of the box runs."""
    return places.supervisor_socket.exists() or answers(places.zeo_socket)


@click.command()
@click.argument("source", default="")
@click.option("--at", default="", help="Not later than this day, time or backup.")
@click.option(
    "--passphrase-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Where the passphrase stands.",
)
@click.option("--replace", "replacing", is_flag=True, help="Restore over a box that is stopped; what it had is kept.")
@click.option("--undo", "undoing", is_flag=True, help="Take the last restore back.")
@click.option("--restart", is_flag=True, help="Restore the box that runs, and start it again.")
def command(
    source: str, at: str, passphrase_file: Path | None, *, replacing: bool, undoing: bool, restart: bool
) -> None:
    """Restore the box from SOURCE: a backup's file, a folder, a destination's name, sftp://user@host/folder or smb://.

    The home has to be empty, or --replace is said; a box that runs is stopped first, or --restart is said. Who was
    erased since the backup stays erased. What was there is kept until the next restore, and --undo brings it back.
    """
    places = box_of()
    box = BackupHome(places.home)
    places.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    if is_running(places) and not restart:
        raise click.ClickException(
            said("A Switchroom runs in {home}: stop it first by `switchroom stop`.", home=places.home)
        )
    with told():
        if undoing:
            undo(box)
        else:
            _restore(box, source, at, passphrase_file, replacing=replacing or restart)
        if restart and is_running(places):
            _restart(places)
        else:
            finish(places.home)
    click.echo(said("What was before is back.") if undoing else said("Restored. Start the box by `switchroom run`."))


def _restore(box: BackupHome, source: str, at: str, passphrase_file: Path | None, *, replacing: bool) -> None:
    if not source:
        raise click.ClickException(said("Say what to restore from: a file, a folder or a destination."))
    if (box.home / "store" / MARKER).exists() and not replacing:
        raise click.ClickException(
            said(
                "There is a box in {home} already: say --replace to restore over it; what it has is kept.",
                home=box.home,
            )
        )
    passphrase = passphrase_file.read_text().strip() if passphrase_file else ""
    with noted(box, "restore", source) as job, place_of(source, box) as place:
        key = key_of(place, box, passphrase)
        reading = Reading(place, key, chosen(place, key, at), job.progress)
        counts = prepare(reading, box)
        backup_restore.commit(box)
    values = {
        "name": reading.manifest.name,
        "size": f"{counts.databases_bytes / MEGABYTE:.1f}",
        "recordings": counts.recordings,
        "erased": counts.erased,
    }
    click.echo(
        said(
            "Backup {name}: {size} MB of databases, {recordings} recordings; {erased} persons erased once more.",
            **values,
        )
    )


def _restart(places: Places) -> None:
    """Have the supervisor stop everything, put in place what was restored, and start again."""
    with socket.socket(socket.AF_UNIX) as door:
        door.settimeout(ANSWER_S_MAX)
        door.connect(str(places.supervisor_socket))
        door.sendall(b'{"ask": "restart"}\n')
        with door.makefile() as answer:
            answer.readline()
