"""Every page in both languages, light and dark: no error in the console, nothing that axe finds."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.browser.conftest import SCREEN, Floor, Visitor
from tests.browser.test_desk import ring
from webadmin.texts import ROOT

pytestmark = pytest.mark.browser
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
PAGES = (
    *("/desk", "/floor", "/floor/wall", "/calls", "/calls?outcome=failed", "/setup", "/setup/company", "/system"),
    *("/reports", "/system/network"),
    *("/account", "/setup/trunks", "/setup/trunks/sample-carrier", "/setup/people", "/setup/people/li-wei"),
    *("/setup/people/~new", "/setup/queues", "/setup/queues/sales", "/setup/numbers", "/setup/numbers/8001"),
    *("/setup/flows", "/setup/flows/main", "/setup/flows/~new", "/setup/hours", "/setup/hours/office"),
    *("/setup/prompts", "/setup/prompts/menu", "/setup/breaks", "/setup/breaks/lunch", "/setup/dispositions"),
    *("/setup/dispositions/order", "/setup/phones", "/setup/phones/301", "/setup/secrets/extension/301"),
    "/setup/updates",
    *("/setup/changes", "/setup/changes/1", "/setup/skills", "/setup/skills/li-wei", "/setup/queues/~new"),
)


NARROW = ViewportSize(width=390, height=800)
"A telephone."


def overflow(page: Page) -> int:
    """Tell by how many pixels a page is wider than a telephone, or a list of cards than its place on it."""
    page.set_viewport_size(NARROW)
    wider = page.evaluate(
        "Math.max(document.documentElement.scrollWidth - innerWidth, ...[...document.querySelectorAll("
        "'.table-responsive:has(> .as-cards)')].map(place => place.scrollWidth - place.clientWidth))"
    )
    page.set_viewport_size(SCREEN)
    return int(wider)


def faults(page: Page) -> list[str]:
    """Let axe look at a page; it is read here and run by the browser's own door, past the policy for contents."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']})")
    return [
        f"{one['id']}: {node['target']} {node['failureSummary']}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


@pytest.mark.parametrize(("language", "dark"), [("en", False), ("zh", True)])
def test_every_page(browser: Browser, floor: Floor, language: str, dark: bool) -> None:  # noqa: FBT001  pytest hands it over
    """Each page of an administrator is without an error and without a barrier."""
    visitor = Visitor(browser, floor, language=language, dark=dark)
    visitor.go("/sign-in")
    assert faults(visitor.page) == []
    visitor.sign_in("admin")
    for path in PAGES:
        page = visitor.go(path)
        if path in {"/floor", "/floor/wall"}:
            expect(page.locator(".agent-card")).to_have_count(10)
        elif page.locator("#health").is_visible():
            expect(page.locator("#health")).to_have_attribute("data-state", "ok")
        assert faults(page) == [], path
        assert overflow(page) <= 0, path
    assert visitor.errors == []
    visitor.context.close()


def test_a_call_and_its_candidates(browser: Browser, floor: Floor) -> None:
    """A call's timeline, the candidates of its decision and the caller are without a barrier, in both languages."""
    agent = Visitor(browser, floor)
    page = agent.sign_in("anna-smith")
    page.click(".desk-bar > [data-do=take-seat]")
    expect(page.locator("#desk")).to_have_attribute("data-state", "available")
    line, _popped_s = ring(floor, page, "13800138000", "王小明")
    floor.ask("pick_up", extension="302")
    expect(page.locator("#desk")).to_have_attribute("data-state", "talking")
    floor.ask("end", line=line)
    expect(page.locator("#desk")).to_have_attribute("data-state", "wrap_up")
    for language, dark in (("en", False), ("zh", True)):
        visitor = Visitor(browser, floor, language=language, dark=dark)
        visitor.sign_in("admin")
        page = visitor.go("/calls")
        for link in ("a[href^='/calls/2']", "a[href*='/candidates/']"):
            page.locator(f"main {link}").first.click()
            expect(page.locator("main")).to_contain_text("Anna Smith")
            assert faults(page) == [], page.url
            assert overflow(page) <= 0, page.url
        expect(page.locator("#eligible b")).to_have_text("Anna Smith")
        expect(page.locator("#excluded tbody tr")).to_have_count(5)
        page.go_back()
        page.locator("main a[href$='/caller']").click()
        assert faults(page) == [], page.url
        assert overflow(page) <= 0, page.url
        page.select_option("#priority", "2")
        page.locator(".form-buttons button").click()
        expect(page.locator(".alert-success")).to_be_visible()
        expect(page.locator("#priority")).to_have_value("2")
        assert visitor.errors == []
        visitor.context.close()
    agent.context.close()


def test_a_row_is_added_by_the_keyboard(browser: Browser, floor: Floor) -> None:
    """Rows come as many as are wanted; the new one is empty, named, and has the focus."""
    visitor = Visitor(browser, floor)
    visitor.sign_in("admin")
    page = visitor.go("/setup/skills/li-wei")
    cells = page.locator("input[name=skills]")
    expect(cells).to_have_count(6)  # the skill that Li Wei has, and two empty rows
    for place, word in enumerate(("english", "3", "german", "4"), start=2):
        cells.nth(place).fill(word)
    page.focus("[data-field=skills] [data-add-row]")
    page.keyboard.press("Enter")
    expect(cells).to_have_count(8)
    expect(cells.nth(6)).to_be_focused()
    expect(page.get_by_label("Skill 4")).to_have_value("")
    page.keyboard.type("french")
    page.keyboard.press("Enter")
    expect(page.locator(".changes-words")).to_contain_text("english · 3; german · 4; french · 5")
    visitor.context.close()


def test_a_change_is_reviewed_applied_and_undone(browser: Browser, floor: Floor) -> None:
    """List, form, errors by field, review in words, apply, undo: by the keyboard alone."""
    visitor = Visitor(browser, floor)
    visitor.sign_in("admin")
    page = visitor.go("/setup/queues/sales")
    page.fill("[name=ring_s]", "1")
    page.press("[name=ring_s]", "Enter")
    expect(page.locator("[data-field=ring_s] .invalid")).to_contain_text("3–300")
    expect(page.locator("[name=ring_s]")).to_be_focused()
    page.fill("[name=ring_s]", "25")
    page.press("[name=ring_s]", "Enter")
    expect(page.locator(".changes-words")).to_contain_text("Ring at most: 15 s → 25 s")
    page.focus("button[value=apply]")
    page.keyboard.press("Enter")
    expect(page.locator(".alert-success")).to_contain_text("Workgroups: sales set")
    page.goto(f"{floor.address}/setup/queues/sales")
    expect(page.locator("[name=ring_s]")).to_have_value("25")
    page.goto(f"{floor.address}/setup/changes")
    page.click("tbody tr:first-child a")
    expect(page.locator(".diff")).to_contain_text("queues.sales.ring_s")
    page.click("button[value=revert]")
    page.goto(f"{floor.address}/setup/queues/sales")
    expect(page.locator("[name=ring_s]")).to_have_value("15")
    visitor.context.close()


def test_what_is_used_is_not_removed(browser: Browser, floor: Floor) -> None:
    """The review says what stands in the way, before the click; what nobody uses goes, and comes back by one click."""
    visitor = Visitor(browser, floor, language="zh")
    visitor.sign_in("admin")
    page = visitor.go("/setup/queues/sales")
    page.click("button[value=drop]")
    expect(page.locator(".alert-danger")).to_contain_text("流程：main")
    expect(page.locator("button[value=drop-apply]")).to_be_disabled()
    page = visitor.go("/setup/breaks/lunch")
    page.click("button[value=drop]")
    page.click("button[value=drop-apply]")
    page.click(".alert-success button[value=revert]")
    expect(page.locator("td a[href='/setup/breaks/lunch']")).to_be_visible()
    visitor.context.close()


def test_a_person_is_made_and_signs_in(browser: Browser, floor: Floor) -> None:
    """A new person with an extension gets a password that is shown once, and it opens the desk."""
    visitor = Visitor(browser, floor)
    visitor.sign_in("admin")
    page = visitor.go("/setup/people/~new")
    for name, value in {"slug": "tom-brown", "name": "Tom Brown", "extension": "399"}.items():
        page.fill(f"[name={name}]", value)
    page.check("[name=queues][value=sales]")
    page.press("[name=extension]", "Enter")
    page.click("button[value=apply]")
    password = page.locator(".secret").inner_text()
    assert len(password) >= 16
    other = Visitor(browser, floor)
    other.go("/sign-in")
    other.page.fill("#person", "tom-brown")
    other.page.fill("#password", password)
    other.page.press("#password", "Enter")
    expect(other.page.locator("#desk")).to_be_visible()
    other.page.goto(f"{floor.address}/floor")
    expect(other.page.locator("main")).to_contain_text("may not see this page")
    other.page.keyboard.press("Control+k")
    other.page.keyboard.type("desk")
    expect(other.page.locator("#palette a")).to_have_count(1)
    other.page.keyboard.press("Enter")
    expect(other.page.locator("#desk")).to_be_visible()
    other.context.close()
    visitor.context.close()


def test_a_flow_is_made_step_by_step(browser: Browser, floor: Floor) -> None:
    """Steps are added, filled, led to each other, and published; what is wrong is said at the step."""
    visitor = Visitor(browser, floor, language="zh")
    visitor.sign_in("admin")
    page = visitor.go("/setup/flows/~new")
    page.fill("[name=slug]", "tried")
    for kind in ("announce", "queue"):
        page.select_option("[name=new-kind]", kind)
        page.click("button[value=add]")
    page.select_option("[name=node-0-exit-next]", "queue")
    page.select_option("[name=node-1-option-queue]", "sales")
    page.click("button[value=review]")
    expect(page.locator("#node-0 .invalid")).to_be_visible()
    page.select_option("[name=node-0-option-prompt]", "welcome")
    page.click("button[value=review]")
    page.click("button[value=apply]")
    expect(page.locator(".alert-success")).to_contain_text("流程：已设置 tried")
    visitor.context.close()


def test_language_and_light(browser: Browser, floor: Floor) -> None:
    """Both are chosen on any page and stay chosen; a person who follows the system gets its light."""
    visitor = Visitor(browser, floor, dark=True)
    page = visitor.sign_in("supervisor")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.select_option("[name=theme]", "light")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "light")
    page.select_option("[name=language]", "zh")
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
    expect(page.locator("h1")).to_have_text("现场")
    assert Path(page.url).name == "floor"
    visitor.context.close()
