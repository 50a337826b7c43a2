"""Every page in both languages: well formed, nothing inline, nothing injected, nothing untranslated."""

import csv
import html
import io
import re
import subprocess
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from typing_extensions import override

from appliance.client import csrf_token
from tests.commands.helps import help_texts
from tests.hostile import HOSTILE, MARK
from tests.webadmin.conftest import Pages
from tests.webadmin.test_rights import address, routes
from webadmin.pages.calls_csv import FORMULA_STARTS, cell
from webadmin.security import HEADERS
from webadmin.setup import strategies
from webadmin.texts import ROOT, SOURCES

KEYWORDS = {"marked": None, "said": None, "say": None, "_": None, "plural": (1, 2)}
BEFORE_THERE_ARE_TEXTS = ("boot/prepare.py", "boot/packages.py")
"They run before anything is compiled, and speak English."
METHODS = [
    ("webadmin/templates/**.jinja2", "jinja2"),
    *((file, "ignore") for file in BEFORE_THERE_ARE_TEXTS),
    *((f"{folder}/**.py", "python") for folder in ("webadmin", "appliance", "boot")),
    ("images/flash.py", "python"),  # the recipes run before there are texts
]
FORM_ADDRESSES = (
    "/setup/company",
    "/setup/trunks/~new",
    "/setup/people/~new",
    "/setup/phones/~new",
    "/setup/queues/~new",
    "/setup/skills/~new",
    "/setup/numbers/~new",
    "/setup/flows/~new",
    "/setup/hours/~new",
    "/setup/prompts/~new",
    "/setup/breaks/~new",
    "/setup/dispositions/~new",
)


class Markup(HTMLParser):
    """Looks at every tag, and notes what the policy for contents would stop."""

    def __init__(self) -> None:
        """Nothing seen yet."""
        super().__init__()
        self.stopped: list[str] = []
        self.ids: list[str] = []
        self.words: list[str] = []
        self._inside = ""

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at a tag."""
        names = [name for name, _ in attrs]
        self._inside = tag
        if tag == "style" or (tag == "script" and "src" not in names):
            self.stopped.append(tag)
        self.stopped += [f"{tag} {name}" for name in names if name == "style" or name.startswith("on")]
        self.ids += [value for name, value in attrs if name == "id" and value]

    @override
    def handle_data(self, data: str) -> None:
        """Note words that a person sees."""
        if data.strip() and self._inside not in {"script", "style", "i"}:
            self.words.append(data.strip())


def first(message: str | Sequence[str] | None) -> str:
    """Give a message, or the singular of one that has a plural."""
    return message if isinstance(message, str) else (message or ("",))[0]


def every_address(pages: Pages) -> list[str]:
    """List an address of every page that an administrator can look at."""
    named = [
        address(pattern, pages.interactions[0])
        for _route, pattern, _permission, methods in routes(pages.config)
        if "GET" in methods and not pattern.startswith("/api")
    ]
    slugs = (
        "trunks/sample-carrier",
        "people/li-wei",
        "skills/li-wei",
        "phones/301",
        "numbers/8001",
        "flows/main",
        "hours/office",
    )
    more = ("prompts/menu", "breaks/lunch", "dispositions/order", "queues/sales", "changes/1")
    return [*named, *FORM_ADDRESSES, *(f"/setup/{slug}" for slug in (*slugs, *more)), "/sign-in", "/nowhere"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_page(pages: Pages, language: str) -> None:
    """Every page has its headers, one of each id, nothing that the policy stops, and its language."""
    for there in every_address(pages):
        response = pages.get(there, "administrator", language=language)
        assert response.status_int in {200, 303, 404}, there
        assert all(response.headers[name] == value for name, value in HEADERS.items()), there
        assert response.headers["Cache-Control"] == "no-store"
        if response.status_int == 303 or response.content_type != "text/html" or not response.text.strip():
            continue
        markup = Markup()
        markup.feed(response.text)
        assert markup.stopped == [], there
        assert len(set(markup.ids)) == len(markup.ids), there
        if response.text.startswith("<!doctype"):
            assert f'<html lang="{"en" if language == "en" else "zh-Hans"}"' in response.text
            assert ("Skip to the content" if language == "en" else "跳到正文") in markup.words, there


def test_every_text_is_translated() -> None:
    """The catalogue has each text of pages and command, no other; places in braces are the same on both sides."""
    used = set()
    for _file, _line, message, _comments, _context in extract_from_dir(
        ROOT, method_map=METHODS, keywords=KEYWORDS, directory_filter=lambda folder: "node_modules" not in str(folder)
    ):
        used.add(first(message))
    used |= set(strategies.sentences()) | set(help_texts())
    with (SOURCES / "zh_Hans/LC_MESSAGES/switchroom.po").open("rb") as stream:
        catalogue = read_po(stream, locale="zh_Hans")
    known = {first(entry.id): entry for entry in catalogue if entry.id}
    assert used - set(known) == set()
    assert set(known) - used == set()
    for message, entry in known.items():
        said = first(entry.string)
        assert said, message
        assert "fuzzy" not in entry.flags
        assert set(re.findall(r"\{\w+\}", said)) == set(re.findall(r"\{\w+\}", message)), message


@pytest.mark.parametrize("language", ["en", "zh"])
def test_hostile_callers_stay_text(pages: Pages, language: str) -> None:
    """What callers sent as number and name is shown as text, in the list, on each call's page and in the search."""
    count = 1 + len(pages.interactions) // 50
    texts = [pages.get(f"/calls?page={page}", "administrator", language=language).text for page in range(count)]
    texts += [pages.get(f"/calls/{one}", "administrator", language=language).text for one in pages.interactions[3::5]]
    assert any(MARK in text for text in texts)
    for text in texts:
        markup = Markup()
        markup.feed(text)
        assert markup.stopped == []
        for value in HOSTILE:
            if html.escape(value) != value and MARK in value:
                assert value not in text


