"""Desk: where an agent takes calls."""

from pyramid.response import Response

from appliance.core.figures import Formula
from webadmin.page import About
from webadmin.permissions import Permission
from webadmin.request import PageRequest
from webadmin.setup.choices import titled
from webadmin.texts import marked
from webadmin.words import FORMULAS

PAGE = About(label=marked("Desk"), permission=Permission.DESK, addresses=("/desk",), rail=10, icon="desk")


def view(request: PageRequest) -> Response:
    """Show the desk; the live view fills it."""
    configuration = request.standing.configuration
    return request.show(
        "desk",
        agent=request.person.agent,
        breaks=titled(configuration.breaks, request.language),
        dispositions=titled(configuration.dispositions, request.language),
        queues=tuple((queue.slug, queue.title or queue.slug) for queue in configuration.queues),
        formula=request.say(FORMULAS[Formula.ALL_COUNTED]),
    )
