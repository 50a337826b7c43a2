"""The floor: what a story may do to a contact centre and what it may look for.

A story is written once against these protocols and runs on the real Asterisk and on the simulated exchange, so that
neither can drift from the other. Every method waits until what it says is true, in the floor's own time (real seconds
there, simulated ones here), and raises `StoryError` with a sentence when its deadline passes first.
"""

from typing import Protocol

from appliance.core.cdr import CDR
from appliance.core.effects import WorkFiled


class StoryError(AssertionError):
    """The floor did not do what the story says; the text says what was waited for."""


class Ear(Protocol):
    """Somebody who speaks and listens: each has a voice of its own that the others can tell."""

    async def hears(self, other: "Ear", deadline_s: float = 5.0) -> None:
        """Wait until the other's voice arrives here."""

    async def hears_nobody(self) -> None:
        """Check that no other party's voice has arrived here during the last second (music and prompts may)."""

    async def hang_up(self) -> None:
        """End this side's call."""

    async def ended(self, deadline_s: float = 10.0) -> None:
        """Wait until the call of this side is over, whoever ended it."""


class Caller(Ear, Protocol):
    """Somebody who called one of our numbers."""

    async def hears_prompt(self, slug: str, language: str = "en", deadline_s: float = 15.0) -> None:
        """Wait until this very prompt is heard, from now on (a prompt heard earlier does not count)."""

    async def hears_music(self, deadline_s: float = 15.0) -> None:
        """Wait until hold music is heard."""

    async def press(self, key: str) -> None:
        """Press one key, as a telephone event."""


class DeskPhone(Ear, Protocol):
    """The phone at an extension."""

    async def rings(self, deadline_s: float = 10.0) -> None:
        """Wait until it rings."""

    async def stops_ringing(self, deadline_s: float = 30.0) -> None:
        """Wait until the ringing ends without an answer of ours."""

    async def answers(self) -> None:
        """Pick up the ringing call."""

    async def refuses(self) -> None:
        """Press *reject* while it rings (SIP 603)."""

    async def is_busy(self) -> None:
        """Answer the ringing call with *busy* (SIP 486)."""

    async def hears_music(self, deadline_s: float = 15.0) -> None:
        """Wait until hold music is heard."""

    async def sends_on(self, number: str) -> None:
        """Send whom it talks with on to an extension or a number (SIP REFER); the phone hangs up after that."""

    async def goes_away(self) -> None:
        """Become unreachable: the registration is taken back. Returns when the exchange has noticed."""

    async def comes_back(self) -> None:
        """Register again. Returns when the exchange has noticed."""

    @property
    def shown(self) -> tuple[str, str]:
        """Number and name on the display of the call that rings or is up."""


class Floor(Protocol):
    """The whole centre, with the configuration of `tests.contract.company`."""

    async def call(self, dialled: str, *, number: str = "5550100", name: str = "") -> Caller:
        """Call a number of ours from `number`, showing `name`; returns when the exchange has taken the call."""

    async def is_called(self, number: str, deadline_s: float = 10.0) -> Caller:
        """Wait until the exchange calls an outside number, and pick up there."""

    def phone(self, extension: str) -> DeskPhone:
        """Give the phone at an extension; all are registered at the start."""

    async def sign_on(self, *agents: str) -> None:
        """Let agents take their seats, in this order (so that the first has been idle longest)."""

    async def takes_break(self, agent: str, reason: str) -> str:
        """Ask for a break; returns the refusal, empty if granted."""

    async def ends_break(self, agent: str) -> str:
        """Come back from a break; returns the refusal, empty if done."""

    async def ends_wrap_up(self, agent: str, disposition: str = "") -> str:
        """Be done with the last interaction; returns the refusal, empty if done."""

    async def hangs_up(self, agent: str) -> str:
        """End the agent's call from the screen; returns the refusal, empty if done."""

    async def sends_on(self, agent: str, queue: str) -> str:
        """Send the agent's caller on to a queue from the screen; returns the refusal, empty if done."""

    async def agent_is(self, agent: str, state: str, deadline_s: float = 10.0) -> None:
        """Wait until an agent's state, in the words of `appliance.live.LiveAgent`, is this."""

    async def waiting(self, queue: str, count: int, deadline_s: float = 10.0) -> None:
        """Wait until this many callers wait in a queue."""

    async def room(self, *, left: bool) -> None:
        """Let the disk have so little room that what is being recorded is stopped, or room for recordings again."""

    async def recorded(self, caller: Caller, *, yes: bool = True) -> None:
        """Wait until the exchange records this caller whenever somebody is heard, or does not."""

    async def filed(self, caller: Caller, deadline_s: float = 10.0) -> CDR:
        """Wait for the record of this caller's call."""

    async def worked(self, agent: str, deadline_s: float = 10.0) -> WorkFiled:
        """Wait for the next finished wrap-up of an agent that no earlier call of this method returned."""
