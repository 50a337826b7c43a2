"""Recordings on record: whose they are, where their file is, and the key without which it is noise."""

import re
import secrets
from datetime import UTC, datetime

import msgspec

from appliance.store.orders import KEY_BYTES, Sealed, SealOrder
from appliance.store.schema import PeopleTables

_EXCHANGE = re.compile(r"[^a-z0-9-]+")


class MediaRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One recording."""

    party: str = ""
    "Whose it is; empty if nothing is known of a left-over."
    interaction: str = ""
    file: str
    "`<exchange>/<yyyy>/<mm>/<opaque id>` below the media folder."
    key: bytes
    "AES-256."
    began: int
    "Centre time, microseconds."
    samples: int = 0
    "0 until it is sealed."
    sealed: int = 0


_encoder = msgspec.msgpack.Encoder()
_records = msgspec.msgpack.Decoder(MediaRecord)


def record_of(people: PeopleTables, recording: str) -> MediaRecord | None:
    """Tell what is known of a recording."""
    data = people.media.get(recording)
    return None if data is None else _records.decode(data)


def begin(
    people: PeopleTables, recording: str, *, exchange: str = "", interaction: str = "", party: str = "", now_us: int
) -> SealOrder:
    """Give a recording its key and its file; one that has them keeps them."""
    record = record_of(people, recording)
    if record is None:
        moment = datetime.fromtimestamp(now_us / 1_000_000, tz=UTC)
        folder = _EXCHANGE.sub("-", exchange.lower()).strip("-") or "unknown"
        record = MediaRecord(
            party=party,
            interaction=interaction,
            file=f"{folder}/{moment:%Y}/{moment:%m}/{secrets.token_hex(16)}",
            key=secrets.token_bytes(KEY_BYTES),
            began=now_us,
        )
        people.media[recording] = _encoder.encode(record)
        people.unsealed.add(recording)
        people.belongings.add((party, "media", recording))
    return SealOrder(recording=recording, file=record.file, key=record.key)


def keep(people: PeopleTables, outcome: Sealed, now_us: int) -> None:
    """Note that a recording is sealed; one that was erased meanwhile stays erased."""
    record = record_of(people, outcome.recording)
    people.unsealed.discard(outcome.recording)
    if record is not None and record.file == outcome.file:
        record = msgspec.structs.replace(record, samples=outcome.samples, sealed=now_us)
        people.media[outcome.recording] = _encoder.encode(record)
