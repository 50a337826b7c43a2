"""An update ends with the new release that takes calls, or with the old one, whatever cuts it off."""

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
from typing_extensions import override

from appliance import root_work as words
from appliance.updates import Phase, Plan, Plans
from boot.update import settle, step, walk
from tests.boot.root_part import PROJECT
from tests.boot.updating import Machine, Release, TriedBox


class Refused(TriedBox):
    """A box whose root part will not write the bundle."""

    @override
    def ask(self, question: words.AnyQuestion) -> words.Answer:
        """Refuse the bundle."""
        if isinstance(question, words.InstallUpdate):
            return words.Answer(problem="not_applied", detail="signature verification failed")
        return super().ask(question)


def box_in(folder: Path, kind: type[TriedBox] = TriedBox) -> TriedBox:
    """Give a box on a machine fresh from the image."""
    machine = Machine(folder=folder / "machine")
    machine.lay_out()
    machine.boot(Release.WELL)
    return kind(machine, Release.WELL, random.Random(1))  # noqa: S311  a seed makes the day


def test_a_dozen_kills_leave_the_old_or_the_new(tmp_path: Path) -> None:
    """Processes and power, at any step; `make soak` does it a thousand times."""
    argv = [sys.executable, "-m", "tests.boot.updating", str(tmp_path), "24", "3"]
    done = subprocess.run(argv, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["kills"] >= 24
    assert told["good"] > 0
    assert told["back"] > 0


def test_a_bundle_that_is_refused_switches_nothing(tmp_path: Path) -> None:
    """The plan says what root said."""
    box, plans = box_in(tmp_path, Refused), Plans(tmp_path / "plan")
    plans.write(Plan(bundle="flipped.raucb"))
    walk(box, plans)
    plan = plans.read()
    assert plan is not None
    assert (plan.phase, plan.why) == (Phase.FAILED, "signature verification failed")
    assert settle(box, plans)


def test_a_box_with_calls_is_waited_for(tmp_path: Path) -> None:
    """Unless it is told to switch at once. Meanwhile the slot that runs is as good as without an update."""

    class Busy(TriedBox):
        @override
        def is_quiet(self) -> bool:
            return False

    box, plans = box_in(tmp_path, Busy), Plans(tmp_path / "plan")
    plan = Plan(bundle="new.raucb", phase=Phase.QUIET, before="A")
    plans.write(plan)
    assert step(plan, box, plans) == plan
    assert settle(box, plans)
    plan = Plan(bundle="new.raucb", phase=Phase.QUIET, before="A", at_once=True)
    plans.write(plan)
    assert step(plan, box, plans).phase is Phase.SWITCH


@pytest.mark.parametrize("torn", [b"", b"{", b'{"bundle": 3}', b"\xff"])
def test_a_torn_plan_is_none(tmp_path: Path, torn: bytes) -> None:
    """It is written whole or not at all; what else lies there is no plan."""
    (tmp_path / "plan").write_bytes(torn)
    assert Plans(tmp_path / "plan").read() is None


def test_a_machine_without_slots_says_so(tmp_path: Path) -> None:
    """A laptop is updated by its owner."""

    class Laptop(TriedBox):
        @override
        def ask(self, question: words.AnyQuestion) -> words.Answer:
            return words.Answer(seen=words.Seen())

    plan = step(Plan(bundle="new.raucb"), box_in(tmp_path, Laptop), Plans(tmp_path / "plan"))
    assert (plan.phase, plan.why) == (Phase.FAILED, "no_slots")
