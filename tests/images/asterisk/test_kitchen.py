"""Which bundle is in use, and what a bundle must pass before it is."""

import os
import shutil
from pathlib import Path

import pytest

from drivers.asterisk.bundle import Bundle, BundleMissingError, cache_folder, current_bundle, open_bundle
from images.asterisk import recipe
from images.asterisk.kitchen import BundleError, bundle_in_use, ensure, is_of_this_recipe
from images.asterisk.trial import DIGITS, Trial, TrialError, check_version, try_bundle

pytestmark = pytest.mark.contract


def a_copy(folder: Path, *, recipe_name: str = "other") -> Bundle:
    """Copy the real bundle by hard links and make it the current one of a cache in the folder."""
    target = folder / "asterisk" / f"22-x-{recipe_name}"
    shutil.copytree(current_bundle().path, target, copy_function=os.link, symlinks=True)
    (folder / "asterisk/current").symlink_to(target.name)
    return open_bundle(target)


def a_bundle_that_answers(folder: Path, *, answer: str) -> Bundle:
    """Make a bundle whose loader is a script with one answer."""
    libraries = folder / "usr/lib/x-linux-gnu"
    (libraries / "asterisk/modules").mkdir(parents=True)
    (folder / "usr/sbin").mkdir()
    (folder / "usr/sbin/asterisk").touch()
    (libraries / "ld-linux-x.so.2").write_text(f"#!/bin/sh\n{answer}\n")
    (libraries / "ld-linux-x.so.2").chmod(0o755)
    return open_bundle(folder)


def test_the_bundle_in_the_cache_passes_its_trial() -> None:
    """The version, every module that we name, and a call with digits."""
    bundle = current_bundle()
    assert try_bundle(bundle).startswith("2")
    assert is_of_this_recipe(bundle)
    sums = (bundle.path / "PACKAGES").read_text().splitlines()
    assert any(" asterisk_" in line for line in sums)
    assert all(len(line.split()[0]) == 64 for line in sums)
    assert (bundle.sounds / "en/demo-congrats.wav").is_file()
    assert list(bundle.music.glob("*.wav"))


def test_a_module_that_does_not_run_fails_the_trial(tmp_path: Path) -> None:
    """The bundle is refused, with the module's name."""
    bundle = a_copy(tmp_path)
    (bundle.modules / "app_read.so").unlink()
    with pytest.raises(TrialError, match="modules do not run: app_read"):
        try_bundle(bundle)


def test_a_library_of_the_host_fails_the_trial(tmp_path: Path) -> None:
    """What the bundle takes from one host another host lacks, where Asterisk then does not start."""
    bundle = a_copy(tmp_path)
    (bundle.libraries / "libsoftokn3.so").unlink()
    with pytest.raises(TrialError, match=r"libraries of the host were used: .*libsoftokn3|ended at its start"):
        try_bundle(bundle)


def test_digits_that_do_not_arrive_fail_the_trial() -> None:
    """Nothing was understood where nothing was dialled; the trial leaves no process and no folder."""
    with Trial(current_bundle()) as trial:
        folder = Path(trial.ask("core show settings").partition("Configuration directory:")[2].split()[0]).parent
        assert trial.digits_of_a_call() == DIGITS
        assert folder.is_dir()
    assert not folder.exists()


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        ("echo Asterisk 23.1.0", "not a long-term release"),
        ("echo Asterisk 20.9.0", "not a long-term release"),
        ("echo Asterisk of old", "not a long-term release"),
        ("echo 'symbol lookup error' >&2; exit 127", "symbol lookup error"),
        ("echo nonsense", "nonsense"),
    ],
)
def test_a_version_that_will_not_do_is_refused(tmp_path: Path, answer: str, complaint: str) -> None:
    """An odd, an old or a broken Asterisk is named as such."""
    with pytest.raises(TrialError, match=complaint):
        check_version(a_bundle_that_answers(tmp_path, answer=answer))


def test_an_asterisk_that_ends_at_its_start_is_refused(tmp_path: Path) -> None:
    """Its last words are in the error."""
    bundle = a_bundle_that_answers(tmp_path, answer="echo 'cannot bind'; exit 3")
    with pytest.raises(TrialError, match="code 3: cannot bind"), Trial(bundle):
        pass


def test_a_folder_without_asterisk_is_no_bundle(tmp_path: Path) -> None:
    """The error says which command makes one."""
    with pytest.raises(BundleMissingError, match=r"python3 -m images\.asterisk"):
        open_bundle(tmp_path)
    assert bundle_in_use(tmp_path) is None


def test_the_cached_bundle_is_used_without_asking_a_mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No apt is needed, and nothing is said."""
    bundle = a_copy(tmp_path, recipe_name=recipe.digest())
    monkeypatch.setenv("SWITCHROOM_CACHE", str(tmp_path))
    monkeypatch.setenv("PATH", "/nowhere")
    said: list[str] = []
    assert ensure(said.append).path == bundle.path
    assert said == []


def test_a_newer_one_that_fails_leaves_the_cached_one_in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And it is said, with the reason and the name of the one that stays."""
    bundle = a_copy(tmp_path)
    monkeypatch.setenv("SWITCHROOM_CACHE", str(tmp_path))
    monkeypatch.setenv("PATH", "/nowhere")
    said: list[str] = []
    assert ensure(said.append, newer=True).path == bundle.path
    assert "dpkg is missing" in said[-1]
    assert said[-1].endswith(f"stays in use: {bundle.path.name}")


def test_without_a_cache_it_is_one_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line says what failed and what to look at."""
    monkeypatch.setenv("SWITCHROOM_CACHE", str(tmp_path))
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(BundleError, match=r"^No Asterisk: dpkg is missing.*sources\.list.*again\.$"):
        ensure(lambda _: None)


def test_the_cache_follows_its_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """$SWITCHROOM_CACHE, else switchroom in $XDG_CACHE_HOME, else in ~/.cache."""
    monkeypatch.setenv("SWITCHROOM_CACHE", "/a")
    assert cache_folder() == Path("/a")
    monkeypatch.delenv("SWITCHROOM_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/b")
    assert cache_folder() == Path("/b/switchroom")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == Path("~/.cache/switchroom").expanduser()
