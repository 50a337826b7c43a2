"""Skills: what agents can do and how well, where they sit, and how much they take at once."""

from appliance.core import model
from appliance.core.check import LEVELS
from webadmin.request import PageRequest
from webadmin.setup.choices import agents, titled
from webadmin.setup.fields import Choice, Choices, Field, Form, Number, Text
from webadmin.setup.named import SLUG
from webadmin.setup.rows import Rows, of_table, table_of
from webadmin.setup.section import Column, Section
from webadmin.texts import marked

FIELDS: tuple[Field, ...] = (
    SLUG,
    Choice(name="extension", label=marked("Extension"), help=marked("The phone that rings for this agent.")),
    Rows(
        name="skills",
        label=marked("Skills"),
        columns=(
            Text(name="skill", label=marked("Skill"), longest=63),
            Number(name="level", label=marked("Level"), low=LEVELS[0], high=LEVELS[1], default=5),
        ),
        help=marked(
            "Small letters, digits and hyphens, such as english; level 1 to 9. A skill that is not named is none."
        ),
    ),
    Text(
        name="site",
        label=marked("Site"),
        longest=63,
        help=marked("Where the agent sits, such as north; empty where there is one site alone."),
    ),
    Number(
        name="units",
        label=marked("Units"),
        low=1,
        high=20,
        default=1,
        help=marked("How much the agent takes at once; the company page says whether a call takes them all."),
    ),
    Number(
        name="wrap_up_s",
        label=marked("Wrap-up at least"),
        low=0,
        high=3600,
        unit=marked("s"),
        help=marked("After each call, whatever the workgroup says; the longer of the two holds."),
    ),
)


def choices(request: PageRequest) -> dict[str, Choices]:
    """Give the lists to choose from."""
    return {"extension": titled(request.standing.configuration.extensions)}


def data(part: model.Part) -> dict[str, object]:
    """Give what the form shows of an agent."""
    known: dict[str, object] = {name: getattr(part, name) for name in part.__struct_fields__}
    return {**known, "skills": of_table(known.get("skills"), "skill", "level")}


def values(form: Form) -> dict[str, object]:
    """Give what the form says of an agent."""
    return {**form.values, "skills": table_of(form.values["skills"], "skill", "level")}


def _name(request: PageRequest, part: model.Part) -> str:
    return dict(agents(request)).get(part.slug, part.slug)


def _skills(_request: PageRequest, part: model.Part) -> str:
    return (
        ", ".join(f"{skill} {level}" for skill, level in part.skills.items()) if isinstance(part, model.Agent) else ""
    )


def _site(_request: PageRequest, part: model.Part) -> str:
    return part.site if isinstance(part, model.Agent) else ""


SECTION = Section(
    list="agents",
    address="/setup/skills",
    title=marked("Skills"),
    place=45,
    purpose=marked("What each agent can do, and how well. Workgroups ask for skills; people are added under People."),
    add=marked("Add an agent without a sign-in"),
    fields=FIELDS,
    columns=(
        Column(label=SLUG.label, text=lambda _request, part: part.slug),
        Column(label=marked("Agent"), text=_name),
        Column(label=marked("Skills"), text=_skills),
        Column(label=marked("Site"), text=_site),
    ),
    choices=choices,
    data=data,
    values=values,
)
PAGE = SECTION.page
view = SECTION.view
