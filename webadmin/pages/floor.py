"""Floor: workgroups and agents as they are now."""

from pyramid.response import Response

from appliance.core.estimate import SHARE
from webadmin.page import About
from webadmin.permissions import Permission
from webadmin.request import PageRequest
from webadmin.setup.choices import titled
from webadmin.texts import marked
from webadmin.words import formula_text, formula_texts

PAGE = About(
    label=marked("Floor"), permission=Permission.FLOOR, addresses=("/floor", "/floor/wall"), rail=20, icon="floor"
)


def view(request: PageRequest) -> Response:
    """Show the floor, or the same full screen; the live view fills it."""
    configuration = request.standing.configuration
    return request.show(
        "floor",
        wall=request.path == PAGE.addresses[1],
        company=configuration.company.title,
        breaks=titled(configuration.breaks, request.language),
        share=SHARE // 10,
        callbacks=any(queue.callback is not None for queue in configuration.queues),
        formula=formula_text(request.say, configuration.company.measure),
        formulas=formula_texts(request.say),
    )
