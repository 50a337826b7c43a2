"""Opening hours: when flows take the way *open*."""

from pyramid.response import Response

from appliance.core import model
from webadmin.page import FORM, About
from webadmin.permissions import Permission
from webadmin.request import PageRequest
from webadmin.setup.choices import SLUG_HELP, SLUG_LABEL
from webadmin.setup.fields import Field, Lines, Text
from webadmin.setup.section import Column, Section, answer
from webadmin.setup.week import DAYS, Stretches, data, values, week_in_short
from webadmin.texts import marked

PURPOSE = marked("When the company is open. A flow asks the hours and goes one way or the other.")
PAGE = About(
    label=marked("Opening hours"),
    permission=Permission.SETUP,
    addresses=("/setup/hours", "/setup/hours/{slug}"),
    methods=FORM,
    setup=60,
    help=PURPOSE,
)
STRETCHES_HELP = marked("Such as 09:00-12:00, 13:30-18:00. Empty: closed. 24:00 ends a day.")

FIELDS: tuple[Field, ...] = (
    Text(name="slug", label=SLUG_LABEL, needed=True, longest=63, help=SLUG_HELP),
    Text(name="title", label=marked("Title"), help=marked("What the flows' forms call it.")),
    Stretches(name="mon", label=marked("Monday"), help=STRETCHES_HELP),
    Stretches(name="tue", label=marked("Tuesday")),
    Stretches(name="wed", label=marked("Wednesday")),
    Stretches(name="thu", label=marked("Thursday")),
    Stretches(name="fri", label=marked("Friday")),
    Stretches(name="sat", label=marked("Saturday")),
    Stretches(name="sun", label=marked("Sunday")),
    Lines(
        name="closed",
        label=marked("Closed on"),
        help=marked("Dates such as 2026-12-25, one a line: closed all day, whatever weekday it is."),
    ),
)


def _title(_request: PageRequest, part: model.Part) -> str:
    return getattr(part, "title", "")


def _week(request: PageRequest, part: model.Part) -> str:
    return week_in_short(request, part) if isinstance(part, model.Hours) else ""


SECTION = Section(
    list="hours",
    address=PAGE.addresses[0],
    title=PAGE.label,
    purpose=PURPOSE,
    add=marked("Add opening hours"),
    fields=FIELDS,
    columns=(
        Column(label=SLUG_LABEL, text=lambda _request, part: part.slug),
        Column(label=marked("Title"), text=_title),
        Column(label=marked("Week"), text=_week),
    ),
    data=data,
    values=values,
    errors={"week": DAYS[0]},
)


def view(request: PageRequest) -> Response:
    """Show the hours, or one"s form, review or removal."""
    return answer(request, SECTION)
