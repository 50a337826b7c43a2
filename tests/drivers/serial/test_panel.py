"""The front panel: packets, screen and keys, and a panel of its own process that is torn, silent and noisy."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any  # any: JSON as it comes

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_twisted import ensureDeferred
from twisted.internet import reactor as installed
from twisted.internet.interfaces import IReactorTime

from drivers.serial.panel.front import Front
from drivers.serial.panel.packets import (
    COLUMNS,
    ROWS,
    Command,
    Key,
    Kind,
    Listening,
    Packet,
    Pressed,
    crc_of,
    encode,
    is_held,
    key_of,
    lamp,
    signs,
    written,
)
from drivers.serial.panel.screen import BACK_S, HOLD_S, SAID_S, Asked, Screen, Seen
from drivers.serial.place import Device
from tests.drivers.serial.cable import until

reactor = IReactorTime(installed)
PACKETS = st.builds(Packet, st.sampled_from(Kind), st.integers(0, 63), st.binary(max_size=22))


def test_the_sum_is_that_of_x_25() -> None:
    """The check value that catalogues of sums give for CRC-16/IBM-SDLC."""
    assert crc_of(b"123456789") == 0x906E
    assert encode(Packet(Kind.COMMAND, Command.PING)) == b"\x00\x00" + crc_of(b"\x00\x00").to_bytes(2, "little")


@given(packets=st.lists(PACKETS, max_size=5), cuts=st.lists(st.integers(1, 7), max_size=40))
def test_packets_survive_any_cut(packets: list[Packet], cuts: list[int]) -> None:
    """However a line cuts them, the same come out."""
    data = b"".join(map(encode, packets))
    listening, at = Listening(), 0
    found: list[Packet] = []
    for cut in [*cuts, len(data)]:
        found += listening.receive(data[at : at + cut])
        at += cut
    assert found == packets
    assert listening.dropped == 0


@given(noise=st.binary(max_size=30), packet=PACKETS)
def test_after_noise_and_silence_a_packet_is_heard(noise: bytes, packet: Packet) -> None:
    """A run of anything is dropped at the latest when the line was quiet."""
    listening = Listening()
    listening.receive(noise)
    listening.forget()
    assert listening.receive(encode(packet)) == (packet,)


def test_a_torn_packet_costs_itself_alone() -> None:
    """The next one is found in what follows at once."""
    good = encode(Packet(Kind.REPORT, 0, b"\x01"))
    listening = Listening()
    assert listening.receive(b"\xff\xff" + good) == (Packet(Kind.REPORT, 0, b"\x01"),)
    assert listening.dropped == 2
    assert listening.receive(good[:-1] + bytes([good[-1] ^ 1]) + good) == (Packet(Kind.REPORT, 0, b"\x01"),)


def test_what_can_be_asked_and_what_keys_say() -> None:
    """Signs that are elsewhere than in ASCII are found; what has no sign is a question mark."""
    assert written(0, 3, "a@b").data == b"\x00\x03a\xa0b"
    assert len(written(18, 0, "x" * 20).data) == 4
    assert signs("总[$]~`^") == b"?\xfa\xa2\xfc\xce'\x1d"
    assert [packet.data for packet in lamp(0, red=100)] == [b"\x05\x00", b"\x06\x64"]
    assert key_of(Packet(Kind.REPORT, 0, b"\x05")) == Pressed(Key.ENTER, down=True)
    assert key_of(Packet(Kind.REPORT, 0, b"\x0c")) == Pressed(Key.EXIT, down=False)
    for strange in (b"\x00", b"\x0d", b"", b"\x01\x01"):
        assert key_of(Packet(Kind.REPORT, 0, strange)) is None
    assert key_of(Packet(Kind.ANSWER, 0, b"\x01")) is None
    assert key_of(Packet(Kind.REPORT, 1, b"\x01")) is None
    assert is_held(Packet(Kind.ANSWER, Command.POLL, b"\x04\x00\x00"), Key.EXIT)
    assert not is_held(Packet(Kind.ANSWER, Command.POLL, b"\x02"), Key.EXIT)
    assert not is_held(Packet(Kind.ANSWER, Command.POLL), Key.EXIT)
    assert not is_held(Packet(Kind.ANSWER, Command.PING, b"\x04"), Key.EXIT)
    for wrong in (Packet(Kind.COMMAND, 64), Packet(Kind.COMMAND, 1, b"x" * 23)):
        with pytest.raises(ValueError, match="no packet"):
            encode(wrong)


SEEN = Seen(
    title="Switchroom",
    addresses=("https://192.0.2.10/",),
    health={"exchange": "ok", "store": "slow", "trunk/a": "down", "recordings": "ok", "disk": "ok"},
    calls=17,
)


def test_the_pages_of_the_screen() -> None:
    """Up and down turn the pages, left and right what is on one; enter goes back, and so does a minute alone."""
    screen = Screen()
    assert [row.strip() for row in screen.rows(0)] == ["Switchroom", "no network address", "", ""]
    screen.seen = SEEN
    assert screen.rows(0)[1] == "https://192.0.2.10/ "
    screen.press(Pressed(Key.DOWN, down=True), 1)
    screen.press(Pressed(Key.DOWN, down=False), 1)
    assert screen.rows(1) == tuple(
        f"{row:20}" for row in ("Health             >", "disk: ok", "exchange: ok", "recordings: ok")
    )
    screen.press(Pressed(Key.RIGHT, down=True), 2)
    assert [row.strip() for row in screen.rows(2)] == ["Health", "store: slow", "trunk/a: down", ""]
    screen.press(Pressed(Key.RIGHT, down=True), 2)
    assert [row.strip() for row in screen.rows(2)][1] == "store: slow"
    screen.press(Pressed(Key.LEFT, down=True), 2)
    screen.press(Pressed(Key.DOWN, down=True), 3)
    assert [row.strip() for row in screen.rows(3)] == ["Alarms", "store: slow", "trunk/a: down", ""]
    screen.press(Pressed(Key.DOWN, down=True), 3)
    assert [row.strip() for row in screen.rows(3)][:2] == ["Calls", "17 ended"]
    screen.press(Pressed(Key.ENTER, down=True), 3)
    assert screen.rows(3)[0].strip() == "Switchroom"
    screen.press(Pressed(Key.UP, down=True), 3)
    assert screen.tick(3 + BACK_S) is None
    assert screen.rows(70)[0].strip() == "Switchroom"
    screen.seen = Seen()
    screen.press(Pressed(Key.UP, down=True), 70)
    assert screen.rows(70)[1].strip() == "not known"
    screen.press(Pressed(Key.UP, down=True), 70)
    assert screen.rows(70)[1].strip() == "not running"
    screen.press(Pressed(Key.UP, down=True), 70)
    assert screen.rows(70)[1].strip() == "not running"
    screen.seen = Seen(health={"store": "ok"})
    assert not SEEN.well
    assert screen.seen.well


def test_a_key_that_is_held_long_enough_asks_once() -> None:
    """Let go before, or together with another key, it asks nothing."""
    screen = Screen()
    screen.press(Pressed(Key.EXIT, down=True), 10)
    assert screen.tick(10 + HOLD_S - 0.1) is None
    assert screen.rows(12)[:2] == ("Network reset       ", "in 3 s: keep holding")
    assert screen.tick(10 + HOLD_S) == Asked()
    assert screen.tick(10 + HOLD_S + 1) is None
    screen.announce("was reset: DHCP", 16)
    assert [row.strip() for row in screen.rows(17)] == ["Network", "was reset: DHCP", "", ""]
    assert screen.rows(16 + SAID_S)[0].strip() == "Switchroom"
    for ends in (Pressed(Key.EXIT, down=False), Pressed(Key.UP, down=True)):
        screen.press(Pressed(Key.EXIT, down=True), 30)
        screen.press(ends, 31)
        assert screen.tick(40) is None
    screen.press(Pressed(Key.EXIT, down=True), 50)
    screen.forget_keys()
    assert screen.tick(60) is None


@given(
    texts=st.lists(st.text(max_size=60), max_size=8),
    keys=st.lists(st.tuples(st.sampled_from(Key), st.booleans()), max_size=30),
)
def test_whatever_there_is_four_rows_of_twenty_are_shown(texts: list[str], keys: list[tuple[Key, bool]]) -> None:
    """No text, and no order of keys, breaks the screen."""
    screen = Screen()
    screen.seen = Seen(addresses=tuple(texts), health={text: text for text in texts}, title="".join(texts))
    for now, (key, down) in enumerate(keys):
        screen.press(Pressed(key, down=down), now)
        screen.tick(now)
        rows = screen.rows(now)
        assert [len(row) for row in rows] == [COLUMNS] * ROWS
        assert all(len(signs(row)) == COLUMNS for row in rows)


class Panel:
    """The panel's process, and what it shows."""

    def __init__(self, folder: Path) -> None:
        """Start it."""
        argv = [sys.executable, "-m", "tests.drivers.serial.display", str(folder)]
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self.shown: dict[str, Any] = {"rows": [], "outputs": {}}  # any: see above
        self.path = folder / "panel"
        self._reading = Thread(target=self._read, daemon=True)
        self._reading.start()

    def _read(self) -> None:
        for line in self.process.stdout or ():
            self.shown = json.loads(line)

    def order(self, text: str) -> None:
        """Have it do something."""
        if self.process.stdin is not None:
            self.process.stdin.write(text + "\n")

    def row(self, place: int) -> str:
        """Give a row."""
        rows: list[str] = self.shown["rows"]
        return rows[place].strip() if rows else ""

    def end(self) -> None:
        """Pull it out."""
        self.process.kill()
        self.process.wait()
        self._reading.join()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        self.path.unlink(missing_ok=True)


