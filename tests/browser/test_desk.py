"""The desk in a browser: a call pops, is finished, stands in the list and plays; a restart is survived."""

import time

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Floor, Visitor

pytestmark = pytest.mark.browser
POP_S = 0.5
"From the ringing of the phone to the number on the desk, on a machine of its own."
BUSY = 3
"How many times as long a machine may take that does other things beside it."
SEALED_TRIES = 50
"How often the page of a call is looked at until its recording is sealed."
OWN_S = 0.4
"What the test's own way to the telephones and the browser may take."


def ring(floor: Floor, page: Page, number: str, name: str) -> tuple[int, float]:
    """Let a caller choose the sales team; gives the line, and how long the desk took to show the ringing phone."""
    line = floor.call(number, name)
    while floor.ask("doing", line=line) != "prompt/menu":
        page.wait_for_timeout(20)
    floor.ask("press", line=line, key="1")
    while "302" not in _ringing(floor):
        page.wait_for_timeout(5)
    began = time.monotonic()
    expect(page.locator("#desk [data-f=number]")).to_have_text(number)
    return line, time.monotonic() - began


def _ringing(floor: Floor) -> list[str]:
    found = floor.ask("ringing")
    assert isinstance(found, list)
    return found


def test_a_call_from_ringing_to_the_list(browser: Browser, floor: Floor) -> None:
    """The caller appears when the phone rings; talk, wrap-up with result and note; the call plays in the list."""
    agent = Visitor(browser, floor)
    page = agent.sign_in("anna-smith")
    page.click(".desk-bar > [data-do=take-seat]")
    expect(page.locator("#desk")).to_have_attribute("data-state", "available")
    line, popped_s = ring(floor, page, "13800138000", "王小明")
    print(f"from the ring to the desk: {popped_s:.3f} s; promised are {POP_S}")  # noqa: T201  a figure
    assert popped_s < BUSY * POP_S + OWN_S
    expect(page.locator("#desk [data-f=name]")).to_have_text("王小明")
    expect(page.locator("[data-f=call] [data-f=queue]")).to_contain_text("Sales")
    expect(page.locator("[data-f=past]")).to_contain_text("first call")
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight"), "the desk fits its screen"
    floor.ask("pick_up", extension="302")
    expect(page.locator("#desk")).to_have_attribute("data-state", "talking")
    page.reload()
    expect(page.locator("#desk [data-f=number]")).to_have_text("13800138000")
    page.keyboard.press("n")
    page.keyboard.type("Wants two tents")
    expect(page.locator("[data-f=note-state]")).to_have_text("saved")
    floor.ask("end", line=line, seconds=4)
    expect(page.locator("#desk")).to_have_attribute("data-state", "wrap_up")
    page.locator("h1").click()
    page.keyboard.press("1")
    expect(page.locator("[data-do=dispose]").first).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("d")
    expect(page.locator("#desk")).to_have_attribute("data-state", "available")
    assert agent.errors == []
    _hear(browser, floor)
    line, _ = ring(floor, page, "13800138000", "王小明")
    expect(page.locator("[data-f=past]")).to_contain_text("Wants two tents")
    floor.ask("end", line=line)
    expect(page.locator("#desk")).to_have_attribute("data-state", "available")
    page.click("[data-f=state]")
    page.click(".menu-box [data-do=leave-seat]")
    expect(page.locator("#desk")).to_have_attribute("data-state", "signed_out")
    agent.context.close()


def _hear(browser: Browser, floor: Floor) -> None:
    """Find the call in the list, and play its recording."""
    supervisor = Visitor(browser, floor)
    supervisor.sign_in("supervisor")
    page = supervisor.go("/calls")
    page.click("#calls tbody tr:first-child a")
    expect(page.locator(".timeline")).to_contain_text("Why Anna Smith")
    expect(page.locator("main")).to_contain_text("Wants two tents")
    for _ in range(SEALED_TRIES):
        if page.locator("#recording").count():
            break
        page.wait_for_timeout(200)
        page.reload()
    expect(page.locator("#recording")).to_have_attribute("data-ready", "")
    page.click("[data-do=play]")
    page.wait_for_function("() => document.querySelector('#recording audio').currentTime > 0.3")
    page.focus("[role=slider]")
    page.keyboard.press("End")
    page.wait_for_function("() => document.querySelector('#recording audio').currentTime > 3.5")
    assert page.evaluate("document.querySelector('#recording audio').duration") == pytest.approx(4, abs=0.1)
    assert supervisor.errors == []
    supervisor.context.close()


def test_the_daemon_restarts(browser: Browser, floor: Floor) -> None:
    """While the daemon is away the desk says so and greys; a command waits and is done; pages can be read."""
    agent = Visitor(browser, floor)
    page = agent.sign_in("ben-carter")
    expect(page.locator("[data-f=no-call]")).to_be_visible()
    expect(page.locator("#health")).to_have_attribute("data-state", "ok")
    floor.ask("leave")
    page.click(".desk-bar > [data-do=take-seat]")
    expect(page.locator("#notice")).to_contain_text("restarting")
    expect(page.locator("#live-stale")).to_be_visible(timeout=12_000)
    other = Visitor(browser, floor, language="zh")
    other.go("/sign-in")
    other.page.fill("#person", "supervisor")
    other.page.fill("#password", "whatever it is")
    other.page.press("#password", "Enter")
    expect(other.page.locator("[role=alert]:visible")).to_contain_text("系统暂时没有响应")
    floor.ask("come_back")
    expect(page.locator("#desk")).to_have_attribute("data-state", "available", timeout=15_000)
    expect(page.locator("#live-stale")).to_be_hidden()
    other.context.close()
    agent.context.close()
