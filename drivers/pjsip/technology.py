"""PJSIP as a technology of Asterisk: its configuration, and what its events say of phones and carriers."""

from collections.abc import Callable, Mapping

from appliance.api import Equipment
from drivers.asterisk.render import Seen, Site
from drivers.pjsip import conf

Header = Callable[[str], str]
"Gives a header of an event, empty if it has none."

_GONE = frozenset({"Unreachable", "Unavailable", "Removed", "Unknown"})
_REGISTERED = frozenset({"Registered"})


class Pjsip:
    """SIP trunks and desk phones."""

    events = ("ContactStatus", "Registry")
    "The events to be told of. A `Registry` names the account and not the trunk, so it only says: ask again."
    silent = False
    "Events tell of every contact."
    modules: tuple[str, ...] = ()
    "Its modules are always loaded."
    restart = ""
    questions = ("PJSIPShowEndpoints", "PJSIPShowRegistrationsOutbound")
    "The actions whose lists `seen` understands."

    def files(self, site: Site, equipment: Equipment) -> Mapping[str, str]:
        """Give its configuration files, name to text; raises `ConfError`."""
        return conf.files(site, equipment)

    def seen(self, event: str, header: Header) -> Seen | None:
        """Say what an event or an entry of a list tells of a phone or trunk; None if it tells nothing.

        The address of record of a phone is its extension, that of a trunk its slug.
        """
        match event:
            case "ContactStatus":
                return Seen(name=header("AOR"), contact=header("URI"), reachable=header("ContactStatus") not in _GONE)
            case "EndpointList":
                contact = header("Contacts").partition(",")[0].partition("/")[2]
                reachable = bool(contact) and header("DeviceState") not in _GONE
                return Seen(name=header("ObjectName"), contact=contact, reachable=reachable)
            case "OutboundRegistrationDetail":
                return Seen(name=header("ObjectName"), registered=header("Status") in _REGISTERED)
            case _:
                return None

    def probe(self, name: str) -> tuple[str, tuple[tuple[str, str], ...]]:
        """Give the action, name and headers, that probes a phone or trunk now: its first may be long in coming."""
        return "PJSIPQualify", (("Endpoint", name),)
