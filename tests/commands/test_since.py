"""Moments are read as a person means them."""

import datetime as dt
import zoneinfo

import pytest

from appliance.commands._since import MICROSECONDS, moment, shown

SHANGHAI = zoneinfo.ZoneInfo("Asia/Shanghai")
NOW = int(dt.datetime(2026, 11, 21, 3, 0, tzinfo=dt.UTC).timestamp()) * MICROSECONDS


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("90s", "2026-11-21 10:58:30"),
        ("2h", "2026-11-21 09:00:00"),
        ("3d", "2026-11-18 11:00:00"),
        ("1w", "2026-11-14 11:00:00"),
        ("today", "2026-11-21 00:00:00"),
        ("2026-11-20", "2026-11-20 00:00:00"),
        ("2026-11-20T09:30", "2026-11-20 09:30:00"),
        ("2026-11-20T09:30+00:00", "2026-11-20 17:30:00"),
    ],
)
def test_a_moment_is_meant_in_the_companys_zone(text: str, meant: str) -> None:
    """Unless it names another."""
    assert shown(moment(text, now_us=NOW, zone=SHANGHAI), SHANGHAI) == meant


def test_today_begins_at_midnight_of_a_day_of_23_hours() -> None:
    """Where the clock leapt at two."""
    berlin = zoneinfo.ZoneInfo("Europe/Berlin")
    noon = int(dt.datetime(2027, 3, 28, 12, 0, tzinfo=berlin).timestamp()) * MICROSECONDS
    assert noon - moment("today", now_us=noon, zone=berlin) == 11 * 3600 * MICROSECONDS


@pytest.mark.parametrize("text", ["", "soon", "2h30", "2026-13-01", "9999999d"])
def test_what_is_no_moment_is_said(text: str) -> None:
    """With examples of what is."""
    with pytest.raises(ValueError, match="give one such as 2h"):
        moment(text, now_us=NOW, zone=SHANGHAI)
