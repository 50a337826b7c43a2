"""Recorded days: out of the journal of the box, or out of a file."""

import datetime as dt
import time
import zoneinfo
from pathlib import Path

import click
import msgspec

from appliance.commands._box import box, store
from appliance.commands._since import MICROSECONDS, moment
from appliance.replay import FORMAT, Recorded, versions_of
from appliance.store.reader import Reader
from appliance.texts import said

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Recorded)


def save(recorded: Recorded, path: Path) -> None:
    """Write a recorded stretch into a file that only its owner may read."""
    path.touch(mode=0o600)
    path.write_bytes(_encoder.encode(recorded))


def load(path: Path) -> Recorded:
    """Read a recorded stretch."""
    try:
        recorded = _decoder.decode(path.read_bytes())
    except (OSError, msgspec.DecodeError) as error:
        raise click.ClickException(said("{path} is no recorded journal: {error}", path=path, error=error)) from error
    if recorded.format != FORMAT:
        told = said(
            "{path} has format {format}, this release reads {ours}", path=path, format=recorded.format, ours=FORMAT
        )
        raise click.ClickException(told)
    return recorded


def recorded_of(what: str) -> tuple[Recorded, int, int]:
    """Give a file's or a date's recorded stretch, and from when to when it is meant (0 for all of it)."""
    path = Path(what)
    if path.exists():
        return load(path), 0, 0
    with store(box()) as reader:
        zone = zoneinfo.ZoneInfo(reader.standing().configuration.company.zone)
        since, until = _day(what, zone)
        return _from(reader, since, until, what), since, until


def _day(text: str, zone: zoneinfo.ZoneInfo) -> tuple[int, int]:
    try:
        since = moment(text, now_us=time.time_ns() // 1000, zone=zone)
    except ValueError as error:
        raise click.ClickException(said("there is no file {text}, and {error}", text=text, error=error)) from error
    begin = dt.datetime.fromtimestamp(since / MICROSECONDS, zone)
    end = (begin + dt.timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return since, int(end.timestamp()) * MICROSECONDS


def _from(reader: Reader, since: int, until: int, what: str) -> Recorded:
    history = reader.history(since, until)
    if history is None or not history.rows:
        raise click.ClickException(said("the journal holds nothing of {what} any more, or not yet", what=what))
    versions = dict.fromkeys([*([history.configuration] if history.configuration else []), *versions_of(history.rows)])
    configurations = {version: reader.configuration(version) for version in versions}
    return Recorded(
        release=history.release, snapshot=history.snapshot, configurations=configurations, rows=history.rows
    )
