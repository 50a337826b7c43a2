"""What a person meets when something is not as it should be: never a dead end."""

import logging
import secrets
from urllib.parse import urlencode

from pyramid.exceptions import BadCSRFOrigin, BadCSRFToken
from pyramid.httpexceptions import HTTPException, HTTPSeeOther
from pyramid.response import Response

from webadmin.request import PageRequest
from webadmin.texts import marked

log = logging.getLogger("webadmin")
AGAIN_S = 3
BAD_REQUEST = 400


def forbidden(request: PageRequest) -> Response:
    """Lead to the sign-in, or say that the role does not allow it."""
    if request.signed is not None:
        return _told(
            request,
            403,
            "not_allowed",
            marked("You may not see this page"),
            marked("Your role does not include it. Ask an administrator if you need it."),
        )
    if _wants_json(request):
        return _told(request, 401, "not_signed_in", marked("Please sign in"), "")
    there = request.path_qs if request.method in {"GET", "HEAD"} else "/"
    return HTTPSeeOther("/sign-in" if there == "/" else f"/sign-in?{urlencode({'next': there})}")


def not_found(request: PageRequest) -> Response:
    """Say that there is nothing at this address."""
    return _told(
        request,
        404,
        "not_found",
        marked("There is nothing here"),
        marked("The address may be mistyped, or what it named has been removed."),
    )


def store_absent(request: PageRequest) -> Response:
    """Say that nothing can be read just now; the page asks again by itself."""
    log.warning("the store cannot be reached")
    response = _told(
        request,
        503,
        "store_absent",
        marked("One moment, please"),
        marked("The records cannot be reached just now. This page tries again by itself."),
    )
    response.headers["Refresh"] = str(AGAIN_S)
    return response


def failed(request: PageRequest) -> Response:
    """Say what went wrong without its inside; the log has that, under a number shown to the person."""
    error = request.exception
    if isinstance(error, BadCSRFToken | BadCSRFOrigin):
        return _told(
            request,
            400,
            "csrf",
            marked("This form has expired"),
            marked(
                "You have signed in or out since it was opened. Reload the page and send it again; nothing was changed."
            ),
        )
    if isinstance(error, HTTPException) and error.status_code < BAD_REQUEST:
        return error
    if isinstance(error, HTTPException | UnicodeDecodeError):
        return _told(
            request,
            error.status_code if isinstance(error, HTTPException) else BAD_REQUEST,
            "invalid",
            marked("That cannot be done"),
            marked("The request was not understood; nothing was changed."),
        )
    number = secrets.token_hex(4)
    log.error("request failed, number %s", number, exc_info=error)
    return _told(
        request,
        500,
        "internal_error",
        marked("Something went wrong"),
        marked("Nothing was changed. The system log tells more under number {number}."),
        number=number,
    )


def _told(request: PageRequest, status: int, code: str, title: str, text: str, **values: object) -> Response:
    if _wants_json(request):
        response = Response(status=status)
        response.json_body = {"problems": [{"code": code}]}
        response.content_type = "application/json"
        return response
    return request.show("error", status=status, title=request.say(title), text=request.say(text, **values), code=code)


def _wants_json(request: PageRequest) -> bool:
    return request.path.startswith("/api/") or request.headers.get("Accept", "") == "application/json"
