"""The words at the process border: journal rows, configuration, commands; beside it `live` and `written`."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from appliance import asked, root_work
from appliance.backups import BackupSettings
from appliance.core import effects, facts, model

Language = str
"`en` or `zh`."

# -- what the journal keeps


class Row(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One fact with its time, and what was kept of its effects."""

    sequence: int
    now: int
    "Centre time, microseconds."
    fact: facts.AnyFact
    kept: tuple[effects.Kept, ...] = ()
    about: tuple[str, ...] = ()
    "The interactions it touched."
    effects_sum: int = 0
    "Of the bytes of all its effects, by `replay.sum_of`; 0 where it had none, or none was taken."


class Batch(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The rows of one group commit."""

    format: int = 1
    release: str
    boot: int
    rows: tuple[Row, ...]


# -- configuration and what goes round it


class Person(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Somebody who signs in. The name lives with the people; passwords are never read back."""

    slug: str
    "The sign-in name."
    name: str = ""
    role: str = "agent"
    "`administrator`, `supervisor` or `agent`."
    agent: str = ""
    "The agent this person is, if any."
    language: Language = ""
    disabled: bool = False


class Document(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What `config export` writes and `config import` reads: the configuration, and the people who work with it."""

    format: int = 1
    configuration: model.Configuration = model.Configuration()
    people: tuple[Person, ...] = ()


class Change(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One change of the configuration: who, when, what."""

    id: int
    at: int
    "Microseconds UTC."
    by: str
    "Sign-in name, or `console` for the command line."
    before: str
    "Version that it changed; empty for the first."
    after: str
    summary: str
    reverts: int = 0
    "The change that this one took back, 0 for none."


class Equipment(msgspec.Struct, frozen=True, kw_only=True):
    """All that a driver needs to render its configuration; never stored, never shown."""

    configuration: model.Configuration
    names: Mapping[str, str]
    "Agent slug to the name that phones show."
    secrets: Mapping[str, str]
    "`extension/<digits>` and `trunk/<slug>` to the SIP password."


# -- commands at the door: who asks is told by the session, not by the command


Request = asked.Request
TakeBox = asked.TakeBox
NoteStep = asked.NoteStep
PlaceTestCall = asked.PlaceTestCall
Update = asked.Update


class SignIn(Request, frozen=True, kw_only=True, tag="sign-in"):
    """Start a session; the only request that needs none."""

    person: str
    password: str
    address: str = ""
    "Where the request came from, for the lock-out."


class SignOut(Request, frozen=True, kw_only=True, tag="sign-out"):
    """End this session."""


class SetLanguage(Request, frozen=True, kw_only=True, tag="set-language"):
    """Choose the language of one's own pages."""

    language: Language


class SetPassword(Request, frozen=True, kw_only=True, tag="set-password"):
    """Set a password: one's own (with the present one), or anybody's by an administrator."""

    person: str
    password: str
    present: str = ""


class AgentRequest(Request, frozen=True, kw_only=True):
    """About the agent who asks; a supervisor may name another."""

    agent: str = ""


class TakeSeat(AgentRequest, frozen=True, kw_only=True, tag="take-seat"):
    """Sign on as an agent and be available."""


class LeaveSeat(AgentRequest, frozen=True, kw_only=True, tag="leave-seat"):
    """Sign off as an agent."""


class TakeBreak(AgentRequest, frozen=True, kw_only=True, tag="take-break"):
    """Begin a break, after the call if there is one."""

    reason: str


class EndBreak(AgentRequest, frozen=True, kw_only=True, tag="end-break"):
    """Be available again."""


class EndWrapUp(AgentRequest, frozen=True, kw_only=True, tag="end-wrap-up"):
    """Be done with the wrap-up."""


class ExtendWrapUp(AgentRequest, frozen=True, kw_only=True, tag="extend-wrap-up"):
    """Take more time for the wrap-up."""

    by_s: int = 30


class HangUpCall(AgentRequest, frozen=True, kw_only=True, tag="hang-up-call"):
    """End the agent's call."""

    interaction: str


class TransferCall(AgentRequest, frozen=True, kw_only=True, tag="transfer-call"):
    """Send the agent's caller on, without talking with who is to get the call; give one of the three targets."""

    interaction: str
    queue: str = ""
    to_agent: str = ""
    "An agent who is free just now."
    number: str = ""
    "An extension, a number of ours, or an outside number as it is dialled from a telephone."


class Conclude(AgentRequest, frozen=True, kw_only=True, tag="conclude"):
    """Disposition and note of an interaction."""

    interaction: str
    disposition: str = ""
    note: str | None = None
    "Replaces the note; empty removes it, None leaves it as it is."


PARTS: Mapping[str, type[model.Part]] = {
    "trunks": model.Trunk,
    "spans": model.Span,
    "numbers": model.Number,
    "extensions": model.Extension,
    "agents": model.Agent,
    "queues": model.Queue,
    "flows": model.Flow,
    "hours": model.Hours,
    "prompts": model.Prompt,
    "breaks": model.Reason,
    "dispositions": model.Reason,
    "lines": model.SerialLine,
}
"The lists of a configuration by name, and what stands in them."


class Put(Request, frozen=True, kw_only=True, tag="put"):
    """Add or replace one part of the configuration."""

    base: str
    "The version that the asker saw; refused with `stale` if another one holds by now and this part differs in it."
    list: str
    "A key of `PARTS`, or `company`."
    value: msgspec.Raw
    "The part, as JSON."


class Drop(Request, frozen=True, kw_only=True, tag="drop"):
    """Remove one part; refused with `in_use` and where, if something names it."""

    base: str
    list: str
    slug: str


class PutPerson(Request, frozen=True, kw_only=True, tag="put-person"):
    """Add or change somebody who signs in, with the agent and the extension that go with it, in one change."""

    person: Person
    password: str = ""
    "A new password; empty leaves it, or makes a random one for a new person, given back once."
    extension: str = ""
    "The agent's extension; empty for a person who takes no calls."
    queues: tuple[str, ...] = ()
    "The queues the agent belongs to."


class DropPerson(Request, frozen=True, kw_only=True, tag="drop-person"):
    """Remove somebody, and the agent and extension that only this person used."""

    slug: str


class Revert(Request, frozen=True, kw_only=True, tag="revert"):
    """Take one change back."""

    change: int


class Import(Request, frozen=True, kw_only=True, tag="import"):
    """Replace the whole document by this text (see `config export`)."""

    text: str
    dry_run: bool = False


class SetSecret(Request, frozen=True, kw_only=True, tag="set-secret"):
    """Set the SIP password of an extension or trunk; empty makes a random one, given back once."""

    of: str
    "`extension/<digits>` or `trunk/<slug>`."
    secret: str = ""


class Erase(Request, frozen=True, kw_only=True, tag="erase"):
    """Forget a person: number, name, notes and recordings; what happened stays, and names nobody."""

    party: str
    "The party's id, or its number."


class SetParty(Request, frozen=True, kw_only=True, tag="set-party"):
    """Say what routing is to know of a caller; what is None stays as it is."""

    party: str
    "The party's id, or its number, which need not have called yet."
    grade: str | None = None
    "Customer class, one of the company's `grades`; empty for none."
    priority: int | None = None
    "The caller's own, 1 (served first) to 9; 0 for none."
    preferred: str | None = None
    "The agent who looks after this caller; empty for nobody."
    blocked: bool | None = None
    "Whether calls are refused."


class AskRoot(Request, frozen=True, kw_only=True, tag="ask-root"):
    """Ask the machine's root part."""

    question: root_work.AnyQuestion


class SendSms(Request, frozen=True, kw_only=True, tag="send-sms"):
    """Send a text message; the answer comes when it is on the disk, and it is sent when the modem can."""

    number: str
    text: str
    line: str = ""
    "The modem's line; empty for the first one."


class SetBackups(Request, frozen=True, kw_only=True, tag="set-backups"):
    """Set where backups go and when; a password that is empty stays as it is.

    The first time the answer has the passphrase, without which no backup can be read elsewhere.
    """

    settings: BackupSettings


class DoBackup(Request, frozen=True, kw_only=True, tag="do-backup"):
    """Begin something now; what becomes of it is seen in the list of backups."""

    work: Literal["night", "backup", "verify", "prove", "restore", "undo"]
    destination: str = ""
    name: str = ""
    "Which backup; empty for the newest."
    full: bool = False


class ClearLine(Request, frozen=True, kw_only=True, tag="clear-line"):
    """End whatever call is on a line of a telephone card."""

    span: str
    place: int
    "Its channel of the span, from 1."


class TestNetwork(Request, frozen=True, kw_only=True, tag="test-network"):
    """Begin a network test; what becomes of it is seen at `/network`."""


_OfAccounts = SignIn | TakeBox | SignOut | SetLanguage | SetPassword
_OfTheDesk = (
    TakeSeat | LeaveSeat | TakeBreak | EndBreak | EndWrapUp | ExtendWrapUp | HangUpCall | TransferCall | Conclude
)
_OfSettings = Put | Drop | PutPerson | DropPerson | Revert | Import | SetSecret
_OfTheBox = AskRoot | SetBackups | DoBackup | TestNetwork | NoteStep | PlaceTestCall | Update
AnyRequest = _OfAccounts | _OfTheDesk | _OfSettings | _OfTheBox | Erase | SetParty | SendSms | ClearLine


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a request was refused, and where."""

    code: str
    "A stable word such as `not_allowed`, `invalid`, `stale`, `in_use`, `unknown_reason`, `busy`, `locked_out`."
    field: str = ""
    "Path of the field that is wrong, such as `queues.support.ring_s`."
    detail: str = ""
    "What to put in the sentence that the page says; never a sentence itself."


class Reply(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The answer to a request, given after the commit that holds it."""

    problems: tuple[Problem, ...] = ()
    "Empty if it was done."
    session: str = ""
    "The session's secret, answering `SignIn` alone."
    password: str = ""
    "A password that was made, answering what makes one."
    version: str = ""
    "The configuration's version after a change."
    change: int = 0
    summary: str = ""
    machine: root_work.Answer | None = None
    "What root said, answering `AskRoot` alone."
    message: int = 0
    "The number of a text message that was taken."


_REQUESTS: msgspec.json.Decoder[AnyRequest] = msgspec.json.Decoder(AnyRequest)


def encode(value: object) -> bytes:
    """JSON of anything declared here."""
    return msgspec.json.encode(value)


def decode_request(body: bytes) -> AnyRequest:
    """Read a request from the wire; raises `msgspec.DecodeError` or `msgspec.ValidationError`."""
    return _REQUESTS.decode(body)
