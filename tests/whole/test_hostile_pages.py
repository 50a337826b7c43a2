"""Hostile callers and visitors at a whole box: what they send is text everywhere, and is answered clearly."""

import csv
import html
import io
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
import pytest
import pytest_twisted
from playwright.async_api import expect
from twisted.internet.defer import Deferred, gatherResults

from appliance import api
from drivers.robot.call import Call
from drivers.robot.transactions import NoAnswerError
from tests.contract.test_hostile import in_a_line, in_address, taken
from tests.hostile import HOSTILE, HTML, MARK
from tests.whole.browser import Visit, seen, visit
from tests.whole.floor import LINE, STEP_S, Floor, aside, logs
from tests.whole.visitor import Visitor
from webadmin.pages.calls_csv import FORMULA_STARTS

pytestmark = [pytest.mark.contract, pytest.mark.browser, pytest.mark.slow]

AGENT = "emma-white"
AT_ONCE = 6
MENU_CALLS = HOSTILE[::3]
LIVE_CALLS = HTML[::4]
APPLIED = (*HTML[::4], *HOSTILE[::32])
"Those that are tried in every form up to the end, so that they stand in the configuration if they may."
FORMS = (
    "/setup/company",
    "/setup/trunks/~new",
    "/setup/people/~new",
    "/setup/phones/~new",
    "/setup/queues/~new",
    "/setup/numbers/~new",
    "/setup/flows/~new",
    "/setup/hours/~new",
    "/setup/prompts/~new",
    "/setup/breaks/~new",
    "/setup/dispositions/~new",
    "/setup/secrets/extension/310",
    "/setup/secrets/trunk/sample-carrier",
    "/account",
)
FILTERS = ("queue", "agent", "number", "outcome", "recorded", "from", "until", "text", "page")
FIELD = re.compile(r'<(?:input|textarea|select)\b[^>]*\bname="([^"]+)"')
KEPT_FIELDS = frozenset({"csrf_token", "step", "base", "token", "back", "language", "theme"})
CLEAR = frozenset({200, 303, 400, 403, 404, 413, 414, 422})
ADMINISTRATORS_PAGES = (
    "/desk",
    "/floor",
    "/floor/wall",
    "/calls",
    "/reports",
    "/setup",
    "/setup/company",
    "/setup/people",
    "/setup/queues",
    "/setup/numbers",
    "/setup/flows",
    "/setup/prompts",
    "/setup/breaks",
    "/setup/dispositions",
    "/setup/changes",
    "/system",
)
SHOWN_MAX = 12
"How many calls', changes' and parts' own pages are looked at in the browser."
STRANGE = """(mark) => {
    const found = [];
    const plain = new Set(["value", "title", "aria-label", "placeholder", "data-title"]);
    const ours = (address) => new URL(address, location.href).origin === location.origin;
    for (const element of document.querySelectorAll("*")) {
        const tag = element.tagName.toLowerCase();
        if (["iframe", "object", "embed", "base", "style", "math", "portal"].includes(tag)) found.push(tag);
        if (tag === "script" && !(element.src && ours(element.src))) found.push("script");
        if (tag === "meta" && element.httpEquiv) found.push("meta " + element.httpEquiv);
        for (const {name, value} of element.attributes) {
            if (name.startsWith("on")) found.push(tag + " " + name);
            if (!value.includes(mark) || plain.has(name)) continue;
            if (["href", "action"].includes(name) && value.startsWith("/") && ours(value)) continue;
            found.push(`${tag} ${name}=${value}`);
        }
    }
    return found;
}"""
"Gives what stands in a page that no template of ours has put there."


