"""A span's state and counters by ioctl, as DAHDI's own tools ask for them.

Source: `struct dahdi_spaninfo` and `DAHDI_SPANSTAT` in include/dahdi/user.h of DAHDI 3.4.0. The size of the struct is
part of the ioctl's number (asm-generic/ioctl.h), so a kernel with another struct refuses the question in place of
writing past our buffer; the version before 2.8 has a number of its own, which is asked then.
"""

import fcntl
import os
import struct
from pathlib import Path

import msgspec

CONTROL = Path("/dev/dahdi/ctl")
_CODE = 0xDA
_SPANSTAT = 10
_GETVERSION = 57
_READ, _WRITE = 2, 1
"Directions of an ioctl, as on x86 and ARM (asm-generic/ioctl.h)."

_NOW = struct.Struct("=i20s40s7i5I7i40s40s40s40sii6s")
"Packed, in the machine's own order of bytes."
_BEFORE = struct.Struct("=i20s40s14i40s40s40s40sii6s2x")
"`struct dahdi_spaninfo_v1`: not packed, so two bytes fill it up."
_VERSION = struct.Struct("=80s80s")


class SpanStat(msgspec.Struct, frozen=True, kw_only=True):
    """What a span says of itself."""

    number: int
    name: str
    text: str
    alarms: int
    "Bits of DAHDI_ALARM_*."
    bpv: int
    crc4: int
    ebit: int
    fas: int
    framing: int = 0
    violations: int = 0
    bits: int = 0
    errored_s: int = 0
    irq_misses: int
    clock: int
    configured: int
    "Channels that have a signalling."
    channels: int
    spans: int
    location: str
    manufacturer: str
    kind: str
    line: str


class SpanStatError(Exception):
    """The kernel has not told, and why."""


def number(direction: int, nr: int, size: int) -> int:
    """Make an ioctl's number (asm-generic/ioctl.h): direction, size, type, number."""
    return direction << 30 | size << 16 | _CODE << 8 | nr


SPANSTAT = number(_READ | _WRITE, _SPANSTAT, _NOW.size)
SPANSTAT_BEFORE = number(_READ | _WRITE, _SPANSTAT, _BEFORE.size)
GETVERSION = number(_READ, _GETVERSION, _VERSION.size)


def question(span: int) -> bytearray:
    """Give the buffer that asks for a span; it takes the answer."""
    return bytearray(span.to_bytes(4, "little" if struct.pack("=i", 1)[0] else "big") + bytes(_NOW.size - 4))


def read(data: bytes) -> SpanStat:
    """Read an answer, of either version; raises `SpanStatError` for any other length."""
    match len(data):
        case _NOW.size:
            (span, name, text, alarms, _, _, bpv, crc4, ebit, fas, framing, violations, bits, _, errored, *rest) = (
                _NOW.unpack(data)
            )
        case _BEFORE.size:
            (span, name, text, alarms, _, _, bpv, crc4, ebit, fas, *rest) = _BEFORE.unpack(data)
            framing = violations = bits = errored = 0
        case length:
            raise SpanStatError(f"{length} bytes are no span's state")
    (irq, clock, configured, channels, spans, _, _, _, location, maker, kind, _, _, line) = rest
    return SpanStat(
        number=span,
        name=_text(name),
        text=_text(text),
        alarms=max(alarms, 0),
        bpv=max(bpv, 0),
        crc4=max(crc4, 0),
        ebit=max(ebit, 0),
        fas=max(fas, 0),
        framing=framing,
        violations=violations,
        bits=bits,
        errored_s=errored,
        irq_misses=max(irq, 0),
        clock=clock,
        configured=configured,
        channels=channels,
        spans=spans,
        location=_text(location),
        manufacturer=_text(maker),
        kind=_text(kind),
        line=_text(line),
    )


def _text(field: bytes) -> str:
    """Read a field up to its end: plain letters alone, whatever lies behind."""
    plain = field.partition(b"\0")[0].decode("ascii", errors="replace")
    return "".join(letter if " " <= letter <= "~" else " " for letter in plain).strip()


class Asker:
    """Asks the kernel while `/dev/dahdi/ctl` can be opened; it needs no root right, but that of the device's group."""

    def __init__(self, control: Path = CONTROL) -> None:
        """Open the device; raises `SpanStatError` if that cannot be."""
        try:
            self._file = os.open(control, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise SpanStatError(f"{control}: {error.strerror}") from None

    def close(self) -> None:
        """Let go of the device."""
        os.close(self._file)

    def version(self) -> str:
        """Ask which DAHDI it is; raises `SpanStatError`."""
        answer = self._ask(GETVERSION, bytearray(_VERSION.size))
        return _text(_VERSION.unpack(answer)[0])

    def span(self, span: int) -> SpanStat:
        """Ask for a span's state; raises `SpanStatError` if there is none of that number."""
        try:
            return read(self._ask(SPANSTAT, question(span)))
        except SpanStatError:
            return read(self._ask(SPANSTAT_BEFORE, question(span)[: _BEFORE.size]))

    def _ask(self, request: int, buffer: bytearray) -> bytes:
        try:
            fcntl.ioctl(self._file, request, buffer, True)  # noqa: FBT003  the buffer is changed in its place
        except OSError as error:
            raise SpanStatError(f"DAHDI does not tell: {error.strerror}") from None
        return bytes(buffer)
