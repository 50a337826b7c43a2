"""The first boot in the browser: a person walks from the set-up code to the last step, by keyboard, in both languages."""

import pytest
from playwright.sync_api import Browser, Page, expect

from appliance import first_boot
from appliance.first_boot import STEPS
from tests.browser.conftest import PASSWORD, Floor, Visitor
from tests.browser.test_every_page import faults, overflow

pytestmark = pytest.mark.browser


def is_well(page: Page) -> None:
    """See that a page has no barrier and fits a telephone."""
    assert faults(page) == [], page.url
    assert overflow(page) <= 0, page.url


def test_a_new_box_is_taken_by_one_and_set_up(browser: Browser, new_box: Floor) -> None:
    """Whatever is opened leads there; the second who comes is told; a step that was left is gone on with."""
    first = first_boot.read(new_box.home / "first-boot")
    assert first is not None
    taker, late = Visitor(browser, new_box), Visitor(browser, new_box, language="zh", dark=True)
    page = taker.go("/desk")
    expect(page).to_have_url(f"{new_box.address}/first-boot")
    is_well(page)
    other = late.go("/")
    expect(other.locator("h1")).to_have_text("欢迎：设置本设备")
    is_well(other)
    page.fill("#code", first.shown_code.upper())
    for name, text in (("name", "Ada"), ("person", "ada"), ("password", PASSWORD), ("repeated", "another word")):
        page.fill(f"#{name}", text)
    page.press("#repeated", "Enter")
    expect(page.locator("#repeated-wrong")).to_be_visible()
    is_well(page)
    page.fill("#password", PASSWORD)
    page.fill("#repeated", PASSWORD)
    page.press("#repeated", "Enter")
    expect(page).to_have_url(f"{new_box.address}/first-boot/network")
    for name in ("code", "person", "password", "repeated"):
        other.fill(f"#{name}", first.shown_code if name == "code" else "eve-eve-eve-eve")
    other.press("#repeated", "Enter")
    expect(other).to_have_url(f"{new_box.address}/sign-in")
    _walk(page)
    assert first_boot.read(new_box.home / "first-boot") is None
    assert taker.errors == []
    taker.context.close()
    late.context.close()


def _walk(page: Page) -> None:
    """Walk through the steps, and look at each in the other language and the other light too."""
    is_well(page)
    _next(page, "time")
    page.fill("#title", "Acme 顶点")
    page.select_option("#zone", "Asia/Shanghai")
    page.press("#title", "Enter")
    expect(page.locator(".alert-success")).to_be_visible()
    _next(page, "cards")
    _next(page, "trunk")
    page.fill("#host", "sip.example.net")
    page.press("#host", "Enter")
    expect(page.locator("#dialled")).to_be_visible()
    page.get_by_role("link", name="Later").click()
    expect(page.locator(".alert-info")).to_be_visible()
    page.locator(".alert-info a").click()
    expect(page.locator("#host")).to_have_value("sip.example.net")
    _next(page, "queue")
    expect(page.locator("#greeting")).to_have_value("Thank you for calling Acme 顶点.")
    page.fill("#number", "8001")
    page.press("#number", "Enter")
    expect(page.locator(".secret")).to_be_visible()
    is_well(page)
    _next(page, "call")
    page.select_option("select[name=theme]", "dark")
    page.select_option("select[name=language]", "zh")
    expect(page.locator("h1")).to_have_text("初始步骤")
    for step in STEPS:
        page.goto(f"{page.url.rpartition('/')[0]}/{step}")
        is_well(page)
    page.get_by_role("button", name="完成：设备已设置好").click()
    expect(page).to_have_url(f"{page.url.partition('/first-boot')[0].rpartition('/')[0]}/floor")


def _next(page: Page, step: str) -> None:
    page.get_by_role("button", name="Next step").press("Enter")
    page.wait_for_url(f"**/first-boot/{step}")
    is_well(page)
