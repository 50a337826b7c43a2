"""Sign out: ends the session everywhere."""

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.response import Response

from appliance import api
from webadmin.page import About
from webadmin.permissions import Permission
from webadmin.request import SESSION_COOKIE, PageRequest
from webadmin.texts import marked

PAGE = About(label=marked("Sign out"), permission=Permission.SIGNED_IN, addresses=("/sign-out",), methods=("POST",))


def view(request: PageRequest) -> Response:
    """End the session; the browser forgets it even where the daemon is away."""
    request.ask(api.SignOut())
    response = HTTPSeeOther("/sign-in")
    response.delete_cookie(SESSION_COOKIE, path="/")
    return response
