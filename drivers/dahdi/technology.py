"""Telephone cards as a technology of Asterisk: their configuration, and what events say of lines and phones on them."""

from collections.abc import Callable, Mapping
from pathlib import Path

from appliance.api import Equipment
from drivers.asterisk.render import COMPANY, SIGNALLING, Seen, Site
from drivers.dahdi import channels, system

Header = Callable[[str], str]
CONTROL = Path("/dev/dahdi/ctl")
MODULE = "chan_dahdi"
NO_ALARM = "No Alarm"
"What `alarm2str` in chan_dahdi.c says of a line that is well."
_KINDS = frozenset({"trunk", "phone", "out"})


def is_here(modules: Path, control: Path = CONTROL) -> bool:
    """Whether this machine has DAHDI, loaded, and Asterisk's module for it."""
    return control.exists() and (modules / f"{MODULE}.so").exists()


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

    def files(self, _site: Site, equipment: Equipment) -> Mapping[str, str]:
        """Give its configuration files, name to text; raises `ConfError`.

        Those of the kernel's drivers lie beside Asterisk's as `dahdi-<name>-company.conf`: `dahdi_cfg -c` reads the
        first when the machine starts, for a change of a wire's signalling ends its calls.
        """
        told = {
            f"dahdi-{name.removesuffix('.conf')}{COMPANY}": text
            for name, text in system.files(equipment.configuration).items()
        }
        return {**channels.files(equipment), **told}

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
