"""The list of calls, and everything about one of them: the journal's reading side.

Calls stand in the order in which they ended: the newest in their batches, some on pages, and all others in chunks of
columns, which never change. A query walks from the newest back and stops as soon as it has its page, or what it looks
for lies before what is left; in a chunk it looks at columns, and makes records of those calls alone that it found.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from appliance import api
from appliance.core.cdr import CDR
from appliance.core.columns import Part
from appliance.core.effects import Decided, WorkFiled
from appliance.store.batches import (
    CHUNK,
    PAGE,
    collector_at_rest,
    decode_bound,
    decode_page,
    decode_segment,
    interactions_of,
    numbered,
)
from appliance.store.chunks import BATCH, PLACE_OF_VISITS, Chunk, Mask, visits_in
from appliance.store.journal import decode_snapshot, next_ordinal, read_tail
from appliance.store.people import Label, Note
from appliance.store.schema import JournalTables, Sheet, chunks_ahead, fetch_ahead, position
from appliance.store.upkeep import FLOOR

CHAIN_MAX = 10_000
"Batches that are read for one call."
AHEAD = 6
"So many chunks are asked for at once, before they are needed: with more, the first of them is waited for longer."
ALONE, SOME = 4, 16
"So many chunks a query looks at one by one; if it goes on after them, so many are asked for at once."
SCAN_MAX = 20_000_000
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
    before: int = 0
    "Only calls of smaller numbers."
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
    cdr: CDR | None
    rows: tuple[api.Row, ...]
    boots: tuple[int, ...]
    "Of each row."


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A stretch of the journal that can be replayed: what was, and what happened from then on."""

    snapshot: bytes
    "State of the Centre, empty if the stretch begins where the journal does."
    release: str
    "Release that wrote the snapshot, empty without one."
    configuration: str
    "Version that the snapshot ran under, empty without one."
    rows: tuple[api.Row, ...]
    "Every fact after the snapshot, in order."


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
    boots: tuple[int, ...]
    "The daemon's start that each of them belongs to: with its sequence, its place in the journal."
    works: tuple[WorkFiled, ...]
    decisions: tuple[Decided, ...]
    notes: tuple[Note, ...]
    recording: Recording | None
    "None if there is none, or it is not sealed yet, or was erased."


Numbered = tuple[int, CDR]


def chunk_of(journal: JournalTables, number: int) -> Chunk:
    """Open a chunk; its sheets are loaded when they are needed. KeyError if there is none."""
    return _chunk(_sheets(journal, number))


def _chunk(sheets: list[Sheet]) -> Chunk:
    return Chunk(*((lambda sheet=sheet: sheet.data) for sheet in sheets))


def _sheets(journal: JournalTables, number: int) -> list[Sheet]:
    _began, _ended, _least, _greatest, *sheets = journal.chunks[number]
    return sheets


def find(
    journal: JournalTables, query: Query, parties: Callable[[], frozenset[str]]
) -> tuple[list[Numbered], bool, int]:
    """Give a page of calls, whether there are more, and how many were looked at.

    `parties` is asked once, if the query has a text: whose number or name holds it.
    """
    named = parties() if query.text else frozenset()
    skip, found, scanned = query.page * query.size, list[Numbered](), 0
    for looked, suiting in _suiting(journal, query, named, skip + query.size + 1):
        scanned += looked
        if scanned > SCAN_MAX:
            break
        found += suiting
        if len(found) > skip + query.size:
            return found[skip : skip + query.size], True, scanned
    return found[skip:], False, scanned


def _suiting(
    journal: JournalTables, query: Query, named: frozenset[str], most: int
) -> Iterator[tuple[int, list[Numbered]]]:
    """Walk the calls from the one that ended last: how many were looked at since, and those of them that suit."""
    for ordinal, cdr in _loose(journal, query):
        suits = (not query.before or ordinal < query.before) and _suits(query, cdr, named)
        yield 1, [(ordinal, cdr)] if suits else []
    for number in _promising(journal, query):
        first = number * CHUNK + 1
        chunk = chunk_of(journal, number)
        rows = np.flatnonzero(_mask(chunk, query, named, first))[::-1][:most]
        looked = chunk.rows if len(rows) < most else chunk.rows - int(rows[-1])
        calls = chunk.calls(rows) if len(rows) else []
        yield looked, [(first + row, cdr) for row, cdr in zip(rows.tolist(), calls, strict=True)]


