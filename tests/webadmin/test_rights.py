"""Every route with every role: who sees what, and that whatever is new must be said here."""

import re
from collections.abc import Mapping

import pytest
from pyramid.config import Configurator

from tests.webadmin.conftest import Pages
from webadmin.page import all_pages
from webadmin.permissions import ROLES, Permission, allows

ROLE_NAMES = ("agent", "supervisor", "administrator")
EVERYBODY = frozenset(ROLE_NAMES)
SEES_ALL = frozenset({"supervisor", "administrator"})
SETS_UP = frozenset({"administrator"})
EXPECTED: Mapping[str, frozenset[str]] = {
    "account": EVERYBODY,
    "backup": SETS_UP,
    "api_agents": SEES_ALL,
    "api_call": EVERYBODY,
    "api_calls": EVERYBODY,
    "api_command": EVERYBODY,
    "api_queues": SEES_ALL,
    "api_status": SEES_ALL,
    "api_workgroup_days": SEES_ALL,
    "breaks": SETS_UP,
    "call": EVERYBODY,
    "call_caller": SEES_ALL,
    "call_candidates": SEES_ALL,
    "call_wait": SEES_ALL,
    "calls": EVERYBODY,
    "calls_csv": SEES_ALL,
    "calls_new": SEES_ALL,
    "cards": SETS_UP,
    "changes": SETS_UP,
    "company": SETS_UP,
    "desk": EVERYBODY,
    "desk_past": EVERYBODY,
    "dispositions": SETS_UP,
    "first_steps": SETS_UP,
    "floor": SEES_ALL,
    "flows": SETS_UP,
    "go": EVERYBODY,
    "home": EVERYBODY,
    "hours": SETS_UP,
    "logs": SETS_UP,
    "look": EVERYBODY,
    "lines": SETS_UP,
    "machine": SETS_UP,
    "network": SETS_UP,
    "numbers": SETS_UP,
    "people": SETS_UP,
    "phones": SETS_UP,
    "prompts": SETS_UP,
    "pyramid_openapi3.spec": EVERYBODY,
    "queues": SETS_UP,
    "recording": SEES_ALL,
    "reports": SEES_ALL,
    "secrets": SETS_UP,
    "setup": SETS_UP,
    "skills": SETS_UP,
    "spans": SETS_UP,
    "sign_out": EVERYBODY,
    "system": SEES_ALL,
    "texts": SEES_ALL,
    "trunks": SETS_UP,
    "updates": SETS_UP,
}
"Route, without the number of a further address, to the roles that may see it."
OPEN = frozenset({"first_boot", "sign_in"})
"Routes for people who have not signed in."


def routes(config: Configurator) -> list[tuple[str, str, str | None, tuple[str, ...]]]:
    """List every route with its pattern, permission and methods, as the application itself knows them."""
    patterns = {
        item["introspectable"]["name"]: item["introspectable"]["pattern"] for item in _category(config, "routes")
    }
    found = []
    for item in _category(config, "views"):
        view = item["introspectable"]
        if view["route_name"]:
            permission = next((p["value"] for p in item["related"] if p.category_name == "permissions"), None)
            methods = view["request_methods"] or ("GET",)
            methods = (methods,) if isinstance(methods, str) else tuple(methods)
            found.append((view["route_name"], patterns[view["route_name"]], permission, methods))
    return found


def _category(config: Configurator, name: str) -> list[dict]:  # type: ignore[type-arg]  # Pyramid's introspection has no types
    return config.introspector.get_category(name)  # type: ignore[attr-defined,no-any-return]  # as above


def address(pattern: str, interaction: str) -> str:
    """Fill a route's pattern with values that name something."""
    values = {
        "interaction": interaction,
        "day": "2026-11-21",
        "number": "0001",
        "slug": "sales",
        "id": "1",
        "seen": "0",
        "kind": "extension",
        "name": "take-seat",
        "offer": "offer-1",
        "step": "network",
    }
    return re.sub(r"\{(\w+)(:[^{}]*(\{[^{}]*\}[^{}]*)*)?\}", lambda found: values[found[1]], pattern)


