"""A box whose telephones are played: everything real but the exchange, which is the simulated one.

Runs as a process of its own, `python -m tests.browser.stage` with `SWITCHROOM_HOME` and `SWITCHROOM_PORT` set, and with
`SWITCHROOM_SAMPLE=no` for a box that waits for its first administrator:
database, daemon, pages and nginx. It says one line of JSON once its own pages answer, then does what lines on its
standard input ask (`Ask`) and answers each with a line.
"""

import contextlib
import json
import math
import os
import ssl
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from http.client import HTTPSConnection

import msgspec
from twisted.internet import asyncioreactor

asyncioreactor.install()  # type: ignore[no-untyped-call]  # Twisted gives it no types

from twisted.internet.defer import ensureDeferred  # noqa: E402  after the reactor
from twisted.internet.task import deferLater  # noqa: E402  after the reactor
from twisted.internet.threads import deferToThread  # noqa: E402  after the reactor

from appliance import api, document, sample  # noqa: E402  after the reactor
from appliance.places import Places, places_of  # noqa: E402  after the reactor
from appliance.speech import speak  # noqa: E402  after the reactor
from boot import certificate  # noqa: E402  after the reactor
from drivers.simulated.line import Line  # noqa: E402  after the reactor
from tests.daemon.real import PASSWORD, Box, Zeo, the_reactor  # noqa: E402  after the reactor
from webadmin.front_door import render  # noqa: E402  after the reactor
from webadmin.programs import front_door, nginx_argv, web_argv  # noqa: E402  after the reactor

RATE = 8_000
UP_S, LOOK_S = 60.0, 0.05
"How long nginx and the pages may take to come, and how often they are looked for."
RING_S = 20.0
"How long a phone that somebody wants to pick up may take to ring."
TONES_HZ = (440, 620)
"Caller's and agent's, in the recordings that are made here."


