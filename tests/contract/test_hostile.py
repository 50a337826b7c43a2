"""Hostile callers, through the real Asterisk: what they send is text everywhere and never anything else."""

import re
from pathlib import Path
from urllib.parse import quote

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.task import deferLater

from appliance.core import facts
from drivers.asterisk.chronicle import FILE
from drivers.asterisk.link import Account, Link, LinkOptions
from drivers.asterisk.render import accounts_of
from drivers.asterisk.vocabulary import Actions
from drivers.robot.call import Call, CallRefusedError
from tests.contract.box import Box
from tests.contract.company import company
from tests.contract.floor_real import RealFloor, opened
from tests.contract.quiet import no_error_is_logged
from tests.hostile import HOSTILE, MARK

pytestmark = [pytest.mark.contract, pytest.mark.slow]

EXTENSIONS = frozenset(phone.slug for phone in company().extensions)
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
TRIES = 50
ENOUGH = 3
"So many different numbers have digits in them."
REFUSED = frozenset({400, 401, 403, 404, 414, 416, 484, 513, 603})
"What a carrier may be told of a call that we cannot take."


def in_a_line(value: str) -> str:
    """Give what a SIP header can hold of a value: no line end, no half characters."""
    text = value.encode(errors="replace").decode()
    return re.sub(r"[\r\n\0]", " ", text)


def in_address(value: str) -> str:
    """Give what the user part of an address can hold: anything but half characters, percent-encoded."""
    return value.encode(errors="replace").decode()[:200]


async def taken(call: Call) -> bool:
    """Wait until a call is taken; False if it was refused, with a code that says so."""
    try:
        await call.answered(15)
    except CallRefusedError:
        assert call.end is not None
        assert call.end.code in REFUSED, call.end
        return False
    return True


def questions(floor: RealFloor) -> list[facts.LegAsked]:
    """Give all that the Centre was asked."""
    told = (row.fact for row in floor.running.memory.rows)
    return [fact for fact in told if isinstance(fact, facts.LegAsked)]


def check_questions(floor: RealFloor, number: str) -> None:
    """Nothing that a caller sends is taken for the trunk, the number dialled, or a variable of ours."""
    for fact in questions(floor):
        assert (fact.trunk, fact.number, fact.interaction, fact.queue) == ("carrier", number, "", ""), fact
        assert not CONTROL.search(fact.party.replace("\n", "", 1)), fact
    assert not any(isinstance(row.fact, facts.ExchangeLost) for row in floor.running.memory.rows)


def check_traces(box: Box) -> None:
    """Nothing was run; only log and chronicle are written, and every line of the log is one that Asterisk began."""
    assert not Path("/tmp", MARK).exists()  # noqa: S108  the hostile values name it
    written = {file.name for file in (box.site.home / "log").rglob("*") if file.is_file()}
    assert {name for name in written if not name.startswith("messages")} <= {FILE}
    for line in box.log().splitlines():
        assert line.startswith("["), line


@pytest_twisted.ensureDeferred
async def test_names_and_numbers(box: Box) -> None:
    """Each value as the name, the number and the headers of a caller who is then offered to a phone."""
    refused: list[str] = []
    async with opened(box) as floor:
        with no_error_is_logged():
            await floor.sign_on("anna")
            anna = box.phones["101"]
            for value in HOSTILE:
                line = in_a_line(value)
                headers = (
                    ("P-Asserted-Identity", f'"{line[:50]}" <sip:{quote(in_address(value))}@127.0.0.1>'),
                    ("X-Hostile", line),
                    ("Subject", line),
                    ("User-Agent", line),
                )
                call = box.carrier.dial("2004", caller_number=in_address(value), caller_name=line, headers=headers)
                if not await taken(call):
                    refused.append(value)
                    continue
                desk = await anna.next_call(10)
                assert not CONTROL.search(desk.from_name + desk.from_number), value
                assert desk.header("Subject") == desk.header("X-Hostile") == ""
                await call.hang_up()
                await desk.ended(5)
            check_questions(floor, "2004")
            assert len(questions(floor)) == len(HOSTILE) - len(refused)
    # Who calls himself by an extension of ours is asked for its password.
    assert set(refused) <= EXTENSIONS | {""}, refused
    check_traces(box)


@pytest_twisted.ensureDeferred
async def test_dialled_numbers(box: Box) -> None:
    """Each value as the number dialled from outside: no flow, no extension, no emergency call is reached by it."""
    async with opened(box) as floor:
        with no_error_is_logged():
            for value in HOSTILE:
                call = box.carrier.dial(in_address(value) or "x")
                assert not await taken(call), value
            check_questions(floor, "")
            assert all(call.end is not None for call in box.carrier.calls.values())
    check_traces(box)


@pytest_twisted.ensureDeferred
async def test_a_dialled_number_is_digits_wherever_it_stands(box: Box) -> None:
    """Each value after a number, while nobody of ours is there: Asterisk itself keeps only what can be dialled."""
    accounts = {user: Account(user=user, secret=secret) for user, secret in accounts_of(box.site).items()}
    up: Deferred[None] = Deferred()
    link = Link(
        box.reactor,
        TCP4ClientEndpoint(box.reactor, "127.0.0.1", box.site.ami_port, timeout=5),
        LinkOptions(events=accounts["events"], calls=accounts["calls"], care=None, wanted=()),
        on_event=lambda _: None,
        on_up=lambda: up.callback(None),
        on_down=lambda _: None,
    )
    link.start()
    try:
        await up.addTimeout(10, box.reactor)
        calls = [box.carrier.dial(f"2001{in_address(value)}"[:70]) for value in HOSTILE]
        dialled: set[str] = set()
        for _ in range(TRIES):
            answer = await link.act(Actions().status())
            dialled = {event.get("DNID") for event in answer.events if event.get("Context") == "sr-caller"}
            if len(dialled) > ENOUGH:
                break
            await deferLater(box.reactor, 0.1)
        assert len(dialled) > ENOUGH
        assert not [number for number in dialled if not re.fullmatch(r"2001[0-9*#+]*", number)], dialled
        for call in calls:
            if call.end is None:
                await call.hang_up()
    finally:
        await link.stop()
    check_traces(box)


@pytest_twisted.ensureDeferred
async def test_keyed_digits(box: Box) -> None:
    """Each value as a key, sent by SIP INFO, while a menu listens; a real key is understood afterwards."""
    async with opened(box) as floor:
        with no_error_is_logged():
            call = box.carrier.dial("2003")
            assert await taken(call)
            await call.hears(box.prompt("menu", "en"), 10)
            for value in HOSTILE:
                body = f"Signal={value}\r\nDuration=160\r\n".encode(errors="replace")
                response = await call.leg.ask("INFO", (("Content-Type", "application/dtmf-relay"),), body)
                assert response.code in {200, 500}, value  # Asterisk says 500 to what is no key
                if call.end is not None:
                    call = box.carrier.dial("2003")
                    assert await taken(call)
            await call.hang_up()
            again = box.carrier.dial("2003")
            assert await taken(again)
            await again.hears(box.prompt("menu", "en"), 10)
            await again.press("1")
            await floor.waiting("support", 1)
            await again.hang_up()
    check_traces(box)
