"""Calls as CSV: the same list for a spreadsheet, in which no cell can become a formula."""

import csv
import io
from collections.abc import Iterator

from pyramid.response import Response

from appliance.store.reader import Listed
from webadmin.calls_query import Filters, filters_of
from webadmin.page import About
from webadmin.permissions import Permission
from webadmin.request import PageRequest
from webadmin.texts import marked

PAGE = About(label=marked("Calls as CSV"), permission=Permission.EXPORT, addresses=("/calls.csv",))
PAGES_MAX = 2_000
"Of 500 calls: a million calls at most in one file."
SIZE = 500
COLUMNS = (
    marked("interaction"),
    marked("began"),
    marked("ended"),
    marked("caller"),
    marked("name"),
    marked("number"),
    marked("trunk"),
    marked("workgroup"),
    marked("agent"),
    marked("outcome"),
    marked("ended by"),
    marked("wait in s"),
    marked("talk in s"),
    marked("recorded"),
    marked("why not recorded"),
)
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠")


def view(request: PageRequest) -> Response:
    """Stream all calls that the filters leave, oldest last."""
    filters = filters_of(request.GET)
    name = f"calls-{request.calendar.day_of(request.now_us).isoformat()}.csv"
    response = Response(app_iter=_parts(request, filters), content_type="text/csv", charset="utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def cell(value: object) -> str:
    """Write a value so that no spreadsheet takes it for a formula (CWE-1236)."""
    text = "".join(letter if letter.isprintable() else " " for letter in str(value))
    return f"'{text}" if text.lstrip().startswith(FORMULA_STARTS) or text.startswith(FORMULA_STARTS) else text


def _parts(request: PageRequest, filters: Filters) -> Iterator[bytes]:
    yield b"\xef\xbb\xbf"  # spreadsheets take a file without this mark for another encoding
    yield _rows([tuple(request.say(column) for column in COLUMNS)])
    for page in range(PAGES_MAX):
        found = request.reader.calls(filters.query(request.calendar, size=SIZE, page=page))
        if found.calls:
            yield _rows([_row(request, call) for call in found.calls])
        if not found.more:
            return


def _rows(rows: list[tuple[str, ...]]) -> bytes:
    stream = io.StringIO()
    csv.writer(stream).writerows([cell(value) for value in row] for row in rows)
    return stream.getvalue().encode()


def _row(request: PageRequest, call: Listed) -> tuple[str, ...]:
    cdr, calendar = call.cdr, request.calendar
    return (
        cdr.interaction,
        calendar.iso(cdr.began),
        calendar.iso(cdr.ended),
        call.label.number,
        call.label.name,
        cdr.number,
        cdr.trunk,
        cdr.queue,
        cdr.agent,
        str(cdr.outcome),
        cdr.cause,
        f"{cdr.wait_us / 1e6:.3f}",
        f"{cdr.talk_us / 1e6:.3f}",
        "yes" if cdr.recording else "no",
        str(cdr.unrecorded or ""),
    )
