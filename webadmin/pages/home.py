"""Start page: leads to the room where this person works."""

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.response import Response

from webadmin.page import About
from webadmin.permissions import Permission
from webadmin.request import PageRequest
from webadmin.texts import marked

PAGE = About(label=marked("Start"), permission=Permission.SIGNED_IN, addresses=("/",))


def view(request: PageRequest) -> Response:
    """Lead agents to the desk and the others to the floor; an administrator of a new box to its first steps."""
    if request.first_boot is not None and request.has_permission(Permission.SETUP):
        return HTTPSeeOther("/first-boot/go-on")
    return HTTPSeeOther("/desk" if request.person.role == "agent" else "/floor")