def test_hostile_values_in_forms_stay_text(pages: Pages) -> None:
    """What is typed into a form or an address comes back as text, with an error by the field."""
    typed = [value.encode("utf-8", "replace").decode() for value in HOSTILE]
    for number, value in enumerate(typed):
        there = FORM_ADDRESSES[number % len(FORM_ADDRESSES)]
        names = ("slug", "title", "name", "host", "text_en", "title_en", "mon", "node-0-option-prompt")
        form = dict.fromkeys(names, value) | {"step": "review", "node-0-kind": "announce", "node-0-id": value}
        response = pages.post(there, "administrator", form)
        assert response.status_int in {200, 422}, (there, value)
        quoted = pages.request("/calls", "administrator")
        quoted.GET["text"] = quoted.GET["queue"] = quoted.GET["from"] = value
        for text in (response.text, pages.answer(quoted).text):
            markup = Markup()
            markup.feed(text)
            assert markup.stopped == []
            if html.escape(value) != value and MARK in value:
                assert value not in text


@pytest.mark.parametrize("sent", [b"%ED%A0%BD", b"%FF", b"%00", b"%C0%80", b"\xff\xfe"])
def test_what_is_no_text_is_refused(pages: Pages, sent: bytes) -> None:
    """Bytes that are no UTF-8, in a form or an address, are a clear refusal, not a failure."""
    request = pages.request("/setup/breaks/~new", "administrator", post={})
    request.body = (
        b"csrf_token=" + csrf_token(pages.secrets["administrator"]).encode() + b"&step=review&slug=a&title_en=" + sent
    )
    assert pages.answer(request).status_int in {200, 400, 422}
    for there in ("/calls?text=", "/calls?page=", "/sign-in?next=", "/go?q="):
        request = pages.request("/calls", "administrator")
        request.environ["PATH_INFO"], _, name = there.partition("?")
        request.environ["QUERY_STRING"] = name + sent.decode("latin-1")
        assert pages.answer(request).status_int in {200, 303, 400}, there


