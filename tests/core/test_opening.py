"""Opening hours: expanded by the calendar, asked by the moment."""

from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from appliance.core import model
from appliance.core.hours import is_open
from appliance.records.opening import expanded, opening, unexpanded

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = 3_600_000_000


def us(moment: datetime) -> int:
    """Tell a moment in microseconds."""
    return round(moment.timestamp() * 1_000_000)


def test_a_week_with_a_closed_day() -> None:
    """The hours of Monday and of no other day; the holiday is left out."""
    hours = model.Hours(slug="o", zone="Asia/Shanghai", week={"mon": (("09:00", "17:30"),)}, closed=("2026-11-30",))
    begin = us(datetime(2026, 11, 21, tzinfo=UTC))
    stretches = opening(hours, "UTC", begin, 20)
    zone = ZoneInfo("Asia/Shanghai")
    assert [datetime.fromtimestamp(since / 1e6, tz=zone).isoformat() for since, _ in stretches] == [
        "2026-11-23T09:00:00+08:00",
        "2026-12-07T09:00:00+08:00",
    ]
    since, until = stretches[0]
    assert until - since == 8.5 * HOUR
    assert [is_open(stretches, at) for at in (since - 1, since, until - 1, until)] == [False, True, True, False]


def test_days_of_23_and_25_hours() -> None:
    """Midnights follow the zone, and a night that is open all through is one stretch."""
    configuration = model.Configuration(
        company=model.Company(zone="Europe/Berlin"),
        hours=(model.Hours(slug="always", week=dict.fromkeys(("sat", "sun", "mon"), (("00:00", "24:00"),))),),
    )
    begin = us(datetime(2026, 10, 24, 12, tzinfo=BERLIN))
    made = expanded(configuration, begin, 4)
    days = made.company.midnights
    assert [(b - a) / HOUR for a, b in pairwise(days)] == [24, 25, 24]
    assert made.hours[0].opening == ((days[0], days[0] + 73 * HOUR),)
    assert unexpanded(made) == configuration


def test_an_hour_that_does_not_exist_is_no_stretch() -> None:
    """02:00 to 03:00 on the day that leaps over it."""
    hours = model.Hours(slug="o", week={"sun": (("02:00", "03:00"),)})
    assert opening(hours, "Europe/Berlin", us(datetime(2026, 3, 29, tzinfo=BERLIN)), 1) == ()


@pytest.mark.parametrize(
    "hours", [model.Hours(slug="o", zone="Nowhere/Land"), model.Hours(slug="o", closed=("2026-02-30",))]
)
def test_zones_and_dates_that_do_not_exist(hours: model.Hours) -> None:
    """Are a clear error."""
    with pytest.raises(ValueError, match=r"time zone|day"):
        opening(hours, "UTC", 0, 1)
