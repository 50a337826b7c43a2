"""The two who put callers through: our box (ZEO, daemon, Asterisk) and an Asterisk with app_queue, each as it ships.

Both run the Asterisk of the bundle with the configuration that our driver renders for the same company. The peer's has
app_queue beside it and a dialplan of two lines, and nobody else's program.
"""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from appliance import api, document
from appliance.exchanges import own_asterisk
from appliance.places import Places, places_of
from appliance.store.opened import open_store
from boot.notify import NotifySocket
from boot.process import Notified, Process, is_ready
from boot.processes import table
from drivers.asterisk import render
from drivers.asterisk.bundle import current_bundle
from drivers.asterisk.conf import Options
from tests.bench.asterisk import WrongAnswerError
from tests.bench.floor import BREAK, NUMBER, QUEUE, RING_S, Floor, agent, company, extension, floor, until
from tests.bench.line import Line, line

AT_ONCE = 32
"Requests to our door at the same time, while everybody signs on."
STORE_S = 60.0
STOP_S = 10.0
ACCOUNT, SECRET = "agents", "known-to-all"
QUEUES = f"""[general]
persistentmembers = no
autofill = yes

[{QUEUE}]
strategy = leastrecent
timeout = {RING_S}
retry = 1
wrapuptime = 0
ringinuse = no
autopause = no
joinempty = yes
leavewhenempty = no
"""
"app_queue at its quickest: `retry` is in whole seconds, and 0 means its default of 5 (app_queue.c, queue_set_param)."


class Desks(Protocol):
    """How members become ready, and how they rest."""

    async def ready(self, member: int) -> float:
        """Let a member be ready; gives the moment before that was said, by `time.perf_counter`."""

    async def rest(self, member: int) -> None:
        """Let a member rest, after the talk if there is one."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two, at work."""

    floor: Floor
    desks: Desks


@dataclass(frozen=True, slots=True)
class Door:
    """Our desks: requests at the daemon's door."""

    socket: Path

    async def ready(self, member: int) -> float:
        """End a break; the moment is when the request is written."""
        return await self.ask(api.EndBreak(agent=agent(member)))

    async def rest(self, member: int) -> None:
        """Take a break."""
        await self.ask(api.TakeBreak(agent=agent(member), reason=BREAK))

    async def ask(self, request: api.AnyRequest) -> float:
        """Ask on a connection of its own; gives when. Raises `WrongAnswerError` if it is refused."""
        body = api.encode(request)
        head = f"POST /commands HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
        reader, writer = await asyncio.open_unix_connection(str(self.socket))
        began = time.perf_counter()
        writer.write(head.encode() + body)
        said = await reader.read()
        writer.close()
        if not said.startswith(b"HTTP/1.1 200 ") or b'"problems":[{' in said:
            raise WrongAnswerError(f"the daemon refuses {request}: {said!r}")
        return began


@dataclass(frozen=True, slots=True)
class Pause:
    """The peer's desks: pauses by the manager interface."""

    line: Line

    async def ready(self, member: int) -> float:
        """End a pause; the moment is when the action is written."""
        return await self._pause(member, "false")

    async def rest(self, member: int) -> None:
        """Begin one."""
        await self._pause(member, "true")

    async def _pause(self, member: int, paused: str) -> float:
        headers = {"Interface": f"PJSIP/{extension(member)}", "Queue": QUEUE, "Paused": paused}
        began, answer = self.line.say("QueuePause", **headers)
        if not (await answer).ok:
            raise WrongAnswerError("app_queue does not know the member")
        return began


@asynccontextmanager
async def ours(base: int, home: Path, members: int) -> AsyncIterator[Side]:
    """Run our box without its pages, with everybody signed on and on a break."""
    places = _places(base, home)
    bundle = current_bundle()
    options = own_asterisk(places, bundle)
    programs = {process.name: process for process in table(places, bundle)}
    # The table's word is for a supervisor that forks it from a warm process; alone it is its module.
    daemon = replace(programs["daemon"], argv=(sys.executable, "-m", "appliance.daemon"))
    async with _running(programs["zeo"], places):
        equipment = await asyncio.to_thread(_furnish, places, members)
        accounts = render.accounts_of(options.site)
        render.write(options.site, render.rendered(options, equipment, accounts))
        async with _running(programs["asterisk"], places), _running(daemon, places):
            door = Door(places.console_socket)
            async with floor(
                options.site, home / "floor", members, accounts=accounts, secrets=equipment.secrets
            ) as made:
                await _sign_on(door, members)
                yield Side(made, door)


