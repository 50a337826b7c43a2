"""Serial lines: printers of call records and front panels."""

from appliance.core import model
from appliance.core.check_lines import CALLS_MAX, FLOWS, FRAMINGS, KINDS, SPEEDS
from drivers.serial.smdr.made import all_layouts
from webadmin.request import PageRequest
from webadmin.setup.fields import Choice, Choices, Field, Form, Number, Text
from webadmin.setup.named import NAMED, SLUG, title
from webadmin.setup.section import Column, Section
from webadmin.texts import marked

KIND_WORDS = {
    "smdr": marked("Printer of call records (SMDR)"),
    "panel": marked("Front panel (CrystalFontz 635)"),
}
FLOW_WORDS = {"none": marked("none"), "rts-cts": "RTS/CTS", "xon-xoff": "XON/XOFF"}
FIELDS: tuple[Field, ...] = (
    SLUG,
    title(marked("What people call it, such as the room where it stands.")),
    Choice(name="kind", label=marked("What hangs on it"), default="smdr"),
    Text(
        name="place",
        label=marked("Where"),
        needed=True,
        help=marked(
            "A device such as /dev/ttyS0, tcp:HOST:PORT to connect to, or listen:ADDRESS:PORT to be connected to."
        ),
    ),
    Choice(name="layout", label=marked("Layout"), help=marked("Of a printer: whose lines it prints.")),
    Choice(name="speed", label=marked("Bits a second"), default="9600"),
    Choice(name="framing", label=marked("Framing"), default="8N1", help=marked("Data bits, parity, stop bits.")),
    Choice(
        name="flow", label=marked("Flow control"), default="none", help=marked("How a printer says that it is off.")
    ),
    Number(
        name="waiting_max",
        label=marked("Calls that wait at most"),
        low=CALLS_MAX[0],
        high=CALLS_MAX[1],
        default=10_000,
        help=marked("While a printer is off. Older calls are then not printed, but counted."),
    ),
)


def _choices(request: PageRequest) -> dict[str, Choices]:
    return {
        "kind": [(kind, request.say(KIND_WORDS[kind])) for kind in KINDS],
        "layout": [("", request.say("none")), *((name, one.LABEL) for name, one in all_layouts().items())],
        "speed": [(str(speed), f"{speed:,}") for speed in SPEEDS],
        "framing": [(framing, framing) for framing in FRAMINGS],
        "flow": [(flow, request.say(FLOW_WORDS[flow])) for flow in FLOWS],
    }


def _values(form: Form) -> dict[str, object]:
    return form.values | {"speed": int(str(form.values.get("speed", 9_600)))}


def _kind(request: PageRequest, part: model.Part) -> str:
    return request.say(KIND_WORDS.get(part.kind, part.kind)) if isinstance(part, model.SerialLine) else ""


SECTION = Section(
    list="lines",
    address="/setup/lines",
    title=marked("Serial lines"),
    place=78,
    purpose=marked("Printers that get a line for each finished call, and the panel on the front of the box."),
    add=marked("Add a serial line"),
    fields=FIELDS,
    columns=(
        *NAMED,
        Column(label=marked("What hangs on it"), text=_kind),
        Column(label=marked("Where"), text=lambda _request, part: getattr(part, "place", "")),
    ),
    choices=_choices,
    values=_values,
)
PAGE = SECTION.page
view = SECTION.view
