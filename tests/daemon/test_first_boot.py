"""The first administrator: who knows the code, one of several who come at once, and nobody ever again."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_twisted
from twisted.internet.defer import Deferred, gatherResults

from appliance import api, first_boot, trial_call
from appliance.daemon.trial_calls import TrialCalls
from appliance.daemon.welcome import FREE_TRIES, PAUSE_S_MAX, SECOND, Tries
from tests.daemon.real import PASSWORD, Box, Zeo, the_reactor


@pytest_twisted.async_yield_fixture()
async def empty(zeo: Zeo, tmp_path: Path) -> AsyncIterator[Box]:
    """Run a daemon with nothing."""
    assert zeo.process.poll() is None
    box = Box(tmp_path, empty=True)
    await box.daemon.start(box.boot)
    yield box
    await box.stop()


def codes(reply: api.Reply) -> list[str]:
    """Give the problems' words."""
    return [problem.code for problem in reply.problems]


def code_of(box: Box) -> str:
    """Read the code as it is shown."""
    first = first_boot.read(box.home / "first-boot")
    assert first is not None
    return first.shown_code


@pytest_twisted.ensureDeferred
async def test_of_two_who_know_the_code_one_becomes_administrator(empty: Box) -> None:
    """The other is told; both never again, whatever they know."""
    code = code_of(empty)

    def taking(person: str) -> Deferred[api.Reply]:
        request = api.TakeBox(code=code, person=person, password=PASSWORD, name="Äda", language="zh")
        return Deferred.fromCoroutine(empty.ask(request, session="-"))

    replies = await gatherResults([taking("ada"), taking("bob")])
    won = [reply for reply in replies if reply.session]
    assert len(won) == 1
    assert [codes(reply) for reply in replies if not reply.session] == [["box_taken"]]
    standing = await empty.store_answer(empty.store.settings.current())
    assert [(person.role, person.language) for person in standing.people] == [("administrator", "zh")]
    assert codes(await taking("eve")) == ["box_taken"]
    assert code not in (empty.home / "first-boot").read_text()
    assert not codes(await empty.ask(api.NoteStep(step="network"), won[0].session))
    assert codes(await empty.ask(api.NoteStep(step="nothing"), won[0].session)) == ["unknown"]
    assert codes(await empty.ask(api.NoteStep(step="network"), session="-")) == ["not_signed_in"]
    kept = first_boot.read(empty.home / "first-boot")
    assert kept is not None
    assert (kept.step, kept.done) == ("time", ("network",))
    again = await empty.ask(api.SignIn(person=standing.people[0].slug, password=PASSWORD), session="-")
    assert again.session


@pytest_twisted.ensureDeferred
async def test_what_is_wrong_is_said_and_changes_nothing(empty: Box) -> None:
    """A wrong code first, then a name or a password that cannot be; the right one after that is taken."""
    code = code_of(empty)
    for wrong in ("", "aaaaa-aaaaa", "x" * 1000):
        reply = await empty.ask(api.TakeBox(code=wrong, person="ada", password=PASSWORD), session="-")
        assert codes(reply) == ["wrong_code"]
    short = await empty.ask(api.TakeBox(code=code, person="ada", password="short"), session="-")
    assert [(problem.code, problem.field) for problem in short.problems] == [("too_short", "password")]
    odd = await empty.ask(api.TakeBox(code=code, person="Ada; DROP", password=PASSWORD), session="-")
    assert odd.problems
    assert not (await empty.store_answer(empty.store.settings.current())).people
    assert (await empty.ask(api.TakeBox(code=code, person="ada", password=PASSWORD), session="-")).session


@pytest_twisted.ensureDeferred
async def test_wrong_codes_slow_an_address_down(empty: Box) -> None:
    """After some the right code is refused too, for a while; the code itself stays."""
    code = code_of(empty)
    for _ in range(FREE_TRIES):
        assert codes(await empty.ask(api.TakeBox(code="x", person="a", password=PASSWORD), session="-")) == [
            "wrong_code"
        ]
    late = await empty.ask(api.TakeBox(code=code, person="ada", password=PASSWORD), session="-")
    assert codes(late) == ["too_soon"]
    assert code_of(empty) == code
    other = api.TakeBox(code=code, person="ada", password=PASSWORD, address="192.0.2.7")
    assert (await empty.ask(other, session="-")).session


@pytest_twisted.ensureDeferred
async def test_a_box_with_a_company_has_no_first_boot(box: Box) -> None:
    """Nobody takes it by any code."""
    assert not (box.home / "first-boot").exists()
    for code in ("", "aaaaa-aaaaa"):
        assert codes(await box.ask(api.TakeBox(code=code, person="eve", password=PASSWORD), session="-")) == [
            "box_taken"
        ]


def test_pauses_double_up_to_a_limit() -> None:
    """And the memory of addresses is bounded."""
    tries, waits = Tries(), []
    now = 0
    for _ in range(FREE_TRIES + 10):
        assert tries.wait_s("a", now) == 0
        tries.wrong("a", now)
        waits.append(tries.wait_s("a", now))
        now += waits[-1] * SECOND
    assert waits[: FREE_TRIES + 3] == [0] * (FREE_TRIES - 1) + [2, 4, 8, 16]
    assert waits[-1] == PAUSE_S_MAX
    assert tries.wait_s("b", now) == 0


SAYS = """
import sys, json
assert sys.argv[1:] in ([], ["--out", "10086"]), sys.argv
print(json.dumps({"name": "trunk", "passed": True, "told": "8001", "took_s": 0.5}), flush=True)
print("odd", flush=True)
sys.stderr.write("no way")
sys.exit(int(not sys.argv[1:]))
"""


@pytest_twisted.ensureDeferred
async def test_a_test_call_tells_its_steps(box: Box, tmp_path: Path) -> None:
    """What the process says is kept as it says it; one at a time; odd numbers reach no command line."""
    path = tmp_path / "test-call"
    calls = TrialCalls(the_reactor(), path, (sys.executable, "-c", SAYS))

    def ended() -> bool:
        calls.look()
        told = trial_call.read(path)
        return told is not None and told.ended

    assert calls.place(api.PlaceTestCall(number="10086")) == api.Reply()
    assert codes(calls.place(api.PlaceTestCall())) == ["busy"]
    await box.until(ended)
    told = trial_call.read(path)
    assert told is not None
    assert (told.passed, told.number, [step.name for step in told.steps]) == (True, "10086", ["trunk"])
    assert calls.place(api.PlaceTestCall()) == api.Reply()
    await box.until(ended)
    failed = trial_call.read(path)
    assert failed is not None
    assert (failed.passed, failed.why) == (False, "no way")
    for odd in ("--help", "1; reboot", "+49", "1" * 30):
        assert codes(calls.place(api.PlaceTestCall(number=odd))) == ["invalid"]
    assert codes(TrialCalls(the_reactor(), None).place(api.PlaceTestCall())) == ["unavailable"]
