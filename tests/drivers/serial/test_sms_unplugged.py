"""A modem that is pulled out and hangs at any octet, while texts come and go: nothing is lost, nothing doubled.

Every case is drawn by its seed: what comes in, what goes out, when the modem has which accident, and whether it keeps
its power. Modems and network are a process of their own (`modem_peer.py`).
"""

import os
import random
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from pytest_twisted import async_yield_fixture, ensureDeferred
from twisted.internet import reactor as installed
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.interfaces import IDelayedCall, IReactorProcess, IReactorTime
from zope.interface import implementer

from appliance.core.lines import SmsModem as Settings
from appliance.sms import State
from appliance.store.sms_record import Record
from drivers.serial.pdu import parts_of
from drivers.serial.place import Device
from drivers.serial.sms_modem import SmsModem
from tests.drivers.serial.cable import until
from tests.drivers.serial.office import Aired, Kept, Peers

CASES = int(os.environ.get("SMS_CASES", "50"))
AT_ONCE = 100
"Modems at a time."
HEALED_S = 150.0
HURRY = 4
"So much faster do the deadlines of the modem's conversation run; a network may take 90 s in it."
TEXTS = (
    "hello",
    "€ [100] {all} of it ~ \\ | ^",
    "您的订单已经发货",
    "请注意😀",
    "a long one, of more than one part: " + "0123456789" * 14,
    "很长的一条短信" * 11,
)

reactor = IReactorTime(installed)


@implementer(IReactorTime)
class Hurried:
    """The reactor with a faster clock."""

    def seconds(self) -> float:
        """See `IReactorTime`."""
        return HURRY * reactor.seconds()

    def callLater(  # noqa: N802  it is Twisted's name
        self,
        delay: float,
        callable: Callable[..., object],  # noqa: A002  the same
        *given: object,
        **named: object,
    ) -> IDelayedCall:
        """See `IReactorTime`."""
        return reactor.callLater(delay / HURRY, callable, *given, **named)

    def getDelayedCalls(self) -> Sequence[IDelayedCall]:  # noqa: N802  it is Twisted's name
        """See `IReactorTime`."""
        return reactor.getDelayedCalls()

    def __getattr__(self, name: str) -> object:
        """Give all else of the reactor as it is."""
        return getattr(reactor, name)


