"""RTP packets and the digits among them (RFC 3550, 4733): bytes and values, no socket, no clock."""

import struct
from dataclasses import dataclass, field

RATE_HZ = 8_000
TICK_SAMPLES = 160
"Samples in the 20 ms that one packet carries."
DIGITS = "0123456789*#ABCD"
"The events 0 to 15 of RFC 4733."
VOLUME = 10
"Loudness of a sent digit in -dBm0."
ENDS = 3
"How often the last packet of a digit is sent (RFC 4733 2.5.1.4)."
GAP_SAMPLES_MAX = 10 * RATE_HZ
"A pause in the timestamps up to this long was silence; a longer one is a new source."
LATE_PACKETS_MAX = 100
"A sequence number up to this far back is a late or double packet; further back it is a new source."

_HEADER = struct.Struct(">BBHII")
_EVENT = struct.Struct(">BBH")
_EXTENSION = struct.Struct(">HH")
_VERSION = 2
_LOW_32 = 0xFFFFFFFF
_LOW_16 = 0xFFFF
_HALF_32 = 1 << 31
_HALF_16 = 1 << 15


class RtpError(ValueError):
    """A datagram that is no RTP packet."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One RTP packet. Positional, for there are thousands a second."""

    payload_type: int
    sequence: int
    timestamp: int
    source: int
    payload: bytes
    marker: bool = False

    def encode(self) -> bytes:
        """Write it."""
        second = self.payload_type | (0x80 if self.marker else 0)
        return _HEADER.pack(0x80, second, self.sequence, self.timestamp, self.source) + self.payload


def parse(datagram: bytes) -> Packet:
    """Read one packet, without its padding, contributing sources and header extension."""
    if len(datagram) < _HEADER.size:
        raise RtpError(f"{len(datagram)} bytes")
    first, second, sequence, timestamp, source = _HEADER.unpack_from(datagram)
    if first >> 6 != _VERSION:
        raise RtpError(f"version {first >> 6}")
    start = _HEADER.size + 4 * (first & 0x0F)
    end = len(datagram)
    if first & 0x10:
        if start + _EXTENSION.size > end:
            raise RtpError("a torn extension")
        start += _EXTENSION.size + 4 * _EXTENSION.unpack_from(datagram, start)[1]
    if first & 0x20:
        end -= datagram[-1]
    if start > end:
        raise RtpError("headers longer than the packet")
    return Packet(second & 0x7F, sequence, timestamp, source, datagram[start:end], marker=bool(second & 0x80))


@dataclass(slots=True)
class Sender:
    """Numbers the packets of one direction of a call."""

    source: int
    sequence: int
    timestamp: int

    def packet(self, payload_type: int, payload: bytes, *, marker: bool = False, at: int | None = None) -> bytes:
        """Write the next packet; `at` is a timestamp other than that of now, as a digit's packets have."""
        self.sequence = self.sequence + 1 & _LOW_16
        timestamp = self.timestamp if at is None else at
        return Packet(payload_type, self.sequence, timestamp, self.source, payload, marker=marker).encode()

    def pass_time(self, samples: int = TICK_SAMPLES) -> None:
        """Count the time that passes, whether or not anything was sent."""
        self.timestamp = self.timestamp + samples & _LOW_32


def digit_payloads(digit: str, ticks: int) -> tuple[bytes, ...]:
    """Write the payloads of one pressed key, one each 20 ms: `ticks` while it is down, then its end three times."""
    if digit not in DIGITS or len(digit) != 1:
        raise ValueError(f"no key: {digit!r}")
    event = DIGITS.index(digit)
    down = [_EVENT.pack(event, VOLUME, TICK_SAMPLES * (tick + 1)) for tick in range(ticks)]
    return (*down, *[_EVENT.pack(event, 0x80 | VOLUME, TICK_SAMPLES * ticks)] * ENDS)


@dataclass(slots=True)
class DigitsHeard:
    """Tells one pressed key from the many packets that speak of it."""

    digits: str = ""
    _current: int | None = field(default=None)

    def hear(self, packet: Packet) -> str:
        """Give the digit if this packet is the first to speak of it, else nothing; a torn or unknown event is none."""
        if len(packet.payload) < _EVENT.size or packet.payload[0] >= len(DIGITS):
            return ""
        if packet.timestamp == self._current:
            return ""
        self._current = packet.timestamp
        digit = DIGITS[packet.payload[0]]
        self.digits += digit
        return digit


@dataclass(slots=True)
class Order:
    """Puts heard packets on one line of time: fills pauses, drops what comes late or twice."""

    lost: int = 0
    late: int = 0
    _source: int | None = None
    _sequence: int = 0
    _timestamp: int = 0

    def place(self, packet: Packet, samples: int) -> int | None:
        """Say how many samples of silence go before this packet of `samples` samples; None drops it."""
        if packet.source != self._source:
            return self._go_on(packet, samples)
        ahead = _signed(packet.sequence - self._sequence, _HALF_16)
        if -LATE_PACKETS_MAX < ahead <= 0:
            self.late += 1
            return None
        pause = _signed(packet.timestamp - self._timestamp, _HALF_32)
        if ahead > 1:
            self.lost += ahead - 1
        self._go_on(packet, samples)
        return pause if ahead > 0 and 0 < pause <= GAP_SAMPLES_MAX else 0

    def pass_over(self, packet: Packet) -> None:
        """Count a packet of the same source that carries no audio, so that it is not taken for a lost one."""
        if packet.source == self._source and _signed(packet.sequence - self._sequence, _HALF_16) > 0:
            self._sequence = packet.sequence

    def _go_on(self, packet: Packet, samples: int) -> int:
        self._source = packet.source
        self._sequence = packet.sequence
        self._timestamp = packet.timestamp + samples & _LOW_32
        return 0


def _signed(difference: int, half: int) -> int:
    """Read a difference of two counters that wrap at twice `half`."""
    return (difference + half) % (2 * half) - half
