"""HTTP at the daemon's two unix sockets; what is answered is in `visit.py`.

`door.sock` asks everybody who comes for a session. `console.sock` takes whoever runs under our own user id as
administrator, as the kernel tells it (SO_PEERCRED, unix(7)), and nobody else.
"""

import os
import socket
import struct
from enum import Enum
from http import HTTPStatus
from typing import cast

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import ServerFactory
from twisted.internet.unix import Server
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.http import HTTPChannel, Request
from typing_extensions import override

from appliance.daemon.door import refused
from appliance.daemon.rights import CONSOLE, Asker, Role
from appliance.daemon.visit import IMPORT_BYTES_MAX, Body, House, Visit, Wire

IDLE_S = 75
"A connection on which nothing is asked for so long is closed."

report = Logger()


class Entrance(Enum):
    """Which of the two sockets."""

    DOOR = "door"
    CONSOLE = "console"


class DoorRequest(Request):
    """One request at either entrance."""

    gone = False
    "Whether the asker has left."

    body: Body

    @override
    def gotLength(self, length: int | None) -> None:
        """Keep the body in memory, up to the limit, and never read it as a form."""
        self.content = self.body = Body()
        self.body.too_long = length is not None and length > IMPORT_BYTES_MAX
        self._parsePOSTFormSubmission = False

    @override
    def handleContentChunk(self, data: bytes) -> None:
        """Take a piece of the body."""
        self.body.take(data)

    @override
    def process(self) -> None:
        """Answer."""
        channel = cast("DoorChannel", self.channel)  # cast: HTTPChannel makes requests of its own class alone
        visit = Visit(self._wire(), channel.factory.house, console=channel.console())
        Deferred.fromCoroutine(visit.answer()).addErrback(_failed, visit)

    @override
    def connectionLost(self, reason: Failure) -> None:
        """Note that nobody waits any more."""
        self.gone = True
        Request.connectionLost(self, reason)  # type: ignore[no-untyped-call]  # twisted.web has no types

    def abort(self) -> None:
        """Cut the connection, without waiting for what is not yet sent."""
        cast("DoorChannel", self.channel).abort()  # cast: as above

    def _wire(self) -> Wire:
        return self


class DoorChannel(HTTPChannel):
    """A connection to either entrance."""

    factory: "DoorFactory"
    requestFactory = DoorRequest

    @override
    def connectionMade(self) -> None:
        """Turn strangers away from the console's entrance."""
        HTTPChannel.connectionMade(self)  # type: ignore[no-untyped-call]  # twisted.web has no types
        if self.factory.entrance is Entrance.CONSOLE and self._peer_uid() != os.getuid():
            report.error("somebody else's program was turned away from the console's entrance")
            self.abort()

    def console(self) -> Asker | None:
        """Tell who comes through the console's entrance, None at the other one."""
        if self.factory.entrance is Entrance.CONSOLE:
            return Asker(person=CONSOLE, role=Role.ADMINISTRATOR)
        return None

    def abort(self) -> None:
        """Cut."""
        transport: object = self.transport
        if isinstance(transport, Server):
            transport.abortConnection()  # type: ignore[no-untyped-call]  # twisted.internet.unix has no types

    def _peer_uid(self) -> int:
        transport: object = self.transport
        if not isinstance(transport, Server):
            return -1
        connection: socket.socket = transport.socket
        credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        return int(struct.unpack("3i", credentials)[1])


class DoorFactory(ServerFactory[DoorChannel]):
    """Takes connections at one entrance."""

    noisy = False

    def __init__(self, house: House, entrance: Entrance) -> None:
        """Lead all who come to the house."""
        self.house = house
        self.entrance = entrance

    @override
    def buildProtocol(self, addr: IAddress | None) -> DoorChannel:
        """Take one connection."""
        channel = DoorChannel()  # type: ignore[no-untyped-call]  # twisted.web has no types
        channel.factory = self
        channel.timeOut = IDLE_S
        return channel

    def log(self, request: Request) -> None:
        """Keep no access log: nginx has one, and metrics count."""


def _failed(failure: Failure, visit: Visit) -> None:
    report.failure("a request could not be answered", failure)
    visit.reply(*refused(HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error"))