def _furnish(places: Places, members: int) -> api.Equipment:
    """Put the company into the store before the daemon runs, and give it with the phones' passwords."""
    store = open_store(folder=places.store, socket=places.zeo_socket, clock=lambda: 0)
    try:
        people = (api.Person(slug="ada", name="Ada", role="administrator"),)
        text = document.write(api.Document(configuration=company(members, base=places.port), people=people))
        applied = store.settings.apply(api.Import(text=text), by="bench", now_us=time.time_ns() // 1_000)
        if problems := applied.result(STORE_S).reply.problems:
            raise WrongAnswerError(f"the company cannot be kept: {problems}")
        return store.settings.equipment().result(STORE_S)
    finally:
        store.close()


async def _sign_on(door: Door, members: int) -> None:
    free = asyncio.Semaphore(AT_ONCE)

    async def one(member: int) -> None:
        async with free:
            await door.ask(api.TakeSeat(agent=agent(member)))
            await door.rest(member)

    async with asyncio.TaskGroup() as group:
        for member in range(members):
            group.create_task(one(member))


@asynccontextmanager
async def app_queue(base: int, home: Path, members: int) -> AsyncIterator[Side]:
    """Run an Asterisk that queues by itself, with every member paused."""
    places = _places(base, home)
    bundle = current_bundle()
    options = own_asterisk(places, bundle)
    configuration = company(members, base=base)
    secrets = {f"extension/{phone.slug}": f"secret-{phone.slug}" for phone in configuration.extensions}
    equipment = api.Equipment(configuration=configuration, names={}, secrets=secrets)
    accounts = render.accounts_of(options.site)
    render.write(options.site, _with_queue(options, equipment, accounts))
    process = next(process for process in table(places, bundle) if process.name == "asterisk")
    async with (
        _running(process, places),
        floor(options.site, home / "floor", members, accounts=accounts, secrets=secrets) as made,
        line(options.site.ami_port, ACCOUNT, SECRET) as manager,
    ):
        yield Side(made, Pause(manager))


def _with_queue(options: Options, equipment: api.Equipment, accounts: Mapping[str, str]) -> dict[str, str]:
    """Give our files with app_queue loaded, its queue, a dialplan that enters it, and an account that may pause."""
    files = render.rendered(options, equipment, accounts)
    files["modules.conf"] += "load = app_queue.so\n"
    files["manager.conf"] += f"\n[{ACCOUNT}]\nsecret = {SECRET}\nread =\nwrite = agent\n"
    enter = f"exten => {NUMBER},1,Answer()\n same => n,Queue({QUEUE})\n same => n,Hangup()\n"
    files["extensions.conf"] = f"[general]\nstatic = yes\n\n[from-trunk]\n{enter}"
    members = (f"member => PJSIP/{phone.slug},0,,,,,yes\n" for phone in equipment.configuration.extensions)
    files["queues.conf"] = QUEUES + "".join(members)
    return files


def _places(base: int, home: Path) -> Places:
    places = places_of({**os.environ, "SWITCHROOM_HOME": str(home), "SWITCHROOM_PORT": str(base)})
    for folder in places.folders:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return places


@asynccontextmanager
async def _running(process: Process, places: Places) -> AsyncIterator[None]:
    """Run a program of the box's table until the end, from when it is ready."""
    told = asyncio.Event()
    socket = NotifySocket(places.notify_socket, lambda _pid, fields: told.set() if "READY" in fields else None)
    with (places.log / f"{process.name}.log").open("ab") as log:
        running = await asyncio.create_subprocess_exec(
            *process.argv, env=process.environment, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log
        )
    try:
        if isinstance(process.ready, Notified):
            async with asyncio.timeout(process.start_s_max):
                await told.wait()
        else:
            ready = process.ready
            await until(lambda: is_ready(ready), f"{process.name} is ready")
        yield
    finally:
        if running.returncode is None:
            running.terminate()
        try:
            await asyncio.wait_for(running.wait(), STOP_S)
        except TimeoutError:
            running.kill()
            await running.wait()
        socket.close()
