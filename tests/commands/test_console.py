"""The technician's menu on a dumb terminal of 80 by 24 signs: whatever is typed, it shows rows and stays a menu."""

import os
import pty
import select
import subprocess
import sys
import time
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from appliance import first_boot
from appliance.commands._menu import COLUMNS, rows_of
from appliance.first_boot import FirstBoot
from tests.boot.root_part import kept_in, root_part
from tests.hostile import HOSTILE

DEADLINE_S = 60.0
QUESTIONS = ("Network card:", "Address:", "Gateway:", "Name server:", "Type keep to keep it:")


class Console:
    """The menu, as a program on a terminal."""

    def __init__(self, home: Path, language: str = "C.UTF-8", **more: str) -> None:
        """Log in."""
        self.far, near = pty.openpty()
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": os.environ["HOME"],
            "TERM": "dumb",
            "LC_ALL": language,
            "PYTHONUTF8": "1",
            "SWITCHROOM_HOME": str(home),
            "SWITCHROOM_PRIVILEGED": str(home / "none.sock"),
            **more,
        }
        argv = [sys.executable, "-m", "appliance.commands", "console"]
        self.process = subprocess.Popen(
            argv, stdin=near, stdout=near, stderr=near, env=environment, start_new_session=True
        )
        os.close(near)
        self.seen = ""

    def until(self, text: str) -> str:
        """Read until this is shown; gives all since the last time."""
        ends = time.monotonic() + DEADLINE_S
        while text not in self.seen:
            ready, _, _ = select.select([self.far], [], [], ends - time.monotonic())
            assert ready, f"{text!r} was not shown: {self.seen!r}"
            self.seen += os.read(self.far, 4096).decode(errors="replace")
        before, _, self.seen = self.seen.partition(text)
        return before + text

    def type(self, text: str) -> None:
        """Type a line."""
        os.write(self.far, text.encode("utf-8", "replace") + b"\n")

    def end(self) -> int:
        """Wait until it has logged out; gives its exit code."""
        with suppress(OSError):  # the terminal's end
            while os.read(self.far, 4096):
                pass
        return self.process.wait(DEADLINE_S)

    def close(self) -> None:
        """Pull the terminal out."""
        os.close(self.far)
        self.process.kill()
        self.process.wait()


@pytest.fixture
def console(tmp_path: Path) -> Iterator[Console]:
    """Log in at a box that does not run."""
    it = Console(tmp_path)
    yield it
    it.close()


