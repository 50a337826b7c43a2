"""A CrystalFontz 635 as its data sheet says, on a pseudo terminal: test equipment, a program of its own.

`python -m tests.drivers.serial.display FOLDER` makes the link `FOLDER/panel`, obeys orders on standard input, a line
each, and tells what it shows as JSON lines on standard output. Its CRC is one of its own, table-driven.
"""

import contextlib
import json
import os
import pty
import select
import sys
import tty
from pathlib import Path

TABLE = []
for _value in range(256):
    _sum = _value
    for _ in range(8):
        _sum = (_sum >> 1) ^ (0x8408 if _sum & 1 else 0)
    TABLE.append(_sum)
BITS = {1: 0x01, 5: 0x02, 6: 0x04, 3: 0x08, 4: 0x10, 2: 0x20}


def crc(data: bytes) -> bytes:
    """Sum up, low byte first."""
    value = 0xFFFF
    for byte in data:
        value = (value >> 8) ^ TABLE[(value ^ byte) & 0xFF]
    return (~value & 0xFFFF).to_bytes(2, "little")


def packet(kind: int, data: bytes = b"") -> bytes:
    """Write a packet."""
    body = bytes([kind, len(data)]) + data
    return body + crc(body)


class Display:
    """The state of one."""

    def __init__(self, folder: Path) -> None:
        """Make the link."""
        self.far, near = pty.openpty()
        tty.setraw(near)
        (folder / "panel").symlink_to(os.ttyname(near))
        os.close(near)
        self.rest = b""
        self.rows = [bytearray(b" " * 20) for _ in range(4)]
        self.outputs: dict[int, int] = {}
        self.held: set[int] = set()
        self.silent = False
        self.tears = 0
        "So many answers to come are cut in the middle."
        self.noise = b""
        "Said before the next answer."
        self.wrong = 0
        "Packets with a wrong sum."

    def hear(self) -> None:
        """Take in what came."""
        try:
            self.rest += os.read(self.far, 4096)
        except OSError:  # nobody has our other end open
            return
        while len(self.rest) >= 4 and len(self.rest) >= 4 + self.rest[1]:
            end = 4 + self.rest[1]
            one, self.rest = self.rest[:end], self.rest[end:]
            if crc(one[:-2]) != one[-2:]:
                self.wrong += 1
                self.rest = b""
            elif not self.silent:
                self.obey(one[0], one[2:-2])

    def obey(self, code: int, data: bytes) -> None:
        """Do a command and answer it."""
        answer = b""
        if code == 0:
            answer = data
        elif code == 6:
            self.rows = [bytearray(b" " * 20) for _ in range(4)]
        elif code == 24:
            answer = bytes([sum(BITS[key] for key in self.held), 0, 0])
        elif code == 31:
            column, row, text = data[0], data[1], data[2:]
            self.rows[row][column : column + len(text)] = text
        elif code == 34:
            self.outputs[data[0]] = data[1]
        said = packet(0x40 | code, answer)
        if self.tears:
            self.tears -= 1
            said = said[: len(said) // 2]
        noise, self.noise = self.noise, b""
        self.say(noise + said)

    def say(self, data: bytes) -> None:
        """Say something, a byte at a time as a slow line would."""
        for byte in data:
            with contextlib.suppress(OSError):
                os.write(self.far, bytes([byte]))

    def told(self, order: str) -> None:
        """Obey the test."""
        word, _, rest = order.partition(" ")
        match word:
            case "press":
                self.held.add(int(rest))
                self.say(packet(0x80, bytes([int(rest)])))
            case "release":
                self.held.discard(int(rest))
                self.say(packet(0x80, bytes([int(rest) + 6])))
            case "slip":  # the report of the key's release is lost
                self.held.discard(int(rest))
            case "silent":
                self.silent = rest == "on"
            case "tear":
                self.tears = int(rest)
            case "noise":
                self.noise = bytes.fromhex(rest)
            case _:
                raise ValueError(order)


def main() -> None:
    """Run until the standard input ends."""
    display = Display(Path(sys.argv[1]))
    last = ""
    while True:
        state = json.dumps(
            {
                "rows": [row.decode("latin-1") for row in display.rows],
                "outputs": display.outputs,
                "wrong": display.wrong,
            }
        )
        if state != last:
            sys.stdout.write(state + "\n")
            sys.stdout.flush()
            last = state
        ready, _, _ = select.select([sys.stdin, display.far], [], [], 0.05)
        if sys.stdin in ready:
            order = sys.stdin.readline()
            if not order:
                return
            display.told(order.strip())
        elif display.far in ready:
            display.hear()


if __name__ == "__main__":
    main()
