"""The page of telephone cards: without a daemon, without cards, and with a card of each family."""

import html
import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import msgspec
import pytest
from typing_extensions import override

from appliance import api, root_work
from appliance.core import model
from drivers.dahdi.alarms import Alarms, Standing, read_spans
from drivers.dahdi.inventory import look
from tests.boot.root_part import RootPart, root_part
from tests.drivers.dahdi.office import a_span
from tests.drivers.dahdi.trees import FAMILIES, plant
from tests.webadmin.conftest import Pages

ADDRESS = "/setup/cards"
WAIT_S = 30.0
HIDDEN = re.compile(r'<input type="hidden" name="(seen|wanted)" value="([^"]*)">')


@contextmanager
def telling(pages: Pages, standing: Standing, root: RootPart | None = None) -> Iterator[None]:
    """Stand at the daemon's door: tell what the kernel told, as bytes on the wire, and pass on what root is asked."""

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.tell(msgspec.json.encode(standing))

        def do_POST(self) -> None:
            request = api.decode_request(self.rfile.read(int(self.headers["Content-Length"])))
            reply = api.Reply(problems=(api.Problem(code="no_root_part"),))
            if root is not None and isinstance(request, api.AskRoot):
                told = root.ask(request.question)
                problems = (api.Problem(code=told.problem, detail=told.detail),) if told.problem else ()
                reply = api.Reply(problems=problems, machine=told)
            self.tell(api.encode(reply))

        def tell(self, body: bytes) -> None:
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


# -- the plan, and applying it


class Wired:
    """A company with spans, and a root part that sets cards."""

    def __init__(self, pages: Pages, root: RootPart) -> None:
        """Begin without spans."""
        self.pages = pages
        self.root = root

    def put(self, span: model.Span) -> None:
        """Set a span up, as its form does."""
        self._ask(api.Put(base=self._version, list="spans", value=msgspec.Raw(msgspec.json.encode(span))))

    def drop(self) -> None:
        """Take all spans away."""
        for span in self.pages.reader.standing().configuration.spans:
            self._ask(api.Drop(base=self._version, list="spans", slug=span.slug))

    @property
    def _version(self) -> str:
        return self.pages.reader.standing().version

    def _ask(self, request: api.Put | api.Drop) -> None:
        applied = self.pages.store.settings.apply(request, by="console", now_us=1).result(WAIT_S)
        assert not applied.reply.problems, applied.reply.problems

    def plan(self, language: str = "en") -> str:
        """Look at the plan; the page."""
        request = self.pages.request(ADDRESS, "administrator", language=language, post={"step": "plan"})
        return html.unescape(self.pages.answer(request).text)

    def apply(self, plan: str) -> tuple[int, str]:
        """Apply a plan that was seen; status and page."""
        answer = self.pages.post(ADDRESS, "administrator", {"step": "apply", **dict(HIDDEN.findall(plan))})
        return answer.status_int, html.unescape(answer.text)


@pytest.fixture
def wired(tmp_path: Path, pages: Pages) -> Iterator[Wired]:
    """Have a root part, and a daemon's door before it; the company has no spans again afterwards."""
    standing = msgspec.structs.replace(standing_of(plant(tmp_path / "tree")), busy=(3, 4))
    with root_part(tmp_path / "root") as root, telling(pages, standing, root):
        made = Wired(pages, root)
        try:
            yield made
        finally:
            made.drop()


def test_what_is_set_up_is_planned_then_applied(wired: Wired) -> None:
    """In words and as files; what holds is seen afterwards, and the next plan says only what differs."""
    wired.put(a_span(slug="city", card="1TE235-0000001", title="The carrier", timing=2))
    assert "not been told yet" in wired.pages.get(ADDRESS, "administrator").text
    plan = wired.plan()
    assert "<b>city:</b> <ins>1TE235-0000001 · 1, E1, ISDN (PRI), span 1, channels 1-31</ins>" in plan
    for line in ("+bchan=1-15,17-31", "+dchan=16", "+1TE235-0000001\t1:1:1", "+span=1,2,0,ccs,hdb3,crc4"):
        assert f"<ins>{line}</ins>" in plan
    assert "# system.conf" in plan
    assert "Options of card drivers hold from the machine's next start." in plan
    assert "2 calls are on lines of cards just now. Applying ends them all." in plan
    assert not (wired.root.folder / "dahdi/system.conf").exists(), "a plan writes nothing"
    assert wired.apply(plan)[0] == 303
    assert "bchan=1-15,17-31\n" in (wired.root.folder / "dahdi/system.conf").read_text()
    page = wired.pages.get(ADDRESS, "administrator").text
    assert "have what is set up" in html.unescape(page)
    assert "Nothing: it is as it was." in wired.plan()
    wired.put(a_span(slug="city", card="1TE235-0000001", timing=2, network=True, out=(5,)))
    changed = wired.plan()
    assert "<b>city · We are the network side:</b> <del>no</del> → <ins>yes</ins>" in changed
    assert "ISDN (PRI), span 1" not in changed
    assert "span=1,2" not in changed, "the kernel's drivers do not care who is the network"
    wired.drop()
    assert "<del>1TE235-0000001 · 1" in wired.plan()
    assert "跨度" in wired.plan("zh")


