"""The real daemon on a real Asterisk, killed at random moments under calls that talk, wait, come and go."""

import random
import signal
import subprocess
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_twisted
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread

from appliance import api, document
from appliance.client import Client
from appliance.core.cdr import CDR
from appliance.exchanges import own_asterisk
from appliance.places import Places
from appliance.store.ledger import Listed, Query
from appliance.store.reader import open_reader
from drivers.asterisk import render
from drivers.asterisk.bundle import current_bundle
from drivers.robot.call import Call
from drivers.robot.clock import TICK_S, MediaClock
from drivers.robot.line import Options as PhoneOptions
from drivers.robot.phone import Phone
from tests.contract.box import CALLERS, CARRIER_PORT, VOICES
from tests.contract.company import AGENTS, company, password
from tests.contract.conftest import the_reactor
from tests.contract.slots import slot
from tests.daemon.real import PEOPLE, Zeo
from tests.daemon.supervisor import Process, Supervisor, a_home

pytestmark = [pytest.mark.contract, pytest.mark.slow]

CALLS = 5
KILLS = 10
PASSING = 2
"Calls that come in each round and hang up in the next."
SEED = 11
STRAIGHT = "2004"
"The number that leads to the queue of all agents."
MENU = "2001"
PAGE = 100
TRIES = 100
LENGTH_S = 0.5
"How far a recording's length may be from the talk's."


def number_of(caller: int) -> str:
    """Give the number of the so-manieth caller, from 1."""
    return f"55502{caller:03}"


def voice_of(caller: int) -> int:
    """Give the tone of the so-manieth caller, in Hz."""
    return CALLERS[caller % len(CALLERS)]


@dataclass(kw_only=True)
class Box:
    """Everything of a box but its pages, with robots round it."""

    places: Places
    supervisor: Supervisor
    carrier: Phone
    phones: dict[str, Phone]
    clock: MediaClock
    daemon: Process | None = None
    dialled: int = 0

    async def start_daemon(self) -> None:
        """Start it, and wait until calls can be taken."""
        self.daemon = Process(self.places, self.supervisor, exchange="asterisk")
        await self.supervisor.is_told("READY=1")

    def kill_daemon(self) -> None:
        """End it without a warning."""
        assert self.daemon is not None
        self.daemon.send(signal.SIGKILL)
        assert self.daemon.ended() == -signal.SIGKILL

    async def ask(self, request: api.AnyRequest) -> None:
        """Ask as the console what cannot be refused."""
        reply = await deferToThread(Client(self.places.console_socket).send, request)
        assert not reply.problems, reply

    async def set_up(self) -> None:
        """Give it the company of the stories, its phones, and every agent a seat."""
        configuration = company(carrier_port=self.places.port + CARRIER_PORT)
        await self.ask(api.Import(text=document.write(api.Document(configuration=configuration, people=PEOPLE))))
        for extension in AGENTS.values():
            await self.ask(api.SetSecret(of=f"extension/{extension}", secret=password(extension)))
        for agent, extension in AGENTS.items():
            await self.phones[extension].start()
            await self.phones[extension].register(deadline_s=30)
            await self.ask(api.TakeSeat(agent=agent))

    async def call(self, number: str) -> Call:
        """Let somebody new call; returns when the call is answered."""
        self.dialled += 1
        call = self.carrier.dial(number, caller_number=number_of(self.dialled), tone_hz=voice_of(self.dialled))
        await call.answered(10)
        return call

    async def until_sealed(self, cdr: CDR) -> None:
        """Wait until the recording of a call can be played, and compare its length with the talk's."""
        for _ in range(TRIES):
            seconds = await deferToThread(self._seconds, cdr.recording)
            if seconds:
                talk_s = cdr.talk_us / 1_000_000
                # Robots that come too late to a beat of their clock do not speak then.
                unsaid_s = self.clock.pace.skipped * TICK_S
                assert -LENGTH_S - unsaid_s < seconds - talk_s < LENGTH_S, (seconds, talk_s, unsaid_s)
                return
            await deferLater(the_reactor(), 0.1)
        raise AssertionError("a recording was not sealed")

    def _seconds(self, recording: str) -> float:
        reader = open_reader(self.places.zeo_socket, media=self.places.media)
        try:
            playable = reader.recording(recording)
            return playable.seconds if playable else 0.0
        finally:
            reader.close()

    async def records(self) -> list[Listed]:
        """Wait until all calls that ended have their records, as far as they come; give all."""
        return await deferToThread(self._records)

    def _records(self) -> list[Listed]:
        reader = open_reader(self.places.zeo_socket)
        listed: list[Listed] = []
        try:
            page = 0
            while True:
                found = reader.calls(Query(page=page, size=PAGE))
                listed += found.calls
                if not found.more:
                    return listed
                page += 1
        finally:
            reader.close()


