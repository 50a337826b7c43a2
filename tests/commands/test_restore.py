"""`switchroom restore`: what it refuses, what it asks for, and which backup a day means."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from appliance.commands import main
from tests.store.boxes import ABox, a_box, tree
from tests.store.stand import BEGIN


@pytest.fixture
def box(tmp_path: Path) -> ABox:
    """Lay out a box with a backup of each of two days."""
    made = a_box(tmp_path)
    made.write("first", b"")
    made.take()
    made.write("second", b"")
    made.now += 86_400_000_000
    made.take()
    (tmp_path / "passphrase").write_text(f"{made.passphrase}\n")
    return made


def restore(box: ABox, home: Path, *arguments: str) -> Result:
    """Run the command for a home."""
    words = ["restore", str(box.disk), "--passphrase-file", str(box.disk.parent / "passphrase"), *arguments]
    return CliRunner().invoke(main.group(), words, env={"SWITCHROOM_HOME": str(home), "LC_ALL": "C.UTF-8"})


def test_a_new_machine_is_the_box(box: ABox, tmp_path: Path) -> None:
    """With the folder and the passphrase alone; twice is refused, unless it is said."""
    home = tmp_path / "new"
    done = restore(box, home)
    assert done.exit_code == 0, done.output
    assert tree(home).keys() == tree(box.home).keys()
    again = restore(box, home)
    assert (again.exit_code, "--replace" in again.stderr) == (1, True)
    assert restore(box, home, "--replace").exit_code == 0


@pytest.mark.parametrize(("at", "batches"), [("2026-09-21", 1), ("2026-09-22", 2), ("", 2), ("2026-09-22T14:13:21", 1)])
def test_a_day_means_the_newest_backup_that_is_not_later(box: ABox, tmp_path: Path, at: str, batches: int) -> None:
    """The whole of the day counts; a time is the moment, UTC."""
    assert BEGIN == 1_790_000_000_000_000, "which is 2026-09-21 14:13:20 UTC"
    done = restore(box, tmp_path / "new", "--at", at)
    assert done.exit_code == 0, done.output
    assert len(box.batches(tmp_path / "new")) == batches


@pytest.mark.parametrize(("at", "says"), [("2026-09-20", "no backup as old"), ("yesterday", "no day, time or backup")])
def test_what_is_not_there_is_one_line(box: ABox, tmp_path: Path, at: str, says: str) -> None:
    """The home stays empty."""
    done = restore(box, tmp_path / "new", "--at", at)
    assert done.exit_code == 1
    assert says in done.stderr
    assert not (tmp_path / "new/store").exists()


def test_a_wrong_passphrase_is_one_line(box: ABox, tmp_path: Path) -> None:
    """And says what it is not."""
    (tmp_path / "passphrase").write_text("abcd-abcd-abcd-abcd-abcd-abcd")
    done = restore(box, tmp_path / "new")
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
    assert "not the passphrase of this backup" in done.stderr


def test_a_box_that_runs_is_not_restored_over(box: ABox, tmp_path: Path) -> None:
    """Not even if it is said to be replaced."""
    home = tmp_path / "new"
    (home / "run").mkdir(parents=True)
    (home / "run/supervisor.sock").touch()
    done = restore(box, home, "--replace")
    assert done.exit_code == 1
    assert "runs in" in done.stderr
