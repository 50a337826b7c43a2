"""Results: how a finished call ended for the business."""

from pyramid.response import Response

from webadmin.page import FORM, About
from webadmin.permissions import Permission
from webadmin.request import PageRequest
from webadmin.setup.choices import SLUG_LABEL
from webadmin.setup.reasons import FIELDS, data, titles, values
from webadmin.setup.section import Column, Section, answer
from webadmin.texts import marked

PURPOSE = marked("Results that agents choose from at the end of a call; the first nine have the keys 1 to 9.")
PAGE = About(
    label=marked("Results"),
    permission=Permission.SETUP,
    addresses=("/setup/dispositions", "/setup/dispositions/{slug}"),
    methods=FORM,
    setup=76,
    help=PURPOSE,
)
SECTION = Section(
    list="dispositions",
    address=PAGE.addresses[0],
    title=PAGE.label,
    purpose=PURPOSE,
    add=marked("Add a result"),
    fields=FIELDS,
    columns=(
        Column(label=SLUG_LABEL, text=lambda _request, part: part.slug),
        Column(label=marked("Words"), text=titles),
    ),
    data=data,
    values=values,
    errors={"title": "title_en"},
)


def view(request: PageRequest) -> Response:
    """Show the results, or one's form, review or removal."""
    return answer(request, SECTION)
