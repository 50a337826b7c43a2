"""Everything that can happen.

A fact is frozen, names no person (parties are opaque ids), and can be journalled and replayed. Observations are taken
in whatever the state; commands carry a token, may be refused, and are answered by the promise `Answered`.
"""

import msgspec


class Leg(msgspec.Struct, frozen=True, order=True, array_like=True, gc=False):
    """One channel's life: the exchange's name and the channel's Uniqueid there."""

    exchange: str
    uniqueid: str


class PartyView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What routing may know of a party."""

    grade: str = ""
    "Customer class, such as `gold`."
    language: str = ""
    blocked: bool = False
    last_agent: str = ""
    priority: int = 0
    "This caller's own, 1 (served first) to 9; 0 for none."
    preferred: str = ""
    "The agent who looks after this party; comes before `last_agent`."
    withheld: bool = False
    "Whether no number is known, so that nobody can be called back."


class Target(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Where a caller is sent on: one of these."""

    queue: str = ""
    agent: str = ""
    extension: str = ""
    number: str = ""
    "A number of ours, whose flow the caller walks."
    party: str = ""
    "An outside number, by its party."


class Fact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Something that happened."""


class Observation(Fact, frozen=True, kw_only=True):
    """Something that the world did; never refused."""


class Command(Fact, frozen=True, kw_only=True):
    """Something that a person asks for; may be refused."""

    token: str
    "Made by who asks; a token that was answered once is answered the same way again."


# -- the daemon's own


class Started(Observation, frozen=True, kw_only=True, tag="started"):
    """The daemon came up; ids from here on carry this boot number."""

    boot: int


class Due(Observation, frozen=True, kw_only=True, tag="due"):
    """The earliest deadline has passed."""


class ConfigurationPublished(Observation, frozen=True, kw_only=True, tag="configuration-published"):
    """A version of the configuration holds from now on."""

    version: str


# -- calls


class LegAsked(Observation, frozen=True, kw_only=True, tag="leg-asked"):
    """The exchange asks what to do with a caller's leg: at its arrival, and each time its music or bridge is over."""

    leg: Leg
    trunk: str
    number: str
    "The number of ours that was dialled, empty if it is none of ours."
    party: str
    view: PartyView = PartyView()
    interaction: str = ""
    "What the leg's channel variables say, from an earlier `Hold`: the interaction,"
    queue: str = ""
    "its queue"
    place: str = ""
    "and its place there."
    key: str = ""
    "The key that was pressed in the music, one of those that `Hold` named."
    to: Target | None = None
    "Where an agent's phone has sent it."


class Prompted(Observation, frozen=True, kw_only=True, tag="prompted"):
    """A prompt was played to its end, or a key ended it."""

    leg: Leg
    prompt: int
    "The number that the effect `Prompt` carried."
    key: str = ""
    "One of `0123456789*#`, or empty if none was pressed in time."


class LegEnded(Observation, frozen=True, kw_only=True, tag="leg-ended"):
    """A leg is gone."""

    leg: Leg
    cause: int = 16
    "Q.850 cause code; 16 is a normal clearing."


class SentOn(Observation, frozen=True, kw_only=True, tag="sent-on"):
    """An agent's phone has sent the leg on that it talked with (SIP REFER)."""

    leg: Leg
    "The agent's."
    joined: bool = False
    "Whether it talks with somebody else already; if not, it will ask us, and say where it was sent."


class OfferRang(Observation, frozen=True, kw_only=True, tag="offer-rang"):
    """The agent's phone rings."""

    offer: str


class OfferAnswered(Observation, frozen=True, kw_only=True, tag="offer-answered"):
    """The agent picked up."""

    offer: str
    leg: Leg


class OfferFailed(Observation, frozen=True, kw_only=True, tag="offer-failed"):
    """The agent's phone did not take the offer."""

    offer: str
    cause: str
    "`no_answer`, `busy`, `refused`, `unreachable` or `failed`."


class DialFailed(Observation, frozen=True, kw_only=True, tag="dial-failed"):
    """A customer whom we called did not pick up."""

    leg: Leg
    "The leg that the effect `Dial` named."
    cause: str
    "`no_answer`, `busy`, `refused`, `unreachable`, `no_number`, `failed`, or `congested`: the trunk had no line."


class Bridged(Observation, frozen=True, kw_only=True, tag="bridged"):
    """Two legs hear each other."""

    legs: tuple[Leg, Leg]


class BridgeFailed(Observation, frozen=True, kw_only=True, tag="bridge-failed"):
    """Two legs could not be joined."""

    legs: tuple[Leg, Leg]


class PhoneSeen(Observation, frozen=True, kw_only=True, tag="phone-seen"):
    """An extension's phone became reachable or unreachable."""

    extension: str
    reachable: bool


class PhoneBusy(Observation, frozen=True, kw_only=True, tag="phone-busy"):
    """An extension's phone began or ended a call of its own, one that we did not offer."""

    extension: str
    busy: bool


class ContactTaken(Observation, frozen=True, kw_only=True, tag="contact-taken"):
    """An agent has a contact by another medium than voice in hand."""

    agent: str
    contact: str
    medium: str


class ContactDone(Observation, frozen=True, kw_only=True, tag="contact-done"):
    """An agent is done with such a contact."""

    agent: str
    contact: str


