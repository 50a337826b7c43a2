"""What the packet filter lets in: one table of nftables, written whole, put in place in one step of the kernel's."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from appliance.places import Places
from appliance.root_work import Firewall


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """The ports at which a box can be reached from outside."""

    web: int
    sip: int
    media: tuple[tuple[int, int], ...]
    "First and last port of each range, UDP."


def doors_of(places: Places) -> Doors:
    """Give the doors of a box."""
    return Doors(web=places.web_port, sip=places.sip_port, media=(places.rtp_ports, places.udptl_ports))


def render(firewall: Firewall, doors: Doors) -> str:
    """Write the rules for `nft -f`: the old table goes and the new one comes in one transaction (nft(8)).

    What comes in is dropped unless a rule lets it in; nothing is passed on; what goes out is free.
    """
    media = ", ".join(f"{first}-{last}" for first, last in doors.media)
    rules = [
        *_rules(firewall.console, f"tcp dport {doors.web}"),
        *_rules(firewall.phones, f"udp dport {doors.sip}"),
        *_rules(firewall.phones, f"tcp dport {doors.sip}"),
        *_rules(firewall.media, f"udp dport {{ {media} }}"),
    ]
    lines = "\n".join(f"        {rule}" for rule in rules)
    return f"""\
table inet switchroom
delete table inet switchroom
table inet switchroom {{
    chain input {{
        type filter hook input priority filter; policy drop;
        ct state established,related accept
        iif "lo" accept
        ct state invalid drop
        icmp type {{ destination-unreachable, time-exceeded, parameter-problem }} accept
        icmp type echo-request limit rate 20/second accept
        icmpv6 type {{ destination-unreachable, packet-too-big, time-exceeded, parameter-problem }} accept
        icmpv6 type {{ nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert }} ip6 hoplimit 255 accept
        icmpv6 type echo-request limit rate 20/second accept
        udp sport 67 udp dport 68 accept
{lines}
    }}
    chain forward {{
        type filter hook forward priority filter; policy drop;
    }}
}}
"""


def _rules(networks: Sequence[str], what: str) -> list[str]:
    """Give one rule a family; networks that lie in one another are joined, for a set would refuse them."""
    known = [ipaddress.ip_network(network) for network in networks]
    four = ipaddress.collapse_addresses(network for network in known if isinstance(network, ipaddress.IPv4Network))
    six = ipaddress.collapse_addresses(network for network in known if isinstance(network, ipaddress.IPv6Network))
    return [
        f"{family} saddr {{ {', '.join(joined)} }} {what} accept"
        for family, joined in (("ip", [str(one) for one in four]), ("ip6", [str(one) for one in six]))
        if joined
    ]
