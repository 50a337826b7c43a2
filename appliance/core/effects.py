"""Everything that we can ask of the world.

Two classes, fixed by type. *Call effects* leave at once. *Promises* leave only after the commit that holds their cause.
What is *kept* is journalled as it was made, so that history never depends on running the core again.
"""

import msgspec

from appliance.core.cdr import CDR
from appliance.core.facts import Leg


class Effect(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Something asked of the world."""


class CallEffect(Effect, frozen=True, kw_only=True):
    """Leaves at once."""


class Promise(Effect, frozen=True, kw_only=True):
    """Leaves after the commit that holds its cause."""


# -- call effects


class AnswerLeg(CallEffect, frozen=True, kw_only=True, tag="answer-leg"):
    """Pick up a caller's leg that asked."""

    leg: Leg


class Prompt(CallEffect, frozen=True, kw_only=True, tag="prompt"):
    """Play prompts to a leg that asked, and wait for a key; answered by `Prompted` with the same number."""

    leg: Leg
    prompt: int
    sounds: tuple[str, ...]
    "Slugs of prompts, one after the other; may be empty."
    language: str
    keys: str = ""
    "Keys that end the prompt at once, drawn from `0123456789*#`; empty for an announcement."
    wait_ms: int = 0
    "How long to wait for a key after the last sound."


class Hold(CallEffect, frozen=True, kw_only=True, tag="hold"):
    """Let a leg that asked wait on music in the exchange's own loop, where it needs nobody."""

    leg: Leg
    interaction: str
    queue: str
    music: str
    place: str
    "`priority,entered_at,number`: the caller's place, kept in a channel variable."
    recording: str = ""
    "Opaque id; if given, whatever is bridged from here on is recorded under it."
    keys: str = ""
    "Keys that the leg may press while it waits; it asks at once then, and says which."
    again_s: int = 10
    "Seconds of music before the leg asks again; 0 for none, if there is something to be said at once."


class Recall(CallEffect, frozen=True, kw_only=True, tag="recall"):
    """Take a caller's leg out of its music so that it asks again (`LegAsked`)."""

    leg: Leg


class Dial(CallEffect, frozen=True, kw_only=True, tag="dial"):
    """Call a customer; the leg asks (`LegAsked`) when the phone is picked up, else `DialFailed` says why not."""

    leg: Leg
    "The leg that is to be made: its exchange and the Uniqueid to give it, of fixed width."
    interaction: str
    party: str
    "Who is called; the driver knows the party's number."
    trunk: str
    "The trunk that the customer came by; empty for any."
    number: str = ""
    "The number of ours that the customer had dialled, to be shown as who calls."
    ring_s: int


class Offer(CallEffect, frozen=True, kw_only=True, tag="offer"):
    """Ring an agent's phone; answered by `OfferRang`, `OfferAnswered` or `OfferFailed`."""

    offer: str
    interaction: str
    leg: Leg
    "The leg that is to be made: its exchange (the caller's) and the Uniqueid to give it, of fixed width."
    agent: str
    extension: str
    party: str
    "Who calls; the driver shows the party's number and name on the phone."
    queue: str
    ring_s: int
    calls: bool = False
    "Whether the customer is to be called once it is answered, so that there is something to hear till then."


class CancelOffer(CallEffect, frozen=True, kw_only=True, tag="cancel-offer"):
    """Stop ringing."""

    offer: str
    leg: Leg


class Bridge(CallEffect, frozen=True, kw_only=True, tag="bridge"):
    """Let two legs hear each other; answered by `Bridged` or `BridgeFailed`."""

    interaction: str
    legs: tuple[Leg, Leg]
    "The caller's leg first."


class Forward(CallEffect, frozen=True, kw_only=True, tag="forward"):
    """Send a leg that asked to an extension or to an outside number; it is no longer ours until it ends."""

    leg: Leg
    interaction: str
    extension: str = ""
    outside: str = ""
    party: str = ""
    "Whom to call outside, if the number is known to the driver alone."
    ring_s: int = 30


class StopRecording(CallEffect, frozen=True, kw_only=True, tag="stop-recording"):
    """Record a leg no more, though it goes on; what was recorded is kept."""

    leg: Leg


class HangUp(CallEffect, frozen=True, kw_only=True, tag="hang-up"):
    """End a leg."""

    leg: Leg
    cause: int = 16
    "Q.850 cause code."


class FallBack(CallEffect, frozen=True, kw_only=True, tag="fall-back"):
    """Give a leg to the exchange's static fall-back, because we could not serve it."""

    leg: Leg


# -- promises


class Answered(Promise, frozen=True, kw_only=True, tag="answered"):
    """The answer to a command."""

    token: str
    refused: str = ""
    "Empty if done; else why not, one of `REFUSALS`."


REFUSALS = (
    "unknown_agent",
    "unknown_reason",
    "unknown_interaction",
    "unknown_disposition",
    "not_signed_on",
    "already_signed_on",
    "not_on_break",
    "not_in_wrap_up",
    "not_your_call",
    "no_call",
    "unknown_target",
    "agent_not_free",
    "queue_not_open",
    "not_outside",
    "too_long",
    "too_many_away",
    "break_used_up",
    "internal_error",
)


class Assure(Promise, frozen=True, kw_only=True, tag="assure"):
    """Say something that is true only once it is kept, such as that we will call back."""

    prompt: Prompt


class CallFiled(Promise, frozen=True, kw_only=True, tag="call-filed"):
    """A call is over: its record. Kept."""

    cdr: CDR


class WorkFiled(Promise, frozen=True, kw_only=True, tag="work-filed"):
    """An agent is done with an interaction: the wrap-up. Kept."""

    interaction: str
    agent: str
    queue: str
    wrap_up_us: int
    disposition: str = ""


class Candidate(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An agent who could have been chosen, with the strategy's key, smallest first."""

    agent: str
    key: tuple[int | str, ...]


class Decided(Promise, frozen=True, kw_only=True, tag="decided"):
    """Why this agent: the record of one decision. Kept."""

    offer: str
    interaction: str
    queue: str
    strategy: str
    chosen: Candidate
    next: tuple[Candidate, ...] = ()
    "At most five others, in order."
    excluded: dict[str, int] = {}
    "Reason to the number of the queue's agents left out for it."
    position: tuple[int, int] = (0, 0)
    "Journal position (boot, sequence) of the fact that led to it; a replay up to there shows every candidate."


class Quarantined(Promise, frozen=True, kw_only=True, tag="quarantined"):
    """The core could not digest a fact; what it touched was closed. Kept."""

    fact: str
    "The fact's tag."
    error: str
    "The exception's class and place in the source, never its text (which may hold personal data)."
    interactions: tuple[str, ...] = ()


Kept = CallFiled | WorkFiled | Decided | Quarantined
AnyCallEffect = (
    AnswerLeg
    | Prompt
    | Hold
    | Recall
    | Dial
    | Offer
    | CancelOffer
    | Bridge
    | Forward
    | StopRecording
    | HangUp
    | FallBack
)
AnyPromise = Answered | Assure | CallFiled | WorkFiled | Decided | Quarantined
AnyEffect = AnyCallEffect | AnyPromise
