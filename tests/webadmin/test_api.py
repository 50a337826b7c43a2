"""The routes for programs keep to their description, whatever is sent."""

from typing import Any  # any: what a case carries is schemathesis' affair

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from openapi_spec_validator import validate
from openapi_spec_validator.readers import read_from_filename
from schemathesis import Case
from schemathesis.checks import response_schema_conformance, status_code_conformance

from appliance.client import csrf_token
from tests.webadmin.conftest import Pages
from webadmin.api_routes import DESCRIPTION

CASES = 40
many = settings(max_examples=CASES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
DOCUMENT, _ = read_from_filename(str(DESCRIPTION))
OPERATIONS = [
    (path, method) for path, methods in DOCUMENT["paths"].items() for method in methods if method in {"get", "post"}
]


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_a_route_is_as_described(pages: Pages, path: str, method: str) -> None:
    """Whatever is sent, the answer has a status and shape that the description names, and nothing fails inside."""
    described = schemathesis.openapi.from_dict(dict(DOCUMENT))
    described.app = pages.application
    secret = pages.secrets["supervisor"]
    headers = {"X-Switchroom-CSRF": csrf_token(secret), "Origin": "http://localhost"}
    operation = described[path][method.upper()]

    @many
    @given(operation.as_strategy())
    def try_it(case: Case[Any]) -> None:
        response = case.call(headers=headers, cookies={"switchroom": secret})
        assert response.status_code in {200, 400, 404, 503}, (response.status_code, response.text)
        case.validate_response(response, checks=[status_code_conformance, response_schema_conformance])

    try_it()


def test_the_description_is_valid() -> None:
    """The document is OpenAPI."""
    validate(DOCUMENT)


def test_calls(pages: Pages) -> None:
    """The list has the calls newest first, a page at a time, each with its segments."""
    first = pages.get("/api/calls?size=2", "supervisor").json_body
    assert [call["interaction"] for call in first["calls"]] == [pages.interactions[-1], pages.interactions[-2]]
    assert first["more"] is True
    one = pages.get(f"/api/calls/{pages.interactions[0]}", "supervisor").json_body
    assert one["caller_number"] == "13800138000"
    assert one["recorded"] is True
    assert [segment["stretch"] for segment in one["segments"]] == ["waiting", "talking"]


def test_commands_need_the_token(pages: Pages) -> None:
    """A command without the session's token is refused; with it the daemon is asked, which is away here."""
    request = pages.request("/api/commands/take-seat", "agent")
    request.method = "POST"
    request.content_type = "application/json"
    request.body = b"{}"
    request.headers["Origin"] = "https://box.test"
    assert pages.answer(request).status_int == 400
    request.headers["X-Switchroom-CSRF"] = csrf_token(pages.secrets["agent"])
    answer = pages.answer(request)
    assert answer.status_int == 503
    assert answer.json_body["problems"][0]["code"] == "daemon_gone"