@contextmanager
def asterisk(places: Places) -> Iterator[None]:
    """Run a private Asterisk."""
    bundle = current_bundle()
    options = own_asterisk(places, bundle)
    render.lay_out(options)
    with (places.log / "asterisk.log").open("wb") as out:
        process = subprocess.Popen(
            bundle.argv("-f", "-C", str(options.site.etc / "asterisk.conf")),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield
    finally:
        process.kill()
        process.wait(10)


@asynccontextmanager
async def a_box(path: Path, base: int) -> AsyncIterator[Box]:
    """Run store, Asterisk, daemon and robots."""
    places = a_home(path / "home", base)
    supervisor = Supervisor(path)
    zeo = Zeo(places.store, places.zeo_socket)
    clock = MediaClock(the_reactor())
    server = ("127.0.0.1", places.sip_port)
    carrier = Phone(the_reactor(), PhoneOptions(user="carrier", server=server, port=base + CARRIER_PORT), clock=clock)
    phones = {
        extension: Phone(
            the_reactor(),
            PhoneOptions(user=extension, server=server, password=password(extension), tone_hz=VOICES[extension]),
            clock=clock,
        )
        for extension in AGENTS.values()
    }
    box = Box(places=places, supervisor=supervisor, carrier=carrier, phones=phones, clock=clock)
    try:
        with asterisk(places):
            await carrier.start()
            await box.start_daemon()
            await box.set_up()
            yield box
    finally:
        for phone in (carrier, *phones.values()):
            await phone.stop()
        if box.daemon is not None:
            box.daemon.kill()
        supervisor.close()
        zeo.stop()


async def answer(phone: Phone) -> Call:
    """Pick up the next call at once, and wait until the caller is heard."""
    call = await phone.next_call(10)
    call.answer()
    await call.hears_tone(voice_of(int(call.from_number[-3:])), 5)
    return call


@pytest_twisted.ensureDeferred
async def test_no_call_place_or_record_is_lost(tmp_path: Path) -> None:
    """Five talk, five wait, others come and go through ten kills; all are served in order, each with one record."""
    chance = random.Random(SEED)  # noqa: S311  a seed makes the run repeatable
    with slot() as base:
        async with a_box(tmp_path, base) as box:
            talking = [await box.call(STRAIGHT) for _ in range(CALLS)]
            desks = [await answer(phone) for phone in box.phones.values()]
            waiting = [await box.call(STRAIGHT) for _ in range(CALLS)]
            passing: list[Call] = []
            for _ in range(KILLS):
                arriving = [await box.call(MENU) for _ in range(PASSING)]
                await deferLater(the_reactor(), chance.uniform(0, 0.8))
                for call in passing:
                    await call.hang_up()
                passing = arriving
                await deferLater(the_reactor(), chance.uniform(0, 0.06))
                box.kill_daemon()
                await box.start_daemon()
                assert not [call.end for call in (*talking, *waiting, *desks) if call.end]
            served = []
            for desk, phone in zip(desks, box.phones.values(), strict=True):
                await desk.hang_up()
                served.append(await answer(phone))
            assert [call.from_number for call in served] == [number_of(CALLS + 1 + place) for place in range(CALLS)]
            for call in (*passing, *waiting):
                await call.hang_up()
            for call in talking:
                await call.ended(5)
            await _all_filed(box)
            records = await box.records()
            numbers = Counter(listed.label.number for listed in records)
            assert set(numbers.values()) == {1}, numbers
            assert len(numbers) == box.dialled
            answered = [listed.cdr for listed in records if listed.cdr.talk_us]
            assert len(answered) == 2 * CALLS
            for cdr in answered:
                await box.until_sealed(cdr)


async def _all_filed(box: Box) -> None:
    for _ in range(TRIES):
        if len(await box.records()) >= box.dialled:
            return
        await deferLater(the_reactor(), 0.1)
    raise AssertionError(f"{len(await box.records())} of {box.dialled} calls have a record")
