"""The page of telephone cards: without a daemon, without cards, and with a card of each family."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import msgspec
import pytest
from typing_extensions import override

from drivers.dahdi.alarms import Alarms, Standing, read_spans
from drivers.dahdi.inventory import look
from tests.drivers.dahdi.trees import FAMILIES, plant
from tests.webadmin.conftest import Pages

ADDRESS = "/setup/cards"


@contextmanager
def telling(pages: Pages, standing: Standing) -> Iterator[None]:
    """Stand at the daemon's door and tell what the kernel told, as bytes on the wire."""

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = msgspec.json.encode(standing)
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        @override
        def log_message(self, *_: object) -> None:
            """Say nothing: a unix socket's caller has no address to name."""

    path = pages.media.parent / "nobody.sock"
    with socketserver.ThreadingUnixStreamServer(str(path), Door) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
            path.unlink()


def standing_of(root: Path) -> Standing:
    """Look at a tree as the daemon does."""
    alarms = Alarms()
    alarms.look(1_000_000, read_spans(root, root / "ctl"), ())
    return Standing(inventory=look(root), states=dict(alarms.states), history=tuple(alarms.history))


@pytest.mark.parametrize(("language", "said"), [("en", "The daemon is not running"), ("zh", "守护进程未运行")])
def test_without_a_daemon_nothing_is_claimed(pages: Pages, language: str, said: str) -> None:
    """It says so, in both languages."""
    assert said in pages.get(ADDRESS, "administrator", language=language).text


def test_a_machine_without_cards_says_what_they_are_for(tmp_path: Path, pages: Pages) -> None:
    """With and without the drivers."""
    with telling(pages, standing_of(tmp_path)):
        text = pages.get(ADDRESS, "administrator").text
    assert "No telephone card" in text
    assert "are not loaded on this machine" in text
    with telling(pages, standing_of(plant(tmp_path, ()))):
        assert "are loaded and found no card" in pages.get(ADDRESS, "administrator").text


def test_every_card_with_its_wires_and_lines(tmp_path: Path, pages: Pages) -> None:
    """Each family by its name; alarms in words; a wire that is not set up leads to a form that knows it."""
    with telling(pages, standing_of(plant(tmp_path))):
        text = pages.get(ADDRESS, "administrator").text
        chinese = pages.get(ADDRESS, "administrator", language="zh").text
    assert all(family.kind in text for family in FAMILIES)
    assert "Red alarm: no signal comes in" in text
    assert "红色告警" in chinese
    assert text.count("<details>") == 14
    assert 'href="/setup/spans/~new?card=1TE235-0000001&amp;port=2&amp;kind=E1&amp;count="' in text
    form = pages.get("/setup/spans/~new?card=1TE235-0000001&port=2&kind=E1&count=", "administrator").text
    assert 'value="1TE235-0000001"' in form


def test_what_no_span_has_is_not_changed(pages: Pages) -> None:
    """A step that there is not, a span that there is not, a place that is none."""
    for step in ("out:gone/1", "fly:gone/1", "", "out:gone/x", "out:gone/999"):
        assert pages.post(ADDRESS, "administrator", {"step": step}).status_int == 404
