"""Backups to an SFTP server, by paramiko. A server is known by the key that it showed when it was first met."""

import contextlib
import secrets
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import BinaryIO, cast

import paramiko
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_ssh_private_key,
)
from typing_extensions import override

from appliance.backups import Destination
from appliance.store.backup_frames import BackupError
from appliance.store.backup_places import CONNECT_S, FRESH, Place, is_folder
from appliance.store.backup_words import BackupHome, safe_path, write
from appliance.texts import marked

SSH_PORT = 22


class Sftp(Place):
    """A folder of an SFTP server."""

    def __init__(self, client: paramiko.SFTPClient, root: str) -> None:
        """Use a folder that is there."""
        self._client = client
        self._root = PurePosixPath(root)
        self._made: set[PurePosixPath] = set()
        if not is_folder(self._mode(self._root)):
            raise BackupError(marked("the server has no folder {root}; make it, or choose another"), root=root)

    def _mode(self, path: PurePosixPath) -> int | None:
        try:
            return self._client.stat(str(path)).st_mode
        except FileNotFoundError:
            return None

    def _path(self, name: str) -> PurePosixPath:
        return self._root / safe_path(name).as_posix()

    @override
    def names(self, folder: str) -> dict[str, int]:
        found: dict[str, int] = {}
        waiting = [folder]
        while waiting:
            here = waiting.pop()
            try:
                entries = self._client.listdir_attr(str(self._path(here)))
            except FileNotFoundError:
                continue
            for entry in entries:
                name = f"{here}/{entry.filename}"
                if is_folder(entry.st_mode):
                    waiting.append(name)
                else:
                    found[name] = entry.st_size or 0
        return found

    @contextlib.contextmanager
    @override
    def read(self, name: str) -> Iterator[BinaryIO]:
        path = str(self._path(name))
        with self._client.open(path, "rb") as file:
            file.prefetch(self._client.stat(path).st_size)
            yield cast("BinaryIO", file)  # cast: paramiko's file has what of it is used

    @override
    def write(self, name: str, pieces: Iterable[bytes]) -> int:
        path = self._path(name)
        self._make(path.parent)
        fresh, size = f"{path}{FRESH}{secrets.token_hex(4)}", 0
        with self._client.open(fresh, "wb") as file:
            file.set_pipelined(True)
            for piece in pieces:
                file.write(piece)
                size += len(piece)
        if self._client.stat(fresh).st_size != size:
            raise BackupError(marked("the server has not kept all of {name}; look at its disk"), name=name)
        self._client.posix_rename(fresh, str(path))
        return size

    def _make(self, folder: PurePosixPath) -> None:
        if folder == self._root or folder in self._made:
            return
        self._make(folder.parent)
        if not is_folder(self._mode(folder)):
            self._client.mkdir(str(folder), 0o700)
        self._made.add(folder)

    @override
    def remove(self, name: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            self._client.remove(str(self._path(name)))

    @override
    def room(self) -> int | None:
        return None  # statvfs is OpenSSH's own extension, which paramiko does not speak


class _FirstMet(paramiko.MissingHostKeyPolicy):
    """Keeps the key of a server that is met for the first time; another one later is refused by paramiko."""

    def __init__(self, box: BackupHome) -> None:
        self._box = box

    @override
    def missing_host_key(self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> None:
        known = client.get_host_keys()
        known.add(hostname, key.get_name(), key)
        lines = [f"{host} {kind} {known[host][kind].get_base64()}\n" for host in known for kind in known[host]]
        self._box.kept.mkdir(mode=0o700, parents=True, exist_ok=True)
        write(self._box.known_hosts, "".join(lines).encode())


@contextlib.contextmanager
def sftp(destination: Destination, box: BackupHome) -> Iterator[Place]:
    """Open an SFTP destination; raises `BackupError`."""
    ssh = paramiko.SSHClient()
    if box.known_hosts.exists():
        ssh.load_host_keys(str(box.known_hosts))
    ssh.set_missing_host_key_policy(_FirstMet(box))
    where = f"{destination.user}@{destination.host}"
    try:
        ssh.connect(
            destination.host,
            port=destination.port or SSH_PORT,
            username=destination.user,
            password=destination.password or None,
            pkey=None if destination.password else paramiko.Ed25519Key.from_private_key_file(str(box.identity)),
            timeout=CONNECT_S,
            banner_timeout=CONNECT_S,
            auth_timeout=CONNECT_S,
            allow_agent=False,
            look_for_keys=False,
        )
        yield Sftp(ssh.open_sftp(), destination.path)
    except paramiko.BadHostKeyException as error:
        raise BackupError(
            marked(
                "{host} shows another key than when it was first met; if it was set up anew, remove its "
                "line from {known_hosts}"
            ),
            host=destination.host,
            known_hosts=box.known_hosts,
        ) from error
    except paramiko.AuthenticationException as error:
        raise BackupError(
            marked("{where} is refused: look at the user, the password, or the box's key there"), where=where
        ) from error
    except FileNotFoundError:
        raise
    except (paramiko.SSHException, EOFError) as error:
        raise BackupError(
            marked("{where}: {why}"), where=where, why=str(error) or "the server closed the connection"
        ) from error
    except OSError as error:
        raise BackupError(marked("{where}: {why}"), where=where, why=error.strerror or error) from error
    finally:
        ssh.close()


def make_identity(box: BackupHome) -> str:
    """Make the box's own SSH key if there is none; gives the line for the server's `authorized_keys`."""
    if not box.identity.exists():
        box.kept.mkdir(mode=0o700, parents=True, exist_ok=True)
        private = Ed25519PrivateKey.generate()
        write(box.identity, private.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    public = load_ssh_private_key(box.identity.read_bytes(), None).public_key()
    return public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode() + " switchroom-backup"
