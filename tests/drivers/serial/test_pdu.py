"""Text messages in hexadecimal digits: read and written, held against an independent reader and known examples."""

from datetime import UTC, datetime
from io import StringIO

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from smspdudecoder.codecs import GSM
from smspdudecoder.fields import SMSSubmit

from drivers.serial import alphabet, pdu
from drivers.serial.pdu import Concatenation, PduError, Received, Report

BASIC = "".join(character for character in GSM.ALPHABET if character != "\x1b")
PLAIN = st.text(alphabet=BASIC + "^{}\\[~]|€\f", min_size=1, max_size=900)
ANY = st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=600)
HELLO = "07911326040000F0040B911346610089F60000208062917314080CC8F71D14969741F977FD07"
"An example that is printed in many descriptions of the format: from +31641600986, 2002-08-26 19:37:41."


def written(text: str, reference: int = 7) -> list[dict[str, object]]:
    """Give what an independent reader finds in the parts of a text that we write."""
    parts = pdu.parts_of(text, reference)
    found = []
    for part in parts:
        digits, length = pdu.submit("+8613800138000", part, concatenated=len(parts) > 1)
        assert len(digits) // 2 - 1 == length
        found.append(SMSSubmit.decode(StringIO(digits)))
    return found


def delivered(part: tuple[bytes, int, int], *, header: bool) -> str:
    """Make what the recipient's modem would give of a part that we wrote."""
    data, length, coding = part
    first = 0x44 if header else 0x04
    address = bytes((5, 0x91)) + b"\x21\x43\xf5"
    return (bytes((0, first)) + address + bytes((0, coding)) + b"\0" * 7 + bytes((length,)) + data).hex()


def test_an_example_is_read() -> None:
    """As it is printed; the service centre of it is passed over."""
    at = datetime(2002, 8, 26, 19, 37, 41, tzinfo=UTC)
    read = pdu.read(HELLO)
    assert isinstance(read, Received)
    assert (read.sender, read.text, read.part) == ("+31641600986", "How are you?", None)
    assert read.at == at


@settings(deadline=None)
@given(PLAIN)
@example("€€€a")
@example("1234567")
@example("@" * 160)
def test_plain_text_comes_back(text: str) -> None:
    """Cut and put together again, by our own reader, whatever the bits round it are."""
    parts = pdu.parts_of(text, 0x1B)
    read = [pdu.read(delivered(part, header=len(parts) > 1)) for part in parts]
    assert "".join(one.text for one in read if isinstance(one, Received)) == text
    assert all(coding == 0 and len(data) <= pdu.OCTETS_MAX for data, _length, coding in parts)


@settings(deadline=None)
@given(ANY)
@example("好" * 70)
@example("好" * 71)
@example("😀" * 100)
def test_any_text_comes_back(text: str) -> None:
    """In UCS-2 where the alphabet does not have it; no character is torn between two parts."""
    parts = pdu.parts_of(text, 200)
    read = [pdu.read(delivered(part, header=len(parts) > 1)) for part in parts]
    assert "".join(one.text for one in read if isinstance(one, Received)) == text
    series = [one.part for one in read if isinstance(one, Received)]
    if len(parts) > 1:
        assert series == [
            Concatenation(bits=8, reference=200, parts=len(parts), number=number) for number in range(1, len(parts) + 1)
        ]


@settings(deadline=None)
@given(st.one_of(st.text(alphabet=BASIC, min_size=1, max_size=400), st.text(alphabet="订单已发货", max_size=200)))
def test_others_read_what_we_write(text: str) -> None:
    """The independent reader finds text, number and parts (without extensions, of which it loses count)."""
    if not text:
        return
    found = written(text)
    assert "".join(str(one["user_data"]["data"]) for one in found) == text  # type: ignore[index]  # of many kinds
    assert {one["recipient"]["number"] for one in found} == {"8613800138000"}  # type: ignore[index]  # the same
    assert all(one["header"]["srr"] for one in found)  # type: ignore[index]  # the same


def test_where_the_independent_reader_loses_characters() -> None:
    """Why it is no part of the box: a fill after an extension is read as a character."""
    septets = [code for character in "€€€a" for code in alphabet.septets_of(character)]
    digits = delivered((alphabet.packed(septets), len(septets), 0), header=False)
    read = pdu.read(digits)
    assert isinstance(read, Received)
    assert read.text == "€€€a"
    assert GSM.decode(alphabet.packed(septets).hex().upper())[: len(septets)] != "€€€a"


def test_how_many_parts_a_text_takes() -> None:
    """As 9.2.3.24.1 has it: 160 or 153 septets, 70 or 67 characters."""
    for text, parts in (("a" * 160, 1), ("a" * 161, 2), ("a" * 306, 2), ("a" * 307, 3), ("€" * 80, 1), ("€" * 81, 2)):
        assert len(pdu.parts_of(text, 0)) == parts
    for text, parts in (("好" * 70, 1), ("好" * 71, 2), ("好" * 134, 2), ("好" * 135, 3)):
        assert len(pdu.parts_of(text, 0)) == parts
    assert len(pdu.parts_of("好" * pdu.TEXT_MAX, 0)) <= pdu.PARTS_MAX
    for text, why in (("", "no text"), ("好" * 1_341, "20 are the most"), ("\ud800", "half a character")):
        with pytest.raises(PduError, match=why):
            pdu.parts_of(text, 0)


