"""Where a serial line is: a device of this machine, or a terminal server that gives its bytes over TCP."""

from dataclasses import dataclass
from enum import StrEnum

from appliance.core import model
from appliance.core.lines import FRAMINGS, LISTEN, SPEEDS, TCP, is_place


class Flow(StrEnum):
    """How the other end says that it cannot take more."""

    NONE = "none"
    RTS_CTS = "rts-cts"
    XON_XOFF = "xon-xoff"


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
    """A port of ours: the line is whoever connects to it first, until they hang up."""

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
    if not is_place(text):
        raise PlaceError(f"{text!r} is no serial device below /dev, no tcp:HOST:PORT and no listen:ADDRESS:PORT")
    if (found := LISTEN.fullmatch(text)) is not None:
        return Listen(host=found["host"], port=int(found["port"]))
    found = TCP.fullmatch(text)
    if found is None:
        return Device(path=text, speed=speed, framing=framing, flow=flow)
    return Remote(host=found["host"].strip("[]"), port=int(found["port"]))


def place_of_line(line: model.SerialLine) -> Place:
    """Give the place of a configured line; raises `PlaceError`."""
    return place_of(line.place, speed=line.speed, framing=line.framing, flow=Flow(line.flow_control))
