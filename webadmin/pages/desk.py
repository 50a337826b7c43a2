"""Desk: where an agent takes calls."""

from pyramid.response import Response

from appliance.core.model import Reason
from webadmin.page import About
from webadmin.permissions import Permission
from webadmin.request import PageRequest
from webadmin.setup.choices import titled
from webadmin.texts import marked
from webadmin.words import formula_text, formula_texts

PAGE = About(label=marked("Desk"), permission=Permission.DESK, addresses=("/desk",), rail=10, icon="desk")


def view(request: PageRequest) -> Response:
    """Show the desk; the live view fills it."""
    configuration = request.standing.configuration
    return request.show(
        "desk",
        agent=request.person.agent,
        breaks=titled(configuration.breaks, request.language),
        limits={reason.slug: _limits(request, reason) for reason in configuration.breaks},
        dispositions=titled(configuration.dispositions, request.language),
        queues=tuple((queue.slug, queue.title or queue.slug) for queue in configuration.queues),
        formula=formula_text(request.say, configuration.company.measure),
        formulas=formula_texts(request.say),
    )


def _limits(request: PageRequest, reason: Reason) -> str:
    """Say what a break is limited to; nothing if it is not."""
    said = []
    if reason.minutes_max:
        said.append(request.say("{count} min a day", count=reason.minutes_max))
    if reason.at_once_max:
        said.append(request.say("{count} at once", count=reason.at_once_max))
    return ", ".join(said)
