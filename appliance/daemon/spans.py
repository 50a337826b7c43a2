"""Telephone cards as the daemon watches them: the alarms of spans, what is told of them, one line cleared."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from twisted.internet.threads import deferToThread
from twisted.logger import Logger

from drivers.dahdi import history
from drivers.dahdi.alarms import OK, Alarms, Reading, Standing, read_spans
from drivers.dahdi.inventory import look
from drivers.dahdi.spanstat import CONTROL

EVERY_S = 1.0
"Alarms are seen within two seconds."
ALARMS = "alarms.json"
"In the box's home: those of the past."

report = Logger()


class CardLines(Protocol):
    """The lines of cards on an exchange."""

    async def clear(self, channel: int) -> bool:
        """End the call on a channel; says whether there was one."""

    async def busy(self) -> tuple[int, ...]:
        """Tell which channels a call is on."""

    async def restart(self) -> None:
        """Take all of them anew from their drivers; calls on them end."""


@runtime_checkable
class WithLines(Protocol):
    """An exchange that has lines of cards."""

    @property
    def card_lines(self) -> CardLines:
        """Them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Where the kernel tells of cards."""

    root: Path = Path("/")
    control: Path = CONTROL


class Spans:
    """Looks at the spans of this machine, which most have none of."""

    def __init__(
        self,
        *,
        expected: Callable[[], Collection[int]],
        changed: Callable[[], None],
        where: Where | None = None,
        home: Path | None = None,
    ) -> None:
        """Begin; `expected` gives the numbers of spans that are set up, `changed` is called when health is another.

        Past alarms are kept in `home`.
        """
        self._expected = expected
        self._changed = changed
        self._where = where or Where()
        self._kept = home / ALARMS if home is not None else None
        self._alarms = Alarms(history.read(self._kept) if self._kept is not None else ())
        self._looking = False
        self.lines: tuple[CardLines, ...] = ()
        "Of each exchange that has any."
        self.readings: Mapping[int, Reading] = {}
        "Span to what the kernel told of it last."

    @property
    def health(self) -> Mapping[str, str]:
        """Each span that is set up: `ok`, or its alarm."""
        states = self._alarms.states
        return {f"span/{number}": states[number].word for number in sorted(self._expected()) if number in states}

    @property
    def counts(self) -> Mapping[tuple[int, str], int]:
        """How often each span came into each alarm, since the daemon's start."""
        return self._alarms.counts

    async def look(self, now_us: int) -> None:
        """Look once, in a thread; not again before the kernel has answered."""
        if self._looking:
            return
        self._looking = True
        try:
            self.readings = await deferToThread(read_spans, self._where.root, self._where.control)
        finally:
            self._looking = False
        changes = self._alarms.look(now_us, self.readings, self._expected())
        for change in changes:
            tell = report.info if change.after == OK else report.error
            tell("span {span}: {before} -> {after}", span=change.span, before=change.before, after=change.after)
        if changes:
            self._changed()
            await self._keep()

    async def _keep(self) -> None:
        if self._kept is None:
            return
        try:
            await deferToThread(history.keep, self._kept, tuple(self._alarms.history))
        except OSError:
            report.failure("the alarms of spans could not be kept")

    async def standing(self) -> Standing:
        """Give all that the console shows; the kernel is asked in a thread."""
        inventory = await deferToThread(look, self._where.root)
        busy = [number for each in self.lines for number in await each.busy()]
        return Standing(
            inventory=inventory,
            states=dict(self._alarms.states),
            history=tuple(self._alarms.history),
            busy=tuple(busy),
        )

    # -- their lines

    async def clear_line(self, channel: int) -> bool:
        """End the call on a channel; says whether there was one."""
        return any([await each.clear(channel) for each in self.lines])

    async def restart_lines(self) -> None:
        """Take all lines anew from their drivers."""
        for each in self.lines:
            await each.restart()
