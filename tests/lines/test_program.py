"""The program of the serial lines, on a real store and real terminals: killed, unplugged, reconfigured."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

import msgspec
import pytest

from appliance import api
from appliance.core import model
from appliance.core.cdr import Outcome
from appliance.line_states import LinesAwayError, LineState, ask
from tests.drivers.serial.cable import Cable
from tests.store.stand import BEGIN, SECOND, Clock, Zeo, a_row, filed, until

WAIT_S = 60


class Box:
    """A store with calls, and the program that prints them."""

    def __init__(self, home: Path) -> None:
        """Start the store."""
        self.home = home
        (home / "run").mkdir()
        self.zeo = Zeo(home)
        self.zeo.socket = home / "run/zeo.sock"
        self.zeo.start()
        self.store = self.zeo.store(Clock())
        self.store.journal.recover().result(WAIT_S)
        self.calls = 0
        self.process: subprocess.Popen[bytes] | None = None
        self.asked = 0

    def close(self) -> None:
        """End all of it."""
        self.kill()
        self.store.close()
        self.zeo.stop()

    def start(self) -> None:
        """Start the program, and wait until it tells how the lines are."""
        environment = os.environ | {"SWITCHROOM_HOME": str(self.home), "SWITCHROOM_PORT": "8080"}
        self.process = subprocess.Popen([sys.executable, "-m", "appliance.lines"], env=environment)
        until(self.answers, "the program tells how the lines are")

    def kill(self) -> None:
        """Kill it at once."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(WAIT_S)
            self.process = None

    def end(self) -> int:
        """End it in order; gives its exit code."""
        assert self.process is not None
        self.process.terminate()
        code, self.process = self.process.wait(WAIT_S), None
        return code

    def state(self, slug: str = "printer") -> LineState | None:
        """Tell how a line is; None if nobody tells."""
        try:
            return next((state for state in ask(self.home / "run/lines.sock") if state.slug == slug), None)
        except LinesAwayError:
            return None

    def answers(self) -> bool:
        """Tell whether somebody tells at all."""
        try:
            ask(self.home / "run/lines.sock")
        except LinesAwayError:
            return False
        return True

    def is_open(self) -> bool:
        """Tell whether the printer's line is."""
        state = self.state()
        return state is not None and not state.problem

    def printed(self) -> int:
        """Tell how many calls have been printed."""
        state = self.state()
        return state.printed if state is not None else -1

    def ask(self, request: api.Put | api.Drop) -> None:
        """Change the configuration as its administrator."""
        self.asked += 1
        applied = self.store.settings.apply(request, by="root", now_us=BEGIN + self.asked * SECOND).result(WAIT_S)
        assert not applied.reply.problems

    def configure(self, place: str, **options: object) -> None:
        """Publish a printer that stands at this place."""
        line = model.SerialLine(
            slug="printer",
            kind="smdr-printer",
            place=place,
            speed=9_600,
            options={"layout": "toshiba", **options},
        )
        self.ask(api.Put(base="", list="lines", value=msgspec.Raw(msgspec.json.encode(line))))

    def call(self, number: str = "", **other: object) -> str:
        """File a call that has just ended, and commit it; gives its party."""
        self.calls += 1
        known = self.store.people.party_of(number, "\x1bE<script>", BEGIN).result(WAIT_S)
        times = {"began": BEGIN + self.calls * SECOND, "ended": BEGIN + (self.calls + 30) * SECOND}
        kept = filed(f"1-{self.calls}", party=known.party, talk_us=30 * SECOND, **(times | other))
        self.store.journal.append(a_row(self.calls, f"1-{self.calls}", kept=(kept,)))
        self.store.journal.flush().result(WAIT_S)
        return known.party


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    """Give a store, and no program yet."""
    it = Box(tmp_path)
    yield it
    it.close()


@pytest.fixture
def cable(tmp_path: Path) -> Iterator[Cable]:
    """Give a cable that is plugged in."""
    it = Cable(tmp_path)
    it.plug()
    yield it
    it.unplug()


def place(cable: Cable) -> str:
    """Say where the cable is, as an administrator would: the terminal itself."""
    return str(cable.path.readlink())


def records(paper: bytes) -> list[int]:
    """Give the record numbers of the calls that are whole on a paper."""
    lines = paper.decode("ascii").split("\r\n")
    return [int(line[2:5]) for line in lines if len(line) == 91 and line[:1] in "NB"]


def test_calls_are_printed_each_once_whatever_is_killed(box: Box, cable: Cable) -> None:
    """Kills at moments drawn by seed: each call is printed, in order, and each kill doubles one line at most."""
    dice = Random(7)  # noqa: S311  it draws moments
    box.call("+8613800138000")  # before the printer was there: not printed
    box.configure(place(cable))
    box.start()
    until(box.is_open, "the line is open")
    until((box.home / "lines/printer.json").exists, "the place is kept")
    kills = 5
    for _kill in range(kills):
        for _call in range(dice.randrange(1, 5)):
            box.call("+8613800138000")
        goal = dice.randrange(box.calls)
        until(lambda goal=goal: len(records(cable.heard())) >= goal, "some are printed")  # type: ignore[misc]  # its default is its type
        box.kill()
        box.start()
    box.call("", outcome=Outcome.ABANDONED, agent="")
    until(lambda: box.calls in records(cable.heard()), "the last is printed")
    printed = records(cable.heard())
    assert sorted(set(printed)) == list(range(2, box.calls + 1)), "nothing is lost, nothing of before is printed"
    assert len(printed) - len(set(printed)) <= kills
    assert printed == sorted(printed)
    until(lambda: box.printed() == box.calls - 1, "as many are counted")
    assert b"C8613800138000" in cable.heard()
    assert b"\x1b" not in cable.heard()
    assert box.end() == 0


def test_who_is_erased_meanwhile_is_printed_without_a_number(box: Box, cable: Cable) -> None:
    """While the printer is unplugged calls wait in the store; those beyond the limit are counted."""
    box.configure("/dev/pts/99999", waiting_max=3)
    box.start()
    until(lambda: box.state() is not None and bool(box.state().problem), "the line cannot be opened")  # type: ignore[union-attr]  # it was asked
    box.configure(place(cable), waiting_max=3)
    until(box.is_open, "the line is open")
    until((box.home / "lines/printer.json").exists, "the place is kept")
    box.configure("/dev/pts/99999", waiting_max=3)
    until(lambda: not box.is_open(), "the line is away")
    erased = box.call("+4930111111")
    gone = {box.call("+4930222222") for _call in range(4)}.pop()
    assert box.store.people.erase(gone, BEGIN).result(WAIT_S)
    assert erased != gone
    box.call("+4930333333")
    box.configure(place(cable), waiting_max=3)
    until(lambda: records(cable.heard()) == [4, 5, 6], "what waited is printed")
    until(lambda: box.printed() == 3, "it is counted")
    state = box.state()
    assert state is not None
    assert (state.dropped, state.waiting) == (3, 0)
    paper = cable.heard()
    assert b"222222" not in paper
    assert b"C4930333333" in paper


def test_without_lines_it_has_nothing_to_do_and_ends(box: Box) -> None:
    """A line that is taken away is forgotten, its place too."""
    box.start()
    assert box.state("none") is None
    box.configure("tcp:127.0.0.1:1")
    until(lambda: box.state() is not None, "the line is there")
    box.ask(api.Drop(base="", list="lines", slug="printer"))
    until(lambda: box.state() is None and ask(box.home / "run/lines.sock") == (), "it is gone")
    assert box.end() == 0
