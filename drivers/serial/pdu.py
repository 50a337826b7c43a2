"""Text messages as a modem hands them over, in hexadecimal digits: 3GPP TS 23.040, 9.2, behind TS 27.005's SC address.

Written are SMS-SUBMIT, cut into parts if need be; read are SMS-DELIVER and SMS-STATUS-REPORT. What comes from outside
may be anything: `read` raises `PduError` for what is none of both, and nothing else. What only looks odd (a time that
is no time, an unknown kind of address or coding) does not keep a text from being read.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from drivers.serial.alphabet import packed, septets_of, text_of, unpacked

OCTETS_MAX: Final = 140
"Of user data, header included."
SEPTETS_MAX: Final = 160
PARTS_MAX: Final = 20
"Parts of a text that we send; 255 would be allowed."
TEXT_MAX: Final = 1_320
"Characters of a text that we send: fit into `PARTS_MAX` parts whatever they are, but for those beyond the BMP."
ADDRESS = re.compile(r"\+?[0-9*#]{1,20}", re.ASCII)
"A number that a text can be sent to, as 9.1.2.5 can hold it."

_HEADER_OCTETS: Final = 6
"Length, and one element of concatenation with a reference of 8 bits."
_SUBMIT: Final = 0x01
_REPORT_WANTED: Final = 0x20
_VALIDITY_RELATIVE: Final = 0x10
_VALIDITY_3_DAYS: Final = 0xA9
_HAS_HEADER: Final = 0x40
_UCS2: Final = 0x08
_INTERNATIONAL: Final = 0x91
_UNKNOWN: Final = 0x81
_ALPHANUMERIC: Final = 0x5
_DIGITS: Final = "0123456789*#abc"
_CONCATENATED_8: Final = 0x00
_CONCATENATED_16: Final = 0x08


class PduError(ValueError):
    """It is no message, or none that can be sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Concatenation:
    """Which part of a longer text it is."""

    bits: int
    "8 or 16: width of the reference, which is part of the name."
    reference: int
    parts: int
    number: int
    "From 1."


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A text that came in, or one part of it."""

    sender: str
    "Digits, with a `+` before an international number, or a name; empty if there is none."
    text: str
    at: datetime | None
    "The service centre's time, UTC; None if it is none."
    part: Concatenation | None = None
    readable: bool = True
    "Whether the text is one: of binary data its hexadecimal digits stand there."


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What became of a text that was sent."""

    reference: int
    recipient: str
    at: datetime | None
    "When the service centre took it."
    status: int
    "TP-Status, 9.2.3.15."

    @property
    def delivered(self) -> bool:
        """Whether the recipient has it, or has as much of it as will ever be known."""
        return self.status <= 0x02  # noqa: PLR2004  0, 1 and 2 are the completed ones

    @property
    def final(self) -> bool:
        """Whether nothing more will be tried."""
        return not 0x20 <= self.status <= 0x3F  # noqa: PLR2004  that range is: still trying


def parts_of(text: str, reference: int) -> tuple[tuple[bytes, int, int], ...]:
    """Cut a text into the user data of its parts: octets, length as TP-UDL counts, and coding (TP-DCS).

    In the 7 bit alphabet if that has every character, else in UCS-2 (UTF-16, so that emoji pass). `reference` (0 to
    255) holds parts together. Raises `PduError` for nothing, and for more than `PARTS_MAX` parts.
    """
    if not text:
        raise PduError("there is no text")
    characters = [septets_of(character) for character in text]
    if all(characters):
        return _in_septets(characters, reference)
    return _in_ucs2(text, reference)