@async_yield_fixture()
async def peers() -> AsyncIterator[tuple[Peers, Path]]:
    """Give the process with the modems, and the folder where they are found."""
    with tempfile.TemporaryDirectory() as folder:
        process = Peers(IReactorProcess(installed), Path(folder))
        yield process, Path(folder)
        await process.stop()


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What happens to one modem."""

    seed: int
    incoming: tuple[tuple[str, str], ...]
    outgoing: tuple[tuple[str, str], ...]
    moments: tuple[tuple[int, str], ...]
    cold: bool


def drawn(seed: int) -> Case:
    """Draw a case."""
    dice = random.Random(seed)  # noqa: S311  a seed makes the case
    octets, moments = 0, []
    for _ in range(dice.randint(1, 3)):
        octets += dice.randint(1, 900)
        moments.append((octets, "hang" if dice.random() < 0.1 else "unplug"))
    return Case(
        seed=seed,
        incoming=tuple((f"+86139{seed:04}{number:03}", dice.choice(TEXTS[:4])) for number in range(dice.randint(0, 3))),
        outgoing=tuple((f"+86138{seed:04}{number:03}", dice.choice(TEXTS)) for number in range(dice.randint(1, 3))),
        moments=tuple(moments),
        cold=dice.random() < 0.5,
    )


class Played:
    """One case."""

    def __init__(self, case: Case, peers: Peers, folder: Path) -> None:
        """Begin with the modem plugged in and nobody on the line."""
        self.case = case
        self.name = f"modem{case.seed}"
        self.kept = Kept(self.name)
        self._peers = peers
        self._folder = folder
        self._settled = False
        self.expected: dict[int, tuple[str, str]] = {}

    async def play(self) -> str:
        """Give what is wrong; nothing if all is well."""
        peers, case = self._peers, self.case
        peers.order(self.name, "make", seed=case.seed, moments=case.moments, cold=case.cold, reference=case.seed)
        await self._there()
        modem = SmsModem(
            Hurried(),
            self.name,
            Device(path=str(self._folder / self.name)),
            Settings(),
            pin="",
            office=self.kept,
            changed=lambda: None,
        )
        modem.start()
        for second, (sender, text) in enumerate(case.incoming):
            peers.order(self.name, "arrive", sender=sender, text=text, second=second)
        for number, text in case.outgoing:
            self.expected[self.kept.send(number, text, len(parts_of(text, 0)))] = (number, text)
            modem.ring()
        try:
            await until(reactor, self._all_said, HEALED_S)
            peers.order(self.name, "calm")
            await self._emptied(modem)
        except TimeoutError:
            return f"seed {case.seed}: not done: {modem.state}, {self.states()}"
        finally:
            await modem.stop()
        holding = await peers.tell(self.name)
        return " ".join(self._wrong(holding["aired"], holding["held"]))

    def states(self) -> list[State]:
        """Give where each part of what goes out stands."""
        return [part.state for record in self._records() for part in record.parts if part is not None]

    async def _there(self) -> None:
        path = self._folder / self.name
        await until(reactor, path.is_symlink)

    def _all_said(self) -> bool:
        came = sum(not text.outgoing for text in self.kept.texts())
        return came >= len(self.case.incoming) and not {State.WAITING, State.HANDED} & set(self.states())

    async def _emptied(self, modem: SmsModem) -> None:
        """Wait until the modem holds nothing any more: also the reports have been read."""
        for _ in range(100):
            modem.ring()
            holding = await self._peers.tell(self.name)
            if holding["held"] == 0 and State.SENT not in self.states():
                return
            await until(reactor, lambda: True)
            pause: Deferred[None] = Deferred()
            reactor.callLater(0.2, pause.callback, None)
            await pause
        raise TimeoutError

    def _records(self) -> list[Record]:
        return [self.kept.record(number) for number in self.expected]

    def _wrong(self, aired: list[Aired], held: int) -> list[str]:
        wrong = []
        came = [(text.number, text.text) for text in self.kept.texts() if not text.outgoing]
        if sorted(came) != sorted(self.case.incoming):
            wrong.append(f"seed {self.case.seed}: came {came}, expected {self.case.incoming}")
        if held:
            wrong.append(f"seed {self.case.seed}: the modem still holds {held}")
        for number, (recipient, text) in self.expected.items():
            for index, part in enumerate(self.kept.record(number).parts):
                times = sum(_is_part(one, recipient, index) for one in aired)
                state = part.state if part is not None else None
                right = {State.DELIVERED: times == 1, State.DOUBTFUL: times <= 1}
                if state is None or not right.get(state, False):
                    wrong.append(f"seed {self.case.seed}: part {index} of {text!r} is {state}, sent {times} times")
            whole = "".join(one["text"] for one in sorted(aired, key=_order) if one["to"] == recipient)
            if whole != text and State.DOUBTFUL not in self.states():
                wrong.append(f"seed {self.case.seed}: {text!r} went out as {whole!r}")
        return wrong


def _is_part(one: Aired, recipient: str, index: int) -> bool:
    part = one["part"]
    return one["to"] == recipient and index == (part["part_number"] - 1 if part else 0)


def _order(one: Aired) -> int:
    return one["part"]["part_number"] if one["part"] else 0


@pytest.mark.slow
@ensureDeferred
async def test_nothing_is_lost_and_nothing_doubled(peers: tuple[Peers, Path]) -> None:
    """What is said to be delivered was sent once, what is in doubt at most once, and what came in is there once."""
    process, folder = peers
    wrong: list[str] = []
    states: list[State] = []
    for first in range(0, CASES, AT_ONCE):
        cases = [Played(drawn(seed), process, folder) for seed in range(first, min(first + AT_ONCE, CASES))]
        found = await gatherResults([Deferred.fromCoroutine(case.play()) for case in cases])
        wrong += [one for one in found if one]
        states += [state for case in cases for state in case.states()]
    assert wrong == []
    assert states.count(State.DELIVERED) > len(states) / 2, "the modems were hardly ever whole enough to send"
    assert State.DOUBTFUL in states, "no accident fell between the message and its answer"
