"""What is dialled to reach a phone or a trunk, by SIP or on a card, and whose a channel is.

A SIP channel bears its endpoint in its name. One of a card bears a channel's number (`DAHDI/5-1`) or, on ISDN, a span
and the other side's number (`DAHDI/i1/13800138000-2`): the first is found among the phones, the second is nobody's.
"""

import re

from appliance.core import cards
from appliance.core.model import Configuration, Extension, Trunk
from drivers.asterisk.conf import ConfError

GLOBAL = "SR_AT_"
"What stands before an extension in the name of the global variable that says where an analogue phone is."

_DIGITS = re.compile(r"[0-9*#]{1,32}")
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_HUNTS = {"linear": "g", "round_robin": "r"}
"`g` takes the lowest free channel of a group, `r` the one after the last that was taken (chan_dahdi.conf.sample)."


def digits(text: str) -> str:
    """Give the text if a telephone can dial it and the dialplan cannot mistake it."""
    if not _DIGITS.fullmatch(text):
        raise ConfError(f"{text!r} cannot be dialled")
    return text


def slug(text: str) -> str:
    """Give the text if it is the name of a part."""
    if not _SLUG.fullmatch(text):
        raise ConfError(f"{text!r} cannot be a name")
    return text


def phone_address(configuration: Configuration, phone: Extension) -> str:
    """Give what is dialled for a desk phone; raises `ConfError`."""
    if not phone.line:
        return f"PJSIP/{digits(phone.slug)}"
    try:
        span, place = cards.phone_at(configuration, phone)
    except (ValueError, KeyError) as error:
        raise ConfError(f"{phone.line!r} is no telephone's channel") from error
    return f"DAHDI/{cards.channel(span, place)}"


def on_cards(trunk: Trunk) -> bool:
    """Whether a trunk's lines are those of cards."""
    return bool(trunk.channels)


def trunk_address(trunk: Trunk, number: str) -> str:
    """Give what is dialled for a number, or a variable that holds one, by a trunk; raises `ConfError`."""
    if not on_cards(trunk):
        return f"PJSIP/{number}@{slug(trunk.slug)}"
    if trunk.hunt not in _HUNTS:
        raise ConfError(f"{trunk.hunt!r} is no way to look for a free line")
    said = f"${{FILTER(0-9*#,{number})}}" if number.startswith("$") else number.removeprefix("+")
    return f"DAHDI/{_HUNTS[trunk.hunt]}{trunk.group}/{said}"


class Addresses:
    """Where the phones of a configuration are; made anew with each."""

    def __init__(self, configuration: Configuration) -> None:
        """Look every phone up; raises `ConfError`."""
        self._phones = {phone.slug: phone_address(configuration, phone) for phone in configuration.extensions}
        self._lines = {address: number for number, address in self._phones.items() if address.startswith("DAHDI/")}
        self._trunks = {trunk.slug: trunk for trunk in configuration.trunks}

    def phone(self, extension: str) -> str:
        """Give what is dialled for an extension; a SIP phone of that number where none is known."""
        return self._phones.get(extension) or f"PJSIP/{digits(extension)}"

    def trunk(self, name: str, number: str) -> str:
        """Give what is dialled for a number by a trunk; by SIP where the trunk is not known."""
        trunk = self._trunks.get(name)
        return trunk_address(trunk, number) if trunk else f"PJSIP/{number}@{slug(name)}"

    def endpoint(self, name: str) -> str:
        """Tell whose a channel is, a phone's extension or a SIP trunk's slug; empty if it is nobody's."""
        head = name.rpartition("-")[0]
        return self._lines.get(head, "") if head.startswith("DAHDI/") else head.partition("/")[2]


NOWHERE = Addresses(Configuration())