def test_numbers() -> None:
    """National, international, with star and hash; nothing else is one."""
    (part,) = pdu.parts_of("x", 0)
    assert pdu.submit("10086", part, concatenated=False)[0].startswith("003100058101" + "80F6")
    for number, kind in (("+8613800138000", "international"), ("10086", "unknown")):
        read = SMSSubmit.decode(StringIO(pdu.submit(number, part, concatenated=False)[0]))
        assert (read["recipient"]["number"], read["recipient"]["toa"]["ton"]) == (number.lstrip("+"), kind)
    assert "A1" in pdu.submit("1*#", part, concatenated=False)[0]
    for number in ("", "+", "12a", "1" * 21, "1 2", "\u0661\u0662"):
        with pytest.raises(PduError):
            pdu.submit(number, part, concatenated=False)


def test_senders() -> None:
    """A name, a national number, none at all, and digits that are none."""
    rest = "0000" + "0" * 14 + "00"
    for address, sender in (
        ("0BD0CDE6DB5DCE03", "MMoney"),
        ("05810180F6", "10086"),
        ("0091", ""),
        ("0491FFFF", ""),
    ):
        read = pdu.read(f"0004{address}{rest}")
        assert isinstance(read, Received)
        assert read.sender == sender


def test_times() -> None:
    """West and east of Greenwich; what is no time is none."""
    for digits, at in (
        ("70402132522423", datetime(2007, 4, 12, 15, 25, 42, tzinfo=UTC)),
        ("3130523210658A", datetime(2013, 3, 26, 6, 1, 56, tzinfo=UTC)),
        ("00000000000000", None),
        ("FFFFFFFFFFFFFF", None),
    ):
        read = pdu.read(f"00040081{'0000'}{digits}00")
        assert isinstance(read, Received)
        assert read.at == at


@pytest.mark.parametrize(
    ("coding", "text", "readable"),
    [
        ("00", "h", True),
        ("F4", "68", False),
        ("F0", "h", True),
        ("04", "68", False),
        ("20", "68", False),
        ("0C", "h", True),
        ("C8", "h", True),
        ("D0", "h", True),
    ],
)
def test_codings(coding: str, text: str, *, readable: bool) -> None:
    """Of 23.038, 4: what is no text is shown as its digits."""
    read = pdu.read(f"0004008100{coding}{'0' * 14}0168")
    assert isinstance(read, Received)
    assert (read.text, read.readable) == (text, readable)


def test_a_message_that_waits_in_chinese() -> None:
    """Group 1110 is UCS-2."""
    read = pdu.read(f"0004008100E0{'0' * 14}02597D")
    assert isinstance(read, Received)
    assert read.text == "好"


def test_headers() -> None:
    """Of 16 bits, behind another element; one that makes no sense is left out."""
    begin = f"00440081000{'8'}{'0' * 14}"
    for header, part in (
        ("060804ABCD0302", Concatenation(bits=16, reference=0xABCD, parts=3, number=2)),
        ("0A05040B84000000037F0201", None),
        ("0B05040B8400000003FF0201", Concatenation(bits=8, reference=0xFF, parts=2, number=1)),
        ("050003010201", Concatenation(bits=8, reference=1, parts=2, number=1)),
        ("050003010203", None),
        ("050003010101", None),
        ("050003010200", None),
        ("0500020102", None),
        ("0100", None),
    ):
        length = len(header) // 2 + 2
        read = pdu.read(f"{begin}{length:02X}{header}597D")
        assert isinstance(read, Received)
        assert read.part == part
    empty = pdu.read(f"0044008100{'08'}{'0' * 14}00")
    assert isinstance(empty, Received)
    assert empty.text == ""


def test_unknown_extensions_and_ends() -> None:
    """As 6.2.1.1 of 23.038 has it; a lone escape at the end is nothing."""
    assert alphabet.text_of([0x1B, 0x41, 0x1B, 0x1B, 0x1B, 0x65, 0x1B]) == "A €"
    assert alphabet.septets_of("好") == ()
    assert alphabet.septets_of("\x1b") == ()


def test_reports() -> None:
    """Reference, recipient, and what became of it."""
    for status, delivered_, final in ((0, True, True), (0x20, False, False), (0x3F, False, False), (0x41, False, True)):
        read = pdu.read("00060905810180F6" + "0" * 28 + f"{status:02X}")
        assert read == Report(reference=9, recipient="10086", at=None, status=status)
        assert (read.delivered, read.final) == (delivered_, final)


@pytest.mark.parametrize("digits", ["", "0", "zz", "07", "0001", "0003", "0004", "00040081", "0004FF91", "000605"])
def test_what_is_no_message_is_said_to_be_none(digits: str) -> None:
    """And by this error alone."""
    with pytest.raises(PduError):
        pdu.read(digits)


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_any_octets_are_read_or_refused(data: bytes) -> None:
    """Whatever comes from outside."""
    try:
        pdu.read(data.hex())
    except PduError:
        return


@settings(deadline=None)
@given(st.integers(0, 29), st.binary(max_size=40))
def test_any_damage_is_read_or_refused(at: int, noise: bytes) -> None:
    """Of a message that was right."""
    whole = bytes.fromhex(HELLO)
    try:
        pdu.read((whole[:at] + noise + whole[at + len(noise) :]).hex())
    except PduError:
        return
