"""Whether the serial lines of a configuration can be published."""

import re
from collections import Counter
from collections.abc import Iterator

from appliance.core import model
from appliance.core.fault import Fault

KINDS = ("smdr", "panel")
SPEEDS = (300, 1_200, 2_400, 4_800, 9_600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600)
FRAMINGS = ("8N1", "8N2", "8E1", "8O1", "7E1", "7O1", "7N2")
FLOWS = ("none", "rts-cts", "xon-xoff")
LAYOUT = re.compile(r"[a-z][a-z0-9_]{0,31}")
PLACE = re.compile(
    r"/dev/(?:tty[A-Za-z0-9]*[0-9]|rfcomm[0-9]+|pts/[0-9]+|(?:serial/by-(?:id|path)|switchroom)/[A-Za-z0-9][\w.:+@-]*)"
    r"|tcp:(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?):[0-9]{1,5}"
    r"|listen:[0-9]{1,3}(?:\.[0-9]{1,3}){3}:[0-9]{1,5}",
    re.ASCII,
)
"Terminals alone, whatever else there is below /dev; what is opened is looked at once more by who opens it."
CALLS_MAX = (1, 1_000_000)


def faults(configuration: model.Configuration) -> Iterator[Fault]:
    """Find everything that is wrong."""
    for place, times in Counter(line.place for line in configuration.lines).items():
        if times > 1:
            slug = next(line.slug for line in reversed(configuration.lines) if line.place == place)
            yield Fault(f"lines.{slug}.place", "twice", place)
    for line in configuration.lines:
        where = f"lines.{line.slug}"
        for field, value, known in (
            ("kind", line.kind, KINDS),
            ("framing", line.framing, FRAMINGS),
            ("flow", line.flow, FLOWS),
        ):
            if value not in known:
                yield Fault(f"{where}.{field}", "unknown", value)
        if line.speed not in SPEEDS:
            yield Fault(f"{where}.speed", "invalid", str(line.speed))
        if not PLACE.fullmatch(line.place):
            yield Fault(f"{where}.place", "invalid", line.place)
        if line.layout if line.kind != "smdr" else not LAYOUT.fullmatch(line.layout):
            yield Fault(f"{where}.layout", "invalid", line.layout)
        if not CALLS_MAX[0] <= line.waiting_max <= CALLS_MAX[1]:
            yield Fault(f"{where}.waiting_max", "out_of_range", f"{CALLS_MAX[0]}-{CALLS_MAX[1]}")