class RecordingsHalted(Observation, frozen=True, kw_only=True, tag="recordings-halted"):
    """The disk has no room left for recordings, or has it again; what is left is for the journal."""

    halted: bool
    running: bool = False
    "Whether those that run are to be stopped too: even for them there is no room."


class NotRecorded(Observation, frozen=True, kw_only=True, tag="not-recorded"):
    """A customer's leg that was to be recorded is not."""

    leg: Leg
    late: bool = False
    "Whether it was joined with an agent's before the exchange could be told to record; else the exchange has refused."


class FoundLeg(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A live leg as reconcile finds it on the exchange."""

    leg: Leg
    interaction: str = ""
    "What the leg's channel variable says; empty if it says nothing."
    offer: str = ""
    "The offer that made the leg, empty for a caller's."
    agent: str = ""
    "The agent of that offer."
    up: bool = True
    "Answered, not merely ringing."
    bridged: tuple[Leg, ...] = ()
    "The other legs of its bridge."


class GoneLeg(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A customer's leg that ended while we did not look, as the exchange itself wrote it down."""

    leg: Leg
    ago_us: int
    "How long before this was told."


class ExchangeLost(Observation, frozen=True, kw_only=True, tag="exchange-lost"):
    """We neither see nor steer an exchange until `LegsFound` says what is on it."""

    exchange: str


class LegsFound(Observation, frozen=True, kw_only=True, tag="legs-found"):
    """All live legs of an exchange and the phones it reaches, after a (re)connection."""

    exchange: str
    legs: tuple[FoundLeg, ...] = ()
    reachable: tuple[str, ...] = ()
    "Extensions whose phone can be reached; all others cannot."
    busy: tuple[str, ...] = ()
    "Extensions whose phone is in a call of its own."
    restarted: bool = False
    "Whether the exchange itself was restarted since we last saw it."
    gone: tuple[GoneLeg, ...] = ()
    "What it wrote of legs that are not there any more; it may know of some only, or of none."


class ToldCall(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A call that is over, as the exchange itself wrote it down. Of one that we know the leg alone matters."""

    uniqueid: str
    began: int = 0
    "Centre time, microseconds, as are the next two."
    ended: int = 0
    routed: int = 0
    "When the exchange's own fall-back took it; 0 if it did not."
    trunk: str = ""
    number: str = ""
    "The number of ours, or the emergency number, that was dialled."
    party: str = ""
    cause: str = "caller"
    "`caller`, `exchange` (which ended it by itself) or `switch_failure`,"
    code: int = 0
    "and the Q.850 code; 0 if none is known."
    answered: bool = False
    "Whether the fall-back, or the emergency call, reached somebody."


class CallsTold(Observation, frozen=True, kw_only=True, tag="calls-told"):
    """What an exchange wrote down of calls by itself, since we listened last; each stretch of it is told once."""

    exchange: str
    part: int = 0
    "Where the stretch ends: the number of the part,"
    offset: int = 0
    "and the byte in it. An earlier place than the last one says nothing new."
    calls: tuple[ToldCall, ...] = ()
    turned: int = 0
    "Centre time before which nothing else has ended; 0 if that is not known."


# -- what agents ask for


class AgentCommand(Command, frozen=True, kw_only=True):
    """A command about one agent."""

    agent: str


class SignOn(AgentCommand, frozen=True, kw_only=True, tag="sign-on"):
    """The agent takes a seat and becomes available."""


class SignOff(AgentCommand, frozen=True, kw_only=True, tag="sign-off"):
    """The agent leaves; during a call it takes effect after it."""


class TakeBreak(AgentCommand, frozen=True, kw_only=True, tag="take-break"):
    """The agent wants a break; during a call it begins after the wrap-up."""

    reason: str


class EndBreak(AgentCommand, frozen=True, kw_only=True, tag="end-break"):
    """The agent is available again, from a break or from *missed*; a break not yet begun is taken back."""


class EndWrapUp(AgentCommand, frozen=True, kw_only=True, tag="end-wrap-up"):
    """The agent is done with the wrap-up before its time."""


class ExtendWrapUp(AgentCommand, frozen=True, kw_only=True, tag="extend-wrap-up"):
    """The agent needs more time."""

    by_s: int


class Dispose(AgentCommand, frozen=True, kw_only=True, tag="dispose"):
    """The agent says how an interaction ended (the note goes to the people's storage, not here)."""

    interaction: str
    disposition: str


class HangUpCall(AgentCommand, frozen=True, kw_only=True, tag="hang-up-call"):
    """The agent ends the call."""

    interaction: str


class TransferCall(AgentCommand, frozen=True, kw_only=True, tag="transfer-call"):
    """The agent sends the caller on, without talking with who is to get the call."""

    interaction: str
    to: Target


AnyCallFact = (
    LegAsked
    | Prompted
    | LegEnded
    | SentOn
    | OfferRang
    | OfferAnswered
    | OfferFailed
    | DialFailed
    | Bridged
    | BridgeFailed
    | NotRecorded
)
"What happens to one call."
AnyObservation = (
    AnyCallFact
    | Started
    | Due
    | ConfigurationPublished
    | PhoneSeen
    | PhoneBusy
    | ContactTaken
    | ContactDone
    | RecordingsHalted
    | ExchangeLost
    | LegsFound
    | CallsTold
)
AnyCommand = SignOn | SignOff | TakeBreak | EndBreak | EndWrapUp | ExtendWrapUp | Dispose | HangUpCall | TransferCall
AnyFact = AnyObservation | AnyCommand
