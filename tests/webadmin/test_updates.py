"""The page of updates: what it shows of a plan, and how a bundle comes in: whole, bounded, or not at all."""

import dataclasses
from pathlib import Path

import pytest

from appliance import updates
from appliance.client import csrf_token
from appliance.updates import Phase, Plan, Plans
from appliance.words import PHASES, UPDATE_WHYS
from tests.webadmin.conftest import Pages
from webadmin.front_door import BUNDLE_MAX
from webadmin.main import configure
from webadmin.request import Box

THERE = "/setup/updates"


@pytest.fixture
def there(pages: Pages, tmp_path: Path) -> Pages:
    """Give the pages over a folder of updates."""
    box = pages.config.registry.settings["box"]
    assert isinstance(box, Box)
    config = configure(dataclasses.replace(box, update=tmp_path / "update.json", updates=tmp_path / "updates"))
    return dataclasses.replace(pages, config=config, application=config.make_wsgi_app(), media=tmp_path)


def send(
    pages: Pages, name: str, body: bytes, *, role: str = "administrator", length: int | None = None
) -> tuple[int, str]:
    """Send a bundle as the page's script does; status and what was wrong."""
    request = pages.request(f"{THERE}/bundles/{name}", role)
    request.method = "POST"
    request.headers["Origin"] = "https://box.test"
    request.headers["X-Switchroom-CSRF"] = csrf_of(pages, role)
    request.content_type = "application/octet-stream"
    request.body = body
    if length is not None:
        request.content_length = length
    answer = pages.answer(request)
    told = answer.json_body if answer.content_type == "application/json" else {}
    return answer.status_int, str(told.get("problem", ""))


def csrf_of(pages: Pages, role: str) -> str:
    """Give the token of a role's session."""
    return csrf_token(pages.secrets.get(role, ""))


def test_a_bundle_is_kept_whole_or_not_at_all(there: Pages) -> None:
    """The last one alone; what is cut off, empty or oddly named leaves nothing."""
    folder = there.media / "updates"
    assert send(there, "one.raucb", b"abc") == (200, "")
    assert send(there, "two.raucb", b"abcd") == (200, "")
    assert [path.name for path in updates.staged(folder)] == ["two.raucb"]
    for name, body, said in (("x.deb", b"a", "no name of a bundle"), ("x.raucb", b"", "empty"), ("..", b"a", "")):
        status, told = send(there, name, body)
        assert status in {404, 422}, name
        assert said in told
    assert send(there, "torn.raucb", b"abc", length=10)[0] == 422
    assert [path for path in folder.iterdir() if "torn" in path.name] == []


def test_only_administrators_send_one(there: Pages) -> None:
    """With the token of their session."""
    for role in ("agent", "supervisor"):
        assert send(there, "one.raucb", b"abc", role=role)[0] == 403
    request = there.request(f"{THERE}/bundles/one.raucb", "administrator")
    request.method = "POST"
    request.body = b"abc"
    assert there.answer(request).status_int == 400
    assert not (there.media / "updates").exists()
    assert there.get(f"{THERE}/bundles/one.raucb", "administrator").status_int == 404


def test_none_is_taken_while_one_is_installed(there: Pages) -> None:
    """The one that is being installed stays."""
    assert send(there, "one.raucb", b"abc") == (200, "")
    Plans(there.media / "update.json").write(Plan(bundle="one.raucb"))
    status, told = send(there, "two.raucb", b"abc")
    assert (status, told) == (422, "Another update is under way.")
    assert [path.name for path in updates.staged(there.media / "updates")] == ["one.raucb"]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("phase", list(Phase))
def test_every_phase_is_told(there: Pages, phase: Phase, language: str) -> None:
    """With its reason, and what a machine said stays text; it is followed until it is over."""
    Plans(there.media / "update.json").write(Plan(bundle="new.raucb", phase=phase, why="<b>no</b>"))
    text = there.get(THERE, "administrator", language=language).text
    assert PHASES[phase].sign in text
    assert "<b>no</b>" not in text
    assert ("hx-trigger" in text) is (phase not in updates.OVER)
    assert ('value="stop"' in text) is (phase in updates.WAITING)


def test_every_phase_and_reason_has_words() -> None:
    """None is shown as a word of the system."""
    assert set(PHASES) == {phase.value for phase in Phase}
    assert all(UPDATE_WHYS.values())
    assert int(BUNDLE_MAX.removesuffix("g")) * 1024**3 == updates.BUNDLE_BYTES_MAX


def test_what_was_clicked_without_a_daemon_is_said(there: Pages) -> None:
    """And an odd click does nothing."""
    for do in ("begin:new.raucb", "take-back", "stop", "at-once"):
        answer = there.post(THERE, "administrator", {"do": do})
        assert answer.status_int == 422
        assert "The box does not answer just now" in answer.text
    assert there.post(THERE, "administrator", {"do": "begin:../new.raucb"}).status_int == 200


SAYS = '#!/bin/sh\n[ "$1 $2" = "info --output-format=json" ] || exit 9\n'


@pytest.mark.parametrize(
    ("rest", "version", "problem"),
    [
        ('echo \'{"compatible": "x", "version": "2.1"}\'', "2.1", ""),
        ("echo first >&2; echo 'signature verification failed' >&2; exit 1", "", "signature verification failed"),
        ("echo '{'", "", "Input data was truncated"),
    ],
)
def test_a_bundle_is_looked_into(tmp_path: Path, rest: str, version: str, problem: str) -> None:
    """By a program in RAUC's place that answers as `rauc info` does (its manual)."""
    rauc = tmp_path / "rauc"
    rauc.write_text(SAYS + rest + "\n")
    rauc.chmod(0o755)
    updates.stage(tmp_path / "updates", "new.raucb", [b"abc"])
    assert updates.look(tmp_path / "updates/new.raucb", rauc) == updates.Looked(
        name="new.raucb", size=3, version=version, problem=problem
    )
    assert updates.look(tmp_path / "updates/new.raucb", tmp_path / "none").version == ""
