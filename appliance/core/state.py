"""What the Centre remembers: plain data that a snapshot holds whole.

A state carries its data: what an agent or an interaction is in is one struct of a union, not a row of nullable fields.
"""

import enum

import msgspec

from appliance.core.cdr import Segment, Unrecorded
from appliance.core.facts import Leg, PartyView, Target
from appliance.core.task import Task
from appliance.core.told import Chronicle
from appliance.core.waits import Callback, Comfort, Outlook, Return


class SignedOut(msgspec.Struct, frozen=True, kw_only=True, tag="signed_out", gc=False):
    """Not at work."""


class Available(msgspec.Struct, frozen=True, kw_only=True, tag="available", gc=False):
    """Ready for an offer."""


class Ringing(msgspec.Struct, frozen=True, kw_only=True, tag="ringing", gc=False):
    """The phone rings, or was picked up and is being joined."""

    interaction: str
    offer: str


class Talking(msgspec.Struct, frozen=True, kw_only=True, tag="talking", gc=False):
    """In a conversation."""

    interaction: str
    queue: str
    leg: Leg
    disposition: str = ""
    wrap_up_s: int = 0
    "What the queues that the conversation went through grant at least."


class WrapUp(msgspec.Struct, frozen=True, kw_only=True, tag="wrap_up", gc=False):
    """Finishing an interaction that is over for the customer."""

    interaction: str
    queue: str
    until: int
    disposition: str = ""


class OnBreak(msgspec.Struct, frozen=True, kw_only=True, tag="on_break", gc=False):
    """Away, with a reason."""

    reason: str


class Missed(msgspec.Struct, frozen=True, kw_only=True, tag="missed", gc=False):
    """Taken out of routing after an offer that the phone did not take."""

    cause: str


AgentState = SignedOut | Available | Ringing | Talking | WrapUp | OnBreak | Missed


class Work(msgspec.Struct, kw_only=True, omit_defaults=True, gc=False):
    """What an agent has done for a queue."""

    handled: int = 0
    "Since the day began, as are the next three."
    talk_us: int = 0
    offered: int = 0
    head: int = 0
    "Offers that the agent is taken to have had besides, because of signing on late where contacts are shared out."
    last_turn: int = 0
    "Which of the queue's offers was the agent's last, counted since ever; 0 for none."


class Agent(msgspec.Struct, kw_only=True, gc=False):
    """An agent as routing sees one."""

    slug: str
    state: AgentState = msgspec.field(default_factory=SignedOut)
    since: int = 0
    idle_since: int = 0
    "The latest of sign-in, end of break, end of wrap-up; centre time."
    idle_since_wrap_up: int = 0
    "The latest of sign-in and end of wrap-up: breaks do not restart it."
    reachable: bool = False
    "Whether the phone can be reached."
    wants_break: str = ""
    "The reason of a break that begins after the call."
    wants_out: bool = False
    "Whether to sign off after the call."
    handled: int = 0
    talk_us: int = 0
    missed: int = 0
    busy: bool = False
    "Whether the phone is in a call of the agent's own."
    load: int = 0
    "Units taken by what goes on beside calls, such as chats, which stand in `tasks` by their ids."
    tasks: dict[str, Task] = {}
    idle_us: int = 0
    "Since the day began: all stretches of waiting for an offer that ended in one,"
    idles: int = 0
    "and their number."
    work: dict[str, Work] = {}
    "By queue."
    away_us: dict[str, int] = {}
    "Reason to time spent on such breaks since the day began, the present one left out."


# -- interactions


class Walking(msgspec.Struct, frozen=True, kw_only=True, tag="flow", gc=False):
    """In a flow, at a node."""

    flow: str
    node: str
    prompt: int = 0
    "The prompt whose end is awaited, 0 for none."
    tries: int = 0
    "How often the node has asked."


class Waiting(msgspec.Struct, frozen=True, kw_only=True, tag="waiting", gc=False):
    """In a queue, on music."""

    flow: str
    node: str
    "The queue's node, where the flow goes on from."
    queue: str
    entered_at: int
    ticket: int


