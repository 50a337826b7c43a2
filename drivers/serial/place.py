"""Where a serial line is: a device of this machine, or a terminal server that gives its bytes over TCP."""

import re
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address
from typing import Final

PORT_MAX: Final = 65_535
_DEVICE = re.compile(
    r"/dev/(?:tty[A-Za-z0-9]*[0-9]|rfcomm[0-9]+|pts/[0-9]+|(?:serial/by-(?:id|path)|switchroom)/[A-Za-z0-9][\w.:+@-]*)",
    re.ASCII,
)
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?")
_LISTEN = re.compile(r"listen:(?P<host>[0-9.]{7,15}):(?P<port>[0-9]{1,5})")
_TCP = re.compile(r"tcp:(?P<host>\[[0-9A-Fa-f:.]+\]|[^:\[\]]+):(?P<port>[0-9]{1,5})")


class Flow(StrEnum):
    """How the other end says that it cannot take more."""

    NONE = "none"
    RTS_CTS = "rts-cts"
    XON_XOFF = "xon-xoff"


SPEEDS: Final = (300, 1_200, 2_400, 4_800, 9_600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600)
"Bits a second that can be asked for."
FRAMINGS: Final = ("8N1", "8N2", "8E1", "8O1", "7E1", "7O1", "7N2")
"Data bits, parity (none, even, odd), stop bits."


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A serial device of this machine."""

    path: str
    "Such as `/dev/serial/by-id/usb-Huawei-if00-port0`, which stays the same wherever it is plugged in."
    speed: int = 115_200
    "Bits a second, one of `SPEEDS`."
    framing: str = "8N1"
    "One of `FRAMINGS`."
    flow: Flow = Flow.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """A serial line behind a terminal server that gives its bytes as they are."""

    host: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen:
    """A port of ours: the line is whoever connects to it first, until it hangs up."""

    host: str
    "An address of this machine."
    port: int


Place = Device | Remote | Listen
"Where a line is."


class PlaceError(ValueError):
    """Nothing that could be a serial line."""


def place_of(text: str, *, speed: int = 115_200, framing: str = "8N1", flow: Flow = Flow.NONE) -> Place:
    """Read a place as an operator writes it: the path of a device below /dev, `tcp:HOST:PORT`, `listen:ADDRESS:PORT`.

    Raises `PlaceError` for anything else; a path leads to terminals alone, whatever else there is below /dev.
    """
    if speed not in SPEEDS:
        raise PlaceError(f"{speed} bits a second is no speed of a serial line")
    if framing not in FRAMINGS:
        raise PlaceError(f"{framing!r} is no framing: it is {', '.join(FRAMINGS)}")
    if _DEVICE.fullmatch(text):
        return Device(path=text, speed=speed, framing=framing, flow=flow)
    if (found := _TCP.fullmatch(text)) is not None:
        host, port = found["host"], int(found["port"])
        bare = host[1:-1] if host.startswith("[") else host
        if 1 <= port <= PORT_MAX and (host.startswith("[") or _HOST.fullmatch(host)):
            return Remote(host=bare, port=port)
    if (found := _LISTEN.fullmatch(text)) is not None and 1 <= int(found["port"]) <= PORT_MAX:
        with suppress(ValueError):
            return Listen(host=str(IPv4Address(found["host"])), port=int(found["port"]))
    raise PlaceError(f"{text!r} is no serial device below /dev, no tcp:HOST:PORT and no listen:ADDRESS:PORT")
