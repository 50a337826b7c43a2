"""Finding the call that an address names, for those who may see it."""

from datetime import date

from pyramid.httpexceptions import HTTPNotFound

from appliance.store.reader import Told
from webadmin.permissions import Permission
from webadmin.request import PageRequest

NUMBER_MAX = 10_000_000


def find_call(request: PageRequest) -> Told:
    """Give the call of the route; one that this person may not see is not there."""
    told = _find(request)
    if told is None or not _may_see(request, told):
        raise HTTPNotFound
    return told


def _find(request: PageRequest) -> Told | None:
    interaction = request.matchdict.get("interaction")
    if interaction is not None:
        return request.reader.call(interaction)
    try:
        day = date.fromisoformat(request.matchdict["day"])
        number = int(request.matchdict["number"])
        first = request.reader.first_of(request.calendar.midnight(day))
    except (ValueError, OverflowError):
        return None
    if not 0 < number <= NUMBER_MAX:
        return None
    told = request.reader.call_by(first + number - 1)
    return told if told is not None and request.calendar.day_of(told.cdr.ended) == day else None


def _may_see(request: PageRequest, told: Told) -> bool:
    if request.has_permission(Permission.FLOOR):
        return True
    agent = request.person.agent
    return bool(agent) and (
        any(segment.agent == agent for segment in told.cdr.segments)
        or any(decided.chosen.agent == agent for decided in told.decisions)
    )