class Ring(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An offer whose phone rings."""

    offer: str
    agent: str
    leg: Leg
    "The agent's."


class Offered(msgspec.Struct, frozen=True, kw_only=True, tag="offered", gc=False):
    """In a queue, while the phone of an agent rings, or those of several."""

    waiting: Waiting
    offer: str
    agent: str
    leg: Leg
    "The agent's."
    others: tuple[Ring, ...] = ()
    "Further offers of the same interaction; whoever answers first has it."

    @property
    def rings(self) -> tuple[Ring, ...]:
        """All its offers."""
        return (Ring(offer=self.offer, agent=self.agent, leg=self.leg), *self.others)


class Joining(msgspec.Struct, frozen=True, kw_only=True, tag="joining", gc=False):
    """The agent picked up; the bridge is being made."""

    waiting: Waiting
    offer: str
    agent: str
    leg: Leg


class Connected(msgspec.Struct, frozen=True, kw_only=True, tag="talking", gc=False):
    """Customer and agent hear each other."""

    waiting: Waiting
    offer: str
    agent: str
    leg: Leg


class Forwarded(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="forwarded", gc=False):
    """Sent on to an extension or an outside number."""

    flow: str
    node: str
    exit: str = "failed"
    back: Waiting | None = None
    "The queue visit at whose place it waits if it asks again; None goes on in the flow by `exit`."
    to: Target | None = None
    "Where the leg is to be sent as soon as it asks; None once it is told."


class Leaving(msgspec.Struct, frozen=True, kw_only=True, tag="leaving", gc=False):
    """Told to hang up."""

    cause: str


class Suspended(msgspec.Struct, frozen=True, kw_only=True, tag="suspended", gc=False):
    """To be called back, but not yet, or not now."""

    waiting: Waiting


class Calling(msgspec.Struct, frozen=True, kw_only=True, tag="calling", gc=False):
    """The customer's phone rings, or who picked up is asked to press 1, while an agent is kept for it."""

    waiting: Waiting
    offer: str
    agent: str
    leg: Leg
    "The agent's; one that is not yet made if the customer is called first."


InteractionState = Walking | Waiting | Offered | Joining | Connected | Forwarded | Leaving | Suspended | Calling


class Role(enum.StrEnum):
    """What somebody is to an interaction."""

    CUSTOMER = "customer"
    AGENT = "agent"


class Doing(enum.StrEnum):
    """What a participant's leg is at."""

    ASKING = "asking"
    "It has asked and not yet been told what to do."
    TOLD = "told"
    "It plays, waits or rings, as it was told."
    TALKING = "talking"
    "It is joined with the others."


class Participant(msgspec.Struct, kw_only=True, gc=False):
    """Somebody who takes part in an interaction."""

    leg: Leg
    role: Role
    doing: Doing
    since: int
    "When it began to do so; centre time."
    agent: str = ""
    "The agent's slug."

    def do(self, doing: Doing, now: int) -> None:
        """Be at something else from now on."""
        if doing is not self.doing:
            self.doing, self.since = doing, now


class Interaction(msgspec.Struct, kw_only=True, gc=False):
    """One contact by any medium; here a call."""

    id: str
    participants: list[Participant]
    "The customer first."
    trunk: str
    number: str
    party: str
    view: PartyView
    language: str
    priority: int
    began: int
    state: InteractionState
    since: int
    "When the present stretch began; centre time."
    first: tuple[int, int]
    "Journal position of its first fact."
    recording: str = ""
    unrecorded: Unrecorded | None = None
    "Why it is not recorded, or no more, where that is so."
    segments: list[Segment] = []
    path: list[str] = []
    "Keys pressed in menus, with the titles of what they chose."
    left_queue: bool = False
    "Whether it once left a queue unanswered."
    credit_us: int = 0
    "How much longer than now the caller had waited in this queue before a failing exchange cut the line."
    left: list[str] = []
    "Queues that it left by overflow since an agent last talked; it leaves none of them in this way again."
    comfort: Comfort | None = None
    "Of the queue that it is in."
    callback: Callback | None = None
    given_to: str = ""
    "The agent whom it was transferred to, until that one has talked or not picked up."
    wrap_up_s: int = 0
    "The longest wrap-up of the queues that it went through."
    counted: int = 0
    "The ticket of the queue visit that was counted as answered; it counts once, though it waits there again."

    @property
    def customer(self) -> Participant:
        """Who contacted us."""
        return self.participants[0]

    @property
    def leg(self) -> Leg:
        """The customer's leg."""
        return self.customer.leg

    @property
    def promised(self) -> Callback:
        """What its caller was promised; raises `ValueError` if nothing was."""
        if self.callback is None:
            raise ValueError(f"nobody was promised a call by {self.id}")
        return self.callback

    @property
    def is_called_back(self) -> bool:
        """Whether it keeps its place without the line."""
        return self.callback is not None and not self.callback.reached

    def is_callback(self, waiting: Waiting) -> bool:
        """Whether a queue visit is, or was for a while, one without the line."""
        return self.callback is not None and self.callback.ticket == waiting.ticket

    @property
    def asks(self) -> bool:
        """Whether the customer's leg waits to be told what to do."""
        return self.customer.doing is Doing.ASKING


class QueueCounts(msgspec.Struct, kw_only=True, gc=False):
    """What a queue has done since the day began."""

    answered: int = 0
    answered_within: int = 0
    abandoned: int = 0
    "Short abandons left out."
    abandoned_within: int = 0
    abandoned_short: int = 0
    flowed_out: int = 0
    wait_us: int = 0
    "Sum over the answered."
    callbacks: int = 0
    "Callers who became callbacks; none of the above counts them."
    callbacks_answered: int = 0
    callbacks_failed: int = 0
    "Nobody was reached in time."
    callback_attempts: int = 0
    callback_wait_us: int = 0
    "Sum over the answered, from the acceptance to the conversation."


class State(msgspec.Struct, kw_only=True):
    """All of it."""

    format: int = 1
    now: int = 0
    boot: int = 0
    sequence: int = 0
    minted: int = 0
    "Ids made since the boot number changed."
    tickets: int = 0
    returns: dict[str, Return] = {}
    "Party to the place that it comes back to, oldest first."
    turns: dict[str, int] = {}
    "Queue to the number of offers that it has made since ever."
    version: str = ""
    day: int = 0
    "Where the present day of the company began."
    agents: dict[str, Agent] = {}
    interactions: dict[str, Interaction] = {}
    counts: dict[str, QueueCounts] = {}
    outlooks: dict[str, Outlook] = {}
    "By queue."
    legs: dict[Leg, str] = {}
    "Customer's and agent's legs to their interaction."
    offers: dict[str, str] = {}
    "Live offers to their interaction."
    seen: list[str] = []
    "Exchanges that we see and steer."
    unrecorded: bool = False
    "Whether no call begins to be recorded, for want of room."
    chronicles: dict[str, Chronicle] = {}
    "By exchange; one that writes nothing down has none."
    deadlines: dict[str, int] = {}
    answered: dict[str, str] = {}
    "Tokens of the last commands to their answers, oldest first."
