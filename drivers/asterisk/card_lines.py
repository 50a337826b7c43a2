"""Lines of telephone cards on a running Asterisk: a call on one ended, or all taken anew from their drivers."""

import re
from collections.abc import Sequence

from twisted.logger import Logger

from drivers.asterisk.codec_ami import Action
from drivers.asterisk.conf import Technology
from drivers.asterisk.link import Link, LinkError
from drivers.asterisk.vocabulary import Actions

NORMAL_CLEARING = 16
"Of ITU-T Q.850."

_NUMBER = re.compile(r"[0-9]{1,4}")

report = Logger()


class CardLines:
    """What can be done to lines, whatever calls are on them."""

    def __init__(self, link: Link, technologies: Sequence[Technology]) -> None:
        """Ask over this link."""
        self._link = link
        self._technologies = technologies

    async def clear(self, channel: int) -> bool:
        """End the call on a channel; says whether there was one. Raises `LinkError`."""
        asked = Action(name="DAHDIShowChannels", headers=(("DAHDIChannel", str(channel)),))
        names = [event.get("Channel") for event in (await self._link.care(asked)).events if event.get("Uniqueid")]
        for name in names:
            await self._link.act(Actions().hangup(name, NORMAL_CLEARING))
        return bool(names)

    async def busy(self) -> tuple[int, ...]:
        """Tell which channels a call is on; none of an Asterisk that does not answer."""
        if not any(each.restart for each in self._technologies):
            return ()
        try:
            events = (await self._link.care(Action(name="DAHDIShowChannels"))).events
        except LinkError:
            return ()
        told = [event.get("DAHDIChannel") for event in events if event.get("Uniqueid")]
        return tuple(sorted(int(number) for number in told if _NUMBER.fullmatch(number)))

    async def restart(self) -> None:
        """Take all lines anew from their drivers; calls on them end. Asterisk that is away does so when it starts."""
        for name in (each.restart for each in self._technologies if each.restart):
            try:
                answer = await self._link.care(Action(name=name))
            except LinkError as error:
                report.warn("{name} was not answered: {error}", name=name, error=str(error))
            else:
                if not answer.ok:
                    report.error("Asterisk refuses {name}: {why}", name=name, why=answer.message)
