"""All candidates of one decision, worked out by replaying the journal up to it."""

from pyramid.httpexceptions import HTTPNotFound
from pyramid.response import Response

from appliance.core.effects import Decided
from appliance.replay import Choice, explain
from appliance.store.reader import Told
from webadmin.decisions import key_text, reason_text
from webadmin.page import About
from webadmin.permissions import Permission
from webadmin.recorded import recorded_of
from webadmin.request import PageRequest
from webadmin.setup.strategies import label
from webadmin.texts import marked
from webadmin.told import find_call

PAGE = About(
    label=marked("All candidates"),
    permission=Permission.FLOOR,
    addresses=("/calls/{interaction:[0-9A-Za-z-]{3,64}}/candidates/{offer:[0-9A-Za-z-]{1,64}}",),
)


def view(request: PageRequest) -> Response:
    """Show everybody who was considered, in order, and why the others were not."""
    told = find_call(request)
    decided = next((made for made in told.decisions if made.offer == request.matchdict["offer"]), None)
    if decided is None:
        raise HTTPNotFound
    found = _replayed(request, told, decided)
    say, calendar, names = request.say, request.calendar, request.names
    return request.show(
        "call_candidates",
        told=told,
        decided=decided,
        at=_at(told, decided),
        position="-".join(str(part) for part in decided.position),
        queue=next(
            (q.title or q.slug for q in request.standing.configuration.queues if q.slug == decided.queue), decided.queue
        ),
        strategy=label(say, decided.strategy),
        calendar=calendar,
        found=found,
        eligible=[
            (names.get(c.agent) or c.agent, key_text(say, calendar, decided.strategy, c), c.agent)
            for c in (found.eligible if found else ())
        ],
        excluded=[
            (names.get(agent) or agent, reason_text(say, why)) for agent, why in (found.others if found else {}).items()
        ],
    )


def _at(told: Told, decided: Decided) -> int:
    return next((row.now for row in told.rows if decided in row.kept), told.cdr.began)


def _replayed(request: PageRequest, told: Told, decided: Decided) -> Choice | None:
    at = _at(told, decided)
    recorded = recorded_of(request, at - 1, at)
    try:
        return None if recorded is None else explain(recorded, decided)
    except (KeyError, ValueError):
        return None
