"""The store's own rules of text messages on tables in memory, and the process with the modems."""

import json
import sys
from pathlib import Path
from typing import TypedDict

from twisted.internet.defer import Deferred
from twisted.internet.error import ProcessDone
from twisted.internet.interfaces import IReactorProcess
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure
from typing_extensions import override

from appliance.sms import Arrived, Job, State, Told
from appliance.store import sms
from appliance.store.schema import PEOPLE, PeopleTables, Root, lay_out, tables
from appliance.store.sms_record import RECORDS, Part, Record, Sms

NOW_US = 1_790_000_000_000_000


def empty() -> PeopleTables:
    """Give the people's tables, with nobody in them."""
    root: Root = {}
    lay_out(root, PEOPLE)
    return tables(root, PeopleTables)


class Kept:
    """What the modem of one line brings and is given, by the store's rules."""

    def __init__(self, line: str = "line") -> None:
        """Begin with nothing."""
        self.line = line
        self.people = empty()
        self.now_us = NOW_US

    def texts(self) -> list[Sms]:
        """Give all texts, the newest first."""
        return list(sms.listed(self.people, 0, 1_000))

    def record(self, number: int) -> Record:
        """Give one as it is kept."""
        return RECORDS.decode(self.people.sms[number])

    def send(self, number: str, text: str, parts: int = 1, token: str = "") -> int:
        """Take a text that is to be sent."""
        record = Record(
            line=self.line,
            party=number,
            at=self.now_us,
            outgoing=True,
            text=text,
            parts=(Part(state=State.WAITING),) * parts,
        )
        return sms.accept(self.people, record, token)

    async def begin(self) -> None:
        """See `Office`."""
        sms.begin(self.people, self.line, self.now_us)

    async def keep(self, arrived: Arrived) -> None:
        """See `Office`."""
        sms.keep(self.people, self.line, arrived, self.now_us)

    async def told(self, told: Told) -> None:
        """See `Office`."""
        sms.told(self.people, self.line, told)

    async def next(self) -> Job | None:
        """See `Office`."""
        return sms.following(self.people, self.line)

    async def handed(self, job: Job) -> None:
        """See `Office`."""
        await self.settle(job, State.HANDED)

    async def settle(self, job: Job, state: State, *, reference: int = -1, why: str = "") -> None:
        """See `Office`."""
        self.now_us += 1
        sms.settle(self.people, self.line, job, Part(state=state, reference=reference, at=self.now_us, why=why))

    async def late(self, reference: int) -> None:
        """See `Office`."""
        sms.late(self.people, self.line, reference, self.now_us)

    async def may_try_pin(self, fingerprint: str) -> bool:
        """See `Office`."""
        return sms.may_try_pin(self.people, self.line, fingerprint)

    async def pin_was_right(self) -> None:
        """See `Office`."""
        self.people.sms_pins.pop(self.line, None)


class Aired(TypedDict):
    """A message that went on the air."""

    to: str
    text: str
    part: dict[str, int] | None


class Holding(TypedDict):
    """What a modem holds and what it sent."""

    modem: str
    held: int
    aired: list[Aired]
    moments: int


class Peers(ProcessProtocol):
    """The process with the modems."""

    def __init__(self, reactor: IReactorProcess, folder: Path) -> None:
        """Start it."""
        self._rest = b""
        self._asked: list[Deferred[Holding]] = []
        self.ended: Deferred[None] = Deferred()
        self.errors = b""
        argv = [sys.executable, "-m", "tests.drivers.serial.modem_peer", str(folder)]
        reactor.spawnProcess(self, sys.executable, argv, env=None, path=str(Path(__file__).parents[3]))

    def order(self, modem: str, do: str, **how: object) -> None:
        """Have a modem do something."""
        line = json.dumps({"modem": modem, "do": do, **how}).encode() + b"\n"
        self.transport.write(line)  # type: ignore[union-attr]  # it was spawned

    def tell(self, modem: str) -> Deferred[Holding]:
        """Ask a modem what it holds and what it sent."""
        answer: Deferred[Holding] = Deferred()
        self._asked.append(answer)
        self.order(modem, "tell")
        return answer

    async def stop(self) -> None:
        """End it."""
        self.transport.loseConnection()  # type: ignore[union-attr]  # it was spawned
        await self.ended

    @override
    def outReceived(self, data: bytes) -> None:
        *whole, self._rest = (self._rest + data).split(b"\n")
        for line in whole:
            self._asked.pop(0).callback(json.loads(line))

    @override
    def errReceived(self, data: bytes) -> None:
        self.errors += data

    @override
    def processEnded(self, reason: Failure) -> None:
        if isinstance(reason.value, ProcessDone):
            self.ended.callback(None)
        else:
            self.ended.errback(RuntimeError(self.errors.decode()))
