"""The machine's root part is asked through the door, by administrators alone."""

import os
from pathlib import Path

import pytest_twisted
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread

from appliance import api, root_work
from appliance.core import model
from tests.boot.root_part import root_part
from tests.daemon.real import Box
from tests.drivers.dahdi.office import SPANS


def codes(reply: api.Reply) -> list[str]:
    """Give the problems' words."""
    return [problem.code for problem in reply.problems]


@pytest_twisted.ensureDeferred
async def test_an_administrator_sets_the_machine_through_the_door(box: Box, tmp_path: Path) -> None:
    """Tried, kept, refused with root's word; a supervisor may not, and a laptop has none."""
    look = api.AskRoot(question=root_work.Look())
    assert codes(await box.ask(look)) == ["no_root_part"]
    sue = await box.sign_in("sue")
    assert codes(await box.ask(look, sue)) == ["not_allowed"]
    parts = root_part(tmp_path)
    part = await deferToThread(parts.__enter__)
    try:
        network = root_work.Network(host="box")
        tried = await box.ask(api.AskRoot(question=root_work.SetNetwork(network=network)))
        assert tried.machine is not None
        again = await box.ask(api.AskRoot(question=root_work.SetNetwork(network=network)))
        assert codes(again) == ["on_trial"]
        assert await box.ask(api.AskRoot(question=root_work.Confirm(change=tried.machine.change))) == api.Reply(
            machine=root_work.Answer()
        )
        seen = await box.ask(look)
        assert seen.machine is not None
        assert seen.machine.seen is not None
        assert seen.machine.seen.network == network
        (tmp_path / "refuse.networkctl").touch()
        wrong = await box.ask(api.AskRoot(question=root_work.SetNetwork(network=root_work.Network(host="other"))))
        assert [(problem.code, problem.detail) for problem in wrong.problems] == [
            ("not_applied", "networkctl ended with 3: networkctl will not")
        ]
    finally:
        part.kill()


class Lines:
    """Lines of cards that an exchange has, and what was asked of them."""

    def __init__(self) -> None:
        """Begin with nothing asked."""
        self.asked: list[str] = []

    async def clear(self, channel: int) -> bool:
        """Have no call."""
        self.asked.append(f"clear {channel}")
        return False

    async def busy(self) -> tuple[int, ...]:
        """Have two calls."""
        return 3, 4

    async def restart(self) -> None:
        """Note it."""
        self.asked.append("restart")


def applying(spans: tuple[model.Span, ...], seen: str = "") -> api.AskRoot:
    """Make the request that applies them."""
    return api.AskRoot(question=root_work.ApplyCards(spans=root_work.wiring(spans), seen=seen))


async def applied(box: Box) -> str:
    """Ask for the mark of what is applied."""
    told = await box.ask(api.AskRoot(question=root_work.LookCards()))
    assert told.machine is not None
    assert told.machine.cards is not None
    return told.machine.cards.digest


@pytest_twisted.ensureDeferred
async def test_cards_are_applied_through_the_door(box: Box, tmp_path: Path) -> None:
    """The exchanges take their lines anew once the drivers have taken something, or were given the old again."""
    lines = Lines()
    box.daemon.spans.lines = (lines,)
    asked = applying(SPANS)
    assert codes(await box.ask(asked)) == ["no_root_part"]
    parts = root_part(tmp_path)
    part = await deferToThread(parts.__enter__)
    try:
        assert codes(await box.ask(applying(SPANS[2:]))) == []
        assert lines.asked == ["restart"]
        digest = await applied(box)
        (tmp_path / "absent").write_text("2")
        assert codes(await box.ask(applying(SPANS, digest))) == ["not_applied"]
        assert lines.asked == ["restart", "restart"]
        (tmp_path / "absent").unlink()
        lines.asked.pop()
        assert codes(await box.ask(applying(SPANS, digest))) == []
        assert lines.asked == ["restart", "restart"]
        assert codes(await box.ask(asked)) == ["stale"]
        assert lines.asked == ["restart", "restart"]
        told = await box.ask(api.AskRoot(question=root_work.LookCards()))
        assert told.machine is not None
        assert told.machine.cards is not None
        assert told.machine.cards.spans == root_work.wiring(SPANS)
        assert (await box.daemon.spans.standing()).busy == (3, 4)
        sue = await box.sign_in("sue")
        assert codes(await box.ask(asked, sue)) == ["not_allowed"]
        part.kill()
        await box.ask(asked)
        assert lines.asked == ["restart", "restart"], "nobody was there to tell the drivers anything"
    finally:
        part.kill()


@pytest_twisted.ensureDeferred
async def test_exchanges_follow_a_root_part_that_died(box: Box, tmp_path: Path) -> None:
    """It was killed while the drivers were told; the next one takes that back, and the lines are taken anew then."""
    lines = Lines()
    box.daemon.spans.lines = (lines,)
    parts = root_part(tmp_path)
    part = await deferToThread(parts.__enter__)
    try:
        assert codes(await box.ask(applying(SPANS[:1]))) == []
        good = (tmp_path / "dahdi/system.conf").read_text()
        os.mkfifo(tmp_path / "hold")
        answer = Deferred.fromCoroutine(box.ask(applying(SPANS, await applied(box))))
        hold = await deferToThread(os.open, tmp_path / "hold", os.O_WRONLY)
        assert (tmp_path / "dahdi/on-trial").exists()
        part.kill()
        assert codes(await answer) == ["root_died"]
        assert lines.asked == ["restart"]
        (tmp_path / "hold").unlink()
        os.close(hold)
        await deferToThread(part.start)
        await box.until(lambda: lines.asked == ["restart", "restart"])
        assert (tmp_path / "dahdi/system.conf").read_text() == good
    finally:
        part.kill()
