"""Opening hours and days, expanded from local time to moments, so that routing needs no calendar."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from appliance.core import model

DAYS_AHEAD = 400
"How far a published configuration knows its calendar; the box publishes anew long before it ends."
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def expanded(configuration: model.Configuration, from_us: int, days: int = DAYS_AHEAD) -> model.Configuration:
    """Give a configuration its calendar from a moment on (microseconds UTC), for so many days.

    The days of the company begin at local midnight, so that a day may have 23 or 25 hours. Raises `ValueError` if a
    zone or a date does not exist.
    """
    company = configuration.company
    zone = _zone(company.zone)
    first = datetime.fromtimestamp(from_us / 1_000_000, tz=zone).date()
    midnights = tuple(_moment(first + timedelta(days=n), "00:00", zone) for n in range(days))
    return msgspec.structs.replace(
        configuration,
        company=msgspec.structs.replace(company, midnights=midnights),
        hours=tuple(
            msgspec.structs.replace(hours, opening=opening(hours, company.zone, from_us, days))
            for hours in configuration.hours
        ),
    )


def unexpanded(configuration: model.Configuration) -> model.Configuration:
    """Take the calendar out again: what people edit, compare and export."""
    return msgspec.structs.replace(
        configuration,
        company=msgspec.structs.replace(configuration.company, midnights=()),
        hours=tuple(msgspec.structs.replace(hours, opening=()) for hours in configuration.hours),
    )


def opening(hours: model.Hours, company_zone: str, from_us: int, days: int) -> tuple[tuple[int, int], ...]:
    """Tell when hours are open, [from, until) in microseconds UTC, from the day of a moment on.

    Raises `ValueError` if the zone or a closed date does not exist.
    """
    zone = _zone(hours.zone or company_zone)
    closed = {date.fromisoformat(day) for day in hours.closed}
    first = datetime.fromtimestamp(from_us / 1_000_000, tz=zone).date()
    stretches: list[tuple[int, int]] = []
    for day in (first + timedelta(days=n) for n in range(days)):
        if day in closed:
            continue
        for begin, end in hours.week.get(WEEK[day.weekday()], ()):
            since, until = _moment(day, begin, zone), _moment(day, end, zone)
            if stretches and stretches[-1][1] == since:
                since = stretches.pop()[0]
            if since < until:
                stretches.append((since, until))
    return tuple(stretches)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError) as error:
        raise ValueError(f"there is no time zone {name!r}") from error


def _moment(day: date, clock: str, zone: ZoneInfo) -> int:
    if clock == "24:00":
        day, clock = day + timedelta(days=1), "00:00"
    local = datetime.combine(day, time.fromisoformat(clock), tzinfo=zone)
    return round(local.astimezone(UTC).timestamp()) * 1_000_000
