"""The stage: the real box in processes of its own, a crowd of SIPp calls, robots that listen, and a witness."""

import http.client
import os
import re
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.interfaces import IReactorProcess
from twisted.internet.protocol import ProcessProtocol
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread
from twisted.internet.utils import getProcessOutput
from typing_extensions import override

from appliance import api, document
from appliance.client import Client
from appliance.exchanges import own_asterisk
from appliance.places import Places
from drivers.asterisk.bundle import current_bundle
from drivers.robot.call import Call
from drivers.robot.clock import MediaClock
from drivers.robot.line import Options as PhoneOptions
from drivers.robot.phone import Phone
from drivers.robot.sound import TONES
from drivers.robot.waits import RobotError, Waits
from tests.daemon.supervisor import ROOT, a_home
from tests.unkillable.company import BRISK, CARRIER_PORT, CHECKED, CROWD, Crowd, agent, company, password, people
from tests.unkillable.sipp import Sipp, fields
from tests.unkillable.witness import Seen, Witness

BACK_S_MAX = 30.0
"How long a daemon may be away at most, however busy the machine is."
UP_S_MAX = 90.0
ANSWER_S = 0.1
"How long a robot at a desk lets it ring."
DESKS_PORT, CALLERS_PORT, WAITERS_PORT = 2_200, 2_201, 2_202
"SIP ports of the load, counted from the base of ports, behind all that a box takes."
DESKS_MEDIA, CALLERS_MEDIA, WAITERS_MEDIA = 2_300, 2_320, 2_340
RATE = "5"
"Calls a second that SIPp places."
LOOK_S = 0.1
KILL_LOOKS = 100
_RECEIVED = re.compile(r"(\S+-[0-9a-f]{8}) +[0-9:]+ +[a-z]+ +([0-9]+) ")
_CALLS = re.compile(r'^switchroom_calls\{state="(\w+)"\} ([0-9.]+)$', re.MULTILINE)


class House(ProcessProtocol):
    """The supervisor's process: what it says, line by line, with its moments."""

    def __init__(self, reactor: AsyncioSelectorReactor, log: Path) -> None:
        """Begin before it runs; what it says goes to the file `log` too."""
        self.waits = Waits(reactor, "house")
        self._log = log
        self.lines: list[tuple[int, str]] = []
        "Moments, by `time.monotonic_ns`, and what was said then."
        self._rest = ""

    async def says(self, word: str, *, after: int = 0, deadline_s: float = UP_S_MAX) -> int:
        """Wait until it says something, not before a moment; give the moment."""
        return await self.waits.until(lambda: self._said(word, after), word, deadline_s)

    async def ends(self) -> None:
        """End it, and wait until all its programs are gone."""
        if self.transport is not None and self.transport.pid is not None:
            self.transport.signalProcess("TERM")
            with suppress(RobotError):
                await self.waits.until(lambda: None, "its end", UP_S_MAX)

    def told(self, words: Sequence[str], since: int) -> list[str]:
        """Give what it has said since its line of a number, of what begins with one of these words."""
        return [line for _, line in self.lines[since:] if line.startswith(tuple(words))]

    def _said(self, word: str, after: int) -> int | None:
        return next((at for at, line in reversed(self.lines) if at > after and line.startswith(word)), None)

    @override
    def outReceived(self, data: bytes) -> None:
        with self._log.open("ab") as log:
            log.write(data)
        *lines, self._rest = (self._rest + data.decode()).split("\n")
        for line in lines:
            at, _, said = line.partition(" ")
            self.lines.append((int(at), said))
        self.waits.look()

    @override
    def errReceived(self, data: bytes) -> None:
        sys.stderr.write(data.decode(errors="replace"))

    @override
    def processEnded(self, reason: object) -> None:
        self.waits.close(RobotError("the house has ended"))


class Pair:
    """Two robots who talk with each other."""

    def __init__(self, caller: Call, desk: Call, tones: tuple[int, int]) -> None:
        """Each says a tone: the caller's, the desk's."""
        self.caller, self.desk, self._tones = caller, desk, tones

    async def talk(self, deadline_s: float) -> None:
        """Wait until each hears the other."""
        await self.desk.hears_tone(self._tones[0], deadline_s)
        await self.caller.hears_tone(self._tones[1], deadline_s)

    def deaf(self) -> list[str]:
        """Say who did not hear the other during the last second."""
        sides = ((self.desk, self._tones[0]), (self.caller, self._tones[1]))
        return [repr(side) for side, tone in sides if tone not in side.heard_tones(1.0, TONES)]


