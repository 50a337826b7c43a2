"""What people see of the routing at work: a missed offer, a break after the call, a callback, the order of agents."""

from http import HTTPStatus

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Floor, Visitor
from tests.browser.test_desk import ring
from tests.browser.test_every_page import faults, overflow

pytestmark = pytest.mark.browser
OTHER = "13900139000"


def seat(browser: Browser, floor: Floor) -> tuple[Visitor, Page]:
    """Let Anna Smith take her seat."""
    agent = Visitor(browser, floor)
    page = agent.sign_in("anna-smith")
    page.click(".desk-bar > [data-do=take-seat]")
    expect(page.locator("#desk")).to_have_attribute("data-state", "available")
    return agent, page


def is_whole(page: Page) -> None:
    """No barrier, nothing wider than a telephone, and a desk that needs no scrolling."""
    assert faults(page) == []
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight"), "the desk fits its screen"
    assert overflow(page) <= 0


def test_an_agents_day(browser: Browser, floor: Floor) -> None:
    """Missed with its reason and back by one key; a break asked for in a call; a callback that is served."""
    agent, page = seat(browser, floor)
    caller, _ = ring(floor, page, "13800138000", "王小明")
    floor.ask("refuse", extension="302")
    expect(page.locator("#desk")).to_have_attribute("data-state", "missed")
    expect(page.locator("[data-f=missed-why]")).to_have_text("A call was refused at your phone.")
    is_whole(page)
    page.keyboard.press("b")
    expect(page.locator("#desk [data-f=number]")).to_have_text("13800138000")
    floor.ask("pick_up", extension="302")
    expect(page.locator("#desk")).to_have_attribute("data-state", "talking")
    page.click("[data-f=state]")
    page.click(".menu-box [data-reason=lunch]")
    expect(page.locator("[data-f=reason]")).to_have_text("After this call: Lunch")
    asks_for_a_callback(floor, page)
    sees_the_floor(browser, floor)
    page.keyboard.press("b")
    expect(page.locator("[data-f=reason]")).to_have_text("")
    floor.ask("end", line=caller)
    expect(page.locator("#desk")).to_have_attribute("data-state", "wrap_up")
    expect(page.locator("[data-f=until]")).to_be_visible()
    page.keyboard.press("d")
    expect(page.locator("#desk [data-f=number]")).to_have_text(OTHER)
    expect(page.locator("[data-f=attempt]")).to_have_text("attempt 1 of 3")
    expect(page.locator("[data-f=next]")).to_contain_text("Pick up your phone")
    floor.ask("pick_up", extension="302")
    expect(page.locator("[data-f=next]")).to_contain_text("The customer's phone rings")
    is_whole(page)
    status = page.evaluate("fetch('/desk/past/000009-00000009').then(answer => answer.status)")
    assert status == HTTPStatus.NO_CONTENT, "a call that has just left the desk is no error"
    page.select_option("[name=language]", "zh")
    expect(page.locator("[data-f=attempt]")).to_have_text("第 1 次，共 3 次")
    is_whole(page)
    page.select_option("[name=language]", "en")
    expect(page.locator("[data-f=attempt]")).to_have_text("attempt 1 of 3")
    assert agent.errors == []
    agent.context.close()


def asks_for_a_callback(floor: Floor, page: Page) -> None:
    """Let another caller choose the sales team, and the key for a callback while the music plays."""
    line = floor.call(OTHER, "Zoë Müller")
    for hears, key in (("prompt/menu", "1"), ("music/default", "9")):
        while floor.ask("doing", line=line) != hears:
            page.wait_for_timeout(20)
        floor.ask("press", line=line, key=key)


def sees_the_floor(browser: Browser, floor: Floor) -> None:
    """Look as a supervisor: who is to be called back and when, what the agent will do, that there is no data yet."""
    supervisor = Visitor(browser, floor, language="zh", dark=True)
    supervisor.sign_in("supervisor")
    page = supervisor.go("/floor")
    row = page.locator("[data-f=callbacks-promised] tr")
    expect(row).to_contain_text(OTHER)
    expect(row).to_contain_text("第 1 次，共 3 次")
    expect(row).to_contain_text("轮到且有座席空闲时")
    expect(page.locator(".agent-card[data-state=talking]")).to_contain_text("本次通话后：午餐")
    expect(page.locator(".queue-card [data-f=expected]").first).to_have_text("暂无数据")
    assert faults(page) == []
    assert overflow(page) <= 0
    assert supervisor.errors == []
    supervisor.context.close()


def test_agents_are_put_in_order_by_the_keyboard(browser: Browser, floor: Floor) -> None:
    """The button keeps the focus; the review says the new order, which holds once it is applied."""
    visitor = Visitor(browser, floor)
    visitor.sign_in("admin")
    page = visitor.go("/setup/queues/support")
    before = page.locator("input[name=agents]:checked").evaluate_all("boxes => boxes.map(box => box.value)")
    page.focus(f"button[value='down:agents:{before[0]}']")
    for _ in range(2):
        page.keyboard.press("Enter")
        expect(page.locator(f"button[value='down:agents:{before[0]}']")).to_be_focused()
    after = [before[1], before[2], before[0], *before[3:]]
    boxes = page.locator("input[name=agents]:checked")
    assert boxes.evaluate_all("boxes => boxes.map(box => box.value)") == after
    page.click(".form-buttons button[value=review]")
    expect(page.locator(".changes-words li")).to_have_count(1)
    page.click("button[value=apply]")
    page.goto(f"{floor.address}/setup/queues/support")
    assert boxes.evaluate_all("boxes => boxes.map(box => box.value)") == after
    assert visitor.errors == []
    visitor.context.close()
