"""How late the daemon's loop is while 2,000 facts a second are journalled: `python -m tests.bench.stall SIDE ...`.

One side is the whole daemon as it is composed, with its store behind a ZEO process: doors, writers, snapshots, keys of
recordings, the lookout on every fact, live views. The other side is the same hub and lookout with a journal in memory,
which says what the machine and the Centre cost without a store. A thousand agents are signed on, two hundred of whom
talk. Sixty calls a second come and as many end, as many as Asterisk was ever seen to set up; what is left of the 2,000
facts are agents' breaks and calls of their own. How late the loop is tells a pulse of its own, due each millisecond by
a clock that never waits for it: one long stall makes many late pulses. A run counts only if no fact was refused and the
store ends with the last of them.
"""

import asyncio
import gc
import json
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import cast

import uvloop
from twisted.internet import asyncioreactor
from twisted.internet.defer import Deferred
from typing_extensions import override

from appliance import api, document
from appliance.core import effects, facts
from appliance.core.centre import Centre
from appliance.daemon import garbage
from appliance.daemon.clock import Clocks
from appliance.daemon.composition import Daemon, Options
from appliance.daemon.hub import Hub
from appliance.daemon.lookout import Lookout
from appliance.daemon.main import SWITCH_S
from appliance.daemon.publishing import Places
from appliance.daemon.reactor import Reactor
from appliance.daemon.recovery import RECOVER_S, Configurations, Past, recover
from appliance.store.opened import Store, open_store
from appliance.written import Chronicle
from tests.bench.acd import BREAK, Load, centre_company
from tests.bench.asterisk import WrongAnswerError
from tests.bench.storage import zeo
from tests.contract.running import Memory, now_us

AGENTS, AGENTS_A_TALK = 1_000, 5
FACTS_A_SECOND = 2_000
CALLS_A_SECOND = 60
SECONDS = 15.0
"Long enough that six snapshots fall due."
PULSE_S = 0.001
RUN_S = 180.0
"A run that is not over by then has stalled for good."
MOST_MS = {"p99": 3.0, "max": 20.0}
OURS, MOST = "ours", "most"
STORE_S = 60.0


class Stalls:
    """The runs of each side; a run gives every figure of it, so each is made once."""

    def __init__(self) -> None:
        """Run nothing yet."""
        self._runs: defaultdict[str, list[dict[str, float]]] = defaultdict(list)
        self._read: defaultdict[tuple[str, str], int] = defaultdict(int)

    async def measure(self, side: str, figure: str) -> float:
        """Give a figure, in milliseconds, of the side's next run of which it was not given yet."""
        if side == MOST:
            return MOST_MS[figure]
        number = self._read[side, figure]
        self._read[side, figure] += 1
        if number == len(self._runs[side]):
            self._runs[side].append(await stalls(side))
        return self._runs[side][number][figure]


async def stalls(side: str, seconds: float = SECONDS, agents: int = AGENTS) -> dict[str, float]:
    """Run a side in a process of its own, and give its figures in milliseconds."""
    with zeo() as (folder, socket):
        argv = [sys.executable, "-m", "tests.bench.stall", side, str(folder), str(socket), str(seconds), str(agents)]
        process = await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.PIPE)
        try:
            async with asyncio.timeout(RUN_S):
                said, _ = await process.communicate()
        except TimeoutError:
            raise WrongAnswerError(f"the loop has not come to its end in {RUN_S:g} s") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    if process.returncode:
        raise WrongAnswerError("a run has failed")
    found: dict[str, float] = json.loads(said)
    return found


class Telephones:
    """The exchange: every phone is reachable, and what is offered is kept for the load to answer."""

    name = "here"

    def __init__(self, chronicle: Chronicle | None = None) -> None:
        """Begin with no offer; the chronicle is what the exchange wrote, if it writes."""
        self.chronicle = chronicle
        self.offers: list[effects.Offer] = []

    @property
    def health(self) -> Mapping[str, str]:
        """Well."""
        return {"exchange": "ok"}

    def perform(self, effect: effects.AnyCallEffect) -> None:
        """Keep an offer; all else is done without a word."""
        if isinstance(effect, effects.Offer):
            self.offers.append(effect)

    async def configure(self, equipment: api.Equipment) -> None:
        """Take a configuration."""

    async def start(self) -> None:
        """Be there at once."""

    async def linked(self) -> None:
        """Be there at once."""

    async def up(self) -> None:
        """Be there at once."""

    async def stop(self) -> None:
        """Leave no trace."""