def batches(values: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """Give them a few at a time."""
    waiting = iter(values)
    while batch := tuple(itertools.islice(waiting, AT_ONCE)):
        yield batch


def dialled(floor: Floor, value: str) -> Call:
    """Call with a value for a name and a number."""
    return floor.outside.dial(LINE, caller_number=in_address(value), caller_name=in_a_line(value))


async def is_text(window: Visit) -> None:
    """Nothing in the page is anything but text of ours or of theirs."""
    assert await seen(window.page.evaluate(STRANGE, MARK)) == [], window.page.url
    assert window.dialogs == []


def check_logs(floor: Floor, numbers: Iterable[str]) -> None:
    """No failure is logged, and nothing that a caller is called."""
    assert not Path("/tmp", MARK).exists()  # noqa: S108  the hostile values name it
    for path, text in logs(floor.places.home).items():
        assert "Traceback" not in text, path
        for word in (MARK, *numbers):
            assert word not in text, (path, next(line for line in text.splitlines() if word in line))


@pytest_twisted.ensureDeferred
async def test_callers_who_hang_up_in_the_menu(floor: Floor) -> None:
    """A few dozen names and numbers, several at once: each is a call in the list, and text in every place."""
    boot = await floor.boot()
    for batch in batches(MENU_CALLS):
        calls = [dialled(floor, value) for value in batch]
        answers: list[Deferred[bool]] = [Deferred.fromCoroutine(taken(call)) for call in calls]
        for call, answered in zip(calls, await gatherResults(answers), strict=True):
            if answered:
                await call.hang_up()
    call = await floor.menu("5551230004")
    for value in HOSTILE:
        body = f"Signal={value}\r\nDuration=160\r\n".encode(errors="replace")
        try:
            answer = await call.leg.ask("INFO", (("Content-Type", "application/dtmf-relay"),), body)
        except NoAnswerError:  # a key that ended the call came before it; Asterisk then says nothing more
            assert call.end is not None, value
        else:
            assert answer.code in {200, 500}, value  # Asterisk says 500 to what is no key
        if call.end is not None:
            call = await floor.menu("5551230004")
    await call.hang_up()
    last = await floor.menu("5551230005")
    await last.hang_up()
    assert await floor.boot() == boot

    listed = await floor.calls()
    assert sum(MARK in call.caller_name for call in listed) > len(MENU_CALLS) // 2
    table = await aside(floor.box.switchroom, "calls", "--since", "1d", "--limit", "1000")
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", table)
    check_logs(floor, ("5551230004", "5551230005"))
    async with visit(floor.browser, floor.overview.address, "supervisor", floor.password("supervisor")) as window:
        await window.go("/calls")
        await is_text(window)
        links = await seen(
            window.page.locator("#calls tbody tr", has_text=MARK)
            .locator("a")
            .evaluate_all("(links) => links.map((link) => link.getAttribute('href'))")
        )
        assert links
        for link in links[:SHOWN_MAX]:
            await window.go(link.split("#")[0])
            await is_text(window)
            assert MARK in await window.text(".caller")
        assert window.errors == []
        rows = list(csv.reader(io.StringIO((await window.fetch("/calls.csv")).decode("utf-8-sig"))))
        await seen(window.page.evaluate("() => document.body.append(document.createElement('iframe'))"))
        assert await seen(window.page.evaluate(STRANGE, MARK)) == ["iframe"]
    assert {len(row) for row in rows} == {len(rows[0])}
    assert not any(one.lstrip().startswith(FORMULA_STARTS) for row in rows[1:] for one in row)


@pytest_twisted.ensureDeferred
async def test_callers_who_are_shown_live(floor: Floor) -> None:
    """They wait on the floor, ring at a desk, are talked to and wrapped up with hostile notes; all of it is text."""
    boot = await floor.boot()
    address = floor.overview.address
    async with (
        floor.at_work(AGENT) as phone,
        visit(floor.browser, address, AGENT, floor.password(AGENT)) as desk,
        visit(floor.browser, address, "supervisor", floor.password("supervisor")) as wall,
    ):
        await wall.go("/floor")
        calls = [dialled(floor, value) for value in LIVE_CALLS]
        for call in calls:
            assert await taken(call)
        for call in calls:
            await call.hears(floor.sounds.prompt("menu", "en"), STEP_S, since=call.times.answered)
            await call.press("2")
        ringing = await phone.next_call(STEP_S)
        await desk.shows("#desk [data-f=call] [data-f=name]", MARK)
        await seen(expect(wall.page.locator("#floor [data-f=callers] tr")).to_have_count(len(calls)))
        ringing.answer()
        await seen(expect(desk.page.locator("#desk [data-f=call]")).to_have_attribute("data-state", "talking"))
        for window in (desk, wall):
            await is_text(window)
        view = next(seen for event, seen in await aside(list, itertools.islice(floor.client.live(), 1)))
        card = view.agents[AGENT]
        assert card is not None
        await aside(_write_notes, floor, card.interaction)
        for call in calls:
            if call.end is None:
                await call.hang_up()
        await ringing.ended(STEP_S)
        await seen(desk.page.reload())
        await seen(expect(desk.page.locator("#desk #note")).to_have_value(HTML[0]))
        for window in (desk, wall):
            await is_text(window)
            assert window.errors == []
    async with visit(floor.browser, address, "supervisor", floor.password("supervisor")) as window:
        await window.go(f"/calls/{card.interaction}")
        await window.shows(".notes blockquote", HTML[0])
        await is_text(window)
    assert await floor.boot() == boot
    check_logs(floor, ())


def _write_notes(floor: Floor, interaction: str) -> None:
    """Write every value as note and as result of the agent's call; the last note stays."""
    with Visitor(floor.overview.address) as visitor:
        visitor.sign_in(AGENT, floor.password(AGENT))
        for value in (*HOSTILE, HTML[0]):
            text = in_a_line(value)
            asked = {"interaction": interaction, "note": text}
            answer = visitor.command("conclude", msgspec.json.encode(asked))
            assert answer.status == 200, (value, answer)
            assert msgspec.json.decode(answer.text, type=api.Reply).problems == (), value
            asked = {"interaction": interaction, "disposition": text or "-"}
            answer = visitor.command("conclude", msgspec.json.encode(asked))
            assert msgspec.json.decode(answer.text, type=api.Reply).problems, value
            assert visitor.command("conclude", text.encode()).status == 400, value


@pytest_twisted.ensureDeferred
async def test_visitors(floor: Floor) -> None:
    """Every value in every form and filter, and some of them set up in earnest: text, or an error by the field."""
    boot = await floor.boot()
    with Visitor(floor.overview.address) as administrator:
        await aside(administrator.sign_in, "admin", floor.password("admin"))
        await aside(_fill_forms, administrator)
        await aside(_look_with_filters, administrator)
        await aside(_set_up, administrator)
    assert await floor.boot() == boot
    async with visit(floor.browser, floor.overview.address, "admin", floor.password("admin")) as window:
        marked = 0
        for address in ADMINISTRATORS_PAGES:
            await window.go(address)
            await is_text(window)
            marked += MARK in await window.text("main")
        assert marked > 3
        for there in ("/setup/changes", "/setup/people", "/setup/prompts", "/setup/dispositions"):
            await window.go(there)
            links = await seen(
                window.page.locator(f"main a[href^='{there}/']").evaluate_all(
                    "(links) => links.map((link) => link.getAttribute('href'))"
                )
            )
            for link in list(dict.fromkeys(links))[-SHOWN_MAX:]:
                await window.go(link)
                await is_text(window)
        assert window.errors == []
    assert "Calls can be taken" in await aside(floor.box.switchroom, "status", "--wait=30")
    call = await floor.menu("5551230006")
    await call.hang_up()
    check_logs(floor, ("5551230006",))


def _fill_forms(visitor: Visitor) -> None:
    """Type every value into all fields of every form at once."""
    for address in FORMS:
        names = frozenset(FIELD.findall(visitor.get(address).text)) - KEPT_FIELDS
        assert names, address
        for value in HOSTILE:
            answer = visitor.post(address, {**dict.fromkeys(names, value), "step": "review"})
            _check(answer.status, answer.text, address, value)


def _look_with_filters(visitor: Visitor) -> None:
    """Send every value as every filter of the list of calls, as what is looked for, and as a way back."""
    for value in HOSTILE:
        for address, query in (
            ("/calls", dict.fromkeys(FILTERS, value)),
            ("/calls.csv", dict.fromkeys(FILTERS, value)),
            ("/go", {"q": value}),
            ("/sign-in", {"next": value}),
        ):
            answer = visitor.get(address, query)
            _check(answer.status, answer.text, address, value)
            where = answer.location.removeprefix(visitor.address)
            assert where[:1] in {"", "/"}, (value, answer.location)
            assert "//" not in where, (value, answer.location)
    for value in HOSTILE:
        answer = visitor.post("/look", {"language": value, "theme": value, "back": value})
        assert answer.status in CLEAR, (value, answer)


def _set_up(visitor: Visitor) -> None:
    """Set up parts that are called by hostile names, whose prompts say them and whose people bear them."""
    applied: Counter[str] = Counter()
    for number, value in enumerate(APPLIED):
        slug = f"h-{number}"
        for address, form in (
            ("/setup/dispositions/~new", {"slug": slug, "title_en": value, "title_zh": value}),
            (
                "/setup/breaks/~new",
                {"slug": slug, "title_en": value, "title_zh": value, "at_once_max": "0", "minutes_max": "0"},
            ),
            ("/setup/prompts/~new", {"slug": slug, "title": value, "text_en": value, "text_zh": value}),
            ("/setup/people/~new", {"slug": slug, "name": value, "role": "agent", "extension": str(700 + number)}),
        ):
            answer = visitor.post(address, {"language": "en", **form, "step": "apply"})
            _check(answer.status, answer.text, address, value)
            applied[address] += answer.status != 422
    assert len(applied) == 4
    assert min(applied.values()) > len(APPLIED) // 2, applied


def _check(status: int, text: str, address: str, value: str) -> None:
    """Hold an answer to be clear, with the value in it as text alone."""
    assert status in CLEAR, (address, value, status, text[:500])
    sent = value.encode(errors="replace").decode()
    if MARK in sent and html.escape(sent) != sent and not address.endswith(".csv"):
        assert sent not in text, (address, value)