class Ask(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Something that happens on the floor."""

    do: str
    "`call`, `press`, `pick_up`, `refuse`, `end`, `ringing`, `doing`, `leave`, `come_back`."
    number: str = ""
    "Who calls."
    name: str = ""
    to: str = ""
    "The number of ours."
    line: int = 0
    "Which of the calls, by the number that `call` answered."
    extension: str = ""
    key: str = ""
    seconds: float = 0.0
    "How long the recording that is made is."


class Stage:
    """The processes and the people on the telephones."""

    def __init__(self, places: Places) -> None:
        """Lay the box out."""
        self.places = places
        for folder in places.folders:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        places.media.rmdir()
        places.media.symlink_to(places.run / "media")
        for name in ("spool", "media", "prompts"):
            (places.run / name).mkdir(exist_ok=True)
        certificate.ensure(places.certificate, places.key, listen=places.listen, now=datetime.now(UTC))
        (places.run / "updates").mkdir()
        for path in (places.first_boot, places.update, places.updates):  # the daemon's home is our folder of sockets
            path.symlink_to(places.run / path.name)
        self.zeo = Zeo(places.run / "store", places.zeo_socket)
        self.lines = list[Line]()
        self.present = False
        "Whether the daemon is there."
        self.programs: list[subprocess.Popen[bytes]] = []

    async def start(self) -> None:
        """Come up, with the sample company if there is to be one."""
        self.box = Box(self.places.run, empty=not self.places.sample)
        await self.box.daemon.start(self.box.boot)
        self.present = True
        if self.places.sample:
            await self._set_up()
        environment = {**os.environ, **self.places.environment()}
        (self.places.nginx / "nginx.conf").write_text(
            render(front_door(self.places, user="root" if os.geteuid() == 0 else ""))
        )
        for argv in (web_argv(), nginx_argv(self.places, "/usr/sbin/nginx")):
            self.programs.append(subprocess.Popen(argv, env=environment))  # noqa: ASYNC220  it returns at once
        await deferToThread(self._wait_for_pages)

    async def _set_up(self) -> None:
        company = sample.document(trunk_host="127.0.0.1", trunk_port=self.places.far_port)
        await deferToThread(speak, company.configuration.prompts, self.places.run / "prompts")
        reply = await self.box.ask(api.Import(text=document.write(company)))
        if reply.problems:
            raise RuntimeError(str(reply.problems))
        for person in company.people:
            await self.box.ask(api.SetPassword(person=person.slug, password=PASSWORD))

    def _wait_for_pages(self) -> None:
        """Wait until the pages answer behind our own certificate: what another box says on our port is refused."""
        context = ssl.create_default_context(cafile=str(self.places.certificate))
        deadline = time.monotonic() + UP_S
        while True:
            gone = [program.args for program in self.programs if program.poll() is not None]
            if gone:
                raise RuntimeError(f"ended before it was ready: {gone}")
            door = HTTPSConnection(self.places.host, self.places.web_port, timeout=UP_S, context=context)
            with contextlib.closing(door), contextlib.suppress(ConnectionError):
                door.request("GET", "/sign-in")
                if door.getresponse().status in {HTTPStatus.OK, HTTPStatus.SEE_OTHER}:
                    return
            if time.monotonic() > deadline:
                raise RuntimeError("the pages do not answer")
            threading.Event().wait(LOOK_S)

    async def stop(self) -> None:
        """Go, in order."""
        for program in self.programs:
            program.terminate()
        for program in self.programs:
            program.wait(20)
        if self.present:
            await self.box.daemon.stop()
        self.zeo.stop()

    async def take(self, ask: Ask) -> object:
        """Let something happen."""
        match ask.do:
            case "call":
                known = await self._party(ask.number, ask.name)
                self.lines.append(self.box.exchange.call(ask.to, party=known, trunk=sample.TRUNK))
                return len(self.lines) - 1
            case "press":
                self.box.exchange.press(self.lines[ask.line], ask.key)
            case "pick_up":
                self.box.exchange.pick_up(await self._ringing(ask.extension))
            case "refuse":
                self.box.exchange.refuse(await self._ringing(ask.extension), "refused")
            case "end":
                line = self.lines[ask.line]
                if ask.seconds and line.recording:
                    self._record(line.recording, ask.seconds)
                self.box.exchange.end(line.leg)
            case "doing":
                return self.lines[ask.line].hears.replace("/en/", "/").replace("/zh/", "/")
            case "leave" | "come_back":
                await self._turn(present=ask.do == "come_back")
            case "ringing":
                return sorted(slug for slug, line in self.box.ringing.items() if line.doing == "ringing")
            case _:
                raise ValueError(ask.do)
        return None

    async def _ringing(self, extension: str) -> Line:
        """Wait until the phone rings: a desk that shows the number may still show the call that was missed."""
        deadline = time.monotonic() + RING_S
        while (line := self.box.ringing.get(extension)) is None or line.doing != "ringing":
            if time.monotonic() > deadline:
                raise TimeoutError(f"{extension} does not ring")
            await deferLater(the_reactor(), LOOK_S)
        return line

    async def _turn(self, *, present: bool) -> None:
        """Let the daemon go, or come back."""
        if present:
            self.box = Box(self.places.run)
            await self.box.daemon.start(self.box.boot)
        else:
            await self.box.daemon.stop()
        self.present = present

    async def _party(self, number: str, name: str) -> str:
        party, _view = await self.box.daemon.parties.party_of(number, name)
        return party

    def _record(self, recording: str, seconds: float) -> None:
        """Write what the exchange would have recorded: a tone each."""
        samples = bytearray()
        for n in range(round(seconds * RATE)):
            for hz in TONES_HZ:
                loud = 9_000 if int(n / RATE) % 2 == TONES_HZ.index(hz) else 500
                samples += struct.pack("<h", round(loud * math.sin(2 * math.pi * hz * n / RATE)))
        (self.places.run / "spool" / f"{recording}.raw").write_bytes(bytes(samples))


def main() -> None:
    """Play until the input ends."""
    stage = Stage(places_of(os.environ))
    reactor = the_reactor()

    def say(answer: object) -> None:
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()

    def done(task: Callable[[], object]) -> None:
        async def play() -> None:
            try:
                answer = task()
                say({"answer": await answer if hasattr(answer, "__await__") else answer})
            except Exception as error:  # noqa: BLE001  whatever it was, the test is told
                say({"error": repr(error)})

        ensureDeferred(play())

    def listen() -> None:
        for line in sys.stdin:
            ask = msgspec.json.decode(line, type=Ask)
            reactor.callFromThread(done, lambda ask=ask: stage.take(ask))
        reactor.callFromThread(lambda: ensureDeferred(finish()))

    async def finish() -> None:
        await stage.stop()
        reactor.stop()

    async def begin() -> None:
        try:
            await stage.start()
            say({"answer": stage.places.address})
        except BaseException as error:
            say({"error": repr(error)})
            await finish()
            raise
        threading.Thread(target=listen, daemon=True).start()

    reactor.callWhenRunning(lambda: ensureDeferred(begin()))
    reactor.run()


if __name__ == "__main__":
    main()
