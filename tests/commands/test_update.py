"""`switchroom update`: what it shows without a daemon, what it refuses, and how it follows an update to its end."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from appliance.commands import main
from appliance.commands.update import phase_text
from appliance.updates import Phase, Plan, Plans, stage

WAIT_S = 60.0


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a box that does not run."""
    monkeypatch.setenv("SWITCHROOM_HOME", str(tmp_path))
    monkeypatch.setenv("SWITCHROOM_PRIVILEGED", str(tmp_path / "none.sock"))
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    return tmp_path


def ran(*arguments: str) -> Result:
    """Run the subcommand."""
    return CliRunner().invoke(main.group(), ["update", *arguments])


def test_it_shows_what_there_is(home: Path) -> None:
    """Slots, bundles, the plan; on a laptop that there are no slots."""
    stage(home / "updates", "new.raucb", [b"x"])
    Plans(home / "update.json").write(Plan(bundle="new.raucb", phase=Phase.BACK, why="self_test"))
    said = ran()
    assert said.exit_code == 0
    for words in ("no two slots", "new.raucb", "the release before runs again. Its self-test failed."):
        assert words in said.output


def test_what_cannot_be_is_one_line(home: Path) -> None:
    """A file that is no bundle, two wishes at once, a box that does not run."""
    (home / "notes.txt").write_text("x")
    (home / "empty.raucb").touch()
    (home / "new.raucb").write_text("x")
    for arguments, words in (
        ([str(home / "notes.txt")], "no name of a bundle"),
        ([str(home / "empty.raucb")], "is empty"),
        ([str(home / "new.raucb"), "--stop"], "Give a bundle, or one of"),
        ([str(home / "new.raucb")], "No Switchroom runs in"),
        (["--take-back"], "No Switchroom runs in"),
        (["--stop"], "No Switchroom runs in"),
        (["--at-once"], "No Switchroom runs in"),
    ):
        said = ran(*arguments)
        assert said.exit_code in {1, 2}, arguments
        assert words in said.output, arguments
        assert "Traceback" not in said.output
    assert (home / "updates/new.raucb").read_text() == "x"


@pytest.mark.parametrize("end", [Phase.GOOD, Phase.BACK])
def test_it_follows_to_the_end(home: Path, end: Phase) -> None:
    """Phase by phase; only a release that was taken for good is a success."""
    plans = Plans(home / "update.json")
    plans.write(Plan(bundle="new.raucb", phase=Phase.QUIET))
    argv = [sys.executable, "-m", "appliance.commands", "update", "--wait"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUTF8": "1"}) as follows:
        assert follows.stdout is not None
        assert "Waits until nobody calls" in follows.stdout.readline()
        plans.write(Plan(bundle="new.raucb", phase=end, why="<odd>"))
        assert phase_text(Plan(bundle="new.raucb", phase=end, why="<odd>")) in follows.stdout.read()
        assert follows.wait(WAIT_S) == (0 if end is Phase.GOOD else 1)
