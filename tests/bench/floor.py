"""A floor of members round a real Asterisk, alike for our daemon and for app_queue: phones, callers, an eye on both.

Every member has a SIP phone that is registered, probed every five seconds and picks up at once; every caller is a SIP
call over a trunk that says a tone, and hears music while it waits. SIPp plays both.
"""

import asyncio
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from appliance.core import model
from drivers.asterisk.conf import Site
from tests.bench.asterisk import WrongAnswerError
from tests.bench.line import Line, line
from tests.bench.sight import Called, Sight
from tests.unkillable.sipp import Sipp, fields

QUEUE, NUMBER, TRUNK, BREAK = "crowd", "2004", "carrier", "lunch"
RING_S = 10
DESKS_PORT, CALLERS_PORT, DESKS_MEDIA, CALLERS_MEDIA = 2_200, 2_201, 2_300, 2_320
"Ports of the load, counted from the base of ports, behind all that a box takes."
CALLERS = 1_000
"Callers' numbers, after which they begin anew."
CALLS_A_SECOND, REGISTRATIONS_A_SECOND = 20, 200
SETTLE_S = 60.0
END_S = 10.0
LOOK_S = 0.02
WAITING = frozenset({"MusicOnHold", "Queue"})
"What Asterisk executes for a caller who waits: with us the one, in the peer the other."
IDLE = "Not in use"


def extension(member: int) -> str:
    """Name a member's telephone."""
    return str(10_001 + member)


def agent(member: int) -> str:
    """Name a member."""
    return f"agent-{extension(member)}"


def company(members: int, *, base: int) -> model.Configuration:
    """Give a company of one trunk and one queue, whose members are chosen by the longest idle time."""
    return model.Configuration(
        company=model.Company(title="Crowd"),
        trunks=(model.Trunk(slug=TRUNK, host="127.0.0.1", port=base + CALLERS_PORT, probe_s=0),),
        numbers=(model.Number(slug=NUMBER, flow=QUEUE),),
        extensions=tuple(model.Extension(slug=extension(n), agent=agent(n)) for n in range(members)),
        agents=tuple(model.Agent(slug=agent(n), extension=extension(n)) for n in range(members)),
        queues=(model.Queue(slug=QUEUE, agents=tuple(agent(n) for n in range(members)), ring_s=RING_S, wrap_up_s=0),),
        flows=(model.Flow(slug=QUEUE, nodes=(model.Node(id="all", kind="queue", options={"queue": QUEUE}),)),),
        breaks=(model.Reason(slug=BREAK),),
    )


async def until(true: Callable[[], Awaitable[bool]], what: str) -> None:
    """Ask again and again until it is so; raises `WrongAnswerError` if it takes too long."""
    began = time.monotonic()
    while not await true():
        if time.monotonic() - began > SETTLE_S:
            raise WrongAnswerError(f"not in {SETTLE_S:g} s: {what}")
        await asyncio.sleep(LOOK_S)


@dataclass(slots=True)
class Load:
    """SIPp at work on one Asterisk."""

    site: Site
    folder: Path
    _started: int = 0

    def start(self, scenario: str, *arguments: str, port: int, media_port: int) -> Sipp:
        """Start a scenario on these ports, counted from the base."""
        self._started += 1
        base = self.site.base_port
        folder = self.folder / f"load-{self._started}"
        return Sipp(folder, scenario, *arguments, port=base + port, media_port=base + media_port)

    def place(self, scenario: str, rows: list[tuple[str, ...]], *arguments: str, port: int, media_port: int) -> Sipp:
        """Start one that calls Asterisk, a row of fields a call."""
        self.folder.mkdir(exist_ok=True)
        file = fields(self.folder, f"{scenario}.csv", rows)
        target = f"127.0.0.1:{self.site.sip_port}"
        return self.start(scenario, "-inf", str(file), *arguments, target, port=port, media_port=media_port)


