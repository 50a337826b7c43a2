"""Serial lines in the configuration: what a box can live with, and what it cannot."""

import msgspec
import pytest

from appliance.core import lines, model
from appliance.core.check import check


def a_line(**differs: object) -> model.SerialLine:
    """Give a modem on a USB port."""
    return msgspec.convert({"slug": "modem", "place": "/dev/ttyUSB0", **differs}, model.SerialLine)


def faults(*given: model.SerialLine) -> list[tuple[str, str]]:
    """Give what is wrong with a configuration that has these lines."""
    return [(fault.path, fault.code) for fault in check(model.Configuration(lines=given))]


def test_a_modem_can_be_had() -> None:
    """On a device or behind a terminal server, two of them in two places."""
    other = a_line(slug="other", place="tcp:[::1]:4001", speed=9_600, framing="7E1", flow_control="xon-xoff")
    centred = a_line(slug="third", place="/dev/serial/by-id/usb-X_1-if00", options={"centre": "+8613800100500"})
    assert faults(a_line(), other, centred) == []
    assert lines.options_of(centred) == lines.SmsModem(centre="+8613800100500")
    assert lines.options_of(a_line()) == lines.SmsModem()


def test_a_printer_and_a_panel_can_be_had() -> None:
    """A printer also as a program that connects to us."""
    printer = a_line(kind="smdr-printer", place="listen:0.0.0.0:4000", options={"layout": "nec"})
    panel = a_line(slug="panel", kind="front-panel", place="/dev/ttyS1")
    assert faults(printer, panel) == []
    assert lines.options_of(printer) == lines.SmdrPrinter(layout="nec", waiting_max=10_000)
    assert lines.options_of(panel) == lines.FrontPanel()


@pytest.mark.parametrize(
    ("differs", "path", "code"),
    [
        ({"place": "/dev/watchdog"}, "place", "invalid"),
        ({"place": "/dev/ttyUSB0/../mem"}, "place", "invalid"),
        ({"place": "tcp:host:0"}, "place", "invalid"),
        ({"place": "tcp:host:65536"}, "place", "invalid"),
        ({"place": ""}, "place", "invalid"),
        ({"kind": "toaster"}, "kind", "unknown"),
        ({"speed": 110}, "speed", "unknown"),
        ({"framing": "9N1"}, "framing", "unknown"),
        ({"flow_control": "hope"}, "flow_control", "unknown"),
        ({"options": {"centre": 5}}, "options", "invalid"),
        ({"options": {"center": "+86"}}, "options", "invalid"),
        ({"options": {"centre": "the carrier"}}, "options.centre", "invalid"),
        ({"place": "listen:localhost:4000"}, "place", "invalid"),
        ({"place": "listen:127.0.0.256:4000"}, "place", "invalid"),
        ({"place": "listen:127.0.0.1:0"}, "place", "invalid"),
        ({"kind": "smdr-printer"}, "options", "invalid"),
        ({"kind": "smdr-printer", "options": {"layout": "../x"}}, "options.layout", "invalid"),
        (
            {"kind": "smdr-printer", "options": {"layout": "nec", "waiting_max": 0}},
            "options.waiting_max",
            "out_of_range",
        ),
        ({"kind": "front-panel", "options": {"layout": "nec"}}, "options", "invalid"),
    ],
)
def test_what_cannot_be_is_named(differs: dict[str, object], path: str, code: str) -> None:
    """By the path of the field."""
    assert faults(a_line(**differs)) == [(f"lines.modem.{path}", code)]


def test_one_place_has_one_line() -> None:
    """Two would take each other's answers."""
    assert faults(a_line(), a_line(slug="other")) == [("lines.other.place", "twice")]
