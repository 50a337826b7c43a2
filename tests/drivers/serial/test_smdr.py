"""The printed line of a call, layout by layout, column by column as their makers published them."""

import inspect
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.core import model
from appliance.core.cdr import CDR, Outcome
from appliance.core.facts import Leg
from drivers.serial.smdr.finished import FinishedCall, Sheet
from drivers.serial.smdr.layouts import altigen, nec, panasonic, teleseer, toshiba
from drivers.serial.smdr.made import all_layouts, finished, places_of_trunks, telephones, zone_of

BEGAN = datetime(2026, 11, 22, 20, 12, 5, tzinfo=UTC)
ENDED = datetime(2026, 11, 22, 20, 13, 10, tzinfo=UTC)
SHEET = Sheet(day=BEGAN, page=7)


def a_call(
    *,
    outgoing: bool = False,
    answered: bool = True,
    number: str = "+4930123456",
    extension: str = "2017",
    talk_s: int = 33,
    trunk: int = 2,
) -> FinishedCall:
    """Give a call of a customer who reached 2017."""
    return FinishedCall(
        ordinal=130,
        began=BEGAN,
        ended=ENDED,
        outgoing=outgoing,
        answered=answered,
        ring_s=20,
        talk_s=talk_s,
        number=number,
        dialled="8001",
        extension=extension if answered else "",
        trunk=trunk,
    )


def cut(line: bytes, *columns: tuple[int, int]) -> list[str]:
    """Give columns of a line, first and last counted from 1, as the makers' tables do."""
    return [line[first - 1 : last].decode("ascii") for first, last in columns]


def test_every_layout_keeps_the_protocol() -> None:
    """A layout without a part of it is found here and not on a customer's printer."""
    assert set(all_layouts()) == {"altigen", "nec", "panasonic", "teleseer", "toshiba"}
    for name, layout in all_layouts().items():
        assert layout.LABEL, name
        assert inspect.getdoc(layout), name
        assert "Source: " in (inspect.getdoc(layout) or ""), name
        assert isinstance(layout.opening(SHEET), bytes)
        assert layout.line(a_call()).rstrip(b"\0").endswith(b"\n"), name


def test_altigen_prints_start_and_length_as_in_its_manual() -> None:
    """The manual's example is ` 09/01 08:12P 00:00:33 109       2526352 …`: columns from 0, 80 of them, LF."""
    line = altigen.line(a_call())
    assert line == b" 11/22 08:12P 00:00:33 0002" + b"4930123456".ljust(34) + b"2017" + b" " * 15 + b"\n"
    assert line.index(b"\n") == 80
    out = altigen.line(a_call(outgoing=True))
    assert out.index(b"\n") == 80
    assert cut(out, (24, 27), (34, 59), (62, 65)) == ["2017", "4930123456".ljust(26), "0002"]
    assert altigen.opening(SHEET) == b""
    assert altigen.line(a_call(answered=False, talk_s=0))[61:65] == b"8001", "nobody answered: the number of ours"


def test_nec_prints_head_lines_and_columns_of_its_table() -> None:
    """Table 1-67 of the SL1100's manual."""
    first, second, rest = nec.opening(SHEET).split(b"\r\n")
    assert first == b" " * 60 + b"11/22/2026 PAGE 007"
    assert rest == b"\n"
    assert cut(second, (1, 5), (7, 10), (15, 18), (23, 30)) == ["CLASS", "TIME", "LINE", "DURATION"]
    assert cut(second, (33, 39), (45, 51), (53, 59), (64, 70)) == ["STATION", "DIALLED", "No./CLI", "ACCOUNT"]
    line = nec.line(a_call())
    assert cut(line, (1, 4), (6, 10), (12, 21), (23, 30)) == ["PIN ", "20:12", "002       ", "00:00:33"]
    assert cut(line, (32, 41), (43, 62), (64, 79)) == ["2017".ljust(10), "4930123456".ljust(20), " " * 16]
    missed = nec.line(a_call(answered=False, talk_s=0))
    assert cut(missed, (23, 30), (32, 41), (64, 79)) == [" " * 8, " " * 10, "NO ANSWER".ljust(16)]
    assert nec.line(a_call(outgoing=True)).startswith(b"POT  20:12")
    assert line.endswith(b"\r\n")
    assert len(line) == 81


def test_panasonic_prints_its_ruler() -> None:
    """`T MM/DD HH:MM:SS HH:MM.SS NNN D… A… V… NN`, ruled from 0 to 77."""
    line = panasonic.line(a_call(extension="217"))
    assert line == b"I 11/22 20:12:05 00:00.33 217 " + b"4930123456".ljust(28) + b" " * 18 + b"02\r\n"
    assert len(line) == 80
    assert panasonic.opening(SHEET) == b""
    assert b" Private " in panasonic.line(a_call(number=""))
    assert b" 12>34<" in panasonic.line(a_call(number="12*34#", outgoing=True))
    assert panasonic.line(a_call(outgoing=True))[:2] == b"O "


