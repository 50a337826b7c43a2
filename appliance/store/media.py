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
) -> SealOrder | None:
    """Give a recording its key and its file; one that has them keeps them, and gets an owner if it had none.

    None if it is not to be sealed: its party was erased, before or since it began.
    """
    if recording in people.hushed or (party and party in people.erased):
        people.hushed.add(recording)
        return None
    record = record_of(people, recording)
    if record is not None and party and not record.party:
        record = msgspec.structs.replace(record, party=party, interaction=interaction)
        people.media[recording] = _encoder.encode(record)
        people.belongings.discard(("", "media", recording))
        people.belongings.add((party, "media", recording))
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


def keep(people: PeopleTables, outcome: Sealed, now_us: int) -> bool:
    """Note that a recording is sealed; of one that was erased meanwhile the file has to go. Tells which it is."""
    record = record_of(people, outcome.recording)
    people.unsealed.discard(outcome.recording)
    if record is None or record.file != outcome.file:
        people.doomed.add(outcome.file)
        return False
    record = msgspec.structs.replace(record, samples=outcome.samples, sealed=now_us)
    people.media[outcome.recording] = _encoder.encode(record)
    return True


def forget(people: PeopleTables, recording: str) -> None:
    """Drop a recording's key; its file has to go, and what is still being recorded is not to be sealed."""
    record = record_of(people, recording)
    if record is not None:
        people.doomed.add(record.file)
        people.hushed.add(recording)
    people.media.pop(recording, None)
    people.unsealed.discard(recording)
