"""What may be asked of the daemon about the box itself: its first boot, test calls, updates. `api` has the rest."""

from typing import Literal

import msgspec

from appliance.root_work import BUNDLE


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Something asked of the daemon by a signed-in person or by the console."""

    token: str = ""
    "Made by who asks, at most 64 characters; repeating a request with its token does it once."


class TakeBox(Request, frozen=True, kw_only=True, tag="take-box"):
    """Become the first administrator of a box that has none; answered like `SignIn`, and like it needs no session."""

    code: str
    "The set-up code that the box shows at its own console."
    person: str
    password: str
    name: str = ""
    language: str = ""
    address: str = ""
    "Where the request came from: wrong codes slow an address down."


class NoteStep(Request, frozen=True, kw_only=True, tag="note-step"):
    """Go on to the next step of the first boot."""

    step: str
    "The one that was gone through, of `first_boot.STEPS`; `end` for all of them."


class PlaceTestCall(Request, frozen=True, kw_only=True, tag="place-test-call"):
    """Let the box call itself, end to end; what becomes of it stands in a file (`appliance.trial_call`)."""

    number: str = ""
    "A number outside to call instead, as it is dialled without the prefix."
    language: str = ""
    "Of what it says of its steps."


class Update(Request, frozen=True, kw_only=True, tag="update"):
    """Do something with updates; what becomes of it stands in the plan (`appliance.updates`)."""

    work: Literal["begin", "at_once", "stop", "take_back"]
    """`begin` writes the bundle and waits for quiet, `at_once` waits no more, `stop` gives up what has not been
    switched to, `take_back` goes back to the slot before."""
    bundle: str = ""
    "File name in the folder of updates, for `begin`."
    at_once: bool = False
    "Whether `begin` and `take_back` switch without waiting for quiet."

    def __post_init__(self) -> None:
        """Refuse what is no plain file name of a bundle."""
        if bool(self.bundle) != (self.work == "begin") or (self.bundle and not BUNDLE.fullmatch(self.bundle)):
            raise ValueError("bundle")
