"""How rows stand on the disk: a batch with the links by which a call's rows are found again."""

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any  # any: builtins of every shape are walked

import msgspec

from appliance import api
from appliance.core.cdr import CDR
from appliance.core.effects import CallFiled, Decided, Kept, Quarantined, WorkFiled

PAGE = 256
"Calls on one page of the list."
PAGES_A_CHUNK = 16
"Pages that go into one chunk of columns."
CHUNK = PAGE * PAGES_A_CHUNK
"Calls in a chunk: 4,096."


class Bound(msgspec.Struct, frozen=True, kw_only=True):
    """A batch, and for each interaction in it the batch before that told of it."""

    links: dict[str, int]
    "Interaction to the position of the batch before; absent where this batch is the first."
    first: int = 0
    "Number of the first call that it files; the others follow."
    batch: api.Batch


class Segment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A stretch of the journal that begins with a snapshot, so that it can be replayed by itself."""

    format: int = 1
    release: str
    configuration: str
    "Version that held at its beginning."
    at: int
    "Centre time of the snapshot, microseconds."


_encoder = msgspec.msgpack.Encoder()
_segments = msgspec.msgpack.Decoder(Segment)
_bounds = msgspec.msgpack.Decoder(Bound)
_pages = msgspec.msgpack.Decoder(tuple[CDR, ...])


def encode_bound(bound: Bound) -> bytes:
    """Give the bytes of a batch; text that is not Unicode is mended, not refused: what happened has happened."""
    try:
        return _encoder.encode(bound)
    except UnicodeEncodeError:
        return _encoder.encode(_mended(msgspec.to_builtins(bound)))


@contextmanager
def collector_at_rest() -> Iterator[None]:
    """Keep Python's collector from running while many rows are read.

    None of them is a ring, and it would look again and again over all that are there: a seventh of the time is left.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def decode_bound(data: bytes) -> Bound:
    """Read a batch; raises `msgspec.DecodeError` or `msgspec.ValidationError`."""
    return _bounds.decode(data)


def encode_segment(segment: Segment) -> bytes:
    """Give the bytes of what is kept of a segment."""
    return _encoder.encode(segment)


def decode_segment(data: bytes) -> Segment:
    """Read what is kept of a segment."""
    return _segments.decode(data)


def encode_page(calls: Sequence[CDR]) -> bytes:
    """Give the bytes of a page of the list of calls; text that is not Unicode is mended."""
    try:
        return _encoder.encode(calls)
    except UnicodeEncodeError:
        return _encoder.encode(_mended(msgspec.to_builtins(calls)))


def decode_page(data: bytes) -> tuple[CDR, ...]:
    """Read a page of the list of calls."""
    return _pages.decode(data)


def sound(text: str) -> str:
    """Mend a text that is not Unicode, as `encode_bound` does."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _mended(value: Any) -> Any:  # noqa: ANN401 # any: builtins of every shape
    match value:
        case str():
            return sound(value)
        case dict():
            return {_mended(key): _mended(item) for key, item in value.items()}
        case list() | tuple():
            return [_mended(item) for item in value]
        case _:
            return value


def interactions_of(row: api.Row) -> tuple[str, ...]:
    """Tell the interactions that a row is about, each once."""
    return tuple(dict.fromkeys((*row.about, *(name for kept in row.kept for name in _about(kept)))))


def _about(kept: Kept) -> tuple[str, ...]:
    match kept:
        case CallFiled(cdr=cdr):
            return (cdr.interaction,)
        case WorkFiled(interaction=interaction) | Decided(interaction=interaction):
            return (interaction,)
        case Quarantined(interactions=interactions):
            return interactions


def numbered(bound: Bound) -> dict[int, CDR]:
    """Give the calls that a batch files by their numbers."""
    return dict(enumerate(filed(bound.batch.rows), bound.first))


def filed(rows: Iterable[api.Row]) -> list[CDR]:
    """List the calls that were filed in some rows, in order."""
    return [kept.cdr for row in rows for kept in row.kept if isinstance(kept, CallFiled)]


def worked(rows: Iterable[api.Row]) -> list[WorkFiled]:
    """List the wrap-ups that were filed in some rows, in order."""
    return [kept for row in rows for kept in row.kept if isinstance(kept, WorkFiled)]
