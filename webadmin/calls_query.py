"""The filters of the list of calls: what the address says, checked, and back."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from appliance.store.reader import Query
from webadmin.numerals import whole_number
from webadmin.times import Calendar

TEXT_LENGTH_MAX = 100
PAGE_MAX = 100_000
LONGER_S_MAX = 86_400
OUTCOMES = ("answered", "abandoned", "flowed_out", "callback", "self_served", "failed")
RECORDED: Mapping[str, bool | None] = {"": None, "yes": True, "no": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What was asked for, as the form shows it."""

    since: date | None = None
    until: date | None = None
    "The last day that counts."
    queue: str = ""
    agent: str = ""
    number: str = ""
    outcome: str = ""
    recorded: str = ""
    longer_s: int = 0
    "Calls that took longer than this."
    text: str = ""
    page: int = 0

    @property
    def any(self) -> bool:
        """Tell whether anything is filtered."""
        return dataclasses.replace(self, page=0) != Filters()

    def query(self, calendar: Calendar, *, size: int, page: int | None = None) -> Query:
        """Give the same for the store."""
        return Query(
            since=calendar.midnight(self.since) if self.since else 0,
            until=calendar.next_midnight(self.until) if self.until else 0,
            queue=self.queue,
            agent=self.agent,
            number=self.number,
            outcome=self.outcome,
            recorded=RECORDED[self.recorded],
            longer_us=self.longer_s * 1_000_000,
            text=self.text,
            page=self.page if page is None else page,
            size=size,
        )

    def address(self, path: str = "/calls", *, page: int = 0) -> str:
        """Give the address that shows a page of the same."""
        values = {
            "from": self.since.isoformat() if self.since else "",
            "until": self.until.isoformat() if self.until else "",
            "queue": self.queue,
            "agent": self.agent,
            "number": self.number,
            "outcome": self.outcome,
            "recorded": self.recorded,
            "longer": str(self.longer_s) if self.longer_s else "",
            "text": self.text,
            "page": str(page) if page else "",
        }
        said = urlencode({name: value for name, value in values.items() if value})
        return f"{path}?{said}" if said else path


def filters_of(values: Mapping[str, str]) -> Filters:
    """Read the filters of an address; what is not understood is not filtered."""
    outcome = values.get("outcome", "")
    recorded = values.get("recorded", "")
    return Filters(
        since=day_of_text(values.get("from", "")),
        until=day_of_text(values.get("until", "")),
        queue=_plain(values.get("queue", "")),
        agent=_plain(values.get("agent", "")),
        number=_plain(values.get("number", "")),
        outcome=outcome if outcome in OUTCOMES else "",
        recorded=recorded if recorded in RECORDED else "",
        longer_s=whole_number(values.get("longer", ""), LONGER_S_MAX) or 0,
        text=_plain(values.get("text", "")),
        page=_page(values.get("page", "")),
    )


def quick(today: date) -> Mapping[str, Filters]:
    """Give the periods that are asked for most."""
    return {
        "today": Filters(since=today, until=today),
        "yesterday": Filters(since=today - timedelta(days=1), until=today - timedelta(days=1)),
        "week": Filters(since=today - timedelta(days=6), until=today),
    }


def _plain(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable()).strip()[:TEXT_LENGTH_MAX]


def day_of_text(text: str) -> date | None:
    """Read a day as forms write it; None if it is none."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if date(1971, 1, 1) <= day <= date(9000, 1, 1) else None


def _page(text: str) -> int:
    return whole_number(text, PAGE_MAX) or 0