def submit(number: str, user_data: tuple[bytes, int, int], *, concatenated: bool) -> tuple[str, int]:
    """Write one part as SMS-SUBMIT to a number, asking for a report; the modem's own service centre and reference.

    Gives the digits, and the length that AT+CMGS wants. Raises `PduError` for what is no number.
    """
    if not ADDRESS.fullmatch(number):
        raise PduError("that is no number")
    data, length, coding = user_data
    first = _SUBMIT | _REPORT_WANTED | _VALIDITY_RELATIVE | (_HAS_HEADER if concatenated else 0)
    tpdu = bytes((first, 0)) + _written_address(number) + bytes((0, coding, _VALIDITY_3_DAYS, length)) + data
    return (b"\0" + tpdu).hex().upper(), len(tpdu)


def read(digits: str) -> Received | Report:
    """Read a message as the modem gives it; raises `PduError`."""
    try:
        cursor = _Cursor(bytes.fromhex(digits))
        cursor.take(cursor.octet())  # the service centre
        first = cursor.octet()
        match first & 0x03:
            case 0x00:
                return _read_deliver(cursor, first)
            case 0x02:
                return _read_report(cursor)
            case kind:
                raise PduError(f"it is of kind {kind}")
    except (ValueError, IndexError) as error:
        raise PduError(str(error)) from None


