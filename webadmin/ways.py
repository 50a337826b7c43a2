"""Ways within the pages: where a form may lead back to, and where a call stands."""

from collections.abc import Iterable, Mapping

from appliance.store.reader import Listed, Reader
from webadmin.times import Calendar

LENGTH_MAX = 2000


def local(address: str | object, otherwise: str = "/") -> str:
    """Give the address if it is one of our own pages, so that no form leads elsewhere."""
    if not isinstance(address, str) or not address.startswith("/") or len(address) > LENGTH_MAX:
        return otherwise
    plain = address.isascii() and address.isprintable()
    return address if plain and not address.startswith("//") and "\\" not in address else otherwise


def call_addresses(reader: Reader, calendar: Calendar, calls: Iterable[Listed]) -> Mapping[str, str]:
    """Give interactions' addresses, such as `/calls/2026-11-21/0042`: the 42nd call that ended on that day."""
    firsts: dict[str, int] = {}
    addresses = {}
    for call in calls:
        day = calendar.day_of(call.cdr.ended)
        if day.isoformat() not in firsts:
            firsts[day.isoformat()] = reader.first_of(calendar.midnight(day))
        addresses[call.cdr.interaction] = f"/calls/{day.isoformat()}/{call.ordinal - firsts[day.isoformat()] + 1:04d}"
    return addresses
