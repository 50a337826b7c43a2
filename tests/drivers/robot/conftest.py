"""Fixtures of the robot's tests: phones of which nothing is left after a test, and an Asterisk for those who ask."""

from collections.abc import AsyncIterator

import pytest
import pytest_twisted
from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from drivers.asterisk.bundle import current_bundle
from drivers.robot.clock import MediaClock
from drivers.robot.line import Options
from drivers.robot.phone import Phone
from drivers.robot.waits import within
from tests.contract.slots import slot
from tests.drivers.robot.exchange import Exchange
from tests.drivers.robot.wire import Peer

START_S = 60.0
SOON_S = 10.0
"A deadline for what happens at once, on a machine that may be very busy."
NOWHERE = ("127.0.0.1", 9)
ALICE_HZ, BOB_HZ = 453, 1016


def the_reactor() -> AsyncioSelectorReactor:
    """Give the reactor that pytest-twisted has installed; imported earlier, it would be another one."""
    from twisted.internet import reactor  # noqa: PLC0415  see above

    assert isinstance(reactor, AsyncioSelectorReactor)
    return reactor


class Phones:
    """Makes phones that beat to one clock."""

    def __init__(self) -> None:
        """Begin with none."""
        self.clock = MediaClock(the_reactor())
        self.all: list[Phone] = []

    async def make(self, options: Options) -> Phone:
        """Make a phone and start it."""
        phone = Phone(the_reactor(), options, clock=self.clock)
        self.all.append(phone)
        await phone.start()
        return phone

    async def bob(self, *, auto_answer_s: float | None = None, calls_max: int = 10, t1_s: float = 0.1) -> Phone:
        """Make the phone that is called."""
        options = Options(
            user="bob", server=NOWHERE, tone_hz=BOB_HZ, auto_answer_s=auto_answer_s, calls_max=calls_max, t1_s=t1_s
        )
        return await self.make(options)

    async def alice(self, bob: Phone, *, t1_s: float = 0.1) -> Phone:
        """Make the phone that calls; the other is its exchange."""
        return await self.make(
            Options(user="alice", name="Alice", server=("127.0.0.1", bob.line.port), tone_hz=ALICE_HZ, t1_s=t1_s)
        )

    async def stop(self) -> None:
        """Stop all that were made."""
        for phone in self.all:
            await phone.stop()


@pytest_twisted.async_yield_fixture(scope="function")
async def phones() -> AsyncIterator[Phones]:
    """Make phones; at the end nothing of them is left in the reactor."""
    reactor = the_reactor()
    made = Phones()
    yield made
    await made.stop()
    await deferLater(reactor, 0)
    assert [call for call in reactor.getDelayedCalls() if call.getTime() > reactor.seconds()] == []
    assert made.clock.idle
    assert all(phone.line.transport is None for phone in made.all)


@pytest_twisted.async_yield_fixture(scope="function")
async def peer() -> AsyncIterator[Peer]:
    """Play the other end by hand."""
    made = Peer(the_reactor())
    made.open(the_reactor())
    yield made
    await made.close()


@pytest_twisted.async_yield_fixture(scope="module")
async def exchange(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Exchange]:
    """Run a private Asterisk."""
    with slot() as port:
        running = Exchange(the_reactor(), current_bundle(), tmp_path_factory.mktemp("exchange"), port)
        try:
            await within(the_reactor(), Deferred.fromCoroutine(running.start()), "Asterisk up", START_S)
            yield running
        finally:
            await running.stop(the_reactor())