def _promising(journal: JournalTables, query: Query) -> Iterator[int]:
    """Walk the chunks that may hold such a call, the last one first; after some, their sheets are fetched ahead."""
    given = 0
    ahead: list[int] = []
    for number in reversed(journal.chunks.keys()):
        earliest, latest, *_rest = journal.chunks[number]
        if latest < query.since:
            break
        if not (query.until and earliest >= query.until) and not (query.before and number * CHUNK + 1 >= query.before):
            ahead.append(number)
        if len(ahead) >= (1 if given < ALONE else SOME):
            given += len(ahead)
            yield from _fetched(journal, query, ahead)
            ahead = []
    yield from _fetched(journal, query, ahead)


def _fetched(journal: JournalTables, query: Query, numbers: Sequence[int]) -> Sequence[int]:
    """Have the sheets of several chunks brought that a query looks at."""
    if len(numbers) > 1:
        beyond = query.queue or query.agent or query.text or query.longer_us or query.recorded is not None
        every = [_sheets(journal, number) for number in numbers]
        fetch_ahead([sheet for sheets in every for sheet in (sheets[:PLACE_OF_VISITS] if beyond else sheets[:1])])
    return numbers


def _loose(journal: JournalTables, query: Query) -> Iterator[Numbered]:
    """Walk the calls that are in no chunk, from the one that ended last; what lies after the query is not read."""
    if journal.calls and (not query.before or journal.calls.minKey() < query.before):
        yield from reversed(read_tail(journal))
    for number in reversed(journal.pages.keys()):
        earliest, latest, sheet = journal.pages[number]
        if latest < query.since:
            return
        within = not query.before or number * PAGE + 1 < query.before
        if within and (not query.until or earliest < query.until):
            yield from reversed(list(enumerate(decode_page(sheet.data), number * PAGE + 1)))


def _suits(query: Query, cdr: CDR, named: frozenset[str]) -> bool:
    return (
        query.since <= cdr.began
        and (not query.until or cdr.began < query.until)
        and query.queue in {"", cdr.queue, *(segment.queue for segment in cdr.segments)}
        and query.agent in {"", cdr.agent, *(segment.agent for segment in cdr.segments)}
        and query.number in {"", cdr.number}
        and query.outcome in {"", cdr.outcome}
        and query.recorded in {None, bool(cdr.recording)}
        and (not query.longer_us or cdr.ended - cdr.began > query.longer_us)
        and (not query.text or cdr.party in named or query.text == cdr.interaction)
    )


def _mask(chunk: Chunk, query: Query, named: frozenset[str], first: int) -> Mask:
    """Tell which calls of a chunk suit; says the same as `_suits`, and reads no column once none is left."""
    began = chunk.ints("began")
    mask: Mask = began >= query.since
    if query.until:
        mask &= began < query.until
    if query.before:
        mask &= np.arange(first, first + chunk.rows) < query.before
    for name, wanted in (("number", query.number), ("outcome", query.outcome)):
        if wanted and mask.any():
            mask &= chunk.mask(name, frozenset([wanted]))
    for name, wanted in (("queue", query.queue), ("agent", query.agent)):
        if wanted and mask.any():
            mask &= _with(chunk, name, frozenset([wanted]))
    if query.recorded is not None and mask.any():
        mask &= chunk.mask("recording", frozenset([""])) != query.recorded
    if query.longer_us and mask.any():
        mask &= chunk.ints("ended") - began > query.longer_us
    if query.text and mask.any():
        mask &= chunk.mask("party", named) | chunk.mask("interaction", frozenset([query.text]))
    return mask


def _with(chunk: Chunk, name: str, wanted: frozenset[str]) -> Mask:
    """Tell which calls have one of these in a column, or in any segment's."""
    mask = chunk.mask(name, wanted)
    inner = chunk.mask(f"segments.{name}", wanted)
    return mask | chunk.owned("segments", inner) if inner.any() else mask


def call_at(journal: JournalTables, ordinal: int) -> CDR | None:
    """Look a call up by its number."""
    if ordinal < 1:
        return None
    number, row = divmod(ordinal - 1, CHUNK)
    if number in journal.chunks:
        return chunk_of(journal, number).calls(np.array([row]))[0]
    number, place = divmod(ordinal - 1, PAGE)
    if (page := journal.pages.get(number)) is not None:
        return decode_page(page[2].data)[place]
    key = journal.calls.get(ordinal)
    return None if key is None else numbered(decode_bound(journal.batches[key].data))[ordinal]


def count(journal: JournalTables) -> int:
    """Tell how many calls there are."""
    return next_ordinal(journal) - 1


def first_since(journal: JournalTables, since: int) -> int:
    """Tell the number of the first call that ended at a moment or later; one after the last if there is none."""
    low, high = 1, next_ordinal(journal)
    if journal.chunks:
        low = journal.chunks.minKey() * CHUNK + 1
    while low < high:
        middle = (low + high) // 2
        cdr = call_at(journal, middle)
        if cdr is not None and cdr.ended < since:
            low = middle + 1
        else:
            high = middle
    return low


