"""The page of updates in the browser: a bundle is sent with its progress, begun, given up, and the way back."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.boot.root_part import root_part
from tests.boot.test_privileged import SLOTS
from tests.browser.conftest import Floor, Visitor
from tests.browser.test_every_page import faults, overflow

pytestmark = pytest.mark.browser
BUNDLE_BYTES = 6_000_000
"More than nginx takes of any other request."


def test_a_bundle_is_sent_and_begun(browser: Browser, floor: Floor, tmp_path: Path) -> None:
    """Whole, past the limit of other requests; a file that is none is told; in both languages, light and dark."""
    bundle, other = tmp_path / "switchroom-2.1.raucb", tmp_path / "notes.txt"
    bundle.write_bytes(b"\x5a" * BUNDLE_BYTES)
    other.write_text("hello")
    with root_part(floor.home / "run") as part:
        (part.folder / "slots.json").write_text(SLOTS)
        for language, dark in (("en", False), ("zh", True)):
            visitor = Visitor(browser, floor, language=language, dark=dark)
            visitor.sign_in("admin")
            page = visitor.go("/setup/updates")
            expect(page.locator("#bundle")).to_be_visible()
            page.set_input_files("#bundle", str(other))
            expect(page.locator("[data-f=said]")).to_contain_text(".raucb")
            with page.expect_response(lambda response: response.url.endswith(bundle.name) and response.ok):
                page.set_input_files("#bundle", str(bundle))
            begin = page.locator(f"button[value='begin:{bundle.name}']")
            expect(begin).to_be_visible()
            assert (floor.home / "updates" / bundle.name).stat().st_size == BUNDLE_BYTES
            assert faults(page) == []
            assert overflow(page) <= 0
            begin.click()
            expect(page.locator("#update li[aria-current=step]")).to_be_visible()
            assert faults(page) == []
            page.locator("button[value=stop]").click()
            expect(page.locator("#update [data-state=missed]")).to_be_visible()
            page.locator("button[value=take-back]").click()
            page.locator("button[value=stop]").click()
            expect(page.locator("#update [data-state=missed]")).to_be_visible()
            assert [error for error in visitor.errors if "422" not in error] == []
            visitor.context.close()
