"""The machine's network as its programs read it: a file for systemd-networkd, a list of time servers for chrony."""

import ipaddress

from appliance.root_work import Network


def networkd(network: Network) -> str:
    """Write `10-switchroom.network` (systemd.network(5)); every value is one that `Network` let pass."""
    match = f"Name={network.interface}" if network.interface else "Type=ether\nKind=!*"
    own = [f"Address={network.address}", "DHCP=no"] if network.address else ["DHCP=ipv4"]
    if network.gateway:
        own.append(f"Gateway={network.gateway}")
    own += [f"DNS={server}" for server in network.dns]
    use_dns = "no" if network.dns else "yes"
    lines = "\n".join(own)
    return f"""\
# Written by the root part; what is changed here by hand is lost.
[Match]
{match}

[Network]
{lines}
LinkLocalAddressing=ipv6

[DHCPv4]
UseDNS={use_dns}
UseHostname=no
UseNTP=no
"""


def time_servers(network: Network) -> str:
    """Write chrony's sources (chrony.conf(5), `sourcedir`); empty where those of the image are to be asked."""
    return "".join(f"{_kind(server)} {server} iburst\n" for server in network.ntp)


def _kind(server: str) -> str:
    """Tell chrony a name may stand for several servers; an address is one."""
    try:
        ipaddress.ip_address(server)
    except ValueError:
        return "pool"
    return "server"
