"""Phones: the desk phones and what they may dial."""

from appliance.core import model
from webadmin.request import PageRequest
from webadmin.setup.choices import agents
from webadmin.setup.fields import Check, Choice, Choices, Field, Text
from webadmin.setup.section import Column, Section
from webadmin.texts import marked

FIELDS: tuple[Field, ...] = (
    Text(
        name="slug",
        label=marked("Extension"),
        needed=True,
        longest=15,
        help=marked("The digits that reach the phone; also its SIP user name."),
    ),
    Choice(name="agent", label=marked("Agent"), help=marked("Who sits at it.")),
    Check(
        name="outside",
        default=True,
        label=marked("May call outside numbers"),
        help=marked("Emergency numbers can always be called, from every phone."),
    ),
    Text(
        name="line",
        label=marked("Line of a card"),
        longest=70,
        help=marked("Of an analogue phone: span and channel, such as copper/3. Empty for a SIP phone."),
    ),
)


def choices(request: PageRequest) -> dict[str, Choices]:
    """Give the lists to choose from."""
    return {"agent": [("", request.say("nobody")), *agents(request)]}


def _agent(request: PageRequest, part: model.Part) -> str:
    agent = part.agent if isinstance(part, model.Extension) else ""
    return request.names.get(agent) or agent or request.say("nobody")


def _outside(request: PageRequest, part: model.Part) -> str:
    return request.say("yes") if isinstance(part, model.Extension) and part.outside else request.say("no")


SECTION = Section(
    list="extensions",
    address="/setup/phones",
    title=marked("Phones"),
    place=35,
    purpose=marked(
        "Desk phones by extension. People's phones are made with the people; phones of nobody are made here."
    ),
    add=marked("Add a phone"),
    fields=FIELDS,
    columns=(
        Column(label=marked("Extension"), text=lambda _request, part: part.slug),
        Column(label=marked("Agent"), text=_agent),
        Column(label=marked("May call outside numbers"), text=_outside),
    ),
    choices=choices,
    credential="extension",
)
PAGE = SECTION.page
view = SECTION.view
