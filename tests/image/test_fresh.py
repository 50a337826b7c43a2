"""What a fresh root gets from the host, and what `make fresh` refuses."""

import pytest

from images.asterisk.apt import AptError
from images.host import environment, setting, sources, unreleased
from tests.image.fresh import FreshError, check
from tests.image.story import StoryError, call, step

TARGETS = (
    "http://mirror.example/debian/ bookworm main\n"
    "http://mirror.example/debian/ bookworm-updates main\n"
    "http://mirror.example/debian-security/ bookworm-security main\n"
)


def test_a_root_takes_the_hosts_mirrors() -> None:
    """The suite may be another than the host's; security comes from where the host has it."""
    assert sources(TARGETS, "trixie") == [
        "deb http://mirror.example/debian/ trixie main",
        "deb http://mirror.example/debian/ trixie-updates main",
        "deb http://mirror.example/debian-security/ trixie-security main",
    ]
    assert len(sources("http://mirror.example/debian stable main\n", "trixie")) == 2
    assert unreleased(TARGETS)[1] == "deb-src [check-valid-until=no] http://mirror.example/debian/ sid main"
    with pytest.raises(AptError, match=r"sources\.list"):
        sources("", "trixie")
    with pytest.raises(AptError, match=r"sources\.list"):
        unreleased("")


def test_a_suite_that_we_do_not_know_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is touched before, and only root can do it."""
    monkeypatch.setattr("os.geteuid", lambda: 0)
    with pytest.raises(FreshError, match="SUITE=woody is none of bookworm, trixie"):
        check("woody")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(FreshError, match="run it as root"):
        check("trixie")


def test_the_root_gets_settings_and_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what is named is passed on."""
    monkeypatch.setenv("SOME_TOKEN", "secret")
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    given = environment()
    assert given["https_proxy"] == "http://proxy.example:3128"
    assert given["HOME"] == "/root"
    assert "SOME_TOKEN" not in given
    assert setting("no-such-program", "config") == ""
    assert setting("sh", "-c", "echo undefined") == ""


def test_a_step_that_fails_or_is_late_ends_the_story(capsys: pytest.CaptureFixture[str]) -> None:
    """The error names the step; its time is told."""
    step("quick", lambda: None, limit_s=60)
    assert "--- quick: 0.0 s" in capsys.readouterr().out
    with pytest.raises(StoryError, match=r"slow took .* more than 0 s"):
        step("slow", lambda: None, limit_s=0)
    with pytest.raises(StoryError, match="ended with 3"):
        call("/bin/sh", "-c", "exit 3", limit_s=60)
    with pytest.raises(StoryError, match=r"did not end within 0\.1 s"):
        call("/bin/sleep", "60", limit_s=0.1)