def test_teleseer_prints_positions_of_table_27() -> None:
    """The record is 78 columns and three NULs; a day begins with its date."""
    assert teleseer.opening(SHEET) == b"1122\r\n\0\0\0"
    line = teleseer.line(a_call(talk_s=3_600 + 12 * 60 + 30))
    assert len(line) == 81
    assert cut(line, (1, 3), (4, 7), (8, 11), (12, 12)) == ["   ", "2013", "1125", "9"]
    assert cut(line, (19, 33), (34, 38), (56, 58), (59, 61)) == ["2017".rjust(15), "23456", "002", "   "]
    assert cut(line, (13, 18), (39, 55), (62, 76)) == [" " * 6, " " * 17, " " * 15]
    out = teleseer.line(a_call(outgoing=True))
    assert cut(out, (12, 12), (19, 33), (34, 38), (56, 61)) == ["A", "4930123456".rjust(15), " 2017", "   002"]
    assert cut(teleseer.line(a_call(talk_s=36_000)), (8, 12)) == ["95994"]
    assert cut(teleseer.line(a_call(talk_s=35_999)), (8, 12)) == ["95999"]


def test_toshiba_prints_positions_of_table_12_4() -> None:
    """A call in has a second line, begun by `&`, with the caller's number and the number that was called."""
    first, second, end = toshiba.line(a_call()).split(b"\r\n")
    assert end == b""
    assert cut(first, (1, 1), (3, 5), (7, 12), (14, 22), (24, 32)) == ["N", "002", "00    ", "T00100200", "DN2017   "]
    assert cut(first, (34, 47), (49, 58), (60, 91)) == ["11/22 20:13:10", "00:00:33.0", " " * 32]
    assert len(first) == 91
    assert cut(second, (1, 2), (3, 19), (40, 46)) == [" &", "C4930123456".ljust(17), "   8001"]
    assert len(second) == 62
    (out, end) = toshiba.line(a_call(outgoing=True)).split(b"\r\n")
    assert cut(out, (14, 22), (24, 32), (60, 91)) == ["DN2017   ", "T00100200", "4930123456".ljust(32)]
    assert toshiba.line(a_call(answered=False)).startswith(b"B 002 00     T00100200           11/22")
    assert toshiba.line(a_call(number=""))[95:112] == b" " * 17
    assert toshiba.opening(SHEET) == b""


@given(
    number=st.text(max_size=60),
    extension=st.text(max_size=30),
    talk_s=st.integers(min_value=-5, max_value=10**7),
    trunk=st.integers(min_value=0, max_value=10**6),
    outgoing=st.booleans(),
    answered=st.booleans(),
)
def test_whatever_a_caller_sends_columns_stay_and_no_order_reaches_a_printer(
    *, number: str, extension: str, talk_s: int, trunk: int, outgoing: bool, answered: bool
) -> None:
    """Escape sequences, line ends and long texts change no width and are not printed."""
    strange = a_call(
        number=number, extension=extension, talk_s=talk_s, trunk=trunk, outgoing=outgoing, answered=answered
    )
    plain = a_call(outgoing=outgoing, answered=answered)
    for name, layout in all_layouts().items():
        line = layout.line(strange)
        assert len(line) == len(layout.line(plain)), name
        assert not {byte for byte in line if byte < 32} - set(b"\r\n\0"), name
        assert line.count(b"\n") == layout.line(plain).count(b"\n"), name


def a_record(*, outcome: Outcome = Outcome.ANSWERED, medium: str = "voice", agent: str = "ann") -> CDR:
    """Give the record of a call that waited 20 s and was talked 33.9 s."""
    return CDR(
        interaction="i1",
        leg=Leg(exchange="pbx", uniqueid="1.1"),
        trunk="carrier",
        number="8001",
        party="p1",
        began=int(BEGAN.timestamp()) * 1_000_000,
        ended=int(ENDED.timestamp()) * 1_000_000,
        outcome=outcome,
        agent=agent,
        wait_us=20_000_000,
        talk_us=33_900_000,
        medium=medium,
    )


@pytest.mark.parametrize(
    ("record", "outgoing", "answered", "ring_s", "talk_s", "extension"),
    [
        (a_record(), False, True, 20, 33, "2017"),
        (a_record(outcome=Outcome.ABANDONED), False, False, 65, 0, ""),
        (a_record(medium="callback"), True, True, 20, 33, "2017"),
        (a_record(outcome=Outcome.CALLBACK, medium="callback"), False, False, 65, 0, ""),
        (a_record(agent="gone"), False, True, 20, 33, ""),
    ],
)
def test_a_record_becomes_what_is_printed(
    *, record: CDR, outgoing: bool, answered: bool, ring_s: int, talk_s: int, extension: str
) -> None:
    """Times are in the company's zone; who is in no list any more has no number."""
    configuration = model.Configuration(
        trunks=(model.Trunk(slug="old", host="a"), model.Trunk(slug="carrier", host="b")),
        agents=(model.Agent(slug="ann", extension="2017"),),
    )
    call = finished(
        record,
        ordinal=130,
        number="+49",
        trunks=places_of_trunks(configuration),
        extensions=telephones(configuration),
        zone=zone_of("Asia/Shanghai"),
    )
    assert (call.outgoing, call.answered, call.ring_s, call.talk_s) == (outgoing, answered, ring_s, talk_s)
    assert (call.extension, call.trunk, call.dialled, call.number) == (extension, 2, "8001", "+49")
    assert f"{call.began:%m/%d %H:%M}" == "11/23 04:12"


def test_a_zone_that_is_none_is_utc() -> None:
    """A printer line goes on, whatever a configuration of another release says."""
    assert zone_of("Nowhere/Land").key == zone_of("../../etc/passwd").key == "UTC"
