"""The cards that are there, as the kernel tells by sysfs and /proc, without asking a device for anything.

Source: DAHDI's drivers/dahdi/dahdi-sysfs.c (devices and spans), dahdi-sysfs-chan.c (channels), dahdi-base.c
(/proc/dahdi). A span that is not assigned a number yet stands in its device's `spantype` alone. What cannot be read, or
means nothing, is as if it were not there: a card may be pulled while it is looked at.
"""

import re
from pathlib import Path

import msgspec

from drivers.dahdi.proc import NOTHING, Proc, read_proc

DEVICES = "sys/bus/dahdi_devices/devices"
SPANS = "sys/bus/dahdi_spans/devices"
PROC = "proc/dahdi"
BYTES_MAX = 64 * 1024
"Of a file; the kernel gives a page of 4,096 at most."
CARDS_MAX = 128
SPANS_MAX = 128
CHANNELS_MAX = 1024
"DAHDI_MAX_SPANS, DAHDI_MAX_CHANNELS (include/dahdi/user.h)."

_NUMBER = re.compile(r"-?[0-9]{1,9}")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]{1,8}")
_SPAN = re.compile(r"span-([0-9]{1,4})")
_PORT = re.compile(r"([0-9]{1,3}):([A-Z0-9_]{1,20})")
_ABLE = re.compile(r"Hardware-assisted HDLC|SF \(ToneOnly\)|[A-Za-z0-9&+-]{2,20}")
_UNSHOWN = re.compile(r"[^\x20-\x7e]+")


class FoundChannel(msgspec.Struct, frozen=True, kw_only=True):
    """A channel of an assigned span."""

    number: int
    place: int
    name: str = ""
    signalling: str = ""
    "As set, such as `FXOKS`; empty for none."
    able: tuple[str, ...] = ()
    "The signallings that it could be set to."
    alarms: tuple[str, ...] = ()
    in_use: bool = False


class FoundSpan(msgspec.Struct, frozen=True, kw_only=True):
    """A wire of a card."""

    port: int
    "Which of the card's wires, from 1."
    kind: str
    "`E1`, `T1`, `J1`, `FXS`, `FXO`, `ANALOG_MIXED`, `BRI_TE`, `DYNAMIC` and so on."
    number: int = 0
    "The span's number, 0 while it has none."
    name: str = ""
    text: str = ""
    alarms: int = 0
    "Bits of DAHDI_ALARM_*."
    first: int = 0
    channels: tuple[FoundChannel, ...] = ()
    count: int = 0
    "How many channels the kernel says it has; some may be unreadable."
    line: str = ""
    "Framing and coding, such as `HDB3/CCS/CRC4`."
    clock: int = 0
    "The span that gives the clock, as the driver tells."
    proc: Proc = NOTHING


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """A card, or a virtual one."""

    device: str
    "Its name on the bus."
    hardware_id: str = ""
    location: str = ""
    manufacturer: str = ""
    kind: str = ""
    spans: tuple[FoundSpan, ...] = ()

    @property
    def key(self) -> str:
        """What it is known by wherever its settings are: its hardware id, else `@` and where it is."""
        return self.hardware_id or (f"@{self.location}" if self.location else "")


class Inventory(msgspec.Struct, frozen=True, kw_only=True):
    """All of it."""

    driver: bool = False
    "Whether DAHDI is loaded."
    cards: tuple[Card, ...] = ()


def look(root: Path = Path("/")) -> Inventory:
    """Look at what is there below a root; never raises."""
    devices = root / DEVICES
    if not _is_folder(devices):
        return Inventory()
    assigned = _assigned(root)
    cards = tuple(_card(folder, assigned) for folder in _folders(devices)[:CARDS_MAX])
    return Inventory(driver=True, cards=cards)


def numbers_and_alarms(root: Path = Path("/")) -> dict[int, int]:
    """Give the numbers of the spans that have one, with the bits of their alarms; never raises."""
    found = ((_SPAN.fullmatch(folder.name), folder) for folder in _folders(root / SPANS)[:SPANS_MAX])
    return {int(match[1]): _hexadecimal(folder / "alarms") for match, folder in found if match}


def proc_of(root: Path, span: int) -> Proc | None:
    """Read what the kernel's page of a span tells; None where there is no such page."""
    text = _text(root / PROC / str(span), lines=True)
    return read_proc(text) if text else None


