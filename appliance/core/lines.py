"""Serial lines: where they may be, what may hang on them, and the settings of each kind.

A line is a device of this machine below /dev, `tcp:HOST:PORT` for a terminal server that gives bytes as they are, or
`listen:ADDRESS:PORT` for a program that comes and fetches them.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import msgspec

from appliance.core import model
from appliance.core.fault import Fault

SPEEDS = (300, 1_200, 2_400, 4_800, 9_600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600)
"Bits a second that can be asked for."
FRAMINGS = ("8N1", "8N2", "8E1", "8O1", "7E1", "7O1", "7N2")
"Data bits, parity (none, even, odd), stop bits."
FLOW_CONTROLS = ("none", "rts-cts", "xon-xoff")
DEVICE = re.compile(
    r"/dev/(?:tty[A-Za-z0-9]*[0-9]|rfcomm[0-9]+|pts/[0-9]+|(?:serial/by-(?:id|path)|switchroom)/[A-Za-z0-9][\w.:+@-]*)",
    re.ASCII,
)
"Terminals alone: opening some other devices does harm."
TCP = re.compile(
    r"tcp:(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?):(?P<port>[0-9]{1,5})"
)
_BYTE = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
LISTEN = re.compile(rf"listen:(?P<host>{_BYTE}(?:\.{_BYTE}){{3}}):(?P<port>[0-9]{{1,5}})")
"An IPv4 address of this machine; a name is not looked up."
PORT_MAX = 65_535
LAYOUT = re.compile(r"[a-z][a-z0-9_]{0,31}")
"The name of a layout: which there are, the driver knows."
WAITING_MAX = (1, 1_000_000)
CENTRE = re.compile(r"\+?[0-9]{3,20}")
"The number of a service centre."


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsModem:
    """A modem that sends and receives text messages."""

    centre: str = ""
    "The carrier's service centre; empty for the one that the SIM card names."


@dataclass(frozen=True, slots=True, kw_only=True)
class SmdrPrinter:
    """A printer, or a call accounting program, that gets a line for each finished call."""

    layout: str
    "Whose layout the lines have."
    waiting_max: int = 10_000
    "So many calls wait for it at most; older ones are not printed, but counted."


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontPanel:
    """A CrystalFontz display with keys on the front of the box."""


Options: TypeAlias = SmsModem | SmdrPrinter | FrontPanel
KINDS: Mapping[str, type[Options]] = {"sms-modem": SmsModem, "smdr-printer": SmdrPrinter, "front-panel": FrontPanel}
"What may hang on a line, and the settings of each."
APART = frozenset({"smdr-printer", "front-panel"})
"Kinds that `appliance.lines` keeps, for they write nothing into the store; the daemon keeps the others."


def options_of(line: model.SerialLine) -> Options:
    """Give a line's settings, typed; raises KeyError for an unknown kind, `msgspec.ValidationError` for a wrong one."""
    kind = KINDS[line.kind]
    if unknown := line.options.keys() - kind.__dataclass_fields__.keys():
        raise msgspec.ValidationError(f"unknown: {', '.join(sorted(unknown))}")
    return msgspec.convert(line.options, kind)


def is_place(text: str) -> bool:
    """Tell whether a line can be there."""
    if DEVICE.fullmatch(text):
        return True
    found = TCP.fullmatch(text) or LISTEN.fullmatch(text)
    return found is not None and 1 <= int(found["port"]) <= PORT_MAX


def faults(lines: tuple[model.SerialLine, ...]) -> Iterator[Fault]:
    """Find what is wrong with serial lines."""
    places: dict[str, str] = {}
    for line in lines:
        where = f"lines.{line.slug}"
        if not is_place(line.place):
            yield Fault(f"{where}.place", "invalid", line.place)
        if places.setdefault(line.place, line.slug) != line.slug:
            yield Fault(f"{where}.place", "twice", line.place)
        for name, known in (("speed", SPEEDS), ("framing", FRAMINGS), ("flow_control", FLOW_CONTROLS)):
            if getattr(line, name) not in known:
                yield Fault(f"{where}.{name}", "unknown", str(getattr(line, name)))
        yield from _of_kind(line, where)


def _of_kind(line: model.SerialLine, where: str) -> Iterator[Fault]:
    if line.kind not in KINDS:
        yield Fault(f"{where}.kind", "unknown", line.kind)
        return
    try:
        options = options_of(line)
    except msgspec.ValidationError as error:
        yield Fault(f"{where}.options", "invalid", str(error))
        return
    match options:
        case SmsModem(centre=centre) if centre and not CENTRE.fullmatch(centre):
            yield Fault(f"{where}.options.centre", "invalid", centre)
        case SmdrPrinter(layout=layout) if not LAYOUT.fullmatch(layout):
            yield Fault(f"{where}.options.layout", "invalid", layout)
        case SmdrPrinter(waiting_max=waiting_max) if not WAITING_MAX[0] <= waiting_max <= WAITING_MAX[1]:
            yield Fault(f"{where}.options.waiting_max", "out_of_range", f"{WAITING_MAX[0]}-{WAITING_MAX[1]}")
        case _:
            pass