@pytest.fixture
def panel(tmp_path: Path) -> Iterator[Panel]:
    """Give a panel that is plugged in."""
    it = Panel(tmp_path)
    yield it
    it.end()


class Kept:
    """Our end of it."""

    def __init__(self, path: Path) -> None:
        """Begin."""
        self.resets = 0
        self.states: list[str] = []
        self.front = Front(
            reactor, "panel", Device(path=str(path), speed=115_200), reset=self._reset, changed=self.states.append
        )
        self.front.show(SEEN)
        self.front.start()

    def _reset(self) -> None:
        self.resets += 1
        self.front.announce("was reset")


@ensureDeferred
async def test_a_panel_shows_and_is_read(panel: Panel) -> None:
    """Address, health and a lamp; keys turn the pages; a change is shown."""
    kept = Kept(panel.path)
    await until(reactor, lambda: panel.row(1) == "https://192.0.2.10/")
    await until(reactor, lambda: panel.shown["outputs"].get("6") == 100 and panel.shown["outputs"].get("5") == 0)
    panel.order("press 2")
    panel.order("release 2")
    await until(reactor, lambda: panel.row(1) == "disk: ok")
    kept.front.show(Seen(health={"exchange": "ok"}))
    await until(reactor, lambda: panel.row(1) == "exchange: ok" and panel.shown["outputs"].get("5") == 100)
    assert panel.shown["wrong"] == 0
    await kept.front.stop()


