"""Serial lines: modems, printers of call records and front panels."""

from appliance.core import model
from appliance.core.lines import FLOW_CONTROLS, FRAMINGS, KINDS, SPEEDS, WAITING_MAX
from drivers.serial.smdr.made import all_layouts
from webadmin.request import PageRequest
from webadmin.setup.fields import Choice, Choices, Field, Form, Number, Text
from webadmin.setup.named import NAMED, SLUG, title
from webadmin.setup.section import Column, Section
from webadmin.texts import marked

KIND_WORDS = {
    "sms-modem": marked("Modem for text messages"),
    "smdr-printer": marked("Printer of call records (SMDR)"),
    "front-panel": marked("Front panel (CrystalFontz 635)"),
}
FLOW_WORDS = {"none": marked("none"), "rts-cts": "RTS/CTS", "xon-xoff": "XON/XOFF"}
OPTIONS = {"sms-modem": ("centre",), "smdr-printer": ("layout", "waiting_max"), "front-panel": ()}
"The fields of each kind."
FIELDS: tuple[Field, ...] = (
    SLUG,
    title(marked("What people call it, such as the room where it stands.")),
    Choice(name="kind", label=marked("What hangs on it"), default="smdr-printer"),
    Text(
        name="place",
        label=marked("Where"),
        needed=True,
        help=marked(
            "A device such as /dev/ttyS0, tcp:HOST:PORT to connect to, or listen:ADDRESS:PORT to be connected to."
        ),
    ),
    Choice(name="speed", label=marked("Bits a second"), default="9600"),
    Choice(name="framing", label=marked("Framing"), default="8N1", help=marked("Data bits, parity, stop bits.")),
    Choice(
        name="flow_control",
        label=marked("Flow control"),
        default="none",
        help=marked("How the other end says that it cannot take more."),
    ),
    Choice(name="layout", label=marked("Layout"), help=marked("Of a printer: whose lines it prints.")),
    Number(
        name="waiting_max",
        label=marked("Calls that wait at most"),
        low=WAITING_MAX[0],
        high=WAITING_MAX[1],
        default=10_000,
        help=marked("Of a printer that is off. Older calls are then not printed, but counted."),
    ),
    Text(
        name="centre",
        label=marked("Service centre"),
        longest=20,
        help=marked("Of a modem: the number of the carrier's; empty for the one that the SIM card names."),
    ),
)


def _choices(request: PageRequest) -> dict[str, Choices]:
    return {
        "kind": [(kind, request.say(KIND_WORDS[kind])) for kind in KINDS],
        "layout": [("", request.say("none")), *((name, one.LABEL) for name, one in all_layouts().items())],
        "speed": [(str(speed), f"{speed:,}") for speed in SPEEDS],
        "framing": [(framing, framing) for framing in FRAMINGS],
        "flow_control": [(flow, request.say(FLOW_WORDS[flow])) for flow in FLOW_CONTROLS],
    }


def _data(part: model.Part) -> dict[str, object]:
    """Show the options beside what every line has."""
    if not isinstance(part, model.SerialLine):
        return {}
    own = {name: getattr(part, name) for name in part.__struct_fields__ if name != "options"}
    return own | dict(part.options)


def _values(form: Form) -> dict[str, object]:
    """Put the fields of the kind among the options, and leave out what only another kind has."""
    values = {name: value for name, value in form.values.items() if name not in {"centre", "layout", "waiting_max"}}
    options = {name: form.values.get(name, "") for name in OPTIONS.get(form.text("kind"), ())}
    return values | {"speed": int(form.text("speed") or SPEEDS[0]), "options": options}


def _kind(request: PageRequest, part: model.Part) -> str:
    return request.say(KIND_WORDS.get(part.kind, part.kind)) if isinstance(part, model.SerialLine) else ""


SECTION = Section(
    list="lines",
    address="/setup/lines",
    title=marked("Serial lines"),
    place=78,
    purpose=marked("Modems, printers that get a line for each finished call, and the panel on the front of the box."),
    add=marked("Add a serial line"),
    fields=FIELDS,
    columns=(
        *NAMED,
        Column(label=marked("What hangs on it"), text=_kind),
        Column(label=marked("Where"), text=lambda _request, part: getattr(part, "place", "")),
    ),
    choices=_choices,
    data=_data,
    values=_values,
    errors={"options": "layout"},
)
PAGE = SECTION.page
view = SECTION.view
