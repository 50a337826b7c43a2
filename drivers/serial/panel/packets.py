"""Packets of CrystalFontz displays of the 631 and 635 family. Sans-I/O.

A packet is type, length, up to 22 bytes, and a CRC of 16 bits, its low byte first. The two high bits of the type tell
a command (00), its answer (01), a report (10) and a refusal (11). Source: CFA-635 data sheet, "Packet Structure" and
"Command Codes"; the CRC is that of IrDA and X.25: polynomial 0x8408, begun with 0xFFFF, complemented.
"""

import enum
from dataclasses import dataclass

DATA_BYTES_MAX = 22
COMMANDS = 64
HEAD, CRC = 2, 2
COLUMNS, ROWS, LAMPS = 20, 4, 4
FIRST_LAMP = 5
"General purpose outputs 5 to 12 are the lamps: from the lowest lamp up, green and red of each."
LAMP_MAX = 100
"How bright a lamp can be, in percent of its time."


class Kind(enum.IntEnum):
    """What a packet is, by the two high bits of its type."""

    COMMAND = 0
    ANSWER = 1
    REPORT = 2
    REFUSAL = 3


class Command(enum.IntEnum):
    """The commands that we use."""

    PING = 0
    VERSION = 1
    CLEAR = 6
    CONTRAST = 13
    BACKLIGHT = 14
    KEYS = 23
    POLL = 24
    WRITE = 31
    OUTPUT = 34


KEY_REPORT = 0
"The report that tells of a key."


class Key(enum.IntEnum):
    """Keys, by the number that tells that they were pressed; six more tell that they were let go."""

    UP = 1
    DOWN = 2
    LEFT = 3
    RIGHT = 4
    ENTER = 5
    EXIT = 6


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet."""

    kind: Kind
    code: int
    "Of the command or report, 0 to 63."
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class Pressed:
    """A key was pressed or let go."""

    key: Key
    down: bool


_OWN = {
    "$": 0xA2,
    "@": 0xA0,
    "[": 0xFA,
    "\\": 0xFB,
    "]": 0xFC,
    "^": 0x1D,
    "_": 0xC4,
    "`": 0x27,
    "{": 0xFD,
    "|": 0xFE,
    "}": 0xFF,
    "~": 0xCE,
}
"Signs that are not where ASCII has them."
_HELD = {Key.UP: 0x01, Key.ENTER: 0x02, Key.EXIT: 0x04, Key.LEFT: 0x08, Key.RIGHT: 0x10, Key.DOWN: 0x20}
"The bit of a key in the answer to `POLL`."


def crc_of(data: bytes) -> int:
    """Sum bytes up as the display does."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x8408 if crc & 1 else 0)
    return crc ^ 0xFFFF


def encode(packet: Packet) -> bytes:
    """Write a packet."""
    if not 0 <= packet.code < COMMANDS or len(packet.data) > DATA_BYTES_MAX:
        raise ValueError(f"no packet: {packet}")
    body = bytes([packet.kind << 6 | packet.code, len(packet.data)]) + packet.data
    return body + crc_of(body).to_bytes(CRC, "little")


def written(column: int, row: int, text: str) -> Packet:
    """Ask that a text be shown; a sign that the display has not is a question mark."""
    return Packet(Kind.COMMAND, Command.WRITE, bytes([column, row]) + signs(text)[: COLUMNS - column])


def lamp(place: int, *, green: int = 0, red: int = 0) -> tuple[Packet, Packet]:
    """Ask that a lamp, 0 the lowest, shine so bright (0 to 100)."""
    first = FIRST_LAMP + 2 * place
    return (
        Packet(Kind.COMMAND, Command.OUTPUT, bytes([first, green])),
        Packet(Kind.COMMAND, Command.OUTPUT, bytes([first + 1, red])),
    )


def signs(text: str) -> bytes:
    """Give a text in the display's own signs, which are those of ASCII but for a few."""
    return bytes(_OWN.get(sign, ord(sign) if " " <= sign < "\x7f" else ord("?")) for sign in text)


def key_of(packet: Packet) -> Pressed | None:
    """Tell which key a report is about; None if it is about none that we know."""
    if packet.kind is not Kind.REPORT or packet.code != KEY_REPORT or len(packet.data) != 1:
        return None
    number = packet.data[0]
    if Key.UP <= number <= Key.EXIT:
        return Pressed(Key(number), down=True)
    if Key.UP <= number - Key.EXIT <= Key.EXIT:
        return Pressed(Key(number - Key.EXIT), down=False)
    return None


def is_held(answer: Packet, key: Key) -> bool:
    """Tell from the answer to `POLL` whether a key is down just now."""
    return answer.code == Command.POLL and bool(answer.data[:1]) and bool(answer.data[0] & _HELD[key])


class Listening:
    """Takes bytes as they come and gives the packets in them.

    Where no packet begins, one byte is dropped and the next is tried, so that a torn one costs itself alone.
    """

    def __init__(self) -> None:
        """Begin with nothing heard."""
        self._rest = b""
        self.dropped = 0
        "Bytes that belonged to no packet."

    def receive(self, data: bytes) -> tuple[Packet, ...]:
        """Take in some bytes, cut anywhere."""
        rest = self._rest + data
        found: list[Packet] = []
        while len(rest) >= HEAD + CRC:
            end = HEAD + rest[1] + CRC
            if rest[1] <= DATA_BYTES_MAX and len(rest) < end:
                break
            body = rest[: end - CRC]
            if rest[1] <= DATA_BYTES_MAX and rest[end - CRC : end] == crc_of(body).to_bytes(CRC, "little"):
                found.append(Packet(Kind(body[0] >> 6), body[0] % COMMANDS, bytes(body[HEAD:])))
                rest = rest[end:]
            else:
                self.dropped += 1
                rest = rest[1:]
        self._rest = rest
        return tuple(found)

    def forget(self) -> None:
        """Drop what waits for its rest: the line was quiet for so long that nothing of it can come."""
        self.dropped += len(self._rest)
        self._rest = b""