class Stage:
    """All of it."""

    def __init__(self, reactor: AsyncioSelectorReactor, places: Places, crowd: Crowd) -> None:
        """Stand ready; `opened` opens it."""
        self.reactor = reactor
        self.places = places
        self.crowd = crowd
        self.house = House(reactor, places.log / "house.log")
        self.clock = MediaClock(reactor)
        self.witness = Witness(reactor, own_asterisk(places, current_bundle()).site)
        self.load: list[Sipp] = []
        self.pairs: list[Pair] = []
        self.waiting: list[Seen] = []
        "The crowd's waiting callers, in the order of their arrival."
        self.talking: list[Seen] = []
        "The callers who talk."
        server = ("127.0.0.1", places.sip_port)
        self.carrier = Phone(
            reactor,
            PhoneOptions(user="carrier", server=server, port=places.port + CARRIER_PORT, hear_s_max=10),
            clock=self.clock,
        )
        self.phones = {
            extension: Phone(
                reactor,
                PhoneOptions(
                    user=extension,
                    server=server,
                    password=password(extension),
                    tone_hz=TONES[number % (len(TONES) - 1)],
                    auto_answer_s=ANSWER_S,
                    hear_s_max=10,
                ),
                clock=self.clock,
            )
            for number, extension in enumerate((*crowd.checked, *crowd.brisk))
        }

    # -- the box

    async def ask(self, request: api.AnyRequest) -> None:
        """Ask as the console what cannot be refused."""
        reply = await deferToThread(Client(self.places.console_socket).send, request)
        assert not reply.problems, reply

    def pids(self) -> dict[str, int]:
        """Find the processes that there are just now, as the supervisor noted them."""
        lines = (line.split() for line in self.places.processes.read_text().splitlines())
        return {words[0]: int(words[1]) for words in lines if len(words) > 1}

    async def states(self) -> dict[str, int]:
        """Ask the daemon how many interactions it has in each state; if it is away once more, when it is back."""
        while True:
            at = time.monotonic_ns()
            try:
                return await deferToThread(self._states)
            except OSError:
                await self.house.says("daemon ready", after=at, deadline_s=BACK_S_MAX)

    def _states(self) -> dict[str, int]:
        connection = http.client.HTTPConnection("localhost", timeout=10)
        connection.sock = socket.socket(socket.AF_UNIX)
        try:
            connection.sock.connect(str(self.places.console_socket))
            connection.request("GET", "/metrics")
            text = connection.getresponse().read().decode()
        finally:
            connection.close()
        return {state: int(float(count)) for state, count in _CALLS.findall(text)}

    async def received(self) -> dict[str, int]:
        """Ask Asterisk on its console how many packets of audio it has had from each channel."""
        bundle = current_bundle()
        etc = own_asterisk(self.places, bundle).site.etc
        arguments = bundle.argv("-C", str(etc / "asterisk.conf"), "-rx", "pjsip show channelstats")
        said: bytes = await getProcessOutput(  # type: ignore[no-untyped-call]  # Twisted gives it no type
            arguments[0], arguments[1:], env=dict(os.environ)
        )
        return {channel: int(count) for channel, count in _RECEIVED.findall(said.decode())}

    # -- its life

    async def open(self) -> None:
        """Start the box, give it its company, and fill it."""
        environment = {**os.environ, **self.places.environment(), "LC_ALL": "C.UTF-8"}  # its lines are read
        arguments = [sys.executable, "-m", "tests.unkillable.house"]
        IReactorProcess(self.reactor).spawnProcess(self.house, sys.executable, arguments, environment, str(ROOT))
        for program in ("zeo", "asterisk", "daemon"):
            await self.house.says(f"{program} ready")
        configuration = company(self.crowd, carrier_port=self.places.port + CARRIER_PORT)
        text = document.write(api.Document(configuration=configuration, people=people(self.crowd)))
        await self.ask(api.Import(text=text))
        for phone in self.crowd.phones:
            await self.ask(api.SetSecret(of=f"extension/{phone}", secret=password(phone)))
        await self.witness.start()
        await self.carrier.start()
        for robot in self.phones.values():
            await robot.start()
            await robot.register(deadline_s=30)
        await self._set_desks()
        for phone in self.crowd.phones:
            await self.ask(api.TakeSeat(agent=agent(phone)))
        await self._fill()

    async def close(self) -> None:
        """End everything."""
        try:
            for sipp in self.load:
                sipp.stop()
            for phone in (self.carrier, *self.phones.values()):
                await phone.stop()
            await self.witness.stop()
        finally:
            await self.house.ends()

    async def _set_desks(self) -> None:
        """Register the crowd's desks, and let SIPp answer at the same port: there Asterisk calls who has registered."""
        if not self.crowd.desks:
            return
        rows = [(phone, f"[authentication username={phone} password={password(phone)}]") for phone in self.crowd.desks]
        register = self._start("register", "register", self._placing(rows), DESKS_PORT, DESKS_MEDIA)
        assert await deferToThread(register.ended, 60) == 0, "the desks could not be registered"
        self.load.remove(register)
        self._start("desks", "desk", (), DESKS_PORT, DESKS_MEDIA)

    async def _fill(self) -> None:
        """Let the robots talk, then the crowd, then let the others wait."""
        for index in range(self.crowd.robots):
            tone = TONES[(index + 5) % (len(TONES) - 1)]
            caller = self.carrier.dial(CHECKED, caller_number=f"5552{index:04}", tone_hz=tone)
            desk = await self._any_desk()
            await caller.answered(10)
            pair = Pair(caller, desk, (tone, self.phones[desk.number].options.tone_hz or 0))
            await pair.talk(10)
            self.pairs.append(pair)
        numbers = [f"5551{index:04}" for index in range(len(self.crowd.desks))]
        await self._call(numbers, "talkers", CALLERS_PORT, CALLERS_MEDIA)
        self.talking = list(self.witness.callers())
        await self.until(lambda: all(seen.bridge for seen in self.talking), 90, "all talk")
        numbers = [f"5553{index:04}" for index in range(self.crowd.waiting)]
        await self._call(numbers, "waiters", WAITERS_PORT, WAITERS_MEDIA)
        places: dict[str, tuple[str, str]] = {}
        for _ in range(300):
            places = await self.witness.places()
            self.waiting = [seen for seen in self.witness.callers() if seen.number in numbers]
            if all(seen.uniqueid in places for seen in self.waiting):
                break
            await deferLater(self.reactor, LOOK_S)
        self.waiting.sort(key=lambda seen: key_of(places[seen.uniqueid][1]))

    async def _any_desk(self) -> Call:
        """Wait for the robot at whose desk it rings."""
        for _ in range(200):
            for extension in self.crowd.checked:
                for call in self.phones[extension].calls.values():
                    if all(call is not pair.desk for pair in self.pairs):
                        await call.answered(10)
                        return call
            await deferLater(self.reactor, LOOK_S)
        raise AssertionError("it rings at nobody's desk")

    async def _call(self, numbers: Sequence[str], name: str, port: int, media_port: int) -> None:
        if not numbers:
            return
        self._start(name, "caller", ("-s", CROWD, *self._placing([(number,) for number in numbers])), port, media_port)
        await self.until(
            lambda: {*numbers} <= {seen.number for seen in self.witness.callers()}, 120, f"all {name} have called"
        )

    def _placing(self, rows: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
        file = fields(self.places.home, f"fields-{len(self.load)}.csv", rows)
        count = str(len(rows))
        return "-inf", str(file), "-m", count, "-l", count, "-r", RATE

    def _start(self, name: str, scenario: str, arguments: Sequence[str], port: int, media_port: int) -> Sipp:
        to = (f"127.0.0.1:{self.places.sip_port}",) if scenario != "desk" else ()
        base = self.places.port
        sipp = Sipp(
            self.places.home / "load" / name, scenario, *arguments, *to, port=base + port, media_port=base + media_port
        )
        self.load.append(sipp)
        return sipp

    async def until(self, true: object, deadline_s: float, what: str) -> None:
        """Wait until the witness has seen something."""
        assert callable(true)
        await self.witness.waits.until(lambda: True if true() else None, what, deadline_s)

    async def kill(self, number: signal.Signals) -> int:
        """Send the daemon a signal; give the moment, by `time.monotonic_ns`."""
        for _ in range(KILL_LOOKS):
            pid = self.pids().get("daemon", 0)
            if pid:
                os.kill(pid, number)
                return time.monotonic_ns()
            await deferLater(self.reactor, LOOK_S)
        raise AssertionError("there is no daemon to kill")


def key_of(place: str) -> tuple[int, ...]:
    """Give a place, as a channel carries it, in the order of places."""
    return tuple(int(part) for part in place.split(","))


def brisk(stage: Stage, index: int) -> Call:
    """Let somebody call the queue of short talks."""
    return stage.carrier.dial(BRISK, caller_number=f"5555{index:04}", tone_hz=None)


@asynccontextmanager
async def opened(reactor: AsyncioSelectorReactor, folder: Path, base: int, crowd: Crowd) -> AsyncIterator[Stage]:
    """Open a stage in a folder; all of it is gone at the end."""
    stage = Stage(reactor, a_home(folder / "home", base), crowd)
    try:
        await stage.open()
        yield stage
    finally:
        await stage.close()
