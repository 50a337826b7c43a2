"""Modems for text messages and a network behind them, as test equipment in a process of its own.

    python -m tests.drivers.serial.modem_peer FOLDER

Each modem speaks 3GPP TS 27.005 and TS 27.007 in PDU mode on a pseudo terminal that is found by a name in FOLDER, and
holds what it received in memories SM and SR, reports among them. What leaves it is read by an independent reader of
TS 23.040 (smspdudecoder). Orders come as JSON lines on standard input, answers go to standard output. A modem tears
what it says into pieces, and has a list of moments (octets that passed, both ways) at which it is pulled out or hangs;
with `cold` it forgets its settings then, as one that has lost its power.
"""

import asyncio
import contextlib
import json
import os
import pty
import random
import sys
import tty
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

from smspdudecoder.codecs import GSM, UCS2
from smspdudecoder.elements import Date, Number
from smspdudecoder.fields import SMSSubmit

AWAY_S = 0.05
HANG_S = 6.0
AIR_S = 0.01
SAID: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("AT", "AT+CMEE", "AT+CMGF", "AT+CNMI", "AT+CSCA"), ()),
    "AT+CPIN?": ("+CPIN: READY",),
    "AT+CREG?": ("+CREG: 0,1",),
    "AT+COPS?": ('+COPS: 0,0,"Test, the network"',),
    "AT+CSQ": ("+CSQ: 20,99",),
}
"What it answers to a command, before OK."


def deliver(sender: str, text: str, second: int) -> str:
    """Write an SMS-DELIVER of one part, without the service centre's address."""
    digits = sender.removeprefix("+")
    plain = all(character in GSM.ALPHABET for character in text)
    data = GSM.encode(text) if plain else UCS2.encode(text)
    length = len(text) if plain else len(data) // 2
    kind = "91" if sender.startswith("+") else "81"
    at = Date.encode(datetime.fromtimestamp(1_790_000_000 + second, UTC))
    address = f"{len(digits):02X}{kind}{Number.encode(digits)}"
    return f"0004{address}00{'00' if plain else '08'}{at}{length:02X}{data}".upper()