@dataclass(slots=True)
class Floor:
    """Members, callers, and what is asked of the Asterisk between them."""

    load: Load
    sight: Sight
    calls: Line
    care: Line
    members: int
    _callers: Sipp | None = None

    async def register(self, secrets: Mapping[str, str]) -> Sipp:
        """Register every phone with its password and let it be there; gives who plays the phones."""
        rows: list[tuple[str, ...]] = [
            (phone, f"[authentication username={phone} password={secrets[f'extension/{phone}']}]")
            for phone in map(extension, range(self.members))
        ]
        pace = ("-m", str(len(rows)), "-l", "50", "-r", str(REGISTRATIONS_A_SECOND))
        sipp = self.load.place("register", rows, *pace, port=DESKS_PORT, media_port=DESKS_MEDIA)
        try:
            if await asyncio.to_thread(sipp.ended, SETTLE_S):
                raise WrongAnswerError("not every phone could register")
        finally:
            sipp.stop()
        return self.load.start("desk", port=DESKS_PORT, media_port=DESKS_MEDIA)

    async def fill(self, waiting: int) -> None:
        """Let so many callers come and wait; whoever has been served is followed by another."""
        rows: list[tuple[str, ...]] = [(f"555{number:05}",) for number in range(CALLERS)]
        pace = ("-s", NUMBER, "-l", str(waiting), "-r", str(CALLS_A_SECOND))
        self._callers = self.load.place("caller", rows, *pace, port=CALLERS_PORT, media_port=CALLERS_MEDIA)
        await self.until_waiting(waiting)

    async def empty(self) -> None:
        """Let nobody come any more, and hang up who is there."""
        callers, self._callers = self._callers, None
        if callers is None:
            return
        callers.process.send_signal(signal.SIGUSR1)  # SIPp's word for: no new calls, and end with the last
        try:
            await until(self._hung_up, "all callers have gone")
            with suppress(subprocess.TimeoutExpired):
                await asyncio.to_thread(callers.ended, END_S)
        finally:
            callers.stop()

    async def until_reachable(self) -> None:
        """Wait until Asterisk finds every phone idle."""

        async def idle() -> bool:
            answer = await self.care.ask("PJSIPShowEndpoints")
            return sum(event.get("DeviceState") == IDLE for event in answer.events) >= self.members

        await until(idle, "all phones are reachable")

    async def until_waiting(self, count: int) -> None:
        """Wait until so many callers are in the queue and nobody talks."""

        async def waiting() -> bool:
            channels = (await self.calls.ask("CoreShowChannels")).events
            waits = [event for event in channels if event.get("Application") in WAITING and not event.get("BridgeId")]
            return len(waits) == len(channels) == count

        await until(waiting, f"{count} callers wait")

    async def end(self, call: Called) -> None:
        """End a talk from the caller's side, and wait until the member's phone is free."""
        await self.calls.ask("Hangup", Channel=call.caller)
        await self.sight.over(call)

    async def _hung_up(self) -> bool:
        channels = (await self.calls.ask("CoreShowChannels")).events
        for event in channels:
            self.calls.say("Hangup", Channel=event.get("Channel"))
        return not channels


@asynccontextmanager
async def floor(
    site: Site, folder: Path, members: int, *, accounts: Mapping[str, str], secrets: Mapping[str, str]
) -> AsyncIterator[Floor]:
    """Look at an Asterisk by its manager accounts, and let every member's phone register and be reachable."""
    sight = Sight(TRUNK)
    async with AsyncExitStack() as stack:
        lines = [
            await stack.enter_async_context(line(site.ami_port, user, accounts[user], hear))
            for user, hear in (("events", sight.hear), ("calls", None), ("care", None))
        ]
        made = Floor(Load(site, folder), sight, calls=lines[1], care=lines[2], members=members)
        stack.callback((await made.register(secrets)).stop)
        await made.until_reachable()
        yield made
