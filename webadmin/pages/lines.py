"""Serial lines: modems and other devices that hang on the box by a cable."""

from appliance.core import lines, model
from drivers.serial.smdr.made import all_layouts
from webadmin.request import PageRequest
from webadmin.setup.fields import Choice, Field, Form, Number, Text
from webadmin.setup.named import NAMED, SLUG, title
from webadmin.setup.section import Column, Section
from webadmin.texts import marked

KINDS = {
    "sms-modem": marked("Modem for text messages"),
    "smdr-printer": marked("Printer of call records (SMDR)"),
    "front-panel": marked("Front panel (CrystalFontz 635)"),
}
OPTIONS = {"sms-modem": ("centre",), "smdr-printer": ("layout", "waiting_max"), "front-panel": ()}
"The fields of each kind."
FLOW_CONTROLS = {
    "none": marked("none"),
    "rts-cts": marked("by two wires (RTS/CTS)"),
    "xon-xoff": marked("by two characters (XON/XOFF)"),
}
FIELDS: tuple[Field, ...] = (
    SLUG,
    title(marked("What people call it, such as the modem's place or number.")),
    Choice(name="kind", default="sms-modem", label=marked("What hangs on it"), help=marked("The kind of device.")),
    Text(
        name="place",
        label=marked("Where it is"),
        needed=True,
        help=marked(
            "A device such as /dev/ttyUSB0 or /dev/serial/by-id/…, tcp:HOST:PORT to connect to, or listen:ADDRESS:PORT."
        ),
    ),
    Choice(name="speed", default="115200", label=marked("Speed"), help=marked("Bits a second, as the device has it.")),
    Choice(
        name="framing",
        default="8N1",
        label=marked("Framing"),
        help=marked("Data bits, parity (none, even, odd) and stop bits; almost every device has 8N1."),
    ),
    Choice(
        name="flow_control",
        default="none",
        label=marked("Flow control"),
        help=marked("How a device says that it cannot take more just now."),
    ),
    Text(
        name="centre",
        label=marked("Service centre"),
        longest=21,
        help=marked("Of a modem: the carrier's number for texts. Empty: the one that the SIM card names."),
    ),
    Choice(name="layout", label=marked("Layout"), help=marked("Of a printer: whose lines it prints.")),
    Number(
        name="waiting_max",
        label=marked("Calls that wait at most"),
        low=lines.WAITING_MAX[0],
        high=lines.WAITING_MAX[1],
        default=10_000,
        help=marked("Of a printer that is off. Older calls are then not printed, but counted."),
    ),
)


def _choices(request: PageRequest) -> dict[str, list[tuple[str, str]]]:
    return {
        "layout": [("", request.say("none")), *((name, one.LABEL) for name, one in all_layouts().items())],
        "kind": [(kind, request.say(word)) for kind, word in KINDS.items()],
        "speed": [(str(speed), str(speed)) for speed in lines.SPEEDS],
        "framing": [(framing, framing) for framing in lines.FRAMINGS],
        "flow_control": [(name, request.say(word)) for name, word in FLOW_CONTROLS.items()],
    }


def _data(part: model.Part) -> dict[str, object]:
    if not isinstance(part, model.SerialLine):
        return {}
    return {
        "slug": part.slug,
        "title": part.title,
        "kind": part.kind,
        "place": part.place,
        "speed": part.speed,
        "framing": part.framing,
        "flow_control": part.flow_control,
        **part.options,
    }


def _values(form: Form) -> dict[str, object]:
    """Put the fields of the kind among the options, and leave out what only another kind has."""
    own = {name for names in OPTIONS.values() for name in names}
    values = {name: value for name, value in form.values.items() if name not in own}
    options = {name: form.values.get(name, "") for name in OPTIONS.get(form.text("kind"), ())}
    given = {name: value for name, value in options.items() if value != ""}
    return {**values, "speed": int(str(values.get("speed", 0))), "options": given}


def _place(_request: PageRequest, part: model.Part) -> str:
    return part.place if isinstance(part, model.SerialLine) else ""


SECTION = Section(
    list="lines",
    address="/setup/lines",
    title=marked("Serial lines"),
    place=25,
    purpose=marked("Devices on a cable, such as a modem that sends and receives text messages."),
    add=marked("Add a serial line"),
    fields=FIELDS,
    columns=(*NAMED, Column(label=marked("Where it is"), text=_place)),
    choices=_choices,
    data=_data,
    values=_values,
    errors={"options": "layout", "options_centre": "centre", "options_layout": "layout"},
    credential="line",
)
PAGE = SECTION.page
view = SECTION.view
