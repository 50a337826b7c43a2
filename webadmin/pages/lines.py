"""Serial lines: modems and other devices that hang on the box by a cable."""

from appliance.core import lines, model
from webadmin.request import PageRequest
from webadmin.setup.fields import Choice, Field, Form, Text
from webadmin.setup.named import NAMED, SLUG, title
from webadmin.setup.section import Column, Section
from webadmin.texts import marked

KINDS = {"sms-modem": marked("Modem for text messages")}
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
        help=marked("A device such as /dev/ttyUSB0 or /dev/serial/by-id/…, or tcp:HOST:PORT for a terminal server."),
    ),
    Choice(name="speed", default=115_200, label=marked("Speed"), help=marked("Bits a second, as the device has it.")),
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
)


def _choices(request: PageRequest) -> dict[str, list[tuple[str, str]]]:
    return {
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
        "centre": part.options.get("centre", ""),
    }


def _values(form: Form) -> dict[str, object]:
    values = dict(form.values)
    centre = values.pop("centre", "")
    return {**values, "speed": int(str(values.get("speed", 0))), "options": {"centre": centre} if centre else {}}


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
    errors={"options": "centre", "options_centre": "centre"},
    credential="line",
)
PAGE = SECTION.page
view = SECTION.view
