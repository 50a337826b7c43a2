"""The machine's root part is asked through the door, by administrators alone."""

from pathlib import Path

import pytest_twisted
from twisted.internet.threads import deferToThread

from appliance import api, root_work
from tests.boot.root_part import root_part
from tests.daemon.real import Box


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
