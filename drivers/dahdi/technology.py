"""Telephone cards as a technology of Asterisk: their configuration, and what events say of lines and phones on them."""

from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from appliance.api import Equipment
from drivers.asterisk.render import COMPANY, SIGNALLING, Seen, Site
from drivers.dahdi import applied, channels, system
from drivers.dahdi.inventory import DEVICES

Header = Callable[[str], str]
MODULE = "chan_dahdi"
NO_ALARM = "No Alarm"
"What `alarm2str` in chan_dahdi.c says of a line that is well."
_KINDS = frozenset({"trunk", "phone", "out"})


def is_here(modules: Path, root: Path = Path("/")) -> bool:
    """Whether this machine has DAHDI, loaded, and Asterisk's module for it; asked where no device can be seen."""
    return (root / DEVICES).is_dir() and (modules / f"{MODULE}.so").exists()


def as_known(equipment: Equipment, told: Path | None) -> Equipment:
    """Give the equipment with the cards as the kernel's drivers have them, if it is known what they were told."""
    known = applied.read(told) if told is not None else None
    if known is None:
        return equipment
    return msgspec.structs.replace(equipment, configuration=applied.as_applied(equipment.configuration, known))


class Dahdi:
    """Lines and phones on cards.

    A channel's description, which we write, says whose it is: `trunk/<slug>`, `phone/<extension>`, or `out/<extension>`
    for a phone that takes no call.
    """

    events = ("Alarm", "AlarmClear", "SpanAlarm", "SpanAlarmClear")
    "They name a channel or span by number alone, so they only say: ask again."
    questions = ("DAHDIShowChannels", "PRIShowSpans")
    silent = True
    "No event tells that a D-channel went down."
    modules = (MODULE,)
    restart = "DAHDIRestart"
    "A reload takes no new channel and no other signalling (chan_dahdi.c)."

    def __init__(self, told: Path | None = None) -> None:
        """Take the file that says what the kernel's drivers were last told; None where we do not tell them."""
        self._told = told

    def files(self, _site: Site, equipment: Equipment) -> Mapping[str, str]:
        """Give its configuration files, name to text; raises `ConfError`.

        Asterisk is told of lines as the kernel's drivers know them. What these are to be told lies beside as
        `dahdi-<name>-company.conf`, for `dahdi_cfg -c` of a machine that has no root part of ours.
        """
        told = {
            f"dahdi-{name.removesuffix('.conf')}{COMPANY}": text
            for name, text in system.files(equipment.configuration).items()
        }
        return {**channels.files(as_known(equipment, self._told)), **told}

    def seen(self, event: str, header: Header) -> Seen | None:
        """Say of a channel whether its line is well; a trunk is reached while one of its lines is."""
        if event == "PRIShowSpans" and header("Active") == "Yes":
            return Seen(name=f"{SIGNALLING}{header('Span')}", registered=header("Up") == "Yes")
        if event != "DAHDIShowChannels":
            return None
        kind, slash, name = header("Description").partition("/")
        if kind not in _KINDS or not slash or not name:
            return None
        well = header("Alarm") == NO_ALARM and kind != "out"
        return Seen(name=name, contact=f"DAHDI/{header('DAHDIChannel')}", reachable=well)

    def probe(self, _name: str) -> None:
        """Give nothing: a card tells by itself how its lines are."""
        return
