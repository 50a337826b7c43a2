"""The output of `dahdi_hardware`: telephone cards on the machine's buses, also those whose driver is not loaded.

Source: `$format` in dahdi-tools' xpp/dahdi_hardware: name of the place, driver with `+` (loaded) or `-`, vendor and
product, description. Lines that begin with a blank tell of an Astribank's parts, and are left out.
"""

import re

import msgspec

LINES_MAX = 500
_LINE = re.compile(
    r"(?P<place>(?:pci|usb):\S{1,60}) +(?P<driver>[a-z0-9_]{0,30})(?P<loaded>[+-])(?:\[T\])? +"
    r"(?P<vendor>[0-9a-f]{4}):(?P<product>[0-9a-f]{4})(?: (?P<text>[\x20-\x7e]{0,200}))?"
)


class Hardware(msgspec.Struct, frozen=True, kw_only=True):
    """A card on a bus."""

    place: str
    "Such as `pci:0000:04:02.0`."
    driver: str
    loaded: bool
    vendor: str
    product: str
    text: str = ""


def read_hardware(output: str) -> tuple[Hardware, ...]:
    """Read the output, torn or foreign; what is no such line is left out."""
    found = (_LINE.fullmatch(line.rstrip()) for line in output.split("\n")[:LINES_MAX])
    return tuple(
        Hardware(
            place=match["place"],
            driver=match["driver"],
            loaded=match["loaded"] == "+",
            vendor=match["vendor"],
            product=match["product"],
            text=(match["text"] or "").strip(),
        )
        for match in found
        if match
    )
