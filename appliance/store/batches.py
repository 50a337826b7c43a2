"""How rows stand on the disk: a batch with the links by which a call's rows are found again."""

from collections.abc import Iterable, Sequence
from typing import Any  # any: builtins of every shape are walked

import msgspec

from appliance import api
from appliance.core.cdr import CDR
from appliance.core.effects import CallFiled, Decided, Kept, Quarantined, WorkFiled

PAGE = 256
"Calls on one page of the list."


class Bound(msgspec.Struct, frozen=True, kw_only=True):
    """A batch, and for each interaction in it the batch before that told of it."""

    links: dict[str, int]
    "Interaction to the position of the batch before; absent where this batch is the first."
    first: int = 0
    "Number of the first call that it files; the others follow."
    batch: api.Batch


_encoder = msgspec.msgpack.Encoder()
_bounds = msgspec.msgpack.Decoder(Bound)
_pages = msgspec.msgpack.Decoder(tuple[CDR, ...])


def encode_bound(bound: Bound) -> bytes:
    """Give the bytes of a batch; text that is not Unicode is mended, not refused: what happened has happened."""
    try:
        return _encoder.encode(bound)
    except UnicodeEncodeError:
        return _encoder.encode(_mended(msgspec.to_builtins(bound)))


def decode_bound(data: bytes) -> Bound:
    """Read a batch; raises `msgspec.DecodeError` or `msgspec.ValidationError`."""
    return _bounds.decode(data)


def encode_page(calls: Sequence[CDR]) -> bytes:
    """Give the bytes of a page of the list of calls."""
    return _encoder.encode(calls)


def decode_page(data: bytes) -> tuple[CDR, ...]:
    """Read a page of the list of calls."""
    return _pages.decode(data)


def _mended(value: Any) -> Any:  # noqa: ANN401 # any: builtins of every shape
    match value:
        case str():
            return value.encode("utf-8", "replace").decode()
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