@ensureDeferred
async def test_answers_that_are_torn_and_noise_change_nothing(panel: Panel) -> None:
    """What is not answered whole is said again."""
    kept = Kept(panel.path)
    await until(reactor, lambda: panel.row(1) == "https://192.0.2.10/")
    panel.order("noise ff00801540")
    panel.order("tear 2")
    kept.front.show(Seen(addresses=("https://192.0.2.11/",), health={"exchange": "ok"}))
    await until(reactor, lambda: panel.row(1) == "https://192.0.2.11/")
    await until(reactor, lambda: kept.front.state == "")
    await kept.front.stop()


@ensureDeferred
async def test_a_panel_that_hangs_is_said_to_and_comes_back(panel: Panel) -> None:
    """It is silent for a while: its line is opened anew, and it shows all of it again."""
    kept = Kept(panel.path)
    await until(reactor, lambda: panel.row(1) == "https://192.0.2.10/")
    panel.order("silent on")
    await until(reactor, lambda: kept.front.state == "silent")
    kept.front.show(Seen(addresses=("https://192.0.2.12/",), health={"exchange": "ok"}))
    panel.order("silent off")
    await until(reactor, lambda: panel.row(1) == "https://192.0.2.12/")
    assert kept.front.state == ""
    await kept.front.stop()


@ensureDeferred
async def test_a_panel_that_is_pulled_and_another_one(tmp_path: Path) -> None:
    """The next one shows everything from its beginning; a key that was down when the first went asks nothing."""
    first = Panel(tmp_path)
    kept = Kept(first.path)
    await until(reactor, lambda: first.row(1) == "https://192.0.2.10/")
    first.order("press 6")
    await until(reactor, lambda: first.row(0) == "Network reset")
    first.end()
    await until(reactor, lambda: bool(kept.front.state))
    second = Panel(tmp_path)
    await until(reactor, lambda: second.row(1) == "https://192.0.2.10/")
    assert kept.resets == 0
    await kept.front.stop()
    second.end()


@ensureDeferred
async def test_the_key_has_to_be_down_when_the_time_is_over(panel: Panel) -> None:
    """Held, it resets once; if the word of its release was lost, it does not."""
    kept = Kept(panel.path)
    await until(reactor, lambda: panel.row(1) == "https://192.0.2.10/")
    panel.order("press 6")
    await until(reactor, lambda: panel.row(0) == "Network reset")
    panel.order("slip 6")
    await until(reactor, lambda: panel.row(1) == "key let go: no reset")
    assert kept.resets == 0
    panel.order("press 6")
    await until(reactor, lambda: kept.resets == 1)
    await until(reactor, lambda: panel.row(1) == "was reset")
    panel.order("release 6")
    assert kept.resets == 1
    await kept.front.stop()
