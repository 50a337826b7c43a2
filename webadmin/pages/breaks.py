"""Break reasons: why an agent is away for a while."""

from pyramid.response import Response

from webadmin.page import FORM, About
from webadmin.permissions import Permission
from webadmin.request import PageRequest
from webadmin.setup.choices import SLUG_LABEL
from webadmin.setup.reasons import FIELDS, data, titles, values
from webadmin.setup.section import Column, Section, answer
from webadmin.texts import marked

PURPOSE = marked("Reasons that agents choose from when they take a break.")
PAGE = About(
    label=marked("Break reasons"),
    permission=Permission.SETUP,
    addresses=("/setup/breaks", "/setup/breaks/{slug}"),
    methods=FORM,
    setup=73,
    help=PURPOSE,
)
SECTION = Section(
    list="breaks",
    address=PAGE.addresses[0],
    title=PAGE.label,
    purpose=PURPOSE,
    add=marked("Add a break reason"),
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
    """Show the reasons, or one's form, review or removal."""
    return answer(request, SECTION)
