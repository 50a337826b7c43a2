"""What routing is to know of a caller, on a page: asked of a real daemon, and held from the next call on."""

from functools import partial

import pytest_twisted
from twisted.internet.threads import deferToThread

from appliance.store.reader import open_reader
from tests.daemon.real import Box
from tests.webadmin.conftest import FILES, Pages
from webadmin import texts
from webadmin.bundle import Bundle
from webadmin.main import configure
from webadmin.request import Box as PagesOf

NUMBER = "13800138000"


async def a_call(box: Box, number: str) -> str:
    """Let somebody call and hang up in the menu; give the finished call."""
    known = await box.store_answer(box.store.people.party_of(number, "", 1))
    caller = box.exchange.call("2001", party=known.party)
    await box.until(lambda: caller.hears.startswith("prompt"))
    (interaction,) = box.daemon.hub.centre.state.interactions
    box.exchange.end(caller.leg)
    await box.until(lambda: not box.daemon.hub.centre.state.interactions)
    await box.store_answer(box.store.journal.flush())
    return interaction


async def the_pages(box: Box, *interactions: str) -> Pages:
    """Open the pages beside the daemon, for a supervisor and an agent."""
    await deferToThread(texts.compile_catalogues)
    reader = await deferToThread(open_reader, box.home / "zeo.sock", media=box.home / "media")
    box.closing.append(reader.close)
    bundle = Bundle(folder=box.home, files=FILES)
    config = configure(PagesOf(reader=reader, door=box.home / "door.sock", bundle=bundle))
    return Pages(
        config=config,
        application=config.make_wsgi_app(),
        reader=reader,
        store=box.store,
        media=box.home / "media",
        secrets={"supervisor": await box.sign_in("sue"), "agent": await box.sign_in("anna")},
        interactions=interactions,
    )


@pytest_twisted.ensureDeferred
async def test_a_supervisor_says_who_a_caller_is(box: Box) -> None:
    """Priority, known agent and refusal are kept and shown again; what routing cannot use is not."""
    interaction = await a_call(box, NUMBER)
    pages = await the_pages(box, interaction)
    address = f"/calls/{interaction}/caller"
    call = await deferToThread(pages.get, f"/calls/{interaction}", "supervisor")
    assert f'href="{address}"' in call.text
    given = {"grade": "", "priority": "2", "preferred": "anna", "blocked": "1"}
    for form, status, view in (
        (given, 200, (2, "anna", True)),
        ({**given, "grade": "odd"}, 422, (2, "anna", True)),
        ({**given, "preferred": "zoe"}, 422, (2, "anna", True)),
        ({"grade": "", "priority": "none", "preferred": ""}, 200, (0, "", False)),
        ({"grade": "", "priority": "9", "preferred": "dora"}, 200, (9, "dora", False)),
    ):
        answer = await deferToThread(partial(pages.post, address, "supervisor", form))
        assert answer.status_int == status, form
        _, known = await box.daemon.parties.party_of(NUMBER, "")
        assert (known.priority, known.preferred, known.blocked) == view
    shown = await deferToThread(pages.get, address, "supervisor")
    assert '<option value="9" selected>' in shown.text
    assert '<option value="dora" selected>' in shown.text
    assert "checked" not in shown.text


@pytest_twisted.ensureDeferred
async def test_who_withheld_the_number_is_nobody_to_remember(box: Box) -> None:
    """There is nothing to change: the next call is somebody else's."""
    interaction = await a_call(box, "")
    pages = await the_pages(box, interaction)
    for answer in (
        await deferToThread(pages.get, f"/calls/{interaction}/caller", "supervisor"),
        await deferToThread(partial(pages.post, f"/calls/{interaction}/caller", "supervisor", {"priority": "1"})),
    ):
        assert answer.status_int == 404
    call = await deferToThread(pages.get, f"/calls/{interaction}", "supervisor")
    assert "/caller" not in call.text