def page_of(route: str) -> str:
    """Give the page of a route: further addresses of a page have a number behind its name."""
    return re.sub(r"\.\d+$", "", route)


def test_every_route_is_expected(pages: Pages) -> None:
    """A route that is new must be added to the table above, by somebody who thought of it."""
    assert {page_of(route) for route, *_ in routes(pages.config)} == set(EXPECTED) | OPEN


def test_every_page_keeps_to_the_protocol() -> None:
    """Each page says its label, permission and addresses; none has the permission of nobody."""
    for name, page in all_pages():
        assert page.PAGE.label, name
        assert page.PAGE.permission in Permission, name
        assert page.PAGE.permission is not Permission.NOBODY, name
        assert all(pattern.startswith("/") for pattern in page.PAGE.addresses), name


@pytest.mark.parametrize("role", ["", *ROLE_NAMES])
def test_walk(pages: Pages, role: str) -> None:
    """Each route answers each role as the table says, whatever the method; nobody at all is sent to the sign-in."""
    for route, pattern, _permission, methods in routes(pages.config):
        if page_of(route) in OPEN:
            continue
        for method in methods:
            there = address(pattern, pages.interactions[0])
            request = pages.request(there, role, post={} if method == "POST" else None)
            request.environ["REQUEST_METHOD"] = method
            status = pages.answer(request).status_int
            if not role:
                assert status == (401 if there.startswith("/api/") else 303), (route, method)
            elif role in EXPECTED[page_of(route)]:
                assert status not in {401, 403, 500}, (route, method, status)
            else:
                assert status == 403, (route, method)


def test_a_route_without_permission_is_denied(pages: Pages) -> None:
    """What a page forgets to permit, nobody may see."""
    assert Permission.NOBODY in Permission
    for role in ROLE_NAMES:
        assert not allows(role, Permission.NOBODY)
        assert not allows(role, "something-new")
    assert not allows("", Permission.SIGNED_IN)
    assert not allows("owner", Permission.SIGNED_IN)
    assert allows("", Permission.ANYBODY)
    assert set(ROLES) == EVERYBODY
    assert all(permission for _route, _pattern, permission, _methods in routes(pages.config))


def test_a_form_needs_its_token(pages: Pages) -> None:
    """A form without the token of its session, or from elsewhere, changes nothing."""
    request = pages.request("/sign-out", "agent", post={"csrf_token": "0" * 64})
    assert pages.answer(request).status_int == 400
    request = pages.request("/sign-out", "agent", post={})
    request.headers["Origin"] = "https://elsewhere.test"
    assert pages.answer(request).status_int == 400


def test_an_agent_sees_own_calls_alone(pages: Pages) -> None:
    """A call of somebody else is not there for an agent, by any address."""
    mine, other = pages.interactions[0], pages.interactions[1]
    assert pages.get(f"/calls/{mine}", "agent").status_int == 200
    assert pages.get(f"/calls/{other}", "agent").status_int == 404
    assert pages.get(f"/api/calls/{other}", "agent").status_int == 404
    assert pages.get(f"/calls/{other}", "supervisor").status_int == 200
    assert other not in pages.get("/api/calls?size=200", "agent").text
    assert pages.get("/api/calls?agent=emma-white", "agent").json_body["calls"][0]["interaction"] == mine


def test_nobody_is_led_elsewhere(pages: Pages) -> None:
    """The way back after the sign-in is one of our own pages."""
    for there in ("https://elsewhere.test/", "//elsewhere.test/", "/\\elsewhere.test", "javascript:alert(1)"):
        form = pages.get(f"/sign-in?next={there}")
        assert 'name="next" value="/"' in form.text
