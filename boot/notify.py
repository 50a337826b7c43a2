"""The socket on which programs say how they are, as systemd would offer it (sd_notify(3)).

The kernel tells the sender's pid with each datagram, so a program speaks for itself alone.
"""

import asyncio
import socket
import struct
from collections.abc import Callable, Mapping
from pathlib import Path

DATAGRAM_BYTES_MAX = 4096
_CREDENTIALS = struct.Struct("=iII")
"`struct ucred`: pid, uid, gid (unix(7))."


class NotifySocket:
    """Receives `READY=1`, `STATUS=…`, `WATCHDOG=1`, `STOPPING=1` and hands them to whoever keeps that pid."""

    def __init__(self, path: Path, told: Callable[[int, Mapping[str, str]], None]) -> None:
        """Bind at `path`, for programs of this user alone, and pass (pid, fields) on until `close`."""
        self._path = path
        self._told = told
        path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._socket.setblocking(False)  # noqa: FBT003  the standard library's own signature
        self._socket.bind(str(path))
        path.chmod(0o600)
        asyncio.get_running_loop().add_reader(self._socket, self._receive)

    def close(self) -> None:
        """Stop listening."""
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()
        self._path.unlink(missing_ok=True)

    def _receive(self) -> None:
        while True:
            try:
                data, ancillary, _, _ = self._socket.recvmsg(
                    DATAGRAM_BYTES_MAX, socket.CMSG_SPACE(_CREDENTIALS.size), socket.MSG_CMSG_CLOEXEC
                )
            except BlockingIOError:
                return
            for level, kind, value in ancillary:
                if level == socket.SOL_SOCKET and kind == socket.SCM_CREDENTIALS:
                    self._told(_CREDENTIALS.unpack(value[: _CREDENTIALS.size])[0], fields(data))


def fields(datagram: bytes) -> dict[str, str]:
    """Read the assignments of a datagram, one a line; lines that are none are left out."""
    found = {}
    for line in datagram.decode(errors="replace").splitlines():
        name, sign, value = line.partition("=")
        if sign:
            found[name] = value
    return found
