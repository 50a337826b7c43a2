"""Workgroups by day: the report that the page shows and programs read, made by the company's own definitions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from appliance.core import model
from appliance.core.reports import workgroups
from webadmin.request import PageRequest

DAYS_MAX = 366
Row = workgroups.Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """Local days, both ends counted."""

    first: date
    last: date

    @property
    def each(self) -> tuple[date, ...]:
        """Every one of them."""
        return tuple(self.first + timedelta(days=day) for day in range((self.last - self.first).days + 1))


def days_of(first: date, last: date) -> Days:
    """Give the days between two, whichever is earlier; the last `DAYS_MAX` of them, if there are more."""
    low, high = sorted((first, last))
    return Days(first=max(low, high - timedelta(days=DAYS_MAX - 1)), last=high)


def rows_of(request: PageRequest, days: Days) -> Sequence[Row]:
    """Count the queue visits of calls that are over, by the limits and the formula that hold now."""
    each = days.each
    borders = (*map(request.calendar.midnight, each), request.calendar.next_midnight(each[-1]))
    configuration = request.standing.configuration
    options = workgroups.Options(
        borders=borders, limits=limits_of(configuration), measure=configuration.company.measure
    )
    return request.reader.report(
        workgroups.COLUMNS, borders[0], borders[-1], lambda parts: workgroups.rows(options, parts)
    )


def limits_of(configuration: model.Configuration) -> dict[str, workgroups.Limits]:
    """Give each workgroup's own limits."""
    return {
        queue.slug: workgroups.Limits(within_s=queue.answer_within_s, short_s=queue.short_abandon_s)
        for queue in configuration.queues
    }
