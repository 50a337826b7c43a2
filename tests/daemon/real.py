"""A whole daemon in this process: the real reactor, a real store, the simulated exchange."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TypeVar, cast

from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread

from appliance import api, document
from appliance.client import Client
from appliance.core import facts
from appliance.core import state as st
from appliance.daemon.clock import Clocks
from appliance.daemon.composition import Daemon, Options
from appliance.daemon.own_work import OwnPlaces
from appliance.daemon.parties import Parties
from appliance.daemon.publishing import Places
from appliance.daemon.reactor import Reactor, answer_of
from appliance.daemon.recovery import RECOVER_S, Configurations, Past, recover
from appliance.store.knock import answers
from appliance.store.opened import open_store
from drivers.simulated.exchange import SimulatedExchange
from drivers.simulated.line import Line
from tests.contract.company import AGENTS, NAMES, company

ResultT = TypeVar("ResultT")
DEADLINE_S = 30.0
"For what comes in moments on a machine of its own."
SET_UP_S = 60.0
"How long a whole company may take to be taken in, on a machine that has much else to do."
PASSWORD = "correct horse battery staple"  # noqa: S105  it opens nothing but a test
"Everybody's, here."
PEOPLE = (
    *(api.Person(slug=agent, name=NAMES[agent], role="agent", agent=agent) for agent in AGENTS),
    api.Person(slug="sue", name="Sue", role="supervisor"),
    api.Person(slug="ada", name="Ada", role="administrator", language="zh"),
)


def the_reactor() -> Reactor:
    """Give the reactor that pytest-twisted has installed; imported earlier, it would be another one."""
    from twisted.internet import reactor  # noqa: PLC0415  see above

    return cast("Reactor", reactor)  # cast: Twisted declares the module, not the reactor that stands in its place


def queues_of(agent: str) -> list[str]:
    """List the queues of an agent, by slug."""
    return sorted(queue.slug for queue in company().queues if agent in queue.agents)


class Floor(SimulatedExchange):
    """The simulated exchange, as the daemon drives one."""

    async def linked(self) -> None:
        """Be there at once."""

    async def up(self) -> None:
        """Be there at once."""


class Zeo:
    """The database process, on a socket of its own."""

    def __init__(self, folder: Path, socket: Path) -> None:
        """Start it on a folder of databases."""
        self.folder, self.socket = folder, socket
        self.folder.mkdir(exist_ok=True)
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "appliance.store.server"),
                *("--folder", str(self.folder), "--socket", str(self.socket)),
            ]
        )
        deadline = time.monotonic() + DEADLINE_S
        while not answers(self.socket):
            assert self.process.poll() is None, "the database process ended"
            assert time.monotonic() < deadline, "the database process does not answer"
            threading.Event().wait(0.02)

    def stop(self) -> None:
        """End it."""
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(DEADLINE_S)


class Box:
    """A daemon in this process, on a real store and the simulated exchange."""

    def __init__(self, home: Path, *, folders: tuple[Path, ...] = (), empty: bool = False) -> None:
        """Come back to where the store in `home` ends; nothing runs yet. An empty one begins with its first boot."""
        self.home = home
        self._known: set[str] = set()
        self.closing: list[Callable[[], None]] = []
        "Called at the end."
        reactor = the_reactor()
        self.store = open_store(folder=home / "store", socket=home / "zeo.sock", clock=lambda: 0, media=home / "media")
        past = self.store.journal.recover().result(RECOVER_S)
        configurations = Configurations(lambda version: self.store.settings.configuration(version).result(RECOVER_S))
        recovered = recover(
            Past(boot=past.boot, snapshot=past.snapshot, rows=past.rows, last_us=past.last_us),
            Clocks(wall_ns=time.time_ns, monotonic_ns=time.monotonic_ns),
            configurations,
        )
        self.boot = past.boot
        first = home / "first-boot" if empty else None
        self.replayed = recovered
        configurations.keep_to_memory()
        self.daemon = Daemon(
            reactor,
            Options(
                door_socket=home / "door.sock",
                console_socket=home / "console.sock",
                spool=home / "spool",
                folders=folders,
                privileged=home / "ask.sock",
                cards=home / "dahdi",
                changed=Places(prompts=home / "prompts", sign_ins=home / "sign-ins", first_boot=first),
                own=OwnPlaces(
                    first_boot=first,
                    test_call=home / "test-call",
                    update=home / "update.json",
                    updates=home / "updates",
                    privileged=home / "ask.sock",
                ),
                sealer=[
                    *(sys.executable, "-m", "appliance.store.seal"),
                    *("--spool", str(home / "spool"), "--media", str(home / "media")),
                ],
            ),
            self.store,
            recovered,
            configurations,
            (self._exchange,),
        )

    def _exchange(self, reactor: Reactor, observe: Callable[[facts.AnyFact], None], parties: Parties) -> Floor:
        self.exchange = Floor(reactor, observe, label=lambda party: parties.labels.get(party, ("", "")))
        self.ringing: dict[str, Line] = {}
        self.rang_at: dict[str, float] = {}
        self.exchange.on_ring = self._rang
        return self.exchange

    def _rang(self, line: Line) -> None:
        self.ringing[line.extension] = line
        self.rang_at[line.extension] = time.monotonic()

    async def ask(self, request: api.AnyRequest, session: str = "", timeout_s: float = DEADLINE_S) -> api.Reply:
        """Ask as somebody, by the door; without a session as the console."""
        client = Client(self.home / ("door.sock" if session else "console.sock"), session, timeout_s=timeout_s)
        return await deferToThread(client.send, request)

    async def until(self, true: Callable[[], bool], deadline_s: float = DEADLINE_S) -> None:
        """Wait until something is true."""
        deadline = time.monotonic() + deadline_s
        while not true():
            assert time.monotonic() < deadline, "it did not become true"
            await deferLater(the_reactor(), 0.01)

    async def stop(self) -> None:
        """End in order."""
        for close in self.closing:
            close()
        await self.daemon.stop()

    async def set_up(self) -> None:
        """Give it the company of the stories, and its people."""
        text = document.write(api.Document(configuration=company(), people=PEOPLE))
        assert not (await self.ask(api.Import(text=text), timeout_s=SET_UP_S)).problems

    async def sign_in(self, person: str) -> str:
        """Sign somebody in, who gets a password first if there is none; returns the session's secret."""
        if person not in self._known:
            assert not (await self.ask(api.SetPassword(person=person, password=PASSWORD))).problems
            self._known.add(person)
        reply = await self.ask(api.SignIn(person=person, password=PASSWORD, address="127.0.0.1"), session="-")
        assert reply.session, reply
        return reply.session

    def agent(self, slug: str) -> st.AgentState:
        """Look at what an agent is in."""
        return self.daemon.hub.centre.state.agents[slug].state

    async def store_answer(self, future: Future[ResultT]) -> ResultT:
        """Wait for a thread of the store."""
        return await answer_of(the_reactor(), future)