def _card(folder: Path, assigned: dict[tuple[str, int], FoundSpan]) -> Card:
    ports = {
        int(port): kind for port, kind in _PORT.findall(_text(folder / "spantype") or _text(folder / "dahdi_spantype"))
    }
    known = {port: span for (device, port), span in assigned.items() if device == folder.name}
    spans = [known.get(port) or FoundSpan(port=port, kind=ports[port]) for port in sorted({*ports, *known})]
    return Card(
        device=_UNSHOWN.sub("", folder.name),
        hardware_id=_text(folder / "hardware_id"),
        location=_text(folder / "location"),
        manufacturer=_text(folder / "manufacturer"),
        kind=_text(folder / "type"),
        spans=tuple(spans[:SPANS_MAX]),
    )


def _assigned(root: Path) -> dict[tuple[str, int], FoundSpan]:
    """Give the spans that have a number, by their device's name and their place on it."""
    found: dict[tuple[str, int], FoundSpan] = {}
    for folder in _folders(root / SPANS)[:SPANS_MAX]:
        match = _SPAN.fullmatch(folder.name)
        port = _number(folder / "local_spanno")
        if match is None or port < 1:
            continue
        number = int(match[1])
        channels = sorted(_channels(folder, number), key=lambda channel: channel.place)
        span = FoundSpan(
            port=port,
            kind=_text(folder / "spantype"),
            number=number,
            name=_text(folder / "name"),
            text=_text(folder / "desc"),
            alarms=_hexadecimal(folder / "alarms"),
            first=_number(folder / "basechan"),
            channels=tuple(channels),
            count=_number(folder / "channels"),
            line=_text(folder / "lineconfig"),
            clock=_number(folder / "syncsrc"),
            proc=read_proc(_text(root / PROC / str(number), lines=True)),
        )
        found.setdefault((_device_of(folder), port), span)
    return found


def _channels(folder: Path, span: int) -> list[FoundChannel]:
    """Give the channels: folders `dahdi!chan!<span>!<place>` (dahdi-sysfs-chan.c)."""
    found: list[FoundChannel] = []
    for channel in _folders(folder)[:CHANNELS_MAX]:
        number, place = _number(channel / "channo"), _number(channel / "chanpos")
        if channel.name.startswith(f"dahdi!chan!{span:03d}!") and number > 0 and place > 0:
            found.append(
                FoundChannel(
                    number=number,
                    place=place,
                    name=_text(channel / "name"),
                    signalling=_text(channel / "sig"),
                    able=tuple(_ABLE.findall(_text(channel / "sigcap"))),
                    alarms=tuple(_text(channel / "alarms").split()),
                    in_use=_number(channel / "in_use") > 0,
                )
            )
    return found


def _device_of(folder: Path) -> str:
    """Tell the device of a span: where its link `ddev` leads, else the folder that it lies in."""
    for candidate in (folder / "ddev", folder):
        try:
            real = candidate.resolve(strict=True)
        except (OSError, RuntimeError, ValueError):
            continue
        return real.name if candidate.name == "ddev" else real.parent.name
    return ""


def _text(file: Path, *, lines: bool = False) -> str:
    """Read a file's text in plain letters, all of it or its lines as one; empty if it cannot be read."""
    try:
        with file.open("rb") as stream:
            data = stream.read(BYTES_MAX)
    except (OSError, ValueError):
        return ""
    text = data.decode("ascii", errors="replace")
    if lines:
        return "\n".join(_UNSHOWN.sub(" ", line) for line in text.splitlines())
    return _UNSHOWN.sub(" ", text).strip()


def _number(file: Path) -> int:
    text = _text(file)
    return int(text) if _NUMBER.fullmatch(text) else 0


def _hexadecimal(file: Path) -> int:
    text = _text(file)
    return int(text, 16) if _HEXADECIMAL.fullmatch(text) else 0


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def _folders(path: Path) -> list[Path]:
    """Give the folders in a folder by their names' numbers, as people count: 2 before 10."""
    try:
        found = [entry for entry in path.iterdir() if _is_folder(entry) and entry.name != "ddev"]
    except OSError:
        return []
    return sorted(found, key=lambda entry: [int(part) if part.isdecimal() else 0 for part in _parts(entry.name)])


def _parts(name: str) -> list[str]:
    return re.findall(r"[0-9]{1,9}", name) or [name]
