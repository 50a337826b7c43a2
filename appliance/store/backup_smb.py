"""Backups to a Windows share (SMB 2 and 3), by smbprotocol; what goes over the wire is signed by the session."""

import contextlib
import errno
import secrets
from collections.abc import Iterable, Iterator
from typing import BinaryIO, cast

import smbclient
from smbprotocol.exceptions import SMBException
from spnego.exceptions import SpnegoError
from typing_extensions import override

from appliance.backups import Destination
from appliance.store.backup_frames import BackupError
from appliance.store.backup_places import CONNECT_S, FRESH, Place, is_folder
from appliance.store.backup_words import safe_path
from appliance.texts import marked

SMB_PORT = 445
Cache = dict[str, object]
"Connections of one destination, apart from any other's."


class Share(Place):
    """A folder of a share."""

    def __init__(self, root: str, port: int, cache: Cache) -> None:
        """Use a folder that is there, as Windows names it."""
        self._root = root
        self._port = port
        self._cache = cache
        self._made: set[str] = set()
        if not self._is_folder(root):
            raise BackupError(marked("the share has no folder {root}; make it, or choose another"), root=root)

    def _is_folder(self, path: str) -> bool:
        try:
            with _absent():
                return is_folder(smbclient.stat(path, port=self._port, connection_cache=self._cache).st_mode)
        except FileNotFoundError:
            return False

    def _path(self, name: str) -> str:
        return "\\".join((self._root, *safe_path(name).parts))

    @override
    def names(self, folder: str) -> dict[str, int]:
        found: dict[str, int] = {}
        waiting = [folder]
        while waiting:
            here = waiting.pop()
            with contextlib.suppress(FileNotFoundError), _absent():
                for entry in smbclient.scandir(self._path(here), port=self._port, connection_cache=self._cache):
                    name = f"{here}/{entry.name}"
                    if entry.is_dir():
                        waiting.append(name)
                    else:
                        found[name] = entry.smb_info.end_of_file
        return found

    @contextlib.contextmanager
    @override
    def read(self, name: str) -> Iterator[BinaryIO]:
        with _absent():
            opened = smbclient.open_file(
                self._path(name), mode="rb", share_access="r", port=self._port, connection_cache=self._cache
            )
        with opened as file:
            yield cast("BinaryIO", file)  # cast: the mode makes it one

    @override
    def write(self, name: str, pieces: Iterable[bytes]) -> int:
        path = self._path(name)
        self._make(path.rpartition("\\")[0])
        fresh, size = f"{path}{FRESH}{secrets.token_hex(4)}", 0
        with smbclient.open_file(fresh, mode="wb", port=self._port, connection_cache=self._cache) as file:
            for piece in pieces:
                file.write(piece)
                size += len(piece)
            file.flush()
        if smbclient.stat(fresh, port=self._port, connection_cache=self._cache).st_size != size:
            raise BackupError(marked("the server has not kept all of {name}; look at its disk"), name=name)
        smbclient.replace(fresh, path, port=self._port, connection_cache=self._cache)
        return size

    def _make(self, folder: str) -> None:
        if folder == self._root or folder in self._made:
            return
        self._make(folder.rpartition("\\")[0])
        if not self._is_folder(folder):
            smbclient.mkdir(folder, port=self._port, connection_cache=self._cache)
        self._made.add(folder)

    @override
    def remove(self, name: str) -> None:
        with contextlib.suppress(FileNotFoundError), _absent():
            smbclient.remove(self._path(name), port=self._port, connection_cache=self._cache)

    @override
    def room(self) -> int | None:
        return smbclient.stat_volume(self._root, port=self._port, connection_cache=self._cache).caller_available_size


@contextlib.contextmanager
def _absent() -> Iterator[None]:
    """Make the library's own kind of error FileNotFoundError where nothing is there."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOENT and not isinstance(error, FileNotFoundError):
            raise FileNotFoundError(errno.ENOENT, "not there", error.filename) from error
        raise


@contextlib.contextmanager
def share(destination: Destination) -> Iterator[Place]:
    """Open a share; raises `BackupError`."""
    port, cache = destination.port or SMB_PORT, Cache()
    parts = [part for part in destination.path.replace("\\", "/").split("/") if part]
    root = "\\\\" + "\\".join((destination.host, *parts))
    try:
        smbclient.register_session(
            destination.host,
            username=destination.user,
            password=destination.password,
            port=port,
            connection_timeout=CONNECT_S,
            connection_cache=cache,
        )
        yield Share(root, port, cache)
    except FileNotFoundError:
        raise
    except OSError as error:
        if error.errno in {errno.EACCES, errno.EPERM}:
            raise BackupError(
                marked("{root}: the user {user} may not write there"), root=root, user=repr(destination.user)
            ) from error
        raise BackupError(marked("{root}: {why}"), root=root, why=error.strerror or error) from error
    except (SMBException, SpnegoError, ValueError) as error:
        why = str(error).partition("\n")[0]
        raise BackupError(
            marked("{root}: {why}; look at the server's name, the share, user and password"), root=root, why=why
        ) from error
    finally:
        smbclient.reset_connection_cache(fail_on_error=False, connection_cache=cache)
