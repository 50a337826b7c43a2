"""A box that nobody administers shows its first boot and nothing else; afterwards the steps, until they are done."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from appliance import first_boot, trial_call
from appliance.first_boot import END, STEPS, FirstBoot
from appliance.whole import write_whole
from tests.webadmin.conftest import Pages
from webadmin.main import configure

Lay = Callable[[FirstBoot | None], Pages]


@pytest.fixture
def lay(pages: Pages, tmp_path: Path) -> Lay:
    """Give the pages over a first boot that stands somewhere."""
    box = pages.config.registry.settings["box"]
    fresh = dataclasses.replace(box, first_boot=tmp_path / "first-boot", test_call=tmp_path / "test-call")
    config = configure(fresh)
    application = config.make_wsgi_app()

    def made(first: FirstBoot | None) -> Pages:
        (tmp_path / "first-boot").unlink(missing_ok=True)
        if first is not None:
            first_boot.write(tmp_path / "first-boot", first)
        return dataclasses.replace(pages, config=config, application=application, media=tmp_path)

    return made


OPEN = FirstBoot(code="abcdefghij")


@pytest.mark.parametrize("role", ["", "administrator"])
def test_a_new_box_shows_its_first_boot_alone(lay: Lay, role: str) -> None:
    """Every address leads there, forms too; programs are told; the code is in no page."""
    pages = lay(OPEN)
    for there in ("/", "/sign-in", "/setup", "/desk", "/first-boot/network", "/nowhere", "/first-boot/"):
        answer = pages.get(there, role)
        assert (answer.status_int, answer.headers.get("Location")) == (303, "https://box.test/first-boot"), there
    assert pages.post("/sign-in", role, {"person": "admin", "password": "x"}).status_int == 303
    assert pages.get("/api/status", role).json_body == {"problems": [{"code": "first_boot"}]}
    page = pages.get("/first-boot", role)
    assert page.status_int == 200
    assert "Set-up code" in page.text
    assert "abcde" not in page.text
    assert "设置码" in pages.get("/first-boot", role, language="zh").text


@pytest.mark.parametrize("first", [None, FirstBoot()])
def test_it_is_never_reachable_again(lay: Lay, first: FirstBoot | None) -> None:
    """Neither by address nor by form."""
    pages = lay(first)
    assert pages.get("/first-boot").headers["Location"] == "https://box.test/"
    form = {"code": "abcdefghij", "person": "eve", "password": "x" * 12, "repeated": "x" * 12}
    assert pages.post("/first-boot", "", form).headers["Location"] == "https://box.test/"


def test_what_is_typed_wrong_is_said_beside_it(lay: Lay) -> None:
    """Before anybody is asked; the passwords are not shown again."""
    pages = lay(OPEN)
    answer = pages.post(
        "/first-boot", "", {"code": "", "person": "", "password": "secret-word-1", "repeated": "secret-word-2"}
    )
    assert answer.status_int == 422
    for name in ("code", "person", "repeated"):
        assert f'id="{name}-wrong"' in answer.text, name
    assert "secret-word" not in answer.text
    form = {"code": "x", "person": "ada", "password": "x" * 12, "repeated": "x" * 12}
    away = pages.post("/first-boot", "", form)
    assert away.status_int == 422
    assert "The box does not answer just now" in away.text


def test_a_language_is_chosen_before_anything_else(lay: Lay) -> None:
    """By a link, and kept by the browser."""
    answer = lay(OPEN).get("/first-boot?language=zh")
    assert answer.status_int == 303
    assert "language=zh" in answer.headers["Set-Cookie"]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("step", STEPS)
def test_each_step_is_shown_and_left(lay: Lay, step: str, language: str) -> None:
    """To an administrator alone; what the daemon cannot note just now is said."""
    pages = lay(FirstBoot(step=step))
    page = pages.get(f"/first-boot/{step}", "administrator", language=language)
    assert page.status_int == 200
    assert 'aria-current="step"' in page.text
    assert pages.get(f"/first-boot/{step}", "supervisor").status_int == 403
    assert pages.get("/first-boot/go-on", "administrator").headers["Location"].endswith(f"/first-boot/{step}")
    assert pages.get("/", "administrator").headers["Location"].endswith("/first-boot/go-on")
    assert pages.get("/", "agent").headers["Location"].endswith("/desk")
    answer = pages.post(f"/first-boot/{step}", "administrator", {"do": "next"})
    assert answer.status_int == 422
    assert "The box does not answer just now" in answer.text
    assert pages.post(f"/first-boot/{step}", "administrator", {"do": "odd"}).status_int in {303, 422}


def test_after_the_last_step_there_are_none(lay: Lay) -> None:
    """The steps lead to the set-up pages; their end leads to the last step."""
    pages = lay(FirstBoot(step=END))
    assert pages.get("/first-boot/go-on", "administrator").headers["Location"].endswith("/first-boot/call")
    assert "The first steps are not finished yet." in pages.get("/setup", "administrator").text
    pages = lay(None)
    assert pages.get("/first-boot/call", "administrator").headers["Location"].endswith("/setup")
    assert pages.get("/", "administrator").headers["Location"].endswith("/floor")
    assert "The first steps are not finished yet." not in pages.get("/setup", "administrator").text


def test_a_test_call_is_shown_as_it_goes(lay: Lay) -> None:
    """Step by step, to its end; what it says stays text."""
    pages = lay(FirstBoot(step="call"))
    steps = (trial_call.Step(name="trunk", passed=True, told="<b>8001</b>", took_s=0.1),)
    call = trial_call.TrialCall(at=1, steps=steps)

    def seen() -> str:
        write_whole(pages.media / "test-call", msgspec.json.encode(call), mode=0o600)
        return pages.get("/first-boot/call", "administrator").text

    assert "hx-trigger" in (text := seen())
    assert "&lt;b&gt;8001&lt;/b&gt;" in text
    call = trial_call.TrialCall(steps=steps, ended=True, passed=True)
    assert "Every step passed." in (text := seen())
    assert "hx-trigger" not in text
    call = trial_call.TrialCall(ended=True, why="no phone")
    assert "no phone" in seen()
    assert "no phone" not in pages.get("/first-boot/trunk", "administrator").text
    (pages.media / "test-call").write_bytes(b"{")
    assert pages.get("/first-boot/call", "administrator").status_int == 200
