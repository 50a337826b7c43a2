"""Moments as a person types them: `2h`, `3d`, `today`, `2026-11-21`, `2026-11-21T09:30`."""

import datetime as dt
import re
import zoneinfo

import click
from typing_extensions import override

from appliance.texts import said

_AGO = re.compile(r"(\d{1,6})([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
MICROSECONDS = 1_000_000


class Moment(click.ParamType[str]):
    """A moment, checked; it is read by `moment` once the company's zone is known."""

    name = "moment"

    @override
    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            moment(value, now_us=0, zone=zoneinfo.ZoneInfo("UTC"))
        except ValueError as error:
            self.fail(str(error), param, ctx)
        return value


def moment(text: str, *, now_us: int, zone: zoneinfo.ZoneInfo) -> int:
    """Read a moment as microseconds UTC; what names no zone is meant in `zone`. Raises ValueError."""
    if ago := _AGO.fullmatch(text):
        return now_us - int(ago[1]) * _SECONDS[ago[2]] * MICROSECONDS
    if text == "today":
        today = dt.datetime.fromtimestamp(now_us / MICROSECONDS, zone)
        return _micros(today.replace(hour=0, minute=0, second=0, microsecond=0))
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            said("{text} is no moment: give one such as 2h, 3d, today, 2026-11-21 or 2026-11-21T09:30", text=repr(text))
        ) from None
    return _micros(found if found.tzinfo else found.replace(tzinfo=zone))


def _micros(when: dt.datetime) -> int:
    return (when - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)


def shown(at_us: int, zone: zoneinfo.ZoneInfo) -> str:
    """Write a moment as date and time of day in a zone."""
    return dt.datetime.fromtimestamp(at_us / MICROSECONDS, zone).strftime("%Y-%m-%d %H:%M:%S")
