"""What stands between a fresh clone and a program that can start."""

import sys
from pathlib import Path

import pytest

from boot import prepare
from boot.prepare import ROOT, PrepareError


def test_the_clone_that_runs_this_is_prepared(capsys: pytest.CaptureFixture[str]) -> None:
    """A second time every step is skipped, so nothing is said and no network asked."""
    assert prepare.outdated(["run"], prepare.installed()) == {}
    for _ in range(2):
        capsys.readouterr()
        prepare.ensure_venv(["run"])
        prepare.ensure_pages()
        prepare.ensure_texts()
    assert capsys.readouterr().err == ""


def test_a_lock_that_changed_is_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What tests need stays installed when `run` alone is prepared."""
    monkeypatch.setattr(prepare, "ROOT", tmp_path)
    for name in prepare.LOCKS.values():
        (tmp_path / name).write_text(name)
    first = prepare.outdated(["run"], {})
    assert list(first) == ["uv", "run"]
    assert prepare.outdated(["run"], first) == {}
    both = prepare.outdated(["run", "test"], first)
    assert list(both) == ["uv", "run", "test"]
    (tmp_path / prepare.LOCKS["run"]).write_text("changed")
    assert list(prepare.outdated(["run"], both)) == ["uv", "run", "test"]


def test_a_venv_does_not_saw_off_its_own_branch(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Installing anew needs the Python outside."""
    monkeypatch.setattr(prepare, "STAMP", tmp_path / "none")
    monkeypatch.setattr(prepare, "VENV", Path(sys.prefix))
    with pytest.raises(PrepareError, match="/usr/bin/python3"):
        prepare.ensure_venv(["run"])


def test_a_venv_of_another_python_or_place_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clone that was moved, or a Python that was upgraded, gets a new one."""
    stamp = tmp_path / "stamp"
    monkeypatch.setattr(prepare, "STAMP", stamp)
    assert prepare.installed() == {}
    good = f'{{"run": "1", "python": "{prepare.version_of_venv()}", "folder": "{prepare.VENV}"}}'
    stamp.write_text(good)
    assert prepare.installed()["run"] == "1"
    for bad in (
        good.replace("/.venv", "/elsewhere"),
        good.replace(prepare.version_of_venv(), "Python 3.10.1"),
        "torn",
        "[]",
    ):
        stamp.write_text(bad)
        assert prepare.installed() == {}, bad


def test_a_digest_sees_names_and_contents() -> None:
    """Two files that change places are another result."""
    one, two = ROOT / "requirements.in", ROOT / "requirements-dev.in"
    assert prepare.digest([one, two]) == prepare.digest([two, one])
    assert prepare.digest([one]) != prepare.digest([two])


def test_a_step_that_fails_says_so_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line that speaks of an error is shown, and where the rest is."""
    monkeypatch.setattr(prepare, "BUILD", tmp_path)
    monkeypatch.setattr(prepare, "LOG", tmp_path / "log")
    with pytest.raises(PrepareError, match=r"^a step failed: Error: no style \(all of it: .*log\)$"):
        prepare.call(["/bin/sh", "-c", "echo fine; echo begin >&2; echo 'Error: no style' >&2; exit 3"], what="a step")
    assert (tmp_path / "log").read_text() == "fine\nbegin\nError: no style\n"
    assert prepare.complaint("") == "no message"
    assert prepare.complaint("one\ntwo\n") == "two"
