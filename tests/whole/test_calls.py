"""A finished call in the browser: in the list, with its timeline and its recording, and in a spreadsheet."""

import csv
import io

import pytest
import pytest_twisted

from appliance.commands._robots import faults_of_recording, read_wav
from drivers.robot.stage import Stage
from tests.whole.browser import Visit, seen, visit
from tests.whole.floor import AGENT_HZ, CALLER_HZ, STEP_S, Floor, the_reactor
from webadmin.pages.calls_csv import FORMULA_STARTS

pytestmark = [pytest.mark.contract, pytest.mark.browser, pytest.mark.slow]

AGENT, NAME = "ben-carter", "Ben Carter"
OTHER = "clara-jones"
NUMBER = "5551230002"
CALLER = "=2+3"
"A name that a spreadsheet would take for a formula."
TALK_S = 4.0
RELOADS_MAX = 200
FIRST = "#calls tbody tr:first-child"
PLAYED = "() => document.querySelector('#recording audio').currentTime > 1"


async def a_call(floor: Floor) -> float:
    """Let somebody call, talk and hang up; how long the talk was, in seconds."""
    async with floor.at_work(AGENT) as phone:
        talk = await floor.talk(phone, NUMBER, CALLER)
        answered = talk.agent.times.answered
        assert answered is not None
        await Stage(the_reactor()).pause(TALK_S)  # they talk
        await talk.ends()
        assert talk.caller.times.ended is not None
        return talk.caller.times.ended - answered


async def sealed(window: Visit) -> None:
    """Look at the call's page until its recording is there."""
    for _ in range(RELOADS_MAX):
        if await seen(window.page.locator("#recording").count()):
            return
        await seen(window.page.reload())
    raise AssertionError("the recording was never sealed")


@pytest_twisted.ensureDeferred
async def test_a_finished_call(floor: Floor) -> None:
    """It stands in the list; its page tells why this agent, and plays both sides; the CSV holds no formula."""
    talked_s = await a_call(floor)
    async with visit(floor.browser, floor.overview.address, "supervisor", floor.password("supervisor")) as window:
        await window.go("/calls")
        await window.shows(FIRST, NUMBER)
        await window.shows(FIRST, CALLER)
        await window.shows(FIRST, NAME)
        await window.shows(FIRST, "Answered")
        await window.click(f"{FIRST} a")
        await window.stands(".timeline")
        await sealed(window)

        told = await window.text(".timeline")
        for sentence in ("The call arrives for 8001", "The caller pressed 1.", f"Why {NAME}?", "Both hear each other."):
            assert sentence in told, sentence
        times = await seen(window.page.locator(".timeline > li time").all_inner_texts())
        assert times == sorted(times)

        await window.stands("#recording[data-ready]")
        await window.click("#recording [data-do=play]")
        await seen(window.page.wait_for_function(PLAYED))
        address = await seen(window.page.locator("#recording audio").get_attribute("src"))
        assert address is not None
        sound = read_wav(await window.fetch(address))
        assert faults_of_recording(sound, caller_hz=CALLER_HZ, agent_hz=AGENT_HZ, talk_s=talked_s) == []

        rows = list(csv.reader(io.StringIO((await window.fetch("/calls.csv")).decode("utf-8-sig"))))
        newest = dict(zip(rows[0], rows[1], strict=True))
        assert (newest["caller"], newest["name"], newest["recorded"]) == (NUMBER, f"'{CALLER}", "yes")
        assert not any(one.lstrip().startswith(FORMULA_STARTS) for row in rows[1:] for one in row)
        assert window.errors == []
        assert window.dialogs == []


@pytest_twisted.ensureDeferred
async def test_the_list_is_found_again(floor: Floor) -> None:
    """A caller who gave up is found by the filters, with what the command line says of the same call."""
    async with floor.at_work(OTHER) as phone:
        caller = await floor.menu("5551230003", "Gives Up")
        await caller.press("1")
        ringing = await phone.next_call(STEP_S)
        await caller.hang_up()
        await ringing.ended(STEP_S)
    async with visit(floor.browser, floor.overview.address, "supervisor", floor.password("supervisor")) as window:
        await window.go("/calls?queue=sales&outcome=abandoned&text=5551230003")
        await window.shows(FIRST, "Gives Up")
        assert await seen(window.page.locator("#calls tbody tr").count()) == 1
        await window.go("/calls?queue=support&text=5551230003")
        await window.stands(".empty-card")
        assert window.errors == []
    newest = next(call for call in await floor.calls() if call.caller_number == "5551230003")
    assert (newest.outcome, newest.queue, newest.agent) == ("abandoned", "sales", "")
