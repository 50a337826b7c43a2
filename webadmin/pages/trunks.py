"""SIP trunks: the lines to carriers."""

from appliance.core import model
from appliance.core.check_cards import GROUPS_MAX
from webadmin.request import PageRequest
from webadmin.setup.choices import titled
from webadmin.setup.fields import Check, Choice, Choices, Field, Lines, Number, Text
from webadmin.setup.named import NAMED, SLUG, title
from webadmin.setup.section import Column, Section
from webadmin.texts import marked

FIELDS: tuple[Field, ...] = (
    SLUG,
    title(marked("What people call it, such as the carrier's name.")),
    Text(
        name="host",
        label=marked("Host"),
        help=marked("Name or address of the carrier's server; calls out go there. Empty for lines of telephone cards."),
    ),
    Number(
        name="port",
        label=marked("Port"),
        low=1,
        high=65535,
        default=5060,
        help=marked("The carrier's SIP port over UDP."),
    ),
    Lines(
        name="accept",
        label=marked("Calls in from"),
        help=marked("Addresses or networks such as 198.51.100.0/24, one a line. Empty: from the host alone."),
    ),
    Text(
        name="username",
        label=marked("User name"),
        longest=64,
        help=marked("For the carrier's challenge; empty if it knows us by our address."),
    ),
    Check(
        name="register",
        label=marked("Register with the carrier"),
        help=marked("For carriers that send calls only to who has signed in with user name and password."),
    ),
    Number(
        name="calls_max",
        label=marked("Calls at once"),
        low=0,
        high=10000,
        default=0,
        help=marked("0 for no limit. Emergency calls pass all the same."),
    ),
    Number(
        name="probe_s",
        label=marked("Probe every"),
        low=0,
        high=3600,
        default=30,
        unit=marked("s"),
        help=marked("How often the trunk is asked whether it is alive; 0 never asks."),
    ),
    Lines(
        name="channels",
        label=marked("Lines of cards"),
        help=marked("Spans, one a line, whole such as city, or some channels of it such as city/1-15. Empty for SIP."),
    ),
    Number(
        name="group",
        label=marked("Group of these lines"),
        low=0,
        high=GROUPS_MAX,
        default=0,
        help=marked("Of cards: 1 to 31, another for each trunk. 0 for SIP."),
    ),
    Choice(name="hunt", label=marked("Free line for a call out"), default="linear"),
    Choice(
        name="number",
        label=marked("Number of these lines"),
        help=marked("Of cards: which of our numbers a call counts as that comes without dialled digits."),
    ),
)


def choices(request: PageRequest) -> dict[str, Choices]:
    """Give the lists to choose from."""
    numbers = titled(request.standing.configuration.numbers, empty=request.say("none"))
    return {
        "hunt": [("linear", request.say("the first that is free")), ("round_robin", request.say("the next in turn"))],
        "number": numbers,
    }


def _host(_request: PageRequest, part: model.Part) -> str:
    if not isinstance(part, model.Trunk):
        return ""
    return ", ".join(part.channels) or f"{part.host}:{part.port}"


SECTION = Section(
    list="trunks",
    address="/setup/trunks",
    title=marked("SIP trunks"),
    place=20,
    purpose=marked("Lines to a carrier. Calls come in from the addresses named here, and calls out go to the host."),
    add=marked("Add a trunk"),
    fields=FIELDS,
    columns=(
        *NAMED,
        Column(label=marked("Host"), text=_host),
    ),
    choices=choices,
    credential="trunk",
)
PAGE = SECTION.page
view = SECTION.view