class Driven(Load):
    """The load, put to a hub."""

    def __init__(self, hub: Hub, telephones: Telephones, agents: int) -> None:
        """Sign everybody on at a hub that has the company's configuration, and let one in five talk."""
        self._hub = hub
        self._telephones = telephones
        super().__init__(agents, 0, centre=hub.centre)
        for _ in range(agents // AGENTS_A_TALK):
            self.call()

    @override
    def take(self, fact: facts.AnyFact) -> None:
        """Give the hub a fact, and answer the offers that come of it."""
        self.facts += 1
        self._hub.take(fact)
        offers, self._telephones.offers = self._telephones.offers, []
        for offer in offers:
            self.answer(offer)

    async def run(self, loop: asyncio.AbstractEventLoop, seconds: float) -> list[float]:
        """Let calls come and end, so many facts a second; gives how late each pulse was, in seconds."""
        late: list[float] = []
        done: Deferred[None] = Deferred()
        before = self.facts
        wanted = round(seconds * FACTS_A_SECOND)
        acts = self._acts()
        # The loop's own clock stands still while the loop is busy (uv_now), and would see nothing.
        clock = time.perf_counter
        began = clock()

        def pulse(number: int) -> None:
            late.append(clock() - began - number * PULSE_S)
            if not done.called:
                loop.call_later(max(0.0, began + (number + 1) * PULSE_S - clock()), pulse, number + 1)

        def turn() -> None:
            next(acts)
            taken = self.facts - before
            if taken < wanted:
                loop.call_later(max(0.0, began + taken / FACTS_A_SECOND - clock()), turn)
            else:
                done.callback(None)

        loop.call_soon(pulse, 0)
        loop.call_soon(turn)
        await done
        return late

    def _acts(self) -> Iterator[None]:
        """Do one thing at a time: a call comes and one ends, then agents do what is theirs until the next is due."""
        began = self.facts
        for number in count():
            self.call()
            self.end()
            yield
            while self.facts - began < (number + 1) * FACTS_A_SECOND / CALLS_A_SECOND:
                agent = self.dice.choice(self.configuration.agents)
                token = f"{agent.slug}-{self.facts}"
                self.take(facts.TakeBreak(token=token, agent=agent.slug, reason=BREAK))
                yield
                self.take(facts.EndBreak(token=f"{token}-over", agent=agent.slug))
                yield
                self.take(facts.PhoneBusy(extension=agent.extension, busy=True))
                yield
                self.take(facts.PhoneBusy(extension=agent.extension, busy=False))
                yield


@dataclass(slots=True)
class Alone:
    """The hub with a journal in memory."""

    reactor: Reactor
    telephones: Telephones
    agents: int

    async def run(self, loop: asyncio.AbstractEventLoop, seconds: float) -> list[float]:
        """Begin, and run the load."""
        configuration = centre_company(self.agents)
        centre = Centre(lambda _: configuration)
        memory = Memory(self.reactor)
        hub = Hub(centre=centre, now=now_us, reactor=self.reactor, diary=memory, failed=_fail)
        memory.committed = hub.committed
        hub.attach(self.telephones)
        hub.listen(Lookout(centre).look)
        hub.take(facts.Started(boot=1))
        hub.take(facts.ConfigurationPublished(version="one"))
        late = await Driven(hub, self.telephones, self.agents).run(loop, seconds)
        hub.close()
        return late


@dataclass(slots=True)
class Whole:
    """The daemon and its store."""

    reactor: Reactor
    telephones: Telephones
    agents: int
    folder: Path
    socket: Path

    async def run(self, loop: asyncio.AbstractEventLoop, seconds: float) -> list[float]:
        """Begin from an empty store with the company in it, run the load, and see that all of it was kept."""
        daemon = await self.begin()
        garbage.rest(daemon.hub, self.reactor)  # as the daemon's program does
        late = await Driven(daemon.hub, self.telephones, self.agents).run(loop, seconds)
        last = daemon.hub.centre.state.sequence
        await daemon.stop()
        again = self._open()
        found = again.journal.recover().result(STORE_S).sequence
        again.close()
        if daemon.why or found != last:
            raise WrongAnswerError(f"{found} facts of {last} were kept; {daemon.why}")
        return late

    async def begin(self) -> Daemon:
        """Start the daemon on an empty store with the company in it."""
        store = self._open()
        text = document.write(api.Document(configuration=centre_company(self.agents), people=(_ADA,)))
        kept = store.settings.apply(api.Import(text=text), by="bench", now_us=now_us()).result(STORE_S)
        if kept.reply.problems:
            raise WrongAnswerError(f"the company cannot be kept: {kept.reply.problems}")
        daemon, boot = self._compose(store)
        await daemon.start(boot)
        return daemon

    def _open(self) -> Store:
        return open_store(folder=self.folder, socket=self.socket, clock=now_us)

    def _compose(self, store: Store) -> tuple[Daemon, int]:
        past = store.journal.recover().result(RECOVER_S)
        configurations = Configurations(lambda version: store.settings.configuration(version).result(RECOVER_S))
        recovered = recover(
            Past(boot=past.boot, snapshot=past.snapshot, rows=past.rows, last_us=past.last_us),
            Clocks(wall_ns=time.time_ns, monotonic_ns=time.monotonic_ns),
            configurations,
        )
        configurations.keep_to_memory()
        home = self.folder.parent
        options = Options(
            door_socket=home / "door.sock",
            console_socket=home / "console.sock",
            spool=home / "spool",
            changed=Places(prompts=home / "prompts", sign_ins=home / "sign-ins"),
            sealer=[
                *(sys.executable, "-m", "appliance.store.seal"),
                *("--spool", str(home / "spool"), "--media", str(home / "media")),
            ],
        )
        makers = (lambda _reactor, _observe, _parties: self.telephones,)
        return Daemon(self.reactor, options, store, recovered, configurations, makers), past.boot


_ADA = api.Person(slug="ada", name="Ada", role="administrator")


def _fail(why: str) -> None:
    raise WrongAnswerError(why)


def installed() -> tuple[Reactor, asyncio.AbstractEventLoop]:
    """Install the daemon's reactor, with its manner of giving threads their turns; gives its loop too."""
    loop = uvloop.new_event_loop()
    asyncioreactor.install(loop)  # type: ignore[no-untyped-call]  # Twisted's
    from twisted.internet import reactor  # noqa: PLC0415  it is installed above

    sys.setswitchinterval(SWITCH_S)
    gc.freeze()  # as the daemon does once its modules are read
    return cast("Reactor", reactor), loop  # cast: Twisted declares the module, not the reactor in its place


def main(side: str, folder: str, socket: str, seconds: str, agents: str) -> None:
    """Run a side and print how late its loop was."""
    reactor, loop = installed()
    telephones = Telephones()
    made = (
        Whole(reactor, telephones, int(agents), Path(folder), Path(socket))
        if side == OURS
        else Alone(reactor, telephones, int(agents))
    )
    codes: list[int] = []

    async def run() -> None:
        late = sorted(await made.run(loop, float(seconds)))
        figures = {"p99": late[len(late) * 99 // 100] * 1_000, "max": late[-1] * 1_000}
        sys.stdout.write(json.dumps(figures) + "\n")
        codes.append(0)

    def over(result: object) -> None:
        if result is not None:
            sys.stderr.write(f"{result}\n")
        reactor.stop()

    reactor.callWhenRunning(lambda: Deferred.fromCoroutine(run()).addBoth(over))
    reactor.run()
    sys.exit(0 if codes else 1)


if __name__ == "__main__":
    main(*sys.argv[1:])
