"""New calls: how many ended since a list was shown."""

from pyramid.response import Response

from webadmin.page import About
from webadmin.permissions import Permission
from webadmin.request import PageRequest
from webadmin.texts import marked

PAGE = About(label=marked("New calls"), permission=Permission.FLOOR, addresses=("/calls/new/{seen:\\d{1,12}}",))


def view(request: PageRequest) -> Response:
    """Give the bar that says so, or nothing."""
    seen = int(request.matchdict["seen"])
    return request.show("calls_new", seen=seen, fresh=request.reader.count() - seen)
