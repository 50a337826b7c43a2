"""Set up: what can be set, page by page."""

from pyramid.response import Response

from webadmin.frame import setup_pages
from webadmin.page import About
from webadmin.permissions import Permission
from webadmin.request import PageRequest
from webadmin.texts import marked

PAGE = About(label=marked("Set up"), permission=Permission.SETUP, addresses=("/setup",), rail=80, icon="setup")


def view(request: PageRequest) -> Response:
    """Show the set-up pages with what each is for."""
    return request.show("setup", menu=setup_pages(request), first=request.first_boot is not None)
