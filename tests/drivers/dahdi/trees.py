"""sysfs and /proc of each card family, as the drivers' sources (DAHDI 3.4.0) print them; no card stood here.

Which file of drivers/dahdi a family is taken from stands beside it. Serial numbers, slots and the Astribank's
description are made up, nothing else is. Channels' folders and attributes are those of dahdi-sysfs-chan.c, spans' and
devices' those of dahdi-sysfs.c, /proc that of `dahdi_seq_show` in dahdi-base.c.
"""

from dataclasses import dataclass, field
from pathlib import Path

FXO = "FXSLS FXSKS SF (ToneOnly)"
"What a socket for an exchange line can be set to: it signals as a telephone does."
FXS = "FXOLS FXOGS FXOKS E&M Clear SF (ToneOnly)"
EITHER = "FXSLS FXSKS FXOLS FXOGS FXOKS E&M Clear SF (ToneOnly)"
E1 = "Clear SF (ToneOnly) Hardware-assisted HDLC MTP2"
T1 = "FXSLS FXSGS FXSKS FXOLS FXOGS FXOKS E&M Clear SF (ToneOnly) CAS DACS+RBS Hardware-assisted HDLC MTP2"
VIRTUAL = "FXSLS FXSGS FXSKS FXOLS FXOGS FXOKS E&M Clear SF (ToneOnly) CAS DACS+RBS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """A span of a card; without a number it is not assigned yet."""

    kind: str
    name: str = ""
    text: str = ""
    number: int = 0
    first: int = 0
    able: tuple[str, ...] = ()
    "One for each channel."
    line: str = ""
    alarms: int = 0
    bpv: int = 0
    slips: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A card of a family."""

    source: str
    device: str
    location: str
    maker: str = "Digium"
    kind: str
    hardware_id: str = ""
    wires: tuple[Wire, ...] = field(default=())


def e1(name: str, text: str, number: int, first: int) -> Wire:
    """Give a wire of 31 channels."""
    return Wire(kind="E1", name=name, text=text, number=number, first=first, able=(E1,) * 31, line="HDB3/CCS/CRC4")


FAMILIES = (
    Family(
        source="wctdm.c",
        device="pci:0000:04:02.0",
        location="PCI Bus 04 Slot 03",
        kind="Wildcard TDM400P REV I",
        wires=(
            Wire(
                kind="ANALOG_MIXED",
                name="WCTDM/0",
                text="Wildcard TDM400P REV I Board 1",
                number=1,
                first=1,
                able=(EITHER,) * 4,
            ),
        ),
    ),
    Family(
        source="wcfxo.c",
        device="pci:0000:04:03.0",
        location="PCI Bus 04 Slot 04",
        kind="Wildcard X100P",
        wires=(
            Wire(kind="FXO", name="WCFXO/0", text="Wildcard X100P Board 1", number=2, first=5, able=(FXO,), alarms=8),
        ),
    ),
    Family(
        source="wctdm24xxp/base.c",
        device="pci:0000:05:08.0",
        location="PCI Express Bus 05 Slot 09",
        kind="Wildcard AEX800 (VPMADT032)",
        wires=(
            Wire(
                kind="ANALOG_MIXED",
                name="WCTDM/1",
                text="Wildcard AEX800",
                number=3,
                first=6,
                able=(FXS,) * 4 + (FXO,) * 3 + ("",),
            ),
        ),
    ),
    Family(
        source="wcaxx-base.c",
        device="pci:0000:06:00.0",
        location="PCI Bus 06 Slot 01",
        kind="Wildcard A8B",
        hardware_id="1A8B-0000001",
        wires=(Wire(kind="ANALOG_MIXED", name="WCTDM/2", text="Wildcard A8B", number=4, first=14, able=(FXS,) * 8),),
    ),
    Family(
        source="wct4xxp/base.c",
        device="pci:0000:07:00.0",
        location="Board ID Switch 1",
        kind="Wildcard TE420 (5th Gen)",
        wires=tuple(
            e1(f"TE4/0/{port}", f"T4XXP (PCI) Card 0 Span {port}", 4 + port, 31 * port - 9) for port in (1, 2, 3, 4)
        ),
    ),
    Family(
        source="wcte12xp/base.c",
        device="pci:0000:08:01.0",
        location="PCI Bus 08 Slot 02",
        kind="Wildcard TE120P",
        wires=(
            Wire(
                kind="T1",
                name="WCT1/0",
                text="Wildcard TE120P Card 0",
                number=9,
                first=146,
                able=(T1,) * 24,
                line="B8ZS/ESF",
                alarms=4,
                bpv=17,
                slips=3,
            ),
        ),
    ),
    Family(
        source="wcte13xp-base.c",
        device="pci:0000:09:00.0",
        location="PCI Bus 09 Slot 01",
        kind="Wildcard TE131/TE133 (VPMOCT032)",
        hardware_id="1TE133-0000001",
        wires=(Wire(kind="E1"),),
    ),
    Family(
        source="wcte43x-base.c",
        device="pci:0000:0a:00.0",
        location="PCI Bus 10 Slot 01",
        kind="Wildcard TE235",
        hardware_id="1TE235-0000001",
        wires=(e1("WCTE2/0/1", "WCTE23X (PCI) Card 0 Span 1", 10, 170), Wire(kind="E1")),
    ),
    Family(
        source="wcb4xxp/base.c",
        device="pci:0000:0b:00.0",
        location="PCI Bus 11 Slot 01",
        kind="Wildcard B410P",
        wires=(
            Wire(
                kind="BRI_TE",
                name="B4/0/1",
                text="B4XXP (PCI) Card 0 Span 1",
                number=11,
                first=201,
                able=("Clear", "Clear", "Hardware-assisted HDLC"),
                line="AMI/CCS",
            ),
        ),
    ),
    Family(
        source="opvxa1200/base.c",
        device="pci:0000:0c:00.0",
        location="PCI Bus 12 Slot 01",
        maker="OpenVox",
        kind="OpenVox A1200P/A800P",
        wires=(
            Wire(
                kind="ANALOG_MIXED",
                name="OPVXA1200/0",
                text="OpenVox A1200P/A800P Board 1",
                number=12,
                first=204,
                able=(EITHER,) * 12,
            ),
        ),
    ),
    Family(
        source="xpp/xbus-core.c",
        device="astribanks:xbus-00",
        location="usb-0000:00:1d.7-3",
        maker="Xorcom Inc.",
        kind="Astribank2",
        hardware_id="usb:X0000001",
        wires=(
            Wire(kind="FXS", name="XBUS-00/XPD-00", text="Xorcom XPD", number=13, first=216, able=(FXS,) * 8),
            Wire(kind="FXO"),
        ),
    ),
    Family(
        source="dahdi_dynamic.c",
        device="dynamic:loc:0",
        location="",
        maker="",
        kind="DYN/loc/1:0",
        hardware_id="DYN/loc/1:0",
        wires=(
            Wire(
                kind="DYNAMIC",
                name="DYN/loc/1:0",
                text="Dynamic 'loc' span at '1:0'",
                number=14,
                first=224,
                able=(VIRTUAL,) * 31,
            ),
        ),
    ),
)


