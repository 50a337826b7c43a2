"""Opening hours: when flows take the way *open*."""

from appliance.core import model
from webadmin.request import PageRequest
from webadmin.setup.fields import Field, Lines
from webadmin.setup.named import NAMED, SLUG, title
from webadmin.setup.section import Column, Section
from webadmin.setup.week import DAYS, Stretches, data, values, week_in_short
from webadmin.texts import marked

STRETCHES_HELP = marked("Such as 09:00-12:00, 13:30-18:00. Empty: closed. 24:00 ends a day.")

FIELDS: tuple[Field, ...] = (
    SLUG,
    title(marked("What the flows' forms call it.")),
    Stretches(name="mon", label=marked("Monday"), help=STRETCHES_HELP),
    Stretches(name="tue", label=marked("Tuesday"), help=STRETCHES_HELP),
    Stretches(name="wed", label=marked("Wednesday"), help=STRETCHES_HELP),
    Stretches(name="thu", label=marked("Thursday"), help=STRETCHES_HELP),
    Stretches(name="fri", label=marked("Friday"), help=STRETCHES_HELP),
    Stretches(name="sat", label=marked("Saturday"), help=STRETCHES_HELP),
    Stretches(name="sun", label=marked("Sunday"), help=STRETCHES_HELP),
    Lines(
        name="closed",
        label=marked("Closed on"),
        help=marked("Dates such as 2026-12-25, one a line: closed all day, whatever weekday it is."),
    ),
)


def _week(request: PageRequest, part: model.Part) -> str:
    return week_in_short(request, part) if isinstance(part, model.Hours) else ""


SECTION = Section(
    list="hours",
    address="/setup/hours",
    title=marked("Opening hours"),
    place=60,
    purpose=marked("When the company is open. A flow asks the hours and goes one way or the other."),
    add=marked("Add opening hours"),
    fields=FIELDS,
    columns=(
        *NAMED,
        Column(label=marked("Week"), text=_week),
    ),
    data=data,
    values=values,
    errors={"week": DAYS[0]},
)
PAGE = SECTION.page
view = SECTION.view
