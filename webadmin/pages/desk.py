"""Desk: where an agent takes calls."""

from pyramid.response import Response

from appliance.core.figures import Formula
from webadmin.page import About
from webadmin.permissions import Permission
from webadmin.request import PageRequest
from webadmin.texts import marked
from webadmin.words import FORMULAS, Titled, titled

PAGE = About(label=marked("Desk"), permission=Permission.DESK, addresses=("/desk",), rail=10, icon="desk")


def view(request: PageRequest) -> Response:
    """Show the desk; the live view fills it."""
    configuration = request.standing.configuration
    breaks: tuple[Titled, ...] = titled(configuration.breaks, request.language)
    return request.show(
        "desk",
        agent=request.person.agent,
        breaks=breaks,
        dispositions=titled(configuration.dispositions, request.language),
        formula=request.say(FORMULAS[Formula.ALL_COUNTED]),
    )
