"""Updates asked for at the door, where the root part knows of two slots: begun, hurried, given up, taken back."""

from pathlib import Path

import pytest
import pytest_twisted
from twisted.internet.threads import deferToThread

from appliance import api, updates
from appliance.updates import Phase, Plan, Plans
from tests.boot.root_part import root_part
from tests.boot.test_privileged import SLOTS
from tests.daemon.real import Box


def codes(reply: api.Reply) -> list[str]:
    """Give the problems' words."""
    return [problem.code for problem in reply.problems]


@pytest_twisted.ensureDeferred
async def test_an_administrator_updates_a_box_with_slots(box: Box, tmp_path: Path) -> None:
    """The plan says what was asked; a laptop has no slots; a bundle must lie ready."""
    plans = Plans(tmp_path / "update.json")
    begin = api.Update(work="begin", bundle="new.raucb")
    assert codes(await box.ask(begin)) == ["no_slots"]
    assert codes(await box.ask(begin, await box.sign_in("sue"))) == ["not_allowed"]
    parts = root_part(tmp_path)
    part = await deferToThread(parts.__enter__)
    try:
        (tmp_path / "slots.json").write_text(SLOTS)
        assert codes(await box.ask(begin)) == ["unknown"]
        updates.stage(tmp_path / "updates", "new.raucb", [b"x"])
        assert codes(await box.ask(begin)) == []
        assert plans.read() == Plan(bundle="new.raucb")
        assert codes(await box.ask(begin)) == ["update_runs"]
        assert codes(await box.ask(api.Update(work="at_once"))) == []
        assert plans.read() == Plan(bundle="new.raucb", at_once=True)
        assert codes(await box.ask(api.Update(work="stop"))) == []
        assert codes(await box.ask(api.Update(work="stop"))) == ["too_late"]
        assert codes(await box.ask(api.Update(work="take_back", at_once=True))) == []
        assert plans.read() == Plan(bundle="", phase=Phase.QUIET, at_once=True, before="A")
    finally:
        part.kill()


@pytest.mark.parametrize(
    "wrong", [{"work": "begin"}, {"work": "stop", "bundle": "new.raucb"}, {"work": "begin", "bundle": "../x.raucb"}]
)
def test_an_odd_request_is_none(wrong: dict[str, str]) -> None:
    """A bundle is named where one is begun, by a plain name."""
    body = api.encode({"type": "update", **wrong})
    with pytest.raises(Exception, match="bundle"):
        api.decode_request(body)
