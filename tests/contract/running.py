"""The real Centre and hub on the real driver, with a journal and parties in memory; nothing of the floor's robots."""

import time

from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.interfaces import IReactorTime

from appliance import api
from appliance.core import facts
from appliance.core.centre import Centre
from appliance.core.facts import PartyView
from appliance.core.model import Configuration, version_of
from appliance.daemon.hub import Hub
from drivers.asterisk import render
from drivers.asterisk.exchange import Exchange
from tests.contract.company import equipment

BEGIN_US = 1_790_000_000_000_000
"Centre time is the machine's monotonic clock on top of this, so that a process started again goes on with it."


def now_us() -> int:
    """Tell centre time."""
    return BEGIN_US + time.monotonic_ns() // 1_000


class Book:
    """Who is who, in memory: a party is its number and name."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._withheld = 0

    async def party_of(self, number: str, name: str) -> tuple[str, PartyView]:
        """Note a caller."""
        self._withheld += not number
        return f"{number or self._withheld}\n{name}", PartyView()

    async def label(self, party: str) -> tuple[str, str]:
        """Say who it is."""
        number, _, name = party.partition("\n")
        return number, name


def _told_nobody(sequence: int, /) -> None:
    """Tell nobody of a commit."""
    del sequence


class Memory:
    """A journal in memory: every row is committed as soon as the reactor comes round."""

    def __init__(self, clock: IReactorTime) -> None:
        """Begin without rows."""
        self.rows: list[api.Row] = []
        self.backlog = 0
        self.committed = _told_nobody
        self._clock = clock

    def append(self, row: api.Row) -> bool:
        """Keep a row."""
        self.rows.append(row)
        self._clock.callLater(0, self.committed, row.sequence)
        return True


class Running:
    """A centre at work on an Asterisk."""

    def __init__(
        self,
        reactor: AsyncioSelectorReactor,
        options: render.Options,
        configuration: Configuration,
        *,
        snapshot: bytes = b"",
    ) -> None:
        """Stand ready, from the beginning or from a snapshot; `open` connects."""
        self.memory = Memory(reactor)
        self._configuration = configuration
        self._versions: dict[str, Configuration] = {version_of(configuration): configuration}
        versions = self._versions.__getitem__
        self.hub = Hub(
            centre=Centre.restore(snapshot, versions) if snapshot else Centre(versions),
            now=now_us,
            reactor=reactor,
            diary=self.memory,
            failed=lambda _why: None,
        )
        self.memory.committed = self.hub.committed
        self.exchange = Exchange(reactor, options, self.hub.take, Book())
        self.hub.attach(self.exchange)

    async def open(self, boot: int) -> None:
        """Publish the configuration, connect, and wait until the exchange is seen."""
        self.hub.take(facts.Started(boot=boot))
        await self.publish(self._configuration)
        await self.exchange.start()
        await self.exchange.up()

    async def publish(self, configuration: Configuration) -> None:
        """Let a configuration hold from now on, in the Centre and on the exchange."""
        version = version_of(configuration)
        self._versions[version] = configuration
        self.hub.take(facts.ConfigurationPublished(version=version))
        await self.exchange.configure(equipment(configuration))

    async def stop(self) -> None:
        """Disconnect; calls go on."""
        self.hub.failed("the story is over")
        await self.exchange.stop()