class PeerModem:
    """One modem, its card, and the network as far as it is about this card."""

    def __init__(self, order: dict[str, object], folder: Path) -> None:
        """Begin plugged in."""
        self.name = str(order["modem"])
        self._dice = random.Random(int(str(order.get("seed", 0))))  # noqa: S311  a seed makes the case
        self._moments: list[list[object]] = list(order.get("moments", []))  # type: ignore[call-overload]  # it is of JSON
        self._cold = bool(order.get("cold"))
        self._path = folder / self.name
        self._memories: dict[str, dict[int, str]] = {"SM": {}, "SR": {}}
        self._reference = int(str(order.get("reference", 0)))
        self.aired: list[dict[str, object]] = []
        self._passed = 0
        self._hanging_until = 0.0
        self._far = self._near = -1
        self._out = b""
        self._forget()
        self.plug()

    def _forget(self) -> None:
        self._line = b""
        self._echo = True
        self._first = "SM"
        self._message_of: int | None = None

    def plug(self) -> None:
        """Be found."""
        self._far, self._near = pty.openpty()
        tty.setraw(self._near)
        os.set_blocking(self._far, False)
        self._path.symlink_to(os.ttyname(self._near))
        asyncio.get_running_loop().add_reader(self._far, self._read)

    def unplug(self) -> None:
        """Go, and come back after a while."""
        asyncio.get_running_loop().remove_reader(self._far)
        self._path.unlink()
        os.close(self._far)
        os.close(self._near)
        self._far, self._out = -1, b""
        if self._cold:
            self._forget()
        asyncio.get_running_loop().call_later(AWAY_S, self.plug)

    def arrive(self, pdu: str, memory: str = "SM") -> None:
        """Receive a message or a report."""
        index = next(number for number in range(1, 10_000) if number not in self._memories[memory])
        self._memories[memory][index] = pdu
        self._say(f'\r\n+{"CMTI" if memory == "SM" else "CDSI"}: "{memory}",{index}\r\n')

    def tell(self) -> dict[str, object]:
        """Say what it holds and what it sent."""
        return {
            "modem": self.name,
            "held": sum(len(memory) for memory in self._memories.values()),
            "aired": self.aired,
            "moments": len(self._moments),
        }

    def calm(self) -> None:
        """Have no more accidents."""
        self._moments.clear()
        self._hanging_until = 0.0

    # -- octets

    def _read(self) -> None:
        try:
            data = os.read(self._far, 4_096)
        except OSError:
            return
        for octet in data:
            if self._accident():
                return
            self._octet(bytes((octet,)))

    def _accident(self) -> bool:
        """Count an octet, and do what is due; tells whether it is lost."""
        self._passed += 1
        now = asyncio.get_running_loop().time()
        if self._moments and self._passed >= int(str(self._moments[0][0])):
            kind = self._moments.pop(0)[1]
            if kind == "unplug":
                self.unplug()
                return True
            self._hanging_until = now + HANG_S
        return now < self._hanging_until

    def _say(self, text: str) -> None:
        self._out += text.encode("latin-1")
        asyncio.get_running_loop().call_soon(self._write)

    def _write(self) -> None:
        """Write a torn piece, the rest a little later."""
        piece = self._out[: self._dice.randint(1, 40)]
        self._out = self._out[len(piece) :]
        for octet in piece:
            if self._far < 0 or self._accident():
                return
            with contextlib.suppress(OSError):
                os.write(self._far, bytes((octet,)))
        if self._out:
            asyncio.get_running_loop().call_later(0.001, self._write)

    def _octet(self, octet: bytes) -> None:
        if self._message_of is not None:
            self._octet_of_message(octet)
        elif octet == b"\r":
            line, self._line = self._line.decode("latin-1"), b""
            if self._echo:
                self._say(f"{line}\r")
            self._command(line)
        elif octet not in {b"\x1b", b"\x1a"}:
            self._line += octet

    def _octet_of_message(self, octet: bytes) -> None:
        if octet == b"\x1b":
            self._message_of, self._line = None, b""
            self._result("OK")
        elif octet == b"\x1a":
            length, self._message_of = self._message_of, None
            digits, self._line = self._line.decode("latin-1").strip(), b""
            if len(digits) // 2 - 1 - int(digits[:2] or "0", 16) != length:
                self._result("+CMS ERROR: 304")
            else:
                asyncio.get_running_loop().call_later(AIR_S, self._air, digits)
        else:
            self._line += octet

    # -- commands

    def _result(self, *lines: str) -> None:
        self._say("".join(f"\r\n{line}\r\n" for line in lines))

    def _command(self, line: str) -> None:
        said = line.strip().upper()
        command, _, value = said.partition("=")
        if command in SAID:
            self._result(*SAID[command], "OK")
            return
        match command:
            case "":
                pass
            case "ATE0V1":
                self._echo = False
                self._result("OK")
            case "AT+CPMS":
                self._memory(value.strip('"'))
            case "AT+CMGL":
                held = self._memories[self._first]
                rows = [f"\r\n+CMGL: {index},0,,{len(pdu) // 2 - 1}\r\n{pdu}" for index, pdu in sorted(held.items())]
                self._say("".join(rows) + ("\r\n" if rows else ""))
                self._result("OK")
            case "AT+CMGD":
                self._memories[self._first].pop(int(value), None)
                self._result("OK")
            case "AT+CMGS":
                self._message_of = int(value)
                self._say("\r\n> ")
            case _:
                self._result("ERROR")

    def _memory(self, wanted: str) -> None:
        if wanted == "?":
            self._result('+CPMS: ("SM","SR"),("SM"),("SM")', "OK")
        elif wanted in self._memories:
            self._first = wanted
            self._result("+CPMS: 0,50,0,50,0,50", "OK")
        else:
            self._result("+CMS ERROR: 302")

    def _air(self, digits: str) -> None:
        """Send it, say so, and report some time later: a network does that whoever listens."""
        read = SMSSubmit.decode(StringIO(digits))
        self._reference = (self._reference + 1) & 0xFF
        header = read["user_data"]["header"]
        recipient = read["recipient"]
        self.aired.append(
            {
                "to": ("+" if recipient["toa"]["ton"] == "international" else "") + recipient["number"],
                "text": read["user_data"]["data"],
                "part": header["elements"][0]["data"] if header else None,
            }
        )
        self._result(f"+CMGS: {self._reference}", "OK")
        toa = "91" if recipient["toa"]["ton"] == "international" else "81"
        address = f"{len(recipient['number']):02X}{toa}{Number.encode(recipient['number'])}"
        at = Date.encode(datetime.fromtimestamp(1_790_000_000 + len(self.aired), UTC))
        report = f"0006{self._reference:02X}{address}{at}{at}00".upper()
        asyncio.get_running_loop().call_later(3 * AIR_S, self.arrive, report, "SR")


async def _serve(folder: Path) -> None:
    modems: dict[str, PeerModem] = {}
    reader = asyncio.StreamReader(limit=10_000_000)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        order = json.loads(line)
        match order["do"]:
            case "make":
                modems[order["modem"]] = PeerModem(order, folder)
            case "arrive":
                modems[order["modem"]].arrive(deliver(order["sender"], order["text"], order["second"]))
            case "calm":
                modems[order["modem"]].calm()
            case _:
                sys.stdout.write(json.dumps(modems[order["modem"]].tell()) + "\n")
                sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1])))