def test_a_number_that_a_driver_has_given_otherwise_is_seen(wired: Wired) -> None:
    """As where it was loaded before anybody could tell it the numbers."""
    said = "set up as number 5 from channel 200, but its driver has given it number 10 from channel 170"
    wired.put(a_span(slug="city", card="1TE235-0000001", number=10, first=170))
    assert wired.apply(wired.plan())[0] == 303
    assert "its driver has given it" not in wired.pages.get(ADDRESS, "administrator").text
    wired.put(a_span(slug="city", card="1TE235-0000001", number=5, first=200))
    assert said not in wired.pages.get(ADDRESS, "administrator").text, "nobody has told the driver yet"
    assert wired.apply(wired.plan())[0] == 303
    assert said in wired.pages.get(ADDRESS, "administrator").text


def test_lines_of_a_trunk_are_told_anew_in_the_plan(wired: Wired) -> None:
    """Asterisk's signalling is part of the difference, once a trunk has the lines."""
    wired.put(a_span(slug="city", card="1TE235-0000001"))
    assert wired.apply(wired.plan())[0] == 303
    trunk = model.Trunk(slug="cards", channels=("city",), group=1)
    ask = wired.pages.store.settings.apply
    base = wired.pages.reader.standing().version
    value = msgspec.Raw(msgspec.json.encode(trunk))
    assert not ask(api.Put(base=base, list="trunks", value=value), by="console", now_us=1).result(WAIT_S).reply.problems
    try:
        wired.put(a_span(slug="city", card="1TE235-0000001", network=True))
        plan = wired.plan()
        assert "# chan_dahdi-company.conf" in plan
        assert "<del>-signalling = pri_cpe</del><ins>+signalling = pri_net</ins>" in plan
    finally:
        base = wired.pages.reader.standing().version
        ask(api.Drop(base=base, list="trunks", slug="cards"), by="console", now_us=1).result(WAIT_S)


def test_what_the_drivers_refuse_is_said_and_nothing_has_changed(wired: Wired) -> None:
    """With their own word; a card that is not here is told before."""
    wired.put(a_span(slug="city", card="1TE235-0000001"))
    assert wired.apply(wired.plan())[0] == 303
    before = (wired.root.folder / "dahdi/system.conf").read_text()
    wired.put(a_span(slug="gone", card="9GONE", number=77, first=500))
    (wired.root.folder / "absent").write_text("77")
    plan = wired.plan()
    assert "The card of span gone, 9GONE, is not here: the drivers will refuse it." in plan
    status, page = wired.apply(plan)
    assert status == 422
    assert "all is as it was: DAHDI_SPANCONFIG failed on span 77: No such device" in page
    assert (wired.root.folder / "dahdi/system.conf").read_text() == before


def test_a_plan_that_is_no_longer_true_is_shown_anew(wired: Wired) -> None:
    """Somebody has set up, or applied, something else meanwhile; or what was sent was never a plan."""
    wired.put(a_span(slug="city", card="1TE235-0000001"))
    first = wired.plan()
    wired.put(a_span(slug="city", card="1TE235-0000001", crc4=False))
    status, page = wired.apply(first)
    assert status == 422
    assert "Somebody else has changed this in the meantime" in page
    assert "+span=1,1,0,ccs,hdb3</ins>" in page
    spans = root_work.wiring((a_span(slug="city", card="1TE235-0000001", crc4=False),))
    second = wired.plan()
    assert wired.root.ask(root_work.ApplyCards(spans=spans)).problem == ""
    assert wired.apply(second)[0] == 422
    for seen in ("", "'; --", "0" * 32):
        assert wired.apply(f'<input type="hidden" name="seen" value="{seen}">')[0] == 422


@pytest.mark.parametrize(("language", "said"), [("en", "no root part of Switchroom"), ("zh", "没有")])
def test_where_nobody_can_apply_it_is_said(tmp_path: Path, pages: Pages, language: str, said: str) -> None:
    """A laptop has no root part, a machine without cards no drivers; no button is shown that could do nothing."""
    tree = standing_of(plant(tmp_path / "tree"))
    with telling(pages, tree):
        page = pages.get(ADDRESS, "administrator", language=language).text
        assert said in page
        assert 'value="plan"' not in page
        assert pages.post(ADDRESS, "administrator", {"step": "plan"}).status_int == 422
    with root_part(tmp_path / "root") as root, telling(pages, tree, root):
        (tmp_path / "root/programs/dahdi_cfg").unlink()
        page = pages.get(ADDRESS, "administrator", language=language).text
        assert "DAHDI" in page
        assert 'value="plan"' not in page
