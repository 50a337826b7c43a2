"""The company's configuration as frozen data.

A configuration is one immutable document, named by the hash of its encoding, published by a fact, and kept for as long
as a journal names it. Nothing in it is personal (names, callers' numbers, passwords): who sees it may replay it.
"""

import enum
import hashlib
from collections.abc import Mapping
from typing import Any, TypeVar  # any: options are free-form until the module that owns them converts them

import msgspec

from appliance.core.figures import Formula, Measure

OptionValues = dict[str, Any]  # any: each node and strategy converts its own to a typed dataclass


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One named piece of a configuration."""

    slug: str
    "The stable name, `[a-z0-9][a-z0-9-]{0,62}`; never shown alone where a title exists."


class Medium(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What one contact by a medium takes of an agent."""

    units: int = 1
    "0 for all that the agent has."
    beside: tuple[str, ...] = ("*",)
    "Media that the agent may have in hand when it comes, its own kind among them; `*` for any."


class Company(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The company itself and what holds for all of it."""

    title: str = ""
    "What the pages and the certificate call the company."
    language: str = "en"
    "The language of new people and of prompts where a number names none: `en` or `zh`."
    zone: str = "UTC"
    "IANA name of the company's time zone."
    emergency: tuple[str, ...] = ("112",)
    "Numbers that go out over every trunk in order, before anything else is asked."
    prefix: str = "9"
    "What a phone dials before a number outside; emergency numbers pass with and without it."
    ageing_s: int = 0
    "Seconds of waiting that make up for one step of priority or weight, over all queues; 0 for strict priority."
    grades: dict[str, int] = {}
    "Customer class to the priority of its callers, 1 to 9."
    rest_on_own_call: bool = False
    "Whether agents get no offer while their phone is in a call of their own."
    voice_alone: bool = True
    "Whether a call takes all units of an agent; else it takes one."
    keep_journal_days: int = 400
    "How long every fact is kept; without them a call has its record and no timeline, and cannot be replayed. 0: ever."
    keep_calls_days: int = 0
    "How long records of calls are kept; 0 for ever."
    keep_recordings_days: int = 0
    "How long recordings are kept; 0 for ever."
    media: dict[str, Medium] = {}
    "Medium, such as `chat`, to what it takes; `voice` in it comes before `voice_alone`."
    level_formula: Formula = Formula.ALL_COUNTED
    "How abandoned calls count in the service level, everywhere."
    level_flow_outs: bool = False
    "Whether those who left a queue otherwise than answered or abandoned count as not met."
    midnights: tuple[int, ...] = ()
    "Where the days of the company's zone begin, microseconds UTC, ascending; expanded at publishing."

    @property
    def measure(self) -> Measure:
        """What the service level counts."""
        return Measure(formula=self.level_formula, flow_outs=self.level_flow_outs)


class Trunk(Part, frozen=True, kw_only=True):
    """A SIP line to a carrier; or, with `channels`, lines of telephone cards, and then no address is asked for."""

    title: str = ""
    host: str = ""
    "Address that calls out are sent to."
    port: int = 5060
    accept: tuple[str, ...] = ()
    "Addresses or networks (CIDR) that calls in are taken from; empty means `host` alone."
    username: str = ""
    "Name for the carrier's challenge; empty where the carrier knows us by address."
    register: bool = False
    "Whether we register with the carrier."
    calls_max: int = 0
    "Calls at once, 0 for no limit."
    probe_s: int = 30
    "Seconds between two OPTIONS probes, 0 for none."
    channels: tuple[str, ...] = ()
    "Of cards: a span's slug for all its lines, or with channels of it, `span/1-4`."
    group: int = 0
    "Of cards: the number of its group on the exchange, 1 to 31; it keeps it, whatever becomes of other trunks."
    hunt: str = "linear"
    "Of cards: which free line a call out takes, the first (`linear`) or the next in turn (`round_robin`)."
    number: str = ""
    "Of cards: our number that calls count as which come without dialled digits, as on analogue lines."


class Span(Part, frozen=True, kw_only=True):
    """A wire of a telephone card; it keeps its numbers wherever the card is put (`drivers/dahdi`)."""

    title: str = ""
    card: str
    "The card's hardware id; `@` and its location where it has none."
    port: int = 1
    number: int
    first: int
    "The number of its first channel, 1 to 1023; the span's own is 1 to 128, the port which of the card's wires it is."
    channels: int
    line: str = "e1"
    "`e1`, `t1`, `j1` or `analogue`."
    signalling: str = "pri"
    "`pri`, `r2`, `ss7`, `em`, or `analogue` for telephones and exchange lines on two wires."
    country: str = "us"
    "Whose tones, caller id and signs of hanging up are expected and given."
    network: bool = False
    switch: str = "euroisdn"
    "Of PRI: the variant of Q.931 or QSIG, and whether we are the network and the other side the user."
    variant: str = "itu"
    point_code: int = 0
    "Of SS7: ours; then the other side's, and the number (CIC) of the first circuit. The variant is R2's, by country."
    adjacent: int = 0
    circuit: int = 1
    crc4: bool = True
    timing: int = 1
    echo: str = "mg2"
    "The echo canceller, empty for none; before it the rank as the clock's source, 0 where we give the clock."
    fxs: str = ""
    fxo: str = ""
    "Of an analogue span: the channels that have telephones, such as `1-4`, and those that are exchange lines."
    out: tuple[int, ...] = ()
    "Its channels, from 1, that take no new call."


class Number(Part, frozen=True, kw_only=True):
    """A number of ours that callers dial; its slug is the dialled digits."""

    title: str = ""
    flow: str
    language: str = ""
    "Language of the prompts; empty means the company's."
    priority: int = 0
    "Of its callers: 1 (served first) to 9; 0 leaves it to the queue."
    site: str = ""
    "Where its callers belong; agents of that site come first where a queue says so."


class Extension(Part, frozen=True, kw_only=True):
    """A desk phone; its slug is the digits that reach it and its SIP user name."""

    agent: str = ""
    "The agent who sits at it; empty for a phone of nobody."
    outside: bool = True
    "Whether it may call outside numbers. Emergency numbers always pass."
    line: str = ""
    "Of an analogue phone: its span's slug and channel of it, `span/3`; empty for a SIP phone."


class Agent(Part, frozen=True, kw_only=True):
    """Somebody who takes interactions; the name is kept with the people."""

    extension: str
    "The extension that rings."
    skills: dict[str, int] = {}
    "Skill to level, 1 to 9; a skill that is not named is none, which is no level at all."
    site: str = ""
    units: int = 1
    "How much the agent takes at once."
    wrap_up_s: int = 0
    "Seconds after a call at least, whatever the queue."


class How(enum.StrEnum):
    """How a level is compared."""

    AT_LEAST = "at_least"
    EXACT = "exact"
    AT_MOST = "at_most"


class Need(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One step of what a queue requires of the agents who serve it."""

    skill: str
    level: int
    how: How = How.AT_LEAST
    relax_s: int = 0
    "Seconds after a caller's entry from which it is asked no more; 0 for never."


class Overflow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """When a caller leaves a queue unanswered; where to, the exits of the queue's node in the flow say.

    An exit that leads nowhere, or to a queue that the caller has left in this way already, is not taken.
    """

    when: str
    "`length`, `wait`, `service_level`, `expected_wait`, `no_agents` or `closing`."
    limit: int = 0
    "Callers who wait; seconds waited; percent today; seconds expected; seconds without anybody; seconds after closing."
    exit: str = ""
    "An exit of the queue's node; empty is the condition's own."


class WaitingCaller(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a waiting caller is told, and which keys do something while it is said."""

    welcome: str = ""
    "The prompt's slug, said once when the caller enters the queue."
    sounds: tuple[str, ...] = ()
    "Prompts that are said in turn, one each time."
    first_s: int = 20
    "Seconds from the entry to the first announcement."
    every_s: int = 60
    "Seconds of music between two announcements, 0 for one alone."
    position: bool = False
    "Whether the caller's position is said."
    position_may_rise: bool = False
    "Whether it may be said to be worse than before; if not, the best one that was said is said again."
    expected_wait: bool = False
    "Whether the expected wait is said, where there is data for it."
    leave_key: str = ""
    "The key by which the caller leaves the queue by its exit `left`."
    callback_key: str = ""
    "The key by which the caller asks to be called back."


class Callback(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How a caller who keeps the place without the line is called back."""

    customer_first: bool = False
    "Whether the customer's phone rings before the agent's, who is kept free meanwhile."
    ring_s: int = 30
    attempts: int = 3
    retry_s: int = 300
    "Seconds between two attempts."
    expire_s: int = 14_400
    "Seconds after which it is too late; with hours, those alone count."
    hours: str = ""
    "Opening hours in which we call; empty for always."
    accepted: str = ""
    "The prompt that says that we will call back."
    confirm: str = ""
    "The prompt that asks who picks up to press 1; empty asks nothing."


class Queue(Part, frozen=True, kw_only=True):
    """Callers who wait, and the agents who serve them. The console says *workgroup*."""

    title: str = ""
    agents: tuple[str, ...] = ()
    strategy: str = "longest_idle"
    strategy_options: OptionValues = {}
    ring_s: int = 20
    "Seconds a phone rings before the offer goes to somebody else."
    wrap_up_s: int = 30
    "Seconds an agent has after the call; never cut by routing."
    wait_s_max: int = 0
    "Seconds after which the caller leaves by the exit `timeout`, 0 for never."
    length_max: int = 0
    "Waiting callers beyond which a new one leaves by the exit `full`, 0 for no limit."
    priority: int = 5
    "1 (served first) to 9; flow, number, customer class and caller may say otherwise."
    weight: int = 1
    "1 to 9: among callers of one priority, those of a heavier queue are served first."
    requirement: tuple[Need, ...] = ()
    "Skills that its agents need to be offered a call; a need that is relaxed is asked no more."
    prefer_s: int = 0
    "Seconds for which callers are kept for the agent they know, if that one is at work; 0 for never."
    local_s: int = 0
    "Seconds for which callers are kept for the agents of their site; 0 for never."
    lenders: tuple[str, ...] = ()
    "Queues whose agents help out, in order, while those queues' own service levels hold."
    service_goal: int = 80
    "Percent of callers to be answered within `answer_within_s`; below, its agents help nobody else."
    missed_s: int = 0
    "Seconds after which an agent who missed an offer is available again; 0 for when the agent says so."
    music: str = "default"
    answer_within_s: int = 20
    "*T* of the service level."
    short_abandon_s: int = 5
    recorded: bool = True
    hours: str = ""
    "Opening hours of the queue; empty for always."
    overflow: tuple[Overflow, ...] = ()
    waiting: WaitingCaller = WaitingCaller()
    callback: Callback | None = None
    "None: nobody is called back."


class Node(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One step of a flow."""

    id: str
    kind: str
    "Name of the module in `appliance/core/nodes` that walks it."
    options: OptionValues = {}
    exits: dict[str, str] = {}
    "Exit name to node id. An exit that leads nowhere ends the call politely."


class Flow(Part, frozen=True, kw_only=True):
    """What a caller meets, node by node; the first node is where it starts."""

    title: str = ""
    priority: int = 0
    "Of callers who come by it: 1 (served first) to 9; 0 leaves it to number and queue."
    nodes: tuple[Node, ...] = ()


class Hours(Part, frozen=True, kw_only=True):
    """Opening hours."""

    title: str = ""
    zone: str = ""
    "IANA name; empty means the company's."
    week: dict[str, tuple[tuple[str, str], ...]] = {}
    "Weekday `mon`…`sun` to stretches (`09:00`, `17:30`) of local time; `24:00` ends a day."
    closed: tuple[str, ...] = ()
    "Dates (`2026-12-25`) on which it is closed all day."
    opening: tuple[tuple[int, int], ...] = ()
    "The same expanded at publishing: [from, until) in microseconds UTC, ascending, without overlap."


class Prompt(Part, frozen=True, kw_only=True):
    """Something that is said to a caller, in one or more languages."""

    title: str = ""
    texts: dict[str, str] = {}
    "Language to the words that are spoken."


class Reason(Part, frozen=True, kw_only=True):
    """A reason for a break, or a disposition of a finished interaction."""

    title: dict[str, str] = {}
    "Language to the words that are shown."
    at_once_max: int = 0
    "Of a break: how many agents may be away for it at once, 0 for no limit."
    minutes_max: int = 0
    "Of a break: minutes that an agent may take in a day, 0 for no limit."


class SerialLine(Part, frozen=True, kw_only=True):
    """Something that hangs on the box by a serial line; see `appliance.core.lines`."""

    title: str = ""
    kind: str = "sms-modem"
    place: str
    "The path of a device below /dev, `tcp:HOST:PORT`, or `listen:ADDRESS:PORT`."
    speed: int = 115_200
    framing: str = "8N1"
    flow_control: str = "none"
    options: OptionValues = {}


class Configuration(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Everything that an administrator sets, as one document."""

    company: Company = Company()
    trunks: tuple[Trunk, ...] = ()
    spans: tuple[Span, ...] = ()
    numbers: tuple[Number, ...] = ()
    extensions: tuple[Extension, ...] = ()
    agents: tuple[Agent, ...] = ()
    queues: tuple[Queue, ...] = ()
    flows: tuple[Flow, ...] = ()
    hours: tuple[Hours, ...] = ()
    prompts: tuple[Prompt, ...] = ()
    breaks: tuple[Reason, ...] = ()
    dispositions: tuple[Reason, ...] = ()
    lines: tuple[SerialLine, ...] = ()


PartT = TypeVar("PartT", bound=Part)


def encode(configuration: Configuration) -> bytes:
    """Write the document's canonical bytes: JSON, fields and keys in a fixed order."""
    return msgspec.json.encode(configuration, order="deterministic")


def decode(document: bytes | str) -> Configuration:
    """Read a document back; raises `msgspec.DecodeError` or `msgspec.ValidationError` that names the place."""
    return msgspec.json.decode(document, type=Configuration)


def version_of(configuration: Configuration) -> str:
    """Name a version: the first 32 hexadecimal digits of the SHA-256 of its canonical bytes."""
    return hashlib.sha256(encode(configuration)).hexdigest()[:32]


def by_slug(parts: tuple[PartT, ...]) -> Mapping[str, PartT]:
    """Index the parts by their names."""
    return {part.slug: part for part in parts}
