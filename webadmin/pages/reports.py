"""Reports: workgroups by day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from pyramid.response import Response

from webadmin.calls_query import day_of_text
from webadmin.page import About
from webadmin.permissions import Permission
from webadmin.request import PageRequest
from webadmin.texts import marked
from webadmin.words import formula_text
from webadmin.workgroup_days import Days, Row, days_of, rows_of

PAGE = About(label=marked("Reports"), permission=Permission.FLOOR, addresses=("/reports",), rail=35, icon="reports")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A workgroup's day as the page shows it."""

    day: str
    queue: str
    row: Row
    level: str
    asa: str
    abandon_rate: str


def view(request: PageRequest) -> Response:
    """Show the workgroups' figures, the newest day first."""
    today = request.calendar.day_of(request.now_us)
    first = day_of_text(request.GET.get("from", "")) or today - timedelta(days=6)
    days = days_of(first, day_of_text(request.GET.get("until", "")) or max(first, today))
    configuration = request.standing.configuration
    titles = {queue.slug: queue.title or queue.slug for queue in configuration.queues}
    rows = sorted(rows_of(request, days), key=lambda row: (-row.day, titles.get(row.queue, row.queue)))
    return request.show(
        "reports",
        days=days,
        quick=_quick(today),
        lines=[_line(request, days.each[row.day], titles.get(row.queue, row.queue), row) for row in rows],
        formula=formula_text(request.say, configuration.company.measure),
        zone=configuration.company.zone,
    )


def _quick(today: date) -> Mapping[str, Days]:
    return {
        "today": days_of(today, today),
        "yesterday": days_of(today - timedelta(days=1), today - timedelta(days=1)),
        "week": days_of(today - timedelta(days=6), today),
        "month": days_of(today - timedelta(days=29), today),
    }


def _line(request: PageRequest, day: date, queue: str, row: Row) -> Line:
    return Line(
        day=request.calendar.date(request.calendar.midnight(day)),
        queue=queue,
        row=row,
        level=_percent(row.service_level),
        asa="—" if row.asa_s is None else f"{row.asa_s:.1f}",
        abandon_rate=_percent(row.abandon_rate),
    )


def _percent(share: float | None) -> str:
    return "—" if share is None else f"{100 * share:.1f} %"