def past(journal: JournalTables, party: str, limit: int, since: int = 0) -> list[Numbered]:
    """List the last calls of a party, which was first seen at `since`, newest first."""
    indexed = reversed(journal.parties.keys(min=(party, 0), max=(party, 1 << 62)))
    ordinals = [ordinal for _party, ordinal in islice(indexed, limit)]
    found = [(ordinal, cdr) for ordinal in ordinals if (cdr := call_at(journal, ordinal)) is not None]
    for number in reversed(journal.chunks.keys()):
        if len(found) >= limit or journal.chunks[number][1] < since:
            break
        first = number * CHUNK + 1
        chunk = chunk_of(journal, number)
        rows = [row for row in _rows_of(chunk, party) if first + row not in ordinals][: limit - len(found)]
        found += zip((first + row for row in rows), chunk.calls(np.array(rows, np.int64)), strict=True)
    return found


def _rows_of(chunk: Chunk, party: str) -> list[int]:
    rows: list[int] = np.flatnonzero(chunk.mask("party", frozenset([party])))[::-1].tolist()
    return rows


def trace(journal: JournalTables, interaction: str) -> Trace:
    """Give everything about a filed call, by walking its batches back from the last; empty if there is no such call.

    Of a call in a chunk the record is there too when its facts were let go.
    """
    ordinal, cdr, pressed = _in_chunk(journal, interaction)
    batches: dict[int, list[tuple[int, api.Row]]] = {}
    for last in (journal.interactions.get(interaction, 0), pressed):
        key = last
        while key and key not in batches and len(batches) < CHAIN_MAX and key in journal.batches:
            bound = decode_bound(journal.batches[key].data)
            boot = bound.batch.boot
            batches[key] = [(boot, row) for row in bound.batch.rows if interaction in interactions_of(row)]
            for number, found in numbered(bound).items():
                if found.interaction == interaction:
                    ordinal, cdr = number, found
            key = bound.links.get(interaction, 0)
    every = [entry for key in sorted(batches) for entry in batches[key]]
    boots, rows = tuple(boot for boot, _row in every), tuple(row for _boot, row in every)
    return Trace(ordinal=ordinal, cdr=cdr, rows=rows, boots=boots)


def _in_chunk(journal: JournalTables, interaction: str) -> tuple[int, CDR | None, int]:
    """Find a call in the chunks: its number, its record, the last batch about it."""
    for number in reversed(journal.chunks.keys()):
        _began, _ended, least, greatest, *_sheets = journal.chunks[number]
        if least <= interaction <= greatest:
            chunk = chunk_of(journal, number)
            rows = np.flatnonzero(chunk.mask("interaction", frozenset([interaction])))
            if len(rows):
                (cdr,) = chunk.calls(rows[:1])
                return number * CHUNK + 1 + int(rows[0]), cdr, int(chunk.ints(BATCH)[rows[0]])
    return 0, None, 0


def visits(journal: JournalTables, names: Sequence[str], since: int, until: int) -> Iterator[Part]:
    """Give columns of the queue visits of all calls that touch a stretch of time: chunk by chunk, the rest last."""
    groups = chunks_ahead(journal, since, until, first=PLACE_OF_VISITS, count=AHEAD)
    group = next(groups, [])
    while group:
        after = next(groups, [])
        for sheets in group:
            yield _chunk(sheets).visits(names)
        group = after
    loose = (cdr for _ordinal, cdr in _loose(journal, Query(since=since, until=until)))
    yield visits_in([cdr for cdr in loose if cdr.ended >= since and cdr.began < until], names)


def history(journal: JournalTables, since: int, until: int) -> History | None:
    """Give what happened from a moment (or the last snapshot before it) to another; None if it was let go."""
    begin, snapshot = 0, None
    for key in reversed(journal.segments.keys()):
        if decode_segment(journal.segments[key]).at <= since:
            begin, snapshot = key, decode_snapshot(journal.snapshots[key].data)
            break
    if not begin and journal.numbers.get(FLOOR):
        return None
    rows: list[api.Row] = []
    first = journal.batches.maxKey(begin) if journal.batches and journal.batches.minKey() <= begin else 0
    with collector_at_rest():
        for sheet in journal.batches.values(min=first):
            batch = decode_bound(sheet.data).batch
            if batch.rows[0].now > until:
                break
            rows += [row for row in batch.rows if position(batch.boot, row.sequence) > begin and row.now <= until]
    return History(
        snapshot=snapshot.state if snapshot else b"",
        release=snapshot.release if snapshot else "",
        configuration=snapshot.configuration if snapshot else "",
        rows=tuple(rows),
    )
