"""What stands in the three storages: tables by name, and the one persistent class of our own.

A table is a BTree whose values are numbers, texts or bytes (msgpack of a frozen struct); what is large and never
changes stands in a `Sheet`. So the store loads BTrees and sheets and nothing else, and no record names a class that
could change.
"""

from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, fields
from itertools import islice
from typing import Any, TypeAlias, TypeVar  # any: a root holds what its storage's schema says

from BTrees.LLBTree import LLBTree
from BTrees.LOBTree import LOBTree
from BTrees.OLBTree import OLBTree
from BTrees.OOBTree import OOBTree, OOTreeSet
from persistent import Persistent

FORMAT = 1
"Format of the storages; another one is refused with a clear line."
JOURNAL = "journal"
PEOPLE = "people"
CONFIGURATION = "configuration"

Root = MutableMapping[str, Any]  # any: see above
TablesT = TypeVar("TablesT", bound="JournalTables | PeopleTables | SettingsTables")
Positions: TypeAlias = "OLBTree[str]"
"Names to numbers."


class Sheet(Persistent):
    """Immutable bytes under an object of their own."""

    def __init__(self, data: bytes) -> None:
        """Keep the bytes; they are never replaced."""
        self.data = data


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalTables:
    """What happened. A position is `boot << SEQUENCE_BITS | sequence`; a batch is keyed by its first row's."""

    numbers: "OLBTree[str]"
    "`boot`: the last boot number given; `swept` and `floor`: see `upkeep`."
    batches: "LOBTree[Sheet]"
    "Position to the batch with its links."
    snapshots: "LOBTree[Sheet]"
    "Position of the last row that it contains to the snapshot; the last two are kept, and those of segments."
    segments: "LOBTree[bytes]"
    "Position of the snapshot with which a segment (a day's rows, about) begins, to what it ran under."
    calls: "LLBTree"
    "Ordinal to the batch that holds the CDR, of calls that are on no page yet."
    pages: "LOBTree[tuple[int, int, Sheet]]"
    "Page number to (earliest beginning, latest end, CDRs), a fixed number of calls a page, until they are in a chunk."
    chunks: "LOBTree[tuple[int, int, str, str, *tuple[Sheet, ...]]]"
    "Chunk number to (earliest beginning, latest end, least and greatest interaction, three sheets of columns)."
    interactions: "OLBTree[str]"
    "A filed interaction to the last batch about it, until its call is in a chunk."
    parties: "OOTreeSet[tuple[str, int]]"
    "(party, ordinal) of every call that is in no chunk."


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleTables:
    """Who they are: numbers, names, free text, keys of recordings."""

    parties: "OOBTree[str, bytes]"
    "Party to its record."
    numbers: "OOBTree[str, str]"
    "Number to the party."
    names: "OOBTree[str, str]"
    "Person (sign-in name) to the name."
    notes: "OOBTree[str, bytes]"
    "Interaction to its notes."
    media: "OOBTree[str, bytes]"
    "Recording to its key, file and party."
    unsealed: "OOTreeSet[str]"
    "Recordings that have no sealed file yet."
    belongings: "OOTreeSet[tuple[str, str, str]]"
    "(party, `note`, `media` or `sms`, id): what goes when the party is erased."
    erased: "OLBTree[str]"
    "Party to when it was erased, so that a restored backup can be told; `packed` to when the file was packed after it."
    doomed: "OOTreeSet[str]"
    "Files of erased recordings that are still to be removed."
    hushed: "OOTreeSet[str]"
    "Erased recordings, which are not to be sealed: one that was live then ends later."
    sms: "LOBTree[bytes]"
    "Number of a text message to its record."
    sms_index: "OLBTree[str]"
    "`next` to the last number given; `digest/…` of what a modem gave, `series/…` of parts, `token/…` to the number."
    sms_open: "OOTreeSet[tuple[str, int]]"
    "(line, number) of texts that wait to be sent."
    sms_sent: "OOTreeSet[tuple[str, int]]"
    "(line, number) of texts about which a report is expected."
    sms_pins: "OOBTree[str, str]"
    "Line to the fingerprint of a card's PIN that was tried and not found right."


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsTables:
    """Configuration, who may sign in, and what is secret."""

    standing: "OOBTree[str, str]"
    "`version` and `roster` that hold now."
    documents: "OOBTree[str, Sheet]"
    "Version to the configuration's canonical bytes."
    rosters: "OOBTree[str, Sheet]"
    "Hash to the people who work with it, without names, in JSON."
    changes: "LOBTree[bytes]"
    "Number of the change to its record."
    secrets: "OOBTree[str, str]"
    "`extension/<digits>` and `trunk/<slug>` to the SIP password."
    accounts: "OOBTree[str, bytes]"
    "Person to the password's argon2id hash and the language chosen."
    sessions: "OOBTree[str, bytes]"
    "SHA-256 of a session's secret to the session."
    failures: "OOBTree[str, bytes]"
    "Whose sign-ins failed: `person`, `address` or both to the count."
    answers: "OOBTree[str, bytes]"
    "SHA-256 of a request's token to its answer, encrypted with the token."
    answered: "LOBTree[str]"
    "Order of the answers, so that the oldest go first."


TABLES: Mapping[str, type[JournalTables | PeopleTables | SettingsTables]] = {
    CONFIGURATION: SettingsTables,
    PEOPLE: PeopleTables,
    JOURNAL: JournalTables,
}
"Storage to what stands in it."
_KINDS: Mapping[str, type] = {
    "OOBTree": OOBTree,
    "OLBTree": OLBTree,
    "LOBTree": LOBTree,
    "LLBTree": LLBTree,
    "OOTreeSet": OOTreeSet,
}


def lay_out(root: Root, storage: str) -> bool:
    """Make the tables that a new storage (or one of an older release) lacks; tells whether there were any."""
    missing = {field.name: str(field.type) for field in fields(TABLES[storage]) if field.name not in root}
    for name, kind in missing.items():
        root[name] = _KINDS[kind.partition("[")[0]]()
    if "storage" not in root:
        root.update(storage=storage, format=FORMAT)
    return bool(missing)


def tables(root: Root, kind: type[TablesT]) -> TablesT:
    """Take hold of a storage's tables; nothing is loaded yet."""
    return kind(**{field.name: root[field.name] for field in fields(kind)})


def fetch_ahead(sheets: Sequence[Sheet]) -> None:
    """Have sheets brought while others are read; where a storage cannot do that, nothing happens."""
    jar = sheets[0]._p_jar if sheets else None  # noqa: SLF001  it is the protocol of persistent objects
    if jar is not None:
        jar.prefetch(*sheets)


def chunks_ahead(
    journal: JournalTables, since: int, until: int, *, first: int, count: int
) -> Iterator[list[list[Sheet]]]:
    """Give the sheets of chunks that touch a stretch of time, so many chunks at once.

    Those from the place `first` on are on their way when a group is given: ask for the next before reading one.
    """
    wanted = (
        sheets
        for began, ended, _least, _greatest, *sheets in journal.chunks.values()
        if ended >= since and began < until
    )
    while group := list(islice(wanted, count)):
        fetch_ahead([sheet for sheets in group for sheet in sheets[first:]])
        yield group


SEQUENCE_BITS = 40


def position(boot: int, sequence: int) -> int:
    """Give a place in the journal as one number: boots in order, in each its facts in order."""
    return boot << SEQUENCE_BITS | sequence
