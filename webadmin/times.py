"""Times and lengths as people read them, in the company's zone."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale
from babel.dates import format_date, format_skeleton, format_time

SECOND_US = 1_000_000


def zone_of(name: str) -> ZoneInfo:
    """Give the zone of that name, or UTC where there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Writes centre times (microseconds UTC) for a place and a language."""

    zone: ZoneInfo
    locale: Locale

    def at(self, moment_us: int) -> datetime:
        """Give the local time of a moment."""
        return datetime.fromtimestamp(moment_us // SECOND_US, UTC).astimezone(self.zone)

    def day_of(self, moment_us: int) -> date:
        """Give the local day of a moment."""
        return self.at(moment_us).date()

    def midnight(self, day: date) -> int:
        """Give the moment at which a local day begins."""
        return int(datetime.combine(day, time(), self.zone).timestamp()) * SECOND_US

    def next_midnight(self, day: date) -> int:
        """Give the moment at which a local day ends: 23, 24 or 25 hours after it began."""
        return self.midnight(day + timedelta(days=1))

    def day(self, day: date) -> str:
        """Write a day with its weekday."""
        return str(format_date(day, format="full", locale=self.locale))

    def date(self, moment_us: int) -> str:
        """Write the day of a moment."""
        return str(format_date(self.day_of(moment_us), format="medium", locale=self.locale))

    def clock(self, moment_us: int) -> str:
        """Write hours, minutes and seconds."""
        return str(format_time(self.at(moment_us).time(), format="HH:mm:ss", locale=self.locale))

    def exact(self, moment_us: int) -> str:
        """Write hours to milliseconds."""
        return f"{self.clock(moment_us)}.{moment_us % SECOND_US // 1000:03d}"

    def moment(self, moment_us: int) -> str:
        """Write day and time, short."""
        day = format_skeleton("MMMd", self.at(moment_us), locale=self.locale)
        return f"{day} {self.clock(moment_us)}"

    def iso(self, moment_us: int) -> str:
        """Write a moment for machines, with its offset (RFC 3339)."""
        return self.at(moment_us).isoformat()


def length(span_us: int) -> str:
    """Write a span as minutes and seconds, with hours where there are any."""
    seconds = round(max(0, span_us) / SECOND_US)
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
