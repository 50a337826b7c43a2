"""What the kernel tells of cards, whole, torn and foreign."""

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.dahdi.hardware import Hardware, read_hardware
from drivers.dahdi.inventory import Inventory, look
from drivers.dahdi.proc import NOTHING, read_proc
from tests.drivers.dahdi.trees import FAMILIES, Family, plant


def test_without_the_driver_there_is_nothing(tmp_path: Path) -> None:
    """Neither cards nor an error, and that the driver is not there is told."""
    assert look(tmp_path) == Inventory(driver=False)
    assert look(plant(tmp_path, ())) == Inventory(driver=True)


@pytest.mark.parametrize("family", FAMILIES, ids=[family.source for family in FAMILIES])
def test_a_card_of_each_family(family: Family, tmp_path: Path) -> None:
    """Its key, its wires with and without a number, its channels and what they can be set to."""
    (card,) = look(plant(tmp_path, (family,))).cards
    assert (card.device, card.kind, card.manufacturer) == (family.device, family.kind, family.maker)
    assert card.key == (family.hardware_id or f"@{family.location}")
    assert [(span.port, span.kind) for span in card.spans] == [
        (port, wire.kind) for port, wire in enumerate(family.wires, start=1)
    ]
    for span, wire in zip(card.spans, family.wires, strict=True):
        assert (span.number, span.first, span.count) == (wire.number, wire.first, len(wire.able))
        assert [channel.number for channel in span.channels] == list(range(wire.first, wire.first + len(wire.able)))
        assert [" ".join(channel.able) for channel in span.channels] == list(wire.able)
        assert (span.alarms, span.proc.bpv, span.proc.slips) == (wire.alarms, wire.bpv, wire.slips)


def test_all_families_in_one_machine(tmp_path: Path) -> None:
    """No card takes another's wires."""
    found = look(plant(tmp_path))
    assert len(found.cards) == len(FAMILIES)
    numbers = [span.number for card in found.cards for span in card.spans if span.number]
    assert sorted(numbers) == sorted(wire.number for family in FAMILIES for wire in family.wires if wire.number)


def test_a_card_with_a_serial_number_is_known_wherever_it_is(tmp_path: Path) -> None:
    """Its key is its hardware id, in whatever slot; without one it is the slot."""
    cards = {card.device: card.key for card in look(plant(tmp_path)).cards}
    assert cards["pci:0000:0a:00.0"] == "1TE235-0000001"
    assert cards["pci:0000:04:02.0"] == "@PCI Bus 04 Slot 03"


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_torn_tree_is_read_as_far_as_it_goes(data: st.DataObject) -> None:
    """Files gone, cut, filled with anything, folders in their place, links that lead in a ring: never an exception."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:  # noqa: S108  faster
        root = plant(Path(folder), (FAMILIES[7], FAMILIES[0]))
        entries = sorted(path for path in root.rglob("*") if not path.is_symlink())
        for path in data.draw(st.lists(st.sampled_from(entries), max_size=12)):
            if path.is_file():
                _tear(path, data.draw(st.integers(0, 4)), data.draw(st.binary(max_size=60)))
            elif path.is_dir() and data.draw(st.booleans()):
                shutil.rmtree(path)
                if data.draw(st.booleans()) and path.parent.is_dir():
                    path.symlink_to(path.parent, target_is_directory=True)
        found = look(root)
        for card in found.cards:
            assert card.device.isprintable()
            assert card.kind.isprintable()
            for span in card.spans:
                assert span.port >= 1
                assert all(channel.number > 0 for channel in span.channels)


def _tear(path: Path, how: int, data: bytes) -> None:
    match how:
        case 0:
            path.unlink()
        case 1:
            path.write_bytes(path.read_bytes()[: len(data) % 5])
        case 2:
            path.write_bytes(data)
        case 3:
            path.unlink()
            path.mkdir()
        case _:
            path.write_bytes(b"9" * 30)


@settings(deadline=None)
@given(text=st.text(max_size=300))
def test_foreign_text_in_proc_means_nothing(text: str) -> None:
    """Never an exception, never a negative figure."""
    found = read_proc(text)
    assert min(found.bpv, found.crc4, found.ebit, found.fas, found.slips, found.irq_misses) >= 0


def test_proc_tells_counters_and_cancellers() -> None:
    """As dahdi_seq_show prints them."""
    text = (
        'Span 1: TE4/0/1 "T4XXP (PCI) Card 0 Span 1" (MASTER) HDB3/CCS/CRC4 RED ClockSource \n'
        "\tBPV count: 4\n\tCRC4 error count: 5\n\tE-bit error count: 6\n\tFAS error count: 7\n"
        "\tIRQ misses: 8\n\tTiming slips: 9\n\n"
        "\t   1 TE4/0/1/1 Clear (In use) (EC: MG2 - ACTIVE) \n\t   2 TE4/0/1/2 Clear (EC: MG2 - INACTIVE) \n"
    )
    found = read_proc(text)
    assert (found.bpv, found.crc4, found.ebit, found.fas, found.irq_misses, found.slips) == (4, 5, 6, 7, 8, 9)
    assert (found.alarms, found.master, found.cancellers) == (("RED",), True, {1: "MG2", 2: "MG2"})
    assert read_proc("") == NOTHING


def test_dahdi_hardware_names_cards_without_a_driver() -> None:
    """A line a card; an Astribank's own lines, and anything else, are left out."""
    output = (
        "pci:0000:04:02.0     wctdm+       e159:0001 Wildcard TDM400P REV I\n"
        "usb:001/004          xpp_usb-[T]  e4e4:1163 Astribank-modular FPGA-firmware\n"
        " LABEL=[usb:X0000001]      CONNECTOR=usb-0000:00:1d.7-3\n"
        "driver should be 'wctdm' but is actually 'netjet'\n"
        "pci:0000:05:08.0     wctdm24xxp-  d161:8006 Wildcard AEX800\x1b[31m\n"
    )
    assert read_hardware(output) == (
        Hardware(
            place="pci:0000:04:02.0",
            driver="wctdm",
            loaded=True,
            vendor="e159",
            product="0001",
            text="Wildcard TDM400P REV I",
        ),
        Hardware(
            place="usb:001/004",
            driver="xpp_usb",
            loaded=False,
            vendor="e4e4",
            product="1163",
            text="Astribank-modular FPGA-firmware",
        ),
    )


@settings(deadline=None)
@given(text=st.text(max_size=300))
def test_foreign_output_names_no_card(text: str) -> None:
    """Never an exception; what is found is printable."""
    assert all(card.text.isprintable() for card in read_hardware(text))
