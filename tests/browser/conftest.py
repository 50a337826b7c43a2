"""Chromium in front of a played floor (`tests.browser.stage`)."""

import inspect
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, ViewportSize, sync_playwright

from tests.contract.slots import slot
from webadmin import texts

CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required"),
)
SCREEN = ViewportSize(width=1280, height=720)
STOP_S = 40.0
WINDOW = ThreadPoolExecutor(1)
"The one thread that talks to Chromium: playwright keeps a loop of its own, and the tests' thread runs the reactor's."
PASSWORD = "correct horse battery staple"  # noqa: S105  it opens nothing but a test


class Floor:
    """The played floor, seen from a test."""

    def __init__(self, home: Path, port: int, **more: str) -> None:
        """Start it, with more in its environment; ready when this returns."""
        self.home = home
        environment = {**os.environ, "SWITCHROOM_HOME": str(home), "SWITCHROOM_PORT": str(port), **more}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.browser.stage"],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            self.address = str(self._answer()).rstrip("/")
        except AssertionError:
            self.stop()
            raise

    def ask(self, do: str, **values: str | float) -> object:
        """Let something happen."""
        pipe = _opened(self.process.stdin)
        pipe.write(json.dumps({"do": do, **values}) + "\n")
        pipe.flush()
        return self._answer()

    def call(self, number: str, name: str, to: str = "8001") -> int:
        """Let somebody call; gives the line."""
        line = self.ask("call", number=number, name=name, to=to)
        assert isinstance(line, int)
        return line

    def stop(self) -> None:
        """End it in order."""
        _opened(self.process.stdin).close()
        self.process.wait(STOP_S)
        _opened(self.process.stdout).close()

    def _answer(self) -> object:
        said = json.loads(_opened(self.process.stdout).readline() or '{"error": "the stage is gone"}')
        assert "error" not in said, said
        return said["answer"]


def _opened(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Floor]:
    """Play a floor of the sample company, with nothing but the telephones simulated."""
    texts.compile_catalogues()
    with slot() as port:
        floor = Floor(tmp_path_factory.mktemp("b"), port)
        yield floor
        floor.stop()


@pytest.fixture
def new_box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Floor]:
    """Play a box that waits for its first administrator."""
    texts.compile_catalogues()
    with slot() as port:
        floor = Floor(tmp_path_factory.mktemp("n"), port, SWITCHROOM_SAMPLE="no")
        yield floor
        floor.stop()


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool:
    """Run each test where the browser lives."""
    names = inspect.signature(pyfuncitem.obj).parameters
    WINDOW.submit(pyfuncitem.obj, **{name: pyfuncitem.funcargs[name] for name in names}).result()
    return True


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Run Chromium."""
    opened = WINDOW.submit(lambda: sync_playwright().start()).result()
    browser = WINDOW.submit(lambda: opened.chromium.launch(executable_path=CHROMIUM, args=FLAGS)).result()
    yield browser
    WINDOW.submit(browser.close).result()
    WINDOW.submit(opened.stop).result()


class Visitor:
    """A person with a browser window; whatever the console says as an error is kept."""

    def __init__(self, browser: Browser, floor: Floor, *, language: str = "en", dark: bool = False) -> None:
        """Open a window."""
        self.errors: list[str] = []
        self.floor = floor
        self.context = browser.new_context(
            ignore_https_errors=True,
            viewport=SCREEN,
            locale={"en": "en-US", "zh": "zh-CN"}[language],
            color_scheme="dark" if dark else "light",
        )
        self.page: Page = self.context.new_page()
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    def sign_in(self, person: str) -> Page:
        """Sign in as somebody of the sample company."""
        self.page.goto(f"{self.floor.address}/sign-in")
        self.page.fill("#person", person)
        self.page.fill("#password", PASSWORD)
        self.page.press("#password", "Enter")
        self.page.wait_for_selector(".rail")
        return self.page

    def go(self, path: str) -> Page:
        """Open a page."""
        self.page.goto(f"{self.floor.address}{path}")
        return self.page

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(f"{self.page.url}: {message.text} ({message.location.get('url')})")
