"""A printer line: each piece once, in order, whatever happens to cable and printer."""

import os
import termios
import tty
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from pytest_twisted import ensureDeferred
from twisted.internet import reactor as installed
from twisted.internet.interfaces import IReactorTime
from typing_extensions import override

from drivers.serial.place import Device, Flow
from drivers.serial.smdr.printer import AGAIN_S, Printer, Supply, SupplyError
from tests.drivers.serial.cable import Cable, until

reactor = IReactorTime(installed)
XON, XOFF = b"\x11", b"\x13"


class Pieces(Supply):
    """Numbered lines."""

    def __init__(self, count: int) -> None:
        """Have so many."""
        self.count = count
        self.done = 0
        self.broken = False

    @override
    async def next(self) -> bytes | None:
        if self.broken:
            raise SupplyError("the store is away")
        return f"line {self.done:04}\r\n".encode() if self.done < self.count else None

    @override
    async def said(self) -> None:
        self.done += 1


@pytest.fixture
def cable(tmp_path: Path) -> Iterator[Cable]:
    """Give a cable that is plugged in."""
    it = Cable(tmp_path)
    it.plug()
    yield it
    it.unplug()


def a_printer(cable: Cable, supply: Supply, flow: Flow = Flow.NONE) -> Printer:
    """Give a printer line on a cable."""
    place = Device(path=str(cable.path), speed=9_600, flow=flow)
    return Printer(reactor, "printer", place, supply=supply, changed=lambda _why: None)


def whole(paper: bytes) -> list[int]:
    """Give the numbers of the lines that are whole on a paper; a torn one begins with the rest of nothing."""
    return [int(line[5:]) for line in paper.decode().split("\r\n") if len(line) == 9 and line.startswith("line ")]


@ensureDeferred
async def test_it_prints_all_there_is_in_order_and_then_waits(cable: Cable) -> None:
    """What is added later is printed later."""
    supply = Pieces(20)
    printer = a_printer(cable, supply)
    printer.start()
    await until(reactor, lambda: whole(cable.heard()) == list(range(20)))
    await until(reactor, lambda: supply.done == 20)
    supply.count = 21
    await until(reactor, lambda: supply.done == 21)
    assert whole(cable.heard()) == list(range(21))
    await printer.stop()
    assert printer.said == 21


@ensureDeferred
async def test_a_printer_that_says_stop_is_waited_for(cable: Cable) -> None:
    """With XON/XOFF nothing is counted as printed while it is off, and nothing is lost or printed twice."""
    supply = Pieces(0)
    printer = a_printer(cable, supply, Flow.XON_XOFF)
    printer.start()
    await until(reactor, lambda: not printer.state)
    cable.say(XOFF)
    supply.count = 3
    cable.say(b"?")  # what a printer says else is not read
    ends = reactor.seconds() + 1.5
    await until(reactor, lambda: reactor.seconds() > ends)
    assert (cable.heard(), supply.done) == (b"", 0)
    cable.say(XON)
    await until(reactor, lambda: supply.done == 3)
    await until(reactor, lambda: whole(cable.heard()) == [0, 1, 2])
    await printer.stop()


@ensureDeferred
async def test_a_cable_that_is_pulled_costs_nothing_and_doubles_one_line_at_most(cable: Cable) -> None:
    """Each pull may leave one line in doubt: it is printed again, whole; drawn by seed."""
    dice = Random(4)  # noqa: S311  it draws test cases
    supply = Pieces(60)
    printer = a_printer(cable, supply)
    printer.start()
    papers: list[bytes] = []
    pulls = 0
    while supply.done < 60 and pulls < 6:
        goal = min(60, supply.done + dice.randrange(1, 9))
        await until(reactor, lambda goal=goal: supply.done >= goal)  # type: ignore[misc]  # its default is its type
        papers.append(cable.heard())
        cable.unplug()
        pulls += 1
        await until(reactor, lambda: bool(printer.state))
        cable.plug()
    await until(reactor, lambda: supply.done == 60)
    await until(reactor, lambda: 59 in whole(cable.heard()))
    papers.append(cable.heard())
    await printer.stop()
    printed = [number for paper in papers for number in whole(paper)]
    assert sorted(set(printed)) == sorted(printed[i] for i in range(len(printed)) if printed[i] not in printed[:i])
    missing = set(range(60)) - set(printed)
    assert len(missing) <= pulls, "only what lay in a cable that was pulled, read by nobody"
    assert all(printed.count(number) <= 2 for number in printed)
    assert sum(printed.count(number) - 1 for number in set(printed)) <= pulls
    assert printed == sorted(printed)


@ensureDeferred
async def test_a_store_that_is_away_is_asked_again(cable: Cable) -> None:
    """The line stays open meanwhile."""
    supply = Pieces(1)
    supply.broken = True
    printer = a_printer(cable, supply)
    printer.start()
    await until(reactor, lambda: not printer.state)
    supply.broken = False
    began = reactor.seconds()
    await until(reactor, lambda: supply.done == 1)
    assert reactor.seconds() - began < AGAIN_S + 5
    await printer.stop()


@ensureDeferred
async def test_rts_cts_is_asked_of_the_device(cable: Cable) -> None:
    """A pseudo terminal has no wires; what can be seen is that the device was told to mind them."""
    printer = a_printer(cable, Pieces(1), Flow.RTS_CTS)
    printer.start()
    await until(reactor, lambda: not printer.state)
    descriptor = os.open(cable.path, os.O_RDWR | os.O_NOCTTY)
    try:
        assert termios.tcgetattr(descriptor)[tty.CFLAG] & termios.CRTSCTS
    finally:
        os.close(descriptor)
    await printer.stop()
