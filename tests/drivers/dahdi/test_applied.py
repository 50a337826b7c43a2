"""Lines are what the cards' drivers were told; who they belong to, and which rest, is what is set up."""

from pathlib import Path

import msgspec
import pytest

from appliance import root_work
from appliance.api import Equipment
from appliance.core import check_cards, model
from drivers.dahdi import applied, channels, system
from drivers.dahdi.technology import Dahdi
from tests.drivers.asterisk.played import SITE
from tests.drivers.dahdi.office import SPANS, company, equipment

ALL = root_work.wiring(SPANS)
CHANNELS = "chan_dahdi-company.conf"


def told(tmp_path: Path, spans: tuple[model.Span, ...]) -> Path:
    """Write down what the drivers were told."""
    file = tmp_path / applied.FILE
    file.write_text(applied.written(spans))
    return file


def test_what_is_applied_and_set_up_alike_changes_nothing(tmp_path: Path) -> None:
    """Lines out of service included, which no driver is told of."""
    files = Dahdi(told(tmp_path, ALL)).files(SITE, equipment())
    assert files[CHANNELS] == channels.files(equipment())[CHANNELS]


def test_a_new_wiring_waits_and_a_line_out_of_service_does_not(tmp_path: Path) -> None:
    """Of one span changed in both ways."""
    changed = tuple(
        msgspec.structs.replace(span, network=True, out=(3,)) if span.slug == "pri" else span for span in SPANS
    )
    files = Dahdi(told(tmp_path, ALL)).files(SITE, equipment(spans=changed))
    as_before = tuple(msgspec.structs.replace(span, out=(3,)) if span.slug == "pri" else span for span in SPANS)
    assert files[CHANNELS] == channels.files(equipment(spans=as_before))[CHANNELS]
    assert files["dahdi-system-company.conf"] == system.files(company(spans=changed))["system.conf"]


def test_lines_that_are_not_applied_yet_are_nobodys(tmp_path: Path) -> None:
    """A span that is new, one that was taken away, fewer lines of one, a phone where there was none."""
    analogue = next(span for span in ALL if span.slug == "copper")
    fewer = msgspec.structs.replace(analogue, fxs="2-4", fxo="5")
    known = (*(span for span in ALL if span.slug not in {"copper", "qsig"}), fewer)
    configuration = applied.as_applied(company(), known)
    assert {span.slug for span in configuration.spans} == {span.slug for span in SPANS} - {"qsig"}
    lines = {trunk.slug: trunk.channels for trunk in configuration.trunks}
    assert lines["pbx"] == ()
    assert lines["copper-lines"] == ("copper/5",)
    assert lines["city"] == ("pri/1-15,17-31", "t1/1-12")
    assert {phone.slug: phone.line for phone in configuration.extensions} == {"201": "", "202": "copper/2", "301": ""}
    text = Dahdi(told(tmp_path, known)).files(SITE, equipment())[CHANNELS]
    assert "dahdichan = 91" in text
    assert "linkset = 6" in text
    gone = Dahdi(told(tmp_path, known)).files(SITE, equipment(spans=SPANS[:5], trunks=(), extensions=()))[CHANNELS]
    assert "linkset" not in gone


def test_what_is_left_is_sound() -> None:
    """Nothing that the core's own rules forbid comes of any span that was not applied."""
    for left in range(len(ALL)):
        known = ALL[:left]
        configuration = applied.as_applied(company(), known)
        assert not set(check_cards.faults(configuration)) - set(check_cards.faults(company()))
        parts = channels.files(Equipment(configuration=configuration, names={}, secrets={}))[CHANNELS]
        assert parts.count("[span") >= left - 1


@pytest.mark.parametrize("torn", [b"", b"{", b'{"spans":[{"slug":1}]}', b"[" * 200_000, b"\xff"])
def test_a_torn_note_is_no_note(tmp_path: Path, torn: bytes) -> None:
    """Then all that is set up is told, as where no drivers are ours to tell."""
    file = tmp_path / applied.FILE
    assert applied.read(file) is None
    file.write_bytes(torn)
    assert applied.read(file) is None
    assert Dahdi(file).files(SITE, equipment()) == Dahdi().files(SITE, equipment())
