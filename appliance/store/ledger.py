"""The list of calls, and everything about one of them: the journal's reading side.

Calls stand in the order in which they ended: the newest in their batches, the others on pages of a fixed number that
never change. A query walks from the newest back and stops as soon as it has its page, or what it looks for lies
before what is left. (Columns, which answer a year in a tenth of a second, come with the reports.)
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from appliance import api
from appliance.core.cdr import CDR
from appliance.core.effects import Decided, WorkFiled
from appliance.store.batches import PAGE, decode_bound, decode_page, interactions_of, numbered
from appliance.store.journal import next_ordinal, read_tail
from appliance.store.people import Label, Note
from appliance.store.schema import JournalTables

CHAIN_MAX = 10_000
"Batches that are read for one call."
SCAN_MAX = 200_000
"Calls that one query looks at."


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which calls; what is empty or 0 does not matter."""

    since: int = 0
    "Calls that began then or later, microseconds UTC."
    until: int = 0
    "Calls that began before."
    queue: str = ""
    agent: str = ""
    number: str = ""
    "The number of ours that was dialled."
    outcome: str = ""
    recorded: bool | None = None
    longer_us: int = 0
    "Calls that took longer from beginning to end; 0 for any."
    text: str = ""
    "In the caller's number or name, or the interaction itself."
    page: int = 0
    "From 0."
    size: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A call in a list."""

    cdr: CDR
    ordinal: int
    "All calls count from 1, in the order in which they ended."
    label: Label


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """A page of calls, newest first."""

    calls: tuple[Listed, ...]
    page: int
    more: bool
    scanned: int
    "Calls that were looked at; at `SCAN_MAX` the list may lack older ones."


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """What the journal has about one call."""

    ordinal: int
    "0 if it is not filed."
    rows: tuple[api.Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A sealed recording that can be played."""

    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Everything about one call."""

    cdr: CDR
    ordinal: int
    label: Label
    rows: tuple[api.Row, ...]
    "Every fact about it, in order."
    works: tuple[WorkFiled, ...]
    decisions: tuple[Decided, ...]
    notes: tuple[Note, ...]
    recording: Recording | None
    "None if there is none, or it is not sealed yet, or was erased."


Numbered = tuple[int, CDR]


def newest_first(journal: JournalTables, since: int = 0, until: int = 0) -> Iterator[Numbered]:
    """Walk the calls that began in a stretch of time (0 is no bound), from the one that ended last."""
    for ordinal, cdr in _backwards(journal, since, until):
        if since <= cdr.began and (not until or cdr.began < until):
            yield ordinal, cdr


def _backwards(journal: JournalTables, since: int, until: int) -> Iterator[Numbered]:
    yield from reversed(read_tail(journal))
    for number in reversed(journal.pages.keys()):
        earliest, latest, sheet = journal.pages[number]
        if latest < since:
            return
        if until and earliest >= until:
            continue
        first = number * PAGE + 1
        yield from reversed(list(enumerate(decode_page(sheet.data), first)))


def find(
    journal: JournalTables, query: Query, parties: Callable[[], frozenset[str]]
) -> tuple[list[Numbered], bool, int]:
    """Give a page of calls, whether there are more, and how many were looked at.

    `parties` is asked once, if the query has a text: whose number or name holds it.
    """
    named = parties() if query.text else frozenset()
    skip, found, scanned = query.page * query.size, list[Numbered](), 0
    for ordinal, cdr in newest_first(journal, query.since, query.until):
        scanned += 1
        if scanned > SCAN_MAX:
            break
        if not _suits(query, cdr, named):
            continue
        if skip:
            skip -= 1
        elif len(found) == query.size:
            return found, True, scanned
        else:
            found.append((ordinal, cdr))
    return found, False, scanned


def _suits(query: Query, cdr: CDR, named: frozenset[str]) -> bool:
    return (
        query.queue in {"", cdr.queue, *(segment.queue for segment in cdr.segments)}
        and query.agent in {"", cdr.agent, *(segment.agent for segment in cdr.segments)}
        and query.number in {"", cdr.number}
        and query.outcome in {"", cdr.outcome}
        and query.recorded in {None, bool(cdr.recording)}
        and (not query.longer_us or cdr.ended - cdr.began > query.longer_us)
        and (not query.text or cdr.party in named or query.text == cdr.interaction)
    )


def call_at(journal: JournalTables, ordinal: int) -> CDR | None:
    """Look a call up by its number."""
    number, place = divmod(ordinal - 1, PAGE)
    page = journal.pages.get(number) if ordinal > 0 else None
    if page is not None:
        return decode_page(page[2].data)[place]
    key = journal.calls.get(ordinal)
    return None if key is None else numbered(decode_bound(journal.batches[key].data))[ordinal]


def count(journal: JournalTables) -> int:
    """Tell how many calls there are."""
    return next_ordinal(journal) - 1


def first_since(journal: JournalTables, since: int) -> int:
    """Tell the number of the first call that ended at a moment or later; one after the last if there is none."""
    low, high = 1, next_ordinal(journal)
    while low < high:
        middle = (low + high) // 2
        cdr = call_at(journal, middle)
        if cdr is not None and cdr.ended < since:
            low = middle + 1
        else:
            high = middle
    return low


def past(journal: JournalTables, party: str, limit: int) -> list[Numbered]:
    """List the last calls of a party, newest first."""
    found: list[Numbered] = []
    for _party, ordinal in reversed(journal.parties.keys(min=(party, 0), max=(party, 1 << 62))):
        if len(found) == limit:
            break
        if (cdr := call_at(journal, ordinal)) is not None:
            found.append((ordinal, cdr))
    return found


def trace(journal: JournalTables, interaction: str) -> Trace:
    """Give everything about a filed call, by walking its batches back from the last; empty if there is no such call."""
    batches: list[tuple[api.Row, ...]] = []
    ordinal = 0
    key = journal.interactions.get(interaction, 0)
    while key and len(batches) < CHAIN_MAX:
        bound = decode_bound(journal.batches[key].data)
        batches.append(tuple(row for row in bound.batch.rows if interaction in interactions_of(row)))
        ordinal = next((number for number, cdr in numbered(bound).items() if cdr.interaction == interaction), ordinal)
        key = bound.links.get(interaction, 0)
    return Trace(ordinal=ordinal, rows=tuple(row for rows in reversed(batches) for row in rows))
