"""The first boot in the browser: a person walks from the set-up code to the last step, in both languages."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from appliance import first_boot
from appliance.first_boot import STEPS
from tests.boot.root_part import root_part
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
    with root_part(new_box.home / "run"):
        page.reload()
        _walk(page, new_box.address)
    assert first_boot.read(new_box.home / "first-boot") is None
    assert [error for error in taker.errors if "422" not in error] == []
    taker.context.close()
    late.context.close()


def _walk(page: Page, address: str) -> None:
    """Walk through the steps, and look at each in the other language and the other light too."""
    is_well(page)
    for name, text in (("interface", "eth0"), ("address", "192.0.2.10/24"), ("gateway", "198.51.100.1")):
        page.fill(f"#{name}", text)
    page.press("#gateway", "Enter")
    expect(page.locator("#gateway-wrong")).to_be_visible()
    page.fill("#gateway", "192.0.2.1")
    page.press("#gateway", "Enter")
    trial = page.locator(".setup-page .alert-warning")
    expect(trial.locator("a")).to_have_attribute("href", re.compile(r"^https://192\.0\.2\.10:\d+/first-boot/network$"))
    is_well(page)
    trial.get_by_role("button", name="Keep it").click()
    expect(page.locator("#address")).to_have_value("192.0.2.10/24")
    expect(trial).to_have_count(0)
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
        page.goto(f"{address}/first-boot/{step}")
        is_well(page)
    page.get_by_role("button", name="完成：设备已设置好").click()
    expect(page).to_have_url(f"{address}/floor")


def _next(page: Page, step: str) -> None:
    page.get_by_role("button", name="Next step").press("Enter")
    page.wait_for_url(f"**/first-boot/{step}")
    is_well(page)
