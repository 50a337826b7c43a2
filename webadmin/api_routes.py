"""The routes for programs, as `openapi.yaml` describes them; requests and answers are held against it."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPNotFound
from pyramid.response import Response

from appliance import api, live
from appliance.client import Client, DoorClosedError
from appliance.core.cdr import CDR
from appliance.store.people import Label
from appliance.store.reader import Query
from webadmin.calls_query import day_of_text
from webadmin.permissions import Permission
from webadmin.request import PageRequest
from webadmin.told import find_call
from webadmin.workgroup_days import days_of, rows_of

DESCRIPTION = Path(__file__).with_name("openapi.yaml")
STATUS_OF = {"not_signed_in": 401, "not_allowed": 403, "csrf": 403, "daemon_gone": 503, "busy": 503, "invalid": 400}
SIZE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One route for programs."""

    name: str
    address: str
    permission: Permission
    view: Callable[[PageRequest], Response]
    method: str = "GET"


def add(config: Configurator) -> None:
    """Add the routes and their description."""
    config.include("pyramid_openapi3")
    config.registry.settings["pyramid_openapi3.enable_response_validation"] = True
    config.pyramid_openapi3_spec(str(DESCRIPTION), route="/api/openapi.yaml", permission=Permission.SIGNED_IN)
    for route in ROUTES:
        config.add_route(route.name, route.address)
        config.add_view(
            route.view,
            route_name=route.name,
            permission=route.permission,
            request_method=route.method,
            openapi=True,
        )


def status(request: PageRequest) -> Response:
    """Tell how the box is."""
    try:
        health = Client(request.box.door, request.session_secret, timeout_s=request.box.door_timeout_s).health()
    except DoorClosedError:
        health = live.Health(parts={"daemon": "away"})
    return _json({"parts": dict(health.parts), "boot": health.boot, "version": health.version})


def calls(request: PageRequest) -> Response:
    """Give a page of finished calls."""
    asked = request.GET
    agent = asked.get("agent", "")
    if not request.has_permission(Permission.FLOOR):
        agent = request.person.agent or "-"
    found = request.reader.calls(
        Query(
            since=int(asked.get("since", "0")),
            until=int(asked.get("until", "0")),
            queue=asked.get("queue", ""),
            agent=agent,
            number=asked.get("number", ""),
            outcome=asked.get("outcome", ""),
            page=int(asked.get("page", "0")),
            size=int(asked.get("size", str(SIZE))),
        )
    )
    return _json(
        {
            "calls": [_call(call.cdr, call.ordinal, call.label) for call in found.calls],
            "page": found.page,
            "more": found.more,
        }
    )


def call(request: PageRequest) -> Response:
    """Give one finished call."""
    told = find_call(request)
    return _json(_call(told.cdr, told.ordinal, told.label))


def agents(request: PageRequest) -> Response:
    """Give the agents."""
    configuration = request.standing.configuration
    return _json(
        {
            "agents": [
                {
                    "agent": agent.slug,
                    "name": request.names.get(agent.slug, ""),
                    "extension": agent.extension,
                    "queues": [queue.slug for queue in configuration.queues if agent.slug in queue.agents],
                }
                for agent in configuration.agents
            ]
        }
    )


def queues(request: PageRequest) -> Response:
    """Give the queues."""
    return _json(
        {
            "queues": [
                {
                    "queue": queue.slug,
                    "title": queue.title,
                    "agents": list(queue.agents),
                    "answer_within_s": queue.answer_within_s,
                }
                for queue in request.standing.configuration.queues
            ]
        }
    )


def workgroup_days(request: PageRequest) -> Response:
    """Give the workgroups' figures by day."""
    today = request.calendar.day_of(request.now_us)
    first = day_of_text(request.GET.get("from", "")) or today
    days = days_of(first, day_of_text(request.GET.get("until", "")) or max(first, today))
    each = days.each
    rows = rows_of(request, days)
    return _json(
        {
            "zone": request.standing.configuration.company.zone,
            "rows": [{**dataclasses.asdict(row), "day": each[row.day].isoformat()} for row in rows],
        }
    )


def command(request: PageRequest) -> Response:
    """Ask the daemon, and give its reply."""
    name = request.matchdict["name"]
    if name not in COMMANDS:
        raise HTTPNotFound
    try:
        asked = msgspec.convert({**request.json_body, "type": name}, api.AnyRequest)
    except msgspec.ValidationError as error:
        return _json({"problems": [{"code": "invalid", "detail": str(error)}]}, status=400)
    reply = request.ask(asked)
    code = reply.problems[0].code if reply.problems else ""
    return _json(msgspec.to_builtins(reply), status=STATUS_OF.get(code, 200))


def _call(cdr: CDR, ordinal: int, label: Label) -> dict[str, object]:
    return {
        "interaction": cdr.interaction,
        "ordinal": ordinal,
        "began": cdr.began,
        "ended": cdr.ended,
        "outcome": str(cdr.outcome),
        "cause": cdr.cause,
        "number": cdr.number,
        "trunk": cdr.trunk,
        "queue": cdr.queue,
        "agent": cdr.agent,
        "wait_us": cdr.wait_us,
        "talk_us": cdr.talk_us,
        "recorded": bool(cdr.recording),
        "unrecorded": str(cdr.unrecorded or ""),
        "caller_number": label.number,
        "caller_name": label.name,
        "segments": msgspec.to_builtins(cdr.segments),
    }


def _json(value: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status=status, content_type="application/json", charset="utf-8")


COMMANDS = frozenset(
    {
        "take-seat",
        "leave-seat",
        "take-break",
        "end-break",
        "end-wrap-up",
        "extend-wrap-up",
        "hang-up-call",
        "transfer-call",
        "conclude",
    }
)
ROUTES = (
    Route(name="api_status", address="/api/status", permission=Permission.SYSTEM, view=status),
    Route(name="api_calls", address="/api/calls", permission=Permission.CALLS, view=calls),
    Route(name="api_call", address="/api/calls/{interaction}", permission=Permission.CALLS, view=call),
    Route(name="api_agents", address="/api/agents", permission=Permission.FLOOR, view=agents),
    Route(name="api_queues", address="/api/queues", permission=Permission.FLOOR, view=queues),
    Route(
        name="api_workgroup_days",
        address="/api/reports/workgroups",
        permission=Permission.FLOOR,
        view=workgroup_days,
    ),
    Route(name="api_command", address="/api/commands/{name}", permission=Permission.DESK, view=command, method="POST"),
)
