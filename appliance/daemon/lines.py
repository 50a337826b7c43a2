"""What hangs on serial lines: begun, changed and ended as the configuration says."""

from collections.abc import Callable, Mapping
from typing import Protocol

import msgspec
from twisted.internet.defer import Deferred, DeferredList
from twisted.logger import Logger

from appliance import api, sms
from appliance.core import lines, model
from appliance.daemon.reactor import Reactor
from drivers.serial.conversation import Office
from drivers.serial.place import PlaceError, place_of_line
from drivers.serial.sms_modem import SmsModem

report = Logger()


class Driver(Protocol):
    """What drives one line."""

    @property
    def word(self) -> str:
        """`ok`, or what is wrong."""

    def start(self) -> None:
        """Open the line."""

    async def stop(self) -> None:
        """Close it, in a few seconds at most."""


class Lines:
    """All serial lines of the box."""

    def __init__(self, reactor: Reactor, office: Callable[[str], Office], changed: Callable[[], None]) -> None:
        """Begin with none; `office` gives whoever keeps a modem's messages, `changed` is called when `health` did."""
        self._reactor = reactor
        self._office = office
        self._changed = changed
        self._running: dict[str, tuple[tuple[model.SerialLine, str], Driver]] = {}
        self._broken: dict[str, str] = {}

    @property
    def health(self) -> Mapping[str, str]:
        """Each line to its word."""
        words = {slug: driver.word for slug, (_asked, driver) in self._running.items()} | self._broken
        return {f"line/{slug}": word for slug, word in sorted(words.items())}

    @property
    def modems(self) -> tuple[sms.Modem, ...]:
        """How the modems for text messages are, in the order of the configuration."""
        return tuple(driver.state for _asked, driver in self._running.values() if isinstance(driver, SmsModem))

    def ring(self, line: str) -> None:
        """Have a modem look for texts to send."""
        match self._running.get(line):
            case (_, SmsModem() as driver):
                driver.ring()
            case _:
                pass

    async def configure(self, equipment: api.Equipment) -> None:
        """Take a configuration: end what is not in it any more or is different, begin what is new."""
        wanted = {
            line.slug: (line, equipment.secrets.get(f"line/{line.slug}", ""))
            for line in equipment.configuration.lines
            if line.kind not in lines.APART
        }
        await self._stop([slug for slug, (asked, _) in self._running.items() if wanted.get(slug) != asked])
        kept, self._running, self._broken = self._running, {}, {}
        for slug, asked in wanted.items():
            if slug in kept:
                self._running[slug] = kept[slug]
                continue
            try:
                driver = self._driver(*asked)
            except (PlaceError, KeyError, msgspec.ValidationError) as error:
                report.error("line {line} cannot be used: {why}", line=slug, why=str(error))
                self._broken[slug] = "unusable"
                continue
            self._running[slug] = (asked, driver)
            driver.start()
        self._changed()

    async def stop(self) -> None:
        """End all."""
        await self._stop(list(self._running))

    def _driver(self, line: model.SerialLine, secret: str) -> Driver:
        match lines.options_of(line):
            case lines.SmsModem() as settings:
                return SmsModem(
                    self._reactor,
                    line.slug,
                    place_of_line(line),
                    settings,
                    pin=secret,
                    office=self._office(line.slug),
                    changed=self._changed,
                )
            case _:
                raise PlaceError(f"{line.kind} is kept by another program")

    async def _stop(self, slugs: list[str]) -> None:
        stopped = [self._running.pop(slug)[1] for slug in slugs]
        await DeferredList([Deferred.fromCoroutine(driver.stop()) for driver in stopped], consumeErrors=True)
