"""Forms of the machine, and the questions to root that they become: network, who is let in, time zone."""

from collections.abc import Mapping
from zoneinfo import available_timezones

import msgspec

from appliance import root_work
from webadmin.setup.fields import Choice, Choices, Field, Lines, Text
from webadmin.texts import marked

NETWORK: tuple[Field, ...] = (
    Text(
        name="host",
        label=marked("Name of the box"),
        needed=True,
        longest=63,
        help=marked("Small letters, digits and hyphens."),
    ),
    Text(
        name="interface",
        label=marked("Network card"),
        longest=15,
        help=marked("Such as eth0; empty for any wired one. An address of your own needs one."),
    ),
    Text(
        name="address",
        label=marked("Address"),
        longest=18,
        help=marked("IPv4 with its prefix, such as 192.168.1.10/24; empty asks the network (DHCP)."),
    ),
    Text(name="gateway", label=marked("Gateway"), longest=15, help=marked("Within the same network.")),
    Lines(name="dns", label=marked("Name servers"), help=marked("One address a line; empty takes those of DHCP.")),
    Lines(
        name="ntp", label=marked("Time servers"), help=marked("One name or address a line; empty takes Debian's own.")
    ),
)
FIREWALL: tuple[Field, ...] = (
    Lines(
        name="console",
        label=marked("Who may open these pages"),
        help=marked("One network a line, such as 192.168.0.0/16. All others are dropped."),
    ),
    Lines(
        name="phones",
        label=marked("Where phones and trunks are"),
        help=marked("Networks from which calls may come in unasked."),
    ),
    Lines(
        name="media",
        label=marked("Where the sound of calls may come from"),
        help=marked("A carrier's sound seldom comes from the address of its calls: 0.0.0.0/0 is everywhere."),
    ),
)
ZONE: tuple[Field, ...] = (
    Choice(name="zone", label=marked("Time zone of the machine"), help=marked("Its own logs are written in it.")),
)
FORMS: Mapping[str, tuple[Field, ...]] = {"network": NETWORK, "firewall": FIREWALL, "zone": ZONE}


def choices() -> Mapping[str, Choices]:
    """Give the zones to choose from."""
    zones = sorted(zone for zone in available_timezones() if root_work.ZONE.fullmatch(zone))
    return {"zone": [(zone, zone) for zone in zones]}


def question_of(step: str, values: Mapping[str, object], change: str) -> root_work.AnyQuestion:
    """Make the question; `ValueError` names the field that no machine can be set by."""
    match step:
        case "network":
            return root_work.SetNetwork(network=msgspec.convert(values, root_work.Network))
        case "firewall":
            return root_work.SetFirewall(firewall=msgspec.convert(values, root_work.Firewall))
        case "zone":
            return root_work.SetTimeZone(zone=str(values["zone"]))
        case "confirm":
            return root_work.Confirm(change=change)
        case "take-back":
            return root_work.TakeBack()
        case _:
            return root_work.Look()
