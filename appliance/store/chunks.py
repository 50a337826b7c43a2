"""Finished calls in columns: 4,096 a chunk, in four sheets.

Lists of calls look at the first. A report of queue visits reads the last alone, which has nothing that the segments in
the third have not; a chunk that is older than it has three, and its visits are made from its records.
"""

from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from appliance.core.cdr import CDR
from appliance.core.columns import Ints, Part, Text, Words
from appliance.core.visits import Visit, visits_of
from appliance.store.columns import Body, Columns
from appliance.store.pressing import Pressed
from appliance.store.spread import gather, spread

READY = ("began", "wait_us", "talk_us", "queue", "agent", "number", "outcome")
"Columns of the first sheet, which is not squeezed, so that it is read at once."
WHO = ("party",)
"Columns of the second sheet."
BATCH = "batch"
"Column with the position of the last batch about the call."
OWNERS_MAX = 2
"How many of a call's columns, its times first, a segment's may count from."
PLACE_OF_VISITS = 3
"Of the sheet, among a chunk's."
NOTHING_ELSE: dict[str, Ints] = {}


Mask = NDArray[np.bool_]


def press(calls: Sequence[CDR], batches: Sequence[int]) -> Pressed:
    """Put calls, in the order in which they ended, into columns; `batches` has the last batch about each."""
    known: dict[str, Ints] = {}
    ready, who, rest = (Body(known.__getitem__, squeeze=squeeze) for squeeze in (False, False, True))
    every = list(spread(CDR, "", "", calls))
    own = [column for column in every if not column.table]
    own.sort(key=lambda column: (column.name not in READY, column.name not in WHO))
    hanging = [column for column in reversed(every) if column.table]  # a segment begins where the one before ended
    beside: dict[str, list[str]] = {}
    for column in (*own, *hanging):
        body = ready if column.name in READY else who if column.name in WHO else rest
        near = beside.setdefault(column.table, [])
        others = near if body is rest else near[:1]
        if column.texts:
            body.put_texts(column.name, column.values, beside=others)
            continue
        owners = beside[""][:OWNERS_MAX] if column.table else ()
        body.put(column.name, column.values, beside=others, owners=owners)
        known[column.name] = body.look(column.name)
        near.append(column.name)
    rest.put(BATCH, batches, beside=beside[""])
    names = [cdr.interaction for cdr in calls]
    return Pressed(
        began=min(cdr.began for cdr in calls),
        ended=max(cdr.ended for cdr in calls),
        least=min(names),
        greatest=max(names),
        ready=ready.done(),
        who=who.done(),
        rest=rest.done(),
        visits=_visits(calls),
    )


class Chunk:
    """A chunk that is read; a sheet is loaded when a column of it is first asked for."""

    def __init__(self, *loads: Callable[[], bytes]) -> None:
        """Remember how the sheets are loaded, in the order of `Pressed`; an old chunk has none of visits."""
        self._loads = loads

    @cached_property
    def _ready(self) -> Columns:
        return Columns(self._loads[0](), self.ints)

    @cached_property
    def _who(self) -> Columns:
        return Columns(self._loads[1](), self.ints)

    @cached_property
    def _rest(self) -> Columns:
        return Columns(self._loads[2](), self.ints)

    @cached_property
    def _visits(self) -> Columns:
        old = len(self._loads) <= PLACE_OF_VISITS
        made = _visits(self.calls(np.arange(self.rows))) if old else self._loads[PLACE_OF_VISITS]()
        return Columns(made, NOTHING_ELSE.__getitem__)

    def _sheet(self, name: str) -> Columns:
        base = name.partition("#")[0]
        return self._ready if base in READY else self._who if base in WHO else self._rest

    @property
    def rows(self) -> int:
        """How many calls are in it."""
        return len(self.ints("began"))

    def has(self, name: str) -> bool:
        """Whether there is a column of this field, or of what is within it."""
        sheet = self._sheet(name)
        return any(found == name or found.startswith((f"{name}.", f"{name}#")) for found in sheet.names())

    def ints(self, name: str) -> Ints:
        """Give a column of numbers; KeyError if there is none."""
        return self._sheet(name).ints(name)

    def texts(self, name: str, rows: Ints) -> list[Text]:
        """Give some rows of a column of texts; KeyError if there is none."""
        return self._sheet(name).texts(name, rows)

    def words(self, name: str) -> Words:
        """Give a column of texts as numbers."""
        return _words(self._sheet(name), name)

    def mask(self, name: str, wanted: frozenset[str]) -> Mask:
        """Tell which rows of a column of texts have one of these; none where the column is not."""
        sheet = self._sheet(name)
        if not self.has(name):
            return np.zeros(self.rows, np.bool_)
        worded = sheet.worded(name)
        if worded.how == "listed" and wanted.isdisjoint(worded.values):
            return np.zeros(worded.rows, np.bool_)
        if worded.how == "hex":
            ids = [bytes.fromhex(text) for text in wanted if len(text) == 2 * worded.width and _is_hex(text)]
            kind = np.dtype((np.bytes_, worded.width))
            return np.isin(sheet.raw(name).view(kind).ravel(), np.frombuffer(b"".join(ids), kind))
        words = self.words(name)
        places = [place for place, text in enumerate(words.values) if text in wanted]
        return np.isin(words.places, places)

    def owned(self, table: str, mask: Mask) -> Mask:
        """Tell which calls have a row of a table of theirs that a mask takes."""
        counts = self.ints(f"{table}#")
        owners = np.repeat(np.arange(len(counts)), counts)
        return np.bincount(owners[mask], minlength=len(counts)) > 0

    def visits(self, columns: Sequence[str]) -> Part:
        """Give some columns of the calls' visits to queues."""
        return _part(self._visits, columns)

    def calls(self, rows: Ints) -> list[CDR]:
        """Make the records of some rows."""
        return gather(CDR, "", self, rows)


def _is_hex(text: str) -> bool:
    return all(letter in "0123456789abcdef" for letter in text)


def visits_in(calls: Sequence[CDR], columns: Sequence[str]) -> Part:
    """Give columns of the visits of calls that are in no chunk."""
    return _part(Columns(_visits(calls), NOTHING_ELSE.__getitem__), columns)


def _visits(calls: Sequence[CDR]) -> bytes:
    """Put the visits of some calls into columns."""
    body = Body(NOTHING_ELSE.__getitem__, squeeze=False)
    for column in spread(Visit, "", "", [visit for cdr in calls for visit in visits_of(cdr)]):
        if column.texts:
            body.put_texts(column.name, column.values)
        else:
            body.put(column.name, column.values)
    return body.done()


def _part(sheet: Columns, names: Sequence[str]) -> Part:
    numbers: dict[str, Ints] = {}
    words: dict[str, Words] = {}
    for name in names:
        try:
            numbers[name] = sheet.ints(name)
        except KeyError:
            words[name] = _words(sheet, name)
    return Part(numbers=numbers, words=words)


def _words(sheet: Columns, name: str) -> Words:
    worded = sheet.worded(name)
    if worded.how == "listed":
        return Words(places=sheet.ints(f"{name}#"), values=worded.values)
    every = sheet.texts(name, np.arange(worded.rows))
    places = {text: place for place, text in enumerate(dict.fromkeys(every))}
    return Words(places=np.array([places[text] for text in every], np.int64), values=tuple(places))