def wide(row: str) -> int:
    """Tell how many columns a row takes."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in row)


def test_a_round_through_the_menu(console: Console) -> None:
    """Each page comes back to the menu, the network is reset by a word alone, and Chinese is a choice.

    Nothing is wider than the terminal, and nothing is an order to it.
    """
    shown = console.until("Number:")
    for title in ("1  Address", "2  Status", "3  Lines", "4  Test call", "5  Reset the network", "6  Restart"):
        assert title in shown
    console.type("1")
    shown += console.until("Enter: go on")
    assert "https://127.0.0.1:8080/" in shown
    assert "not ours to set" in shown
    console.type("")
    shown += console.until("Number:")
    console.type("2")
    shown += console.until("Enter: go on")
    assert "No Switchroom runs in" in shown
    console.type("")
    shown += console.until("Number:")
    console.type("3")
    shown += console.until("Enter: go on")
    assert "There are none." in shown
    console.type("")
    shown += console.until("Number:")
    console.type("6")
    shown += console.until("Back")
    shown += console.until("Number:")  # who types before the question is shown has the answer in the question's row
    console.type("2")
    shown += console.until("no root part of ours")
    shown += console.until("Number:")
    console.type("5")
    shown += console.until("Type reset to go on:")
    console.type("yes")
    shown += console.until("Nothing was changed.")
    shown += console.until("Number:")
    console.type("5")
    shown += console.until("Type reset to go on:")
    console.type("reset")
    shown += console.until("no root part of ours")
    shown += console.until("Number:")
    console.type("7")
    shown += console.until("2  简体中文")
    shown += console.until("Number:")
    console.type("2")
    shown += console.until("编号：")
    console.type("9")
    shown += console.until("编号：")
    assert "退出" in shown
    console.type("0")
    assert console.end() == 0
    rows = shown.replace("\r", "").split("\n")
    assert not [row for row in rows if wide(row) > 80]
    assert "\x1b" not in shown


def test_whatever_is_typed_it_stays_a_menu(console: Console) -> None:
    """Hostile lines, long lines, Ctrl-C, Ctrl-Z and Ctrl-backslash lead back to the menu; the end of input logs out."""
    console.until("Number:")
    for text in [text for text in HOSTILE if not any(ord(sign) < 32 or sign == "\x7f" for sign in text)][:30]:
        if text.strip() in {"0", ""}:
            continue
        console.type(text[:1000])
        console.until("Number:")
    console.type("x" * 3000)
    console.until("Number:")
    for key in (b"\x03", b"\x1a", b"\x1c", b"\x03"):
        os.write(console.far, key)
    console.type("8")
    console.until("Number:")
    assert console.process.poll() is None
    console.type("4")
    assert "No Switchroom runs" in console.until("The test call failed.")
    console.type("")
    console.until("Number:")
    os.write(console.far, b"\x04")
    assert console.end() == 0


def test_rows_of_any_text_fit() -> None:
    """Chinese signs take two columns; an order to the terminal is a question mark."""
    for text in HOSTILE:
        assert all(wide(row) <= COLUMNS and row.isprintable() for row in rows_of(text))
    assert list(rows_of("中" * 40)) == ["中" * 39, "中"]
    assert list(rows_of("")) == [""]


def test_a_new_box_shows_its_first_boot(tmp_path: Path) -> None:
    """Language, then where to go on and with which code, the network, and the menu once somebody administers it."""
    path = tmp_path / "first-boot"
    first_boot.write(path, FirstBoot(code="abcdefghij"))
    it = Console(tmp_path, SWITCHROOM_SAMPLE="no")
    try:
        shown = it.until("Number:")
        assert "2  简体中文" in shown
        it.type("1")
        shown = it.until("Number:")
        assert "https://127.0.0.1:8080/" in shown
        assert "abcde-fghij" in shown
        it.type("2")
        assert "not ours to set" in it.until("Number:")
        it.type("3")
        it.until("Number:")
        it.type("2")
        assert "abcde-fghij" in it.until("编号：")
        first_boot.keep(path, administered=True)
        it.type("1")
        assert "测试呼叫" in it.until("编号：")
        it.type("0")
        assert it.end() == 0
    finally:
        it.close()


def test_the_network_is_set_at_the_console(tmp_path: Path) -> None:
    """Tried for a minute; kept by a word, taken back by any other; what cannot be is named."""
    first_boot.write(tmp_path / "first-boot", FirstBoot(code="abcdefghij"))
    with root_part(tmp_path / "root") as part:
        ask = str(part.folder / "ask.sock")
        it = Console(tmp_path, SWITCHROOM_SAMPLE="no", SWITCHROOM_PRIVILEGED=ask)
        try:
            it.until("Number:")
            it.type("1")

            def typed(*answers: str) -> str:
                it.until("Number:")
                it.type("2")
                shown = ""
                for question, answer in zip(QUESTIONS, answers, strict=False):
                    shown += it.until(question)
                    it.type(answer)
                return shown

            typed("eth0", "192.0.2.10", "", "")
            it.until("This cannot be: address")
            typed("eth0", "192.0.2.10/24", "192.0.2.1", "192.0.2.53", "no")
            it.until("Nothing was changed.")
            assert kept_in(part.folder).settings.network.address == ""
            typed("eth0", "192.0.2.10/24", "192.0.2.1", "192.0.2.53", "keep")
            it.until("Done.")
            assert kept_in(part.folder).settings.network.address == "192.0.2.10/24"
            assert kept_in(part.folder).trial is None
        finally:
            it.close()
