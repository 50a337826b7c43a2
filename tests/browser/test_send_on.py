"""The desk sends a caller on: by mouse and by keyboard, to a workgroup, a colleague or a number; refusals are said."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import SCREEN, Floor, Visitor
from tests.browser.test_desk import ring
from tests.browser.test_every_page import NARROW, faults

pytestmark = pytest.mark.browser
COLLEAGUES, QUEUES = 9, 2
"Of an agent of the sample company."
SUMMARY = "[data-f=call] details > summary"


def talks(floor: Floor, page: Page, number: str) -> int:
    """Let a caller talk with the agent of the desk; gives the line."""
    line, _ = ring(floor, page, number, "王小明")
    floor.ask("pick_up", extension="302")
    expect(page.locator("#desk")).to_have_attribute("data-state", "talking")
    return line


def hears(floor: Floor, page: Page, line: int, wanted: str) -> None:
    """Wait until a caller hears something."""
    for _ in range(500):
        if floor.ask("doing", line=line) == wanted:
            return
        page.wait_for_timeout(10)
    assert floor.ask("doing", line=line) == wanted


def is_reachable(page: Page) -> None:
    """Check that the open menu is without a barrier, and lies within a screen and within a telephone."""
    for size in (SCREEN, NARROW):
        page.set_viewport_size(size)
        box = page.locator("[data-f=call] .menu-box").bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= size["width"]
        assert faults(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.set_viewport_size(SCREEN)


def is_kept_apart(floor: Floor, page: Page) -> None:
    """Let somebody call meanwhile: the menu's workgroup says that alone, and the desk's own figures are its own."""
    waiting = floor.call("13700137000", "")
    hears(floor, page, waiting, "prompt/menu")
    floor.ask("press", line=waiting, key="1")
    expect(page.locator("[data-key='queue/sales'] [data-f=word]")).to_contain_text("1")
    expect(page.locator("[data-f=queues]")).to_contain_text("1")
    expect(page.locator("[data-key='queue/sales'] [data-f=extension]")).to_have_text("")
    expect(page.locator("[data-f=my-extension]")).to_have_text("302")
    floor.ask("end", line=waiting)
    expect(page.locator("[data-key='queue/sales'] [data-f=word]")).to_contain_text("0")


@pytest.mark.parametrize(("language", "dark"), [("en", False), ("zh", True)])
def test_a_caller_is_sent_on(browser: Browser, floor: Floor, language: str, dark: bool) -> None:  # noqa: FBT001  pytest hands it over
    """Who is not free leaves the call where it is; a workgroup and a colleague get it; the card keeps its workgroup."""
    agent = Visitor(browser, floor, language=language, dark=dark)
    page = agent.sign_in("anna-smith")
    page.select_option("[name=language]", language)
    expect(page.locator("html")).to_have_attribute("lang", {"en": "en", "zh": "zh-Hans"}[language])
    page.click(".desk-bar > [data-do=take-seat]")
    line = talks(floor, page, "13800138000")
    page.keyboard.press("t")
    expect(page.locator("#send-to")).to_be_focused()
    expect(page.locator("#send-list [role=option]")).to_have_count(COLLEAGUES + QUEUES)
    is_reachable(page)
    is_kept_apart(floor, page)
    page.keyboard.press("Enter")
    expect(page.locator("#send-to")).to_be_focused()
    page.keyboard.type("nobody of that name")
    page.keyboard.press("Enter")
    expect(page.locator("[data-f=send-none]")).to_contain_text({"en": "No colleague", "zh": "没有这个名字"}[language])
    page.fill("#send-to", "301")
    expect(page.locator("[aria-selected=true]")).to_contain_text({"en": "Number 301", "zh": "号码 301"}[language])
    page.fill("#send-to", "李")
    expect(page.locator("[aria-selected=true]")).to_contain_text({"en": "Signed out", "zh": "签出"}[language])
    page.keyboard.press("Enter")
    expect(page.locator("#notice")).to_contain_text({"en": "is not free", "zh": "不空闲"}[language])
    expect(page.locator("#send-to")).to_have_value("李")
    expect(page.locator("#send-to")).to_be_focused()
    expect(page.locator("#desk")).to_have_attribute("data-state", "talking")
    page.keyboard.press("Escape")
    page.click(SUMMARY)
    page.fill("#send-to", "")
    page.click("[data-key='queue/support']")
    expect(page.locator("#desk")).to_have_attribute("data-state", "wrap_up")
    expect(page.locator("#notice")).to_be_hidden()
    page.reload()
    expect(page.locator("[data-f=call] [data-f=queue]")).to_have_text("Sales 销售")
    hears(floor, page, line, "music/default")
    floor.ask("end", line=line)
    page.locator("h1").click()
    page.keyboard.press("d")
    expect(page.locator("#desk")).to_have_attribute("data-state", "available")
    _to_an_agent(browser, floor, page)
    assert agent.errors == []
    agent.context.close()


def _to_an_agent(browser: Browser, floor: Floor, page: Page) -> None:
    """Send a caller to a colleague who is seen to become free: that agent's desk shows the caller."""
    line = talks(floor, page, "13900139000")
    page.keyboard.press("t")
    ben = page.locator("[data-key='agent/ben-carter']")
    expect(ben).to_have_attribute("data-state", "signed_out")
    other = Visitor(browser, floor)
    theirs = other.sign_in("ben-carter")
    theirs.click(".desk-bar > [data-do=take-seat]")
    expect(ben).to_have_attribute("data-state", "available")
    page.keyboard.type("BEN")
    expect(page.locator("#send-list [role=option]")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(theirs.locator("#desk [data-f=number]")).to_have_text("13900139000")
    floor.ask("pick_up", extension="304")
    expect(theirs.locator("#desk")).to_have_attribute("data-state", "talking")
    expect(page.locator("#desk")).to_have_attribute("data-state", "wrap_up")
    floor.ask("end", line=line)
    for desk in (page, theirs):
        expect(desk.locator("#desk")).to_have_attribute("data-state", "wrap_up")
        desk.locator("h1").click()
        desk.keyboard.press("d")
        expect(desk.locator("#desk")).to_have_attribute("data-state", "available")
        desk.click("[data-f=state]")
        desk.click(".menu-box [data-do=leave-seat]")
        expect(desk.locator("#desk")).to_have_attribute("data-state", "signed_out")
    assert other.errors == []
    other.context.close()
