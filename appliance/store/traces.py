"""From each call to everything that was journalled about it.

Each batch names, for every interaction in it, the batch before that told of the same one. So a call's rows are found
by walking back from the last, and writing costs a few bytes a batch. While a call goes on, its last batch is known in
memory alone; the index on the disk is written once the call is filed, and at what is said about it afterwards.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import msgspec

from appliance import api
from appliance.store.batches import filed, interactions_of, worked
from appliance.store.schema import Positions

OPEN_MAX = 20_000
"Unfiled interactions that are kept in memory; beyond that the longest untouched go to the index."

_decoder = msgspec.msgpack.Decoder(dict[str, int])


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one batch changes."""

    links: Mapping[str, int]
    "Interaction to the batch before, for the batch itself."
    indexed: Mapping[str, int]
    "What goes into the index: interaction to its last batch."
    held: Mapping[str, int]
    "What is kept in memory."


class Traces:
    """The last batch of each interaction that is not yet in the index."""

    def __init__(self, saved: bytes = b"") -> None:
        """Begin with what a snapshot saved, if anything."""
        self._held: dict[str, int] = _decoder.decode(saved) if saved else {}

    def save(self) -> bytes:
        """Give what a snapshot has to keep."""
        return msgspec.msgpack.encode(self._held)

    def step(self, batch: int, rows: Sequence[api.Row], index: Positions) -> Step:
        """Tell what a batch changes; changes nothing itself, so that a commit may be tried again."""
        touched = dict.fromkeys(name for row in rows for name in interactions_of(row))
        over = {cdr.interaction for cdr in filed(rows)}
        late = {work.interaction for work in worked(rows)}
        known = {name: index.get(name, 0) for name in touched if name not in self._held}
        over |= late & known.keys()  # its call is in a chunk already
        indexed = {name: batch for name in touched if name in over or known.get(name)}
        spare = max(0, len(self._held) - OPEN_MAX)
        indexed |= {name: self._held[name] for name in islice(self._held, spare) if name not in touched}
        links = {name: self._held.get(name) or known[name] for name in touched}
        return Step(
            links={name: before for name, before in links.items() if before},
            indexed=indexed,
            held={name: batch for name in touched if name not in indexed},
        )

    def apply(self, step: Step) -> None:
        """Take over what a committed batch changed."""
        for name in step.indexed:
            self._held.pop(name, None)
        for name, batch in step.held.items():
            self._held.pop(name, None)
            self._held[name] = batch
