"""SIP trunks: the lines to carriers."""

from pyramid.response import Response

from appliance.core import model
from webadmin.page import FORM, About
from webadmin.permissions import Permission
from webadmin.request import PageRequest
from webadmin.setup.choices import SLUG_HELP, SLUG_LABEL
from webadmin.setup.fields import Check, Field, Lines, Number, Text
from webadmin.setup.section import Column, Section, answer
from webadmin.texts import marked

PURPOSE = marked("Lines to a carrier. Calls come in from the addresses named here, and calls out go to the host.")
PAGE = About(
    label=marked("SIP trunks"),
    permission=Permission.SETUP,
    addresses=("/setup/trunks", "/setup/trunks/{slug}"),
    methods=FORM,
    setup=20,
    help=PURPOSE,
)

FIELDS: tuple[Field, ...] = (
    Text(name="slug", label=SLUG_LABEL, needed=True, longest=63, help=SLUG_HELP),
    Text(name="title", label=marked("Title"), help=marked("What people call it, such as the carrier's name.")),
    Text(
        name="host",
        label=marked("Host"),
        needed=True,
        help=marked("Name or address of the carrier's server; calls out go there."),
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
    Check(name="register", label=marked("Register with the carrier")),
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
)


def _title(_request: PageRequest, part: model.Part) -> str:
    return getattr(part, "title", "")


def _host(_request: PageRequest, part: model.Part) -> str:
    return f"{part.host}:{part.port}" if isinstance(part, model.Trunk) else ""


SECTION = Section(
    list="trunks",
    address=PAGE.addresses[0],
    title=PAGE.label,
    purpose=PURPOSE,
    add=marked("Add a trunk"),
    fields=FIELDS,
    columns=(
        Column(label=SLUG_LABEL, text=lambda _request, part: part.slug),
        Column(label=marked("Title"), text=_title),
        Column(label=marked("Host"), text=_host),
    ),
    credential="trunk",
)


def view(request: PageRequest) -> Response:
    """Show the trunks, or one's form, review or removal."""
    return answer(request, SECTION)
