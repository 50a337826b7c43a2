"""The same with the whole Centre behind the FastAGI server: a caller is welcomed, presses a key and waits in a queue.

One side is the worker: Centre, hub, driver, and a journal in memory. The other plays Asterisk: the callers, and an AMI
that lets everybody in, knows no channel, and tells when a caller has hung up.
"""

import asyncio
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import uvloop
from twisted.internet import asyncioreactor
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory
from typing_extensions import override

from tests.bench.asterisk import CALL, ENVIRONMENT, Caller, Floor, Manager, WrongAnswerError
from tests.contract.slots import slot

AMI, AGI = 1, 3
"Ports, counted from the base."
BOOTED = b"Event: FullyBooted\r\nPrivilege: system,all\r\nStatus: Fully Booted\r\n\r\n"
HANGUP = next(block for block in CALL.split(b"\r\n\r\n") if block.startswith(b"Event: Hangup\r\n")) + b"\r\n\r\n"
UNIQUEID = dict(line.split(b": ", 1) for line in HANGUP.split(b"\r\n")[:-2])[b"Uniqueid"]
ANSWERS = (
    (b"GET OPTION", b"200 result=49 endpos=1200\n"),
    (b"WAIT FOR DIGIT", b"200 result=49\n"),
    (b"STREAM FILE", b"200 result=0 endpos=3404\n"),
    (b"SET VARIABLE", b"200 result=1\n"),
    (b"", b"200 result=0\n"),
)
DONE = b'"SR_DONE" "hold"'
"The last command: the caller waits in a queue."


class Customer(Caller):
    """One caller: he presses 1 whenever he is asked."""

    __slots__ = ("_waits",)

    environment = ENVIRONMENT.replace("network_script: call", "network_script: leg").replace(
        "\n\n", "\nagi_arg_1: carrier\nagi_arg_2: 2001\nagi_arg_3: \nagi_arg_4: \nagi_arg_5: \n\n"
    )

    def __init__(self, floor: Floor, number: int) -> None:
        """Begin before the connection."""
        super().__init__(floor, number)
        self._waits = False

    @property
    @override
    def satisfied(self) -> bool:
        """Whether he waits in a queue."""
        return self._waits

    @override
    def reply_to(self, line: bytes) -> bytes:
        """Give the answer to whatever is asked."""
        self._waits = self._waits or line.endswith(DONE)
        return next(reply for command, reply in ANSWERS if line.startswith(command))


def serve(base: int) -> None:
    """Run a Centre on this base of ports until killed; say so when it is ready."""
    asyncioreactor.install(uvloop.new_event_loop())  # type: ignore[no-untyped-call]  # Twisted's
    from twisted.internet import reactor  # noqa: PLC0415  it is installed above

    from drivers.asterisk import render  # noqa: PLC0415  as is what needs it
    from drivers.pjsip.technology import Pjsip  # noqa: PLC0415  as above
    from tests.contract.company import company  # noqa: PLC0415  as above
    from tests.contract.running import Running  # noqa: PLC0415  as above

    Factory.noisy = False
    assert isinstance(reactor, asyncioreactor.AsyncioSelectorReactor)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        site = render.Site(
            home=place / "asterisk",
            run=place / "run",
            prompts=place / "prompts",
            recordings=place / "spool",
            modules=place,
            data=place,
            music=place,
            base_port=base,
        )
        running = Running(reactor, render.Options(site=site, technologies=(Pjsip(),)), company())

        async def run() -> None:
            await running.open(1)
            sys.stdout.write("ready\n")
            sys.stdout.flush()

        reactor.callWhenRunning(lambda: Deferred.fromCoroutine(run()))
        reactor.run()  # type: ignore[no-untyped-call]  # Twisted's


class _Asterisk:
    """The AMI side: every connection, and the word that a caller has gone."""

    def __init__(self) -> None:
        self.managers: list[Manager] = []

    def build(self) -> Manager:
        manager = Manager(self._booted)
        self.managers.append(manager)
        return manager

    def _booted(self) -> Iterator[bytes]:
        yield BOOTED

    def hang_up(self, numbers: range) -> None:
        """Tell of the end of each caller."""
        data = b"".join(HANGUP.replace(UNIQUEID, b"main-%d" % number) for number in numbers)
        for manager in self.managers:
            manager.tell(data)


async def _call(port: int, asterisk: _Asterisk, *, first: int, calls: int) -> int:
    """Make so many calls at once, wait until all wait in the queue, and hang up; give the commands."""

    def customer(floor: Floor, number: int) -> Caller:
        return Customer(floor, first + number)

    floor = Floor(port, calls=calls, at_once=calls, caller=customer)
    await floor.open()
    await floor.finished
    asterisk.hang_up(range(first, first + calls))
    return floor.commands


async def centre(*, at_once: int, rounds: int) -> float:
    """Give the commands that the Centre says in a second of processor time."""
    loop = asyncio.get_running_loop()
    asterisk = _Asterisk()
    with slot() as base:
        server = await loop.create_server(asterisk.build, "127.0.0.1", base + AMI)
        command = (sys.executable, "-m", "tests.bench.worker", "ours", "fastagi-centre", str(base))
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        try:
            async with asyncio.timeout(120):
                said = await process.stdout.readline() if process.stdout else b""
                if said != b"ready\n":
                    raise WrongAnswerError("the Centre does not start")
                await _call(base + AGI, asterisk, first=0, calls=at_once)
                seen = psutil.Process(process.pid)
                before = sum(seen.cpu_times()[:2])
                commands = [
                    await _call(base + AGI, asterisk, first=number * at_once, calls=at_once)
                    for number in range(1, rounds + 1)
                ]
                spent = sum(seen.cpu_times()[:2]) - before
        finally:
            process.kill()
            await process.wait()
            server.close()
    return sum(commands) / spent