def test_no_cell_becomes_a_formula(pages: Pages) -> None:
    """The list as CSV has every call, and no cell that a spreadsheet would run."""
    answer = pages.get("/calls.csv", "supervisor")
    rows = list(csv.reader(io.StringIO(answer.body.decode("utf-8-sig"))))
    assert len(rows) == len(pages.interactions) + 1
    assert answer.content_type == "text/csv"
    for row in rows[1:]:
        assert len(row) == len(rows[0])
        assert not any(one.lstrip().startswith(FORMULA_STARTS) for one in row)
    for value in (*HOSTILE, " =1+1", "\t=1", "＝1"):
        assert not cell(value).lstrip().startswith(FORMULA_STARTS)


def test_a_call_tells_why(pages: Pages) -> None:
    """The timeline has every fact with its time, who was chosen, who came next, and who was left out."""
    text = pages.get(f"/calls/{pages.interactions[0]}", "supervisor").text
    for sentence in (
        "The call arrives for 8001 on trunk sample-carrier.",
        "The caller pressed 1.",
        "Why Li Wei 李伟?",
        "Longest idle",
        "Ben Carter",
        "On break",
        "Both hear each other.",
        "wants two tents",
        "Order taken",
        "The caller hung up",
    ):
        assert sentence in text, sentence


def test_a_call_has_a_readable_address(pages: Pages) -> None:
    """The list leads to `/calls/<day>/<number>`, and that is the call."""
    listed = pages.get("/calls?queue=sales&outcome=abandoned", "supervisor").text
    found = re.search(r'href="(/calls/\d{4}-\d\d-\d\d/\d{4})"', listed)
    assert found
    assert "Abandoned" in pages.get(found[1], "supervisor").text
    assert pages.get("/calls/2026-02-31/0001", "supervisor").status_int == 404
    assert pages.get("/calls/1999-01-01/0001", "supervisor").status_int == 404


def test_calls_by_their_length(pages: Pages) -> None:
    """Longer than means longer: the abandoned call took two seconds, answered ones five."""
    assert "No call fits" in pages.get("/calls?outcome=abandoned&longer=2", "supervisor").text
    assert "No call fits" in pages.get("/calls?longer=5", "supervisor").text
    listed = pages.get("/calls?longer=1&outcome=abandoned", "supervisor").text
    assert listed.count('data-outcome="abandoned"') == 1
    assert 'name="longer" inputmode="numeric" value="1"' in listed
    assert len(pages.get("/calls.csv?longer=2", "supervisor").text.splitlines()) == len(pages.interactions)


def test_reading_goes_on_without_the_daemon(pages: Pages) -> None:
    """Pages are shown; what would change something says that it cannot be done just now, and changes nothing."""
    version = pages.reader.standing().version
    form = {"step": "apply", "slug": "nobody-comes", "title_en": "Nobody comes", "title_zh": "无人"}
    answer = pages.post("/setup/dispositions/~new", "administrator", form)
    assert answer.status_int == 422
    assert "nothing can be changed" in answer.text
    assert "Not running" in pages.get("/system", "administrator").text
    assert pages.reader.standing().version == version


def test_earlier_calls_say_that_the_daemon_is_away(pages: Pages) -> None:
    """The desk's panel has a word for it; the agent's own note is the only thing that is read without the daemon."""
    answer = pages.get(f"/desk/past/{pages.interactions[0]}", "agent")
    assert answer.status_int == 200
    assert "cannot be looked up" in answer.text
    assert "<ol" not in answer.text


def test_the_front_end_is_built_the_same_twice(tmp_path: Path) -> None:
    """The bundles' names and bytes depend on the sources alone."""
    found = []
    for name in ("one", "two"):
        target = tmp_path / name
        subprocess.run(["node", "webadmin/front/build.mjs", str(target)], cwd=ROOT, check=True)  # noqa: S607  as make does
        found.append({path.name: path.read_bytes() for path in sorted(target.iterdir())})
    assert found[0] == found[1]
    assert "manifest.json" in found[0]
