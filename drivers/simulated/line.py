"""One leg, seen from the simulated exchange."""

from dataclasses import dataclass, field
from typing import Literal

from appliance.core import facts
from appliance.core.facts import Leg
from drivers.simulated.clock import Timer

Doing = Literal["asking", "prompt", "music", "ringing", "bridged", "forwarded", "idle", "gone"]


@dataclass(kw_only=True)
class Line:
    """One leg, seen from the exchange."""

    leg: Leg
    doing: Doing = "asking"
    hears: str = ""
    "`prompt/<language>/<slug>`, `music/<class>`, `leg/<uniqueid>`, or empty."
    number: str = ""
    trunk: str = ""
    party: str = ""
    view: facts.PartyView = field(default_factory=facts.PartyView)
    interaction: str = ""
    queue: str = ""
    place: str = ""
    recording: str = ""
    offer: str = ""
    agent: str = ""
    extension: str = ""
    shown: tuple[str, str] = ("", "")
    "Number and name on the phone that rings."
    partner: Leg | None = None
    forwarded: Leg | None = None
    "The caller whom this phone rings for, without any offer."
    dialled: bool = False
    "Whether this is a customer whom we call."
    prompt: int = 0
    keys: str = ""
    "Those that mean something while it listens."
    key: str = ""
    "The one that was pressed in the music and is not yet told."
    music: str = ""
    "What an agent's leg hears until it is joined with a customer."
    to: facts.Target | None = None
    "Where an agent's phone has sent it, not yet told."
    timers: list[Timer] = field(default_factory=list)

    @property
    def is_customers(self) -> bool:
        """Whether a customer called us by it."""
        return not (self.offer or self.forwarded or self.extension or self.dialled)
