"""Which packages are missing, and their installation, against an apt-get of our own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from boot import packages
from boot.packages import POLICY_TEXT, Need, PackagesError


def a_need(*, package: str = "thing", command: str = "", file: str = "") -> Need:
    """Make a need; by default nothing shows that it is met."""
    return Need(package=package, command=command, file=file or "/nowhere/at/all", why="a test")


def an_apt_get(folder: Path, *, update: int = 0, install: int = 0, says: str = "") -> Path:
    """Write an apt-get that notes its arguments and the umask, and ends as told."""
    folder.mkdir(exist_ok=True)
    program = folder / "apt-get"
    program.write_text(
        f'#!/bin/sh\necho "$(umask) $*" >> {folder}/calls\ncat {folder}/policy >> {folder}/seen\n'
        f'case "$*" in *update*) exit {update};; esac\necho "{says}"\nexit {install}\n'
    )
    program.chmod(0o755)
    return folder


@pytest.fixture
def only_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a folder in front of the search path."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder


def test_a_need_is_met_by_its_command_or_its_file(tmp_path: Path) -> None:
    """What counts is that the thing is there, not which package brought it."""
    (tmp_path / "letters.ttc").touch()
    assert a_need(command="sh").is_met()
    assert not a_need(command="no-such-command").is_met()
    assert a_need(file=f"{tmp_path}/letters*").is_met()
    assert not a_need().is_met()


def test_a_command_in_sbin_is_found_without_it_in_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Debian's users have no sbin in their PATH, and nginx lives there."""
    monkeypatch.setenv("PATH", "/nowhere")
    assert packages.which("policy-rc.d-none") is None
    assert packages.which("ldconfig") is not None


def test_each_need_can_be_tested_and_says_what_for() -> None:
    """No need is without its test or its reason, and none stands twice."""
    everything = packages.needs_of(packages.NEEDS)
    assert all(bool(need.command) != bool(need.file) and need.why for need in everything)
    assert len({need.package for need in everything}) == len(everything)


def test_nothing_is_installed_where_nothing_is_missing() -> None:
    """A second start asks no apt."""
    said: list[str] = []
    assert packages.missing(["run", "test"]) == ()
    packages.ensure(["run", "test"], said.append)
    assert said == []


@pytest.mark.parametrize("text", [None, "#!/bin/sh\nexit 0\n", POLICY_TEXT])
def test_services_are_kept_down_for_that_time_only(tmp_path: Path, text: str | None) -> None:
    """The policy of before comes back; one that a killed installation left is taken for ours."""
    policy = tmp_path / "policy-rc.d"
    if text is not None:
        policy.write_text(text)
    with packages.services_kept_down(policy):
        assert subprocess.run([str(policy), "nginx", "start"], check=False).returncode == 101
    kept = text if text != POLICY_TEXT else None
    assert (policy.read_text() if policy.exists() else None) == kept
    assert sorted(tmp_path.iterdir()) == ([policy] if kept else [])


def test_packages_are_installed_with_services_kept_down(only_path: Path) -> None:
    """Apt runs with everybody's umask and while the policy denies."""
    an_apt_get(only_path)
    old = os.umask(0o077)
    try:
        packages.install_as_root(["espeak-ng", "git"], policy=only_path / "policy")
    finally:
        os.umask(old)
    update, install = (only_path / "calls").read_text().splitlines()
    assert update.startswith("0022 ")
    assert update.endswith(" update")
    assert install.endswith(" install --no-install-recommends espeak-ng git")
    assert (only_path / "seen").read_text() == POLICY_TEXT * 2
    assert not (only_path / "policy").exists()


def test_a_package_that_is_not_ours_is_refused(only_path: Path) -> None:
    """The side with root's rights takes only names of the table, and no options."""
    an_apt_get(only_path)
    with pytest.raises(PackagesError, match="Not a package of this project: -o=x"):
        packages.install_as_root(["git", "-o=x"], policy=only_path / "policy")
    assert not (only_path / "calls").exists()


def test_a_bad_answer_of_apt_is_one_line_that_says_what_to_do(only_path: Path) -> None:
    """Apt's first error is in it, and that of the update before it, and the command to type."""
    an_apt_get(only_path, update=100, install=100, says="reading lists\nE: Unable to locate package git\nE: more")
    with pytest.raises(PackagesError) as caught:
        packages.install_as_root(["git"], policy=only_path / "policy")
    text = str(caught.value)
    assert "E: Unable to locate package git" in text
    assert "Before it, apt-get update: no message" in text
    assert "apt-get update && apt-get install git" in text
    assert "\n" not in text


def test_without_apt_it_is_no_debian(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The person is told which systems will do."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PackagesError, match="Debian 12 or 13"):
        packages.install_as_root(["git"], policy=tmp_path / "policy")


@pytest.mark.parametrize(("sudo", "message"), [("", "no sudo"), ("#!/bin/sh\nexit 1\n", "were not installed")])
def test_without_root_the_command_to_type_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sudo: str, message: str
) -> None:
    """Where sudo is missing or says no, one line tells what root has to type."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("PATH", str(tmp_path))
    if sudo:
        (tmp_path / "sudo").write_text(sudo)
        (tmp_path / "sudo").chmod(0o755)
    with pytest.raises(PackagesError, match=f"{message}.*as root: apt-get install --no-install-recommends git$"):
        packages.install(["git"])


def test_sudo_runs_this_module_with_the_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The side with root's rights is the same module, told to install names of the table."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "sudo").write_text(f'#!/bin/sh\necho "$*" > {tmp_path}/asked\n')
    (tmp_path / "sudo").chmod(0o755)
    packages.install(["git", "nginx"])
    assert (tmp_path / "asked").read_text().endswith(f"{sys.executable} -B -m boot.packages --install git nginx\n")
