"""A whole box with robots round it: callers outside, and agents' desk phones."""

import json
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ParamSpec, TypeVar

import msgspec
from playwright.async_api import Browser
from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool

from appliance import api
from appliance.client import Client
from appliance.commands._robots import Sounds
from appliance.commands.calls import CallLine
from appliance.overview import Account, Overview
from appliance.places import Places, places_of
from drivers.asterisk.bundle import current_bundle
from drivers.robot.call import Call
from drivers.robot.clock import MediaClock
from drivers.robot.line import Options
from drivers.robot.phone import Phone
from drivers.robot.sound import TONES
from tests.boot.whole import WholeBox

STEP_S = 30.0
CALLER_HZ, AGENT_HZ = TONES[0], TONES[1]
LINE = "8001"
"The sample company's main line; its keys are 1 for sales and 2 for service."
Result = TypeVar("Result")
Arguments = ParamSpec("Arguments")


def the_reactor() -> AsyncioSelectorReactor:
    """Give the reactor that pytest-twisted has installed; imported earlier, it would be another one."""
    from twisted.internet import reactor  # noqa: PLC0415  see above

    assert isinstance(reactor, AsyncioSelectorReactor)
    return reactor


def aside(work: Callable[Arguments, Result], *arguments: Arguments.args, **named: Arguments.kwargs) -> Deferred[Result]:
    """Have blocking work done in a thread, so that no robot's audio is late for it."""
    reactor = the_reactor()
    return deferToThreadPool(reactor, reactor.getThreadPool(), work, *arguments, **named)


def epoch_ms(monotonic: float) -> float:
    """Give a moment of the robots' clock as a browser's clock says it."""
    return (time.time() - (time.monotonic() - monotonic)) * 1000


@dataclass(kw_only=True)
class Talk:
    """Two who are connected."""

    caller: Call
    agent: Call
    entered_at: float
    "When the key was pressed, monotonic seconds."

    async def ends(self) -> None:
        """Let the caller hang up."""
        await self.caller.hang_up()
        await self.agent.ended(STEP_S)


@dataclass(kw_only=True)
class Floor:
    """The box, the browser, and the robot that calls from outside."""

    box: WholeBox
    places: Places
    overview: Overview
    browser: Browser
    sounds: Sounds
    clock: MediaClock
    outside: Phone

    @property
    def client(self) -> Client:
        """Give the console's way to the daemon."""
        return Client(self.places.console_socket)

    def password(self, person: str) -> str:
        """Give somebody's password."""
        return next(one.password for one in self.overview.sign_ins if one.person == person)

    def account(self, agent: str) -> Account:
        """Give an agent's extension."""
        return next(one for one in self.overview.accounts if one.agent == agent)

    async def ask(self, request: api.AnyRequest) -> None:
        """Ask the daemon for something that it does."""
        reply = await aside(self.client.send, request)
        assert not reply.problems, reply.problems

    async def boot(self) -> int:
        """Give the number of the daemon's start."""
        return (await aside(self.client.health)).boot

    async def calls(self) -> list[CallLine]:
        """List the calls of today as the command does, newest first."""
        said = await aside(self.box.switchroom, "calls", "--since", "1d", "--limit", "1000", "--json")
        return [msgspec.json.decode(line, type=CallLine) for line in said.splitlines()]

    async def menu(self, number: str, name: str = "") -> Call:
        """Call the main line and hear its menu begin."""
        call = await self.outside.call(LINE, caller_number=number, caller_name=name, deadline_s=STEP_S)
        await call.hears(self.sounds.prompt("menu", "en"), STEP_S, since=call.times.answered)
        return call

    async def talk(self, phone: Phone, number: str, name: str = "", key: str = "1") -> Talk:
        """Call, press the key, let the agent answer, and wait until both hear each other."""
        caller = await self.menu(number, name)
        entered_at = await caller.press(key)
        agent = await phone.next_call(STEP_S)
        agent.answer()
        await agent.answered(STEP_S)
        await caller.hears_tone(AGENT_HZ, STEP_S, since=agent.times.answered)
        await agent.hears_tone(CALLER_HZ, STEP_S, since=agent.times.answered)
        return Talk(caller=caller, agent=agent, entered_at=entered_at)

    @asynccontextmanager
    async def desk_phone(self, agent: str) -> AsyncIterator[Phone]:
        """Put an agent's phone on the desk."""
        account = self.account(agent)
        options = Options(
            user=account.extension,
            password=account.password,
            server=(self.overview.sip.host, self.overview.sip.port),
            listen=self.places.host,
            tone_hz=AGENT_HZ,
        )
        phone = Phone(the_reactor(), options, clock=self.clock)
        await phone.start()
        try:
            await phone.register()
            yield phone
            await phone.unregister()
        finally:
            await phone.stop()

    @asynccontextmanager
    async def at_work(self, agent: str) -> AsyncIterator[Phone]:
        """Put an agent's phone on the desk and sign the agent on."""
        async with self.desk_phone(agent) as phone:
            await self.ask(api.TakeSeat(agent=agent))
            yield phone
            await self.ask(api.LeaveSeat(agent=agent))


@asynccontextmanager
async def opened(box: WholeBox, browser: Browser) -> AsyncIterator[Floor]:
    """Put robots round a running box."""
    places = places_of({**os.environ, **box.environment})
    status = json.loads(await aside(box.switchroom, "status", "--json"))
    overview = msgspec.convert(status["box"], Overview)
    clock = MediaClock(the_reactor())
    server = (overview.sip.host, overview.sip.port)
    outside = Phone(
        the_reactor(),
        Options(user="outside", server=server, listen=places.host, tone_hz=CALLER_HZ),
        clock=clock,
    )
    await outside.start()
    try:
        yield Floor(
            box=box,
            places=places,
            overview=overview,
            browser=browser,
            sounds=Sounds(places, current_bundle()),
            clock=clock,
            outside=outside,
        )
    finally:
        await outside.stop()


def logs(home: Path) -> dict[Path, str]:
    """Give every text that the box has logged; Asterisk's spool of events is none, it has callers' numbers."""
    return {
        path: path.read_text(errors="replace")
        for folder in (home / "log", home / "asterisk/log", home / "nginx")
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.parent.name != "cel-custom"
    }
