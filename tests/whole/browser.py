"""Debian's browser at the pages of a whole box."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar  # any: what a coroutine of the browser awaits is its own affair

from playwright.async_api import Browser, ConsoleMessage, Dialog, Page, async_playwright, expect
from twisted.internet.defer import Deferred

WAIT_S = 20.0
"For a machine that does other things beside it; figures are asserted where they matter."
ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
)
Result = TypeVar("Result")


def seen(waiting: Coroutine[Any, Any, Result]) -> Deferred[Result]:
    """Let the reactor wait for something of the browser's."""
    return Deferred.fromFuture(asyncio.ensure_future(waiting))


@dataclass(kw_only=True)
class Visit:
    """Somebody's window, and what went wrong in it."""

    page: Page
    errors: list[str] = field(default_factory=list)
    "What the browser wrote to its console as an error, or a script threw."
    dialogs: list[str] = field(default_factory=list)

    async def go(self, address: str) -> None:
        """Look at a page."""
        answer = await seen(self.page.goto(address, wait_until="load"))
        assert answer is not None
        assert answer.ok, (address, answer.status)

    async def shows(self, selector: str, text: str) -> None:
        """Wait until the first element that fits stands there with this text in it."""
        await seen(expect(self.page.locator(selector).first).to_contain_text(text))

    async def stands(self, selector: str) -> None:
        """Wait until an element can be seen."""
        await seen(expect(self.page.locator(selector).first).to_be_visible())

    async def click(self, selector: str) -> None:
        """Click what can be seen of it."""
        await seen(self.page.locator(selector).locator("visible=true").first.click())

    async def text(self, selector: str) -> str:
        """Give the text of the first element that fits."""
        return await seen(self.page.locator(selector).first.inner_text())

    async def fetch(self, address: str) -> bytes:
        """Fetch something with this person's session."""
        answer = await seen(self.page.context.request.get(address))
        assert answer.ok, (address, answer.status)
        return await seen(answer.body())


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Run the browser."""
    program = shutil.which("chromium")
    assert program is not None
    expect.set_options(timeout=WAIT_S * 1000)
    playing = await seen(async_playwright().start())
    try:
        browser = await seen(
            playing.chromium.launch(executable_path=program, args=list(ARGUMENTS), timeout=WAIT_S * 3000)
        )
        try:
            yield browser
        finally:
            await seen(browser.close())
    finally:
        await seen(playing.stop())


@asynccontextmanager
async def visit(browser: Browser, address: str, person: str, password: str) -> AsyncIterator[Visit]:
    """Open a window of one's own and sign in."""
    context = await seen(
        browser.new_context(
            ignore_https_errors=True, base_url=address, locale="en", viewport={"width": 1280, "height": 720}
        )
    )
    context.set_default_timeout(WAIT_S * 1000)
    try:
        page = await seen(context.new_page())
        window = Visit(page=page)

        def note(message: ConsoleMessage) -> None:
            if message.type == "error":
                window.errors.append(message.text)

        async def dismiss(dialog: Dialog) -> None:
            window.dialogs.append(dialog.message)
            await dialog.dismiss()

        page.on("console", note)
        page.on("pageerror", lambda error: window.errors.append(str(error)))
        page.on("dialog", dismiss)
        await window.go("/sign-in")
        await seen(page.fill("#person", person))
        await seen(page.fill("#password", password))
        await seen(page.click("form .btn-primary"))
        await window.stands("body[data-signed-in] #main")
        yield window
    finally:
        await seen(context.close())