def plant(root: Path, families: tuple[Family, ...] = FAMILIES) -> Path:
    """Write the trees of cards below a root, as the kernel would show them all in one machine."""
    devices, spans, proc = (
        root / name for name in ("sys/bus/dahdi_devices/devices", "sys/bus/dahdi_spans/devices", "proc/dahdi")
    )
    for folder in (devices, spans, proc):
        folder.mkdir(parents=True, exist_ok=True)
    for family in families:
        home = root / "sys/devices" / family.device.replace(":", "_") / family.device
        home.mkdir(parents=True)
        (devices / family.device).symlink_to(home)
        ports = "".join(f"{port}:{wire.kind}\n" for port, wire in enumerate(family.wires, start=1))
        texts = {
            "hardware_id": family.hardware_id,
            "location": family.location,
            "manufacturer": family.maker,
            "type": family.kind,
            "span_count": str(len(family.wires)),
        }
        for name, text in texts.items():
            (home / name).write_text(f"{text}\n")
        (home / "spantype").write_text(ports)
        for port, wire in enumerate(family.wires, start=1):
            if wire.number:
                _plant_wire(home, port, wire)
                (spans / f"span-{wire.number}").symlink_to(home / f"span-{wire.number}")
                (proc / str(wire.number)).write_text(proc_text(wire))
    return root


def _plant_wire(home: Path, port: int, wire: Wire) -> None:
    folder = home / f"span-{wire.number}"
    folder.mkdir()
    (folder / "ddev").symlink_to(home)
    texts = {
        "name": wire.name,
        "desc": wire.text,
        "spantype": wire.kind,
        "local_spanno": str(port),
        "alarms": f"0x{wire.alarms:x}",
        "lbo": "0",
        "syncsrc": "0",
        "is_digital": str(int("ANALOG" not in wire.kind and not wire.kind.startswith("FX"))),
        "is_sync_master": "0",
        "basechan": str(wire.first),
        "channels": str(len(wire.able)),
        "lineconfig": wire.line,
        "linecompat": "",
    }
    for name, text in texts.items():
        (folder / name).write_text(f"{text}\n")
    for place, able in enumerate(wire.able, start=1):
        channel = folder / f"dahdi!chan!{wire.number:03d}!{place:03d}"
        channel.mkdir()
        of_it = {
            "name": f"{wire.name}/{place}",
            "channo": str(wire.first + place - 1),
            "chanpos": str(place),
            "sig": "Unconfigured",
            "sigcap": able,
            "alarms": "",
            "ec_factory": "",
            "ec_state": "",
            "blocksize": "1024",
            "in_use": "0",
        }
        for name, text in of_it.items():
            (channel / name).write_text(f"{text}\n")


def proc_text(wire: Wire) -> str:
    """Write what /proc/dahdi shows of a wire."""
    alarms = "".join(
        f"{word} "
        for bit, word in ((16, "BLUE"), (4, "YELLOW"), (8, "RED"), (2, "LOOP"), (1, "RECOVERING"))
        if wire.alarms & bit
    )
    line = f" {wire.line}" if wire.line else ""
    head = f'Span {wire.number}: {wire.name} "{wire.text}"{line} {alarms}\n'
    counters = f"\tBPV count: {wire.bpv}\n" * bool(wire.bpv) + f"\tTiming slips: {wire.slips}\n" * bool(wire.slips)
    channels = "".join(
        f"\t{wire.first + place:4d} {wire.name}/{place + 1} {'' if able else 'Reserved '}\n"
        for place, able in enumerate(wire.able)
    )
    return f"{head}{counters}\n{channels}"
