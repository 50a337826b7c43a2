"""Numbers: what callers dial, and the flow that each leads to."""

from appliance.core import model
from webadmin.request import PageRequest
from webadmin.setup.choices import languages, titled
from webadmin.setup.fields import Choice, Choices, Field, Number, Text
from webadmin.setup.named import TITLE_COLUMN, title
from webadmin.setup.section import Column, Section
from webadmin.texts import LANGUAGES, marked

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
    title(marked("What it is for, such as Orders.")),
    Choice(name="flow", label=marked("Flow"), help=marked("What a caller meets; flows have a page of their own.")),
    Choice(name="language", label=marked("Language"), help=marked("Of the prompts that callers of this number hear.")),
    Number(
        name="priority",
        label=marked("Priority"),
        low=0,
        high=9,
        help=marked("Of those who come this way: 1 is served first, 9 last; 0 leaves it to the workgroup."),
    ),
    Choice(
        name="site",
        label=marked("Site"),
        help=marked("Where its callers belong; a workgroup may keep them for the agents of that site for a while."),
    ),
)


def choices(request: PageRequest) -> dict[str, Choices]:
    """Give the lists to choose from."""
    configuration = request.standing.configuration
    sites = sorted({agent.site for agent in configuration.agents} - {""})
    return {
        "flow": titled(configuration.flows),
        "language": languages(request),
        "site": [("", "—"), *((site, site) for site in sites)],
    }


def _flow(request: PageRequest, part: model.Part) -> str:
    flows = dict(titled(request.standing.configuration.flows))
    return flows.get(part.flow, part.flow) if isinstance(part, model.Number) else ""


def _language(request: PageRequest, part: model.Part) -> str:
    spoken = part.language if isinstance(part, model.Number) else ""
    return LANGUAGES.get(spoken or request.standing.configuration.company.language, spoken)


SECTION = Section(
    list="numbers",
    address="/setup/numbers",
    title=marked("Numbers"),
    place=50,
    purpose=marked("Numbers that callers dial. Each leads to a flow: what the caller hears and may choose."),
    add=marked("Add a number"),
    fields=FIELDS,
    columns=(
        Column(label=marked("Number"), text=lambda _request, part: part.slug),
        TITLE_COLUMN,
        Column(label=marked("Flow"), text=_flow),
        Column(label=marked("Language"), text=_language),
    ),
    choices=choices,
)
PAGE = SECTION.page
view = SECTION.view
