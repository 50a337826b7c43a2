"""The words between the daemon and the sealer: JSON, one a line; and what lies in the spool between them."""

from collections.abc import Collection
from pathlib import Path

import msgspec

RAW = ".raw"
"What the exchange calls its files in the spool."

KEY_BYTES = 32
"Of the key of a sealed recording."


class SealOrder(msgspec.Struct, frozen=True, kw_only=True, tag="seal"):
    """Make a raw recording a sealed file."""

    recording: str
    "The raw file is `<recording>.raw` in the spool."
    file: str
    "Where the sealed file goes, below the media folder."
    key: bytes
    "AES-256."


class Unlink(msgspec.Struct, frozen=True, kw_only=True, tag="unlink"):
    """Remove a raw recording, whose sealed file is on record."""

    recording: str


class Sealed(msgspec.Struct, frozen=True, kw_only=True, tag="sealed"):
    """A sealed file is on the disk for good."""

    recording: str
    file: str
    samples: int
    "Of each channel, 8,000 a second."


class SealFailed(msgspec.Struct, frozen=True, kw_only=True, tag="seal-failed"):
    """A recording could not be sealed; the raw file, if there is one, is untouched."""

    recording: str
    why: str
    "`absent`, `empty` (nobody was bridged), `no_space` or `failed`."


class Unlinked(msgspec.Struct, frozen=True, kw_only=True, tag="unlinked"):
    """A raw recording is gone."""

    recording: str


Order = SealOrder | Unlink
Answer = Sealed | SealFailed | Unlinked

_orders: msgspec.json.Decoder[Order] = msgspec.json.Decoder(Order)
_answers: msgspec.json.Decoder[Answer] = msgspec.json.Decoder(Answer)


def encode_line(word: Order | Answer) -> bytes:
    """Give one line, with its end."""
    return msgspec.json.encode(word) + b"\n"


def decode_order(line: bytes) -> Order:
    """Read what the sealer is asked; raises `msgspec.DecodeError` or `msgspec.ValidationError`."""
    return _orders.decode(line)


def decode_answer(line: bytes) -> Answer:
    """Read what the sealer answers; raises `msgspec.DecodeError` or `msgspec.ValidationError`."""
    return _answers.decode(line)


def leftovers(spool: Path, live: Collection[str]) -> tuple[str, ...]:
    """List the recordings in the spool that no live call writes."""
    if not spool.is_dir():
        return ()
    found = sorted(path.stem for path in spool.iterdir() if path.suffix == RAW)
    return tuple(recording for recording in found if recording not in live)