class _Cursor:
    """Octets, taken one after the other; raises `PduError` where there are none left."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> bytes:
        if self._at + count > len(self._data):
            raise PduError("it is cut short")
        self._at += count
        return self._data[self._at - count : self._at]

    def octet(self) -> int:
        return self.take(1)[0]

    def rest(self) -> bytes:
        return self._data[self._at :]


def _in_septets(characters: Sequence[tuple[int, ...]], reference: int) -> tuple[tuple[bytes, int, int], ...]:
    whole = [septet for character in characters for septet in character]
    if len(whole) <= SEPTETS_MAX:
        return ((packed(whole), len(whole), 0),)
    fill_bits = -8 * _HEADER_OCTETS % 7
    header_septets = (8 * _HEADER_OCTETS + fill_bits) // 7
    pieces = _pieces(characters, SEPTETS_MAX - header_septets)
    return tuple(
        (
            _header(reference, len(pieces), number) + packed(piece, fill_bits),
            header_septets + len(piece),
            0,
        )
        for number, piece in enumerate(pieces, 1)
    )


def _in_ucs2(text: str, reference: int) -> tuple[tuple[bytes, int, int], ...]:
    try:
        units = [tuple(character.encode("utf-16-be")) for character in text]
    except UnicodeEncodeError:
        raise PduError("half a character cannot be sent") from None
    whole = bytes(octet for unit in units for octet in unit)
    if len(whole) <= OCTETS_MAX:
        return ((whole, len(whole), _UCS2),)
    pieces = _pieces(units, OCTETS_MAX - _HEADER_OCTETS)
    return tuple(
        (_header(reference, len(pieces), number) + bytes(piece), _HEADER_OCTETS + len(piece), _UCS2)
        for number, piece in enumerate(pieces, 1)
    )


def _pieces(characters: Sequence[tuple[int, ...]], room: int) -> list[list[int]]:
    """Fill pieces with characters, none of which is torn; raises `PduError` beyond `PARTS_MAX`."""
    pieces: list[list[int]] = [[]]
    for character in characters:
        if len(pieces[-1]) + len(character) > room:
            pieces.append([])
        pieces[-1].extend(character)
    if len(pieces) > PARTS_MAX:
        raise PduError(f"it would take {len(pieces)} parts, {PARTS_MAX} are the most")
    return pieces


def _header(reference: int, parts: int, number: int) -> bytes:
    return bytes((_HEADER_OCTETS - 1, _CONCATENATED_8, 3, reference & 0xFF, parts, number))


def _written_address(number: str) -> bytes:
    digits = number.removeprefix("+")
    kind = _INTERNATIONAL if number.startswith("+") else _UNKNOWN
    nibbles = [_DIGITS.index(digit) for digit in digits] + [0xF] * (len(digits) % 2)
    octets = bytes(low | high << 4 for low, high in zip(nibbles[::2], nibbles[1::2], strict=True))
    return bytes((len(digits), kind)) + octets


def _read_address(cursor: _Cursor) -> str:
    length, kind = cursor.octet(), cursor.octet()
    octets = cursor.take((length + 1) // 2)
    if kind >> 4 & 0x07 == _ALPHANUMERIC:
        return text_of(unpacked(octets, 4 * length // 7))
    nibbles = [nibble for octet in octets for nibble in (octet & 0xF, octet >> 4)][:length]
    digits = "".join(_DIGITS[nibble] for nibble in nibbles if nibble < len(_DIGITS))
    return f"+{digits}" if digits and kind >> 4 & 0x07 == 1 else digits


def _read_time(octets: bytes) -> datetime | None:
    """Read 9.2.3.11: swapped decimal digits, and quarters of an hour from UTC with the sign in bit 3."""
    swapped = [(octet & 0xF) * 10 + (octet >> 4) for octet in octets[:6]]
    quarters = (octets[6] & 0x07) * 10 + (octets[6] >> 4)
    away = timedelta(minutes=15 * (-quarters if octets[6] & 0x08 else quarters))
    try:
        year, month, day, hour, minute, second = swapped
        return datetime(2000 + year, month, day, hour, minute, second, tzinfo=timezone(away)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _read_deliver(cursor: _Cursor, first: int) -> Received:
    sender = _read_address(cursor)
    cursor.octet()  # the protocol identifier
    coding = cursor.octet()
    at = _read_time(cursor.take(7))
    length, data = cursor.octet(), cursor.rest()
    header = data[1 : 1 + data[0]] if first & _HAS_HEADER and data else b""
    header_octets = len(header) + 1 if first & _HAS_HEADER and data else 0
    part = _concatenation(header)
    match _alphabet(coding):
        case 0:
            skipped = -(-8 * header_octets // 7)
            septets = unpacked(data, length)[skipped:]
            return Received(sender=sender, text=text_of(septets), at=at, part=part)
        case 2:
            text = data[header_octets:length].decode("utf-16-be", "replace")
            return Received(sender=sender, text=text, at=at, part=part)
        case _:
            return Received(sender=sender, text=data[header_octets:length].hex(), at=at, part=part, readable=False)


def _alphabet(coding: int) -> int:
    """Tell the alphabet of TP-DCS (23.038, 4): 0 of 7 bits, 1 data, 2 UCS-2; compressed text counts as data."""
    match coding >> 4:
        case 0xE:  # a message waits, UCS-2
            return 2
        case 0xF:  # data coding and class
            return coding >> 2 & 0x01
        case 0x8 | 0x9 | 0xA | 0xB | 0xC | 0xD:  # reserved; a message waits, 7 bits
            return 0
        case _:  # general
            return 1 if coding & 0x20 else (coding >> 2 & 0x03) % 3


def _concatenation(header: bytes) -> Concatenation | None:
    """Find the element of concatenation (9.2.3.24.1, .8); one that makes no sense is left out, as it asks."""
    found: Concatenation | None = None
    at = 0
    while at + 2 <= len(header):
        kind, length = header[at], header[at + 1]
        element = header[at + 2 : at + 2 + length]
        at += 2 + length
        width = {_CONCATENATED_8: 1, _CONCATENATED_16: 2}.get(kind, 0)
        if width and len(element) == width + 2 and 1 <= element[-1] <= element[-2] and element[-2] > 1:
            reference = int.from_bytes(element[:width], "big")
            found = Concatenation(bits=8 * width, reference=reference, parts=element[-2], number=element[-1])
    return found


def _read_report(cursor: _Cursor) -> Report:
    reference = cursor.octet()
    recipient = _read_address(cursor)
    at = _read_time(cursor.take(7))
    cursor.take(7)  # when it was delivered
    return Report(reference=reference, recipient=recipient, at=at, status=cursor.octet())
