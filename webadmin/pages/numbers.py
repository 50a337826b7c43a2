"""Numbers: what callers dial, and the flow that each leads to."""

from pyramid.response import Response

from appliance.core import model
from webadmin.page import FORM, About
from webadmin.permissions import Permission
from webadmin.request import PageRequest
from webadmin.setup.choices import languages, titled
from webadmin.setup.fields import Choice, Choices, Field, Text
from webadmin.setup.section import Column, Section, answer
from webadmin.texts import LANGUAGES, marked

PURPOSE = marked("Numbers that callers dial. Each leads to a flow: what the caller hears and may choose.")
PAGE = About(
    label=marked("Numbers"),
    permission=Permission.SETUP,
    addresses=("/setup/numbers", "/setup/numbers/{slug}"),
    methods=FORM,
    setup=50,
    help=PURPOSE,
)

FIELDS: tuple[Field, ...] = (
    Text(
        name="slug",
        label=marked("Number"),
        needed=True,
        longest=15,
        help=marked(
            "The digits as the trunk delivers them. To change them, add the new number and remove the old one."
        ),
    ),
    Text(name="title", label=marked("Title"), help=marked("What it is for, such as Orders.")),
    Choice(name="flow", label=marked("Flow"), help=marked("What a caller meets; flows have a page of their own.")),
    Choice(name="language", label=marked("Language"), help=marked("Of the prompts that callers of this number hear.")),
)


def choices(request: PageRequest) -> dict[str, Choices]:
    """Give the lists to choose from."""
    return {"flow": titled(request.standing.configuration.flows), "language": languages(request)}


def _title(_request: PageRequest, part: model.Part) -> str:
    return getattr(part, "title", "")


def _flow(request: PageRequest, part: model.Part) -> str:
    flows = dict(titled(request.standing.configuration.flows))
    return flows.get(part.flow, part.flow) if isinstance(part, model.Number) else ""


def _language(request: PageRequest, part: model.Part) -> str:
    spoken = part.language if isinstance(part, model.Number) else ""
    return LANGUAGES.get(spoken or request.standing.configuration.company.language, spoken)


SECTION = Section(
    list="numbers",
    address=PAGE.addresses[0],
    title=PAGE.label,
    purpose=PURPOSE,
    add=marked("Add a number"),
    fields=FIELDS,
    columns=(
        Column(label=marked("Number"), text=lambda _request, part: part.slug),
        Column(label=marked("Title"), text=_title),
        Column(label=marked("Flow"), text=_flow),
        Column(label=marked("Language"), text=_language),
    ),
    choices=choices,
)


def view(request: PageRequest) -> Response:
    """Show the numbers, or one's form, review or removal."""
    return answer(request, SECTION)
