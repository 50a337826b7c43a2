"""The lines that a configuration names, each kept by its driver: begun, ended and begun anew as it changes."""

from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

import msgspec
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from appliance.core import lines, model
from appliance.line_states import LineState
from appliance.lines.calls import Calls, CallsToPrint
from appliance.lines.place_kept import forget
from drivers.serial.panel.front import Front
from drivers.serial.panel.screen import Seen
from drivers.serial.place import Place, PlaceError, place_of_line
from drivers.serial.smdr.made import all_layouts
from drivers.serial.smdr.printer import Printer

FILE: Final = ".json"


report = Logger()


class Kept(Protocol):
    """What keeps one line."""

    @property
    def state(self) -> str:
        """Empty while the line is well, else why not."""

    def start(self) -> None:
        """Begin."""

    async def stop(self) -> None:
        """End."""


class Keeper:
    """All serial lines of a box."""

    def __init__(self, reactor: IReactorTime, *, calls: Calls, folder: Path, reset: Callable[[Front], None]) -> None:
        """Begin with none; `reset` is called when the network is to be reset, with the panel that asks."""
        self._reactor = reactor
        self._calls = calls
        self._folder = folder
        self._reset = reset
        self._lines: dict[str, model.SerialLine] = {}
        self._kept: dict[str, Kept] = {}
        self._supplies: dict[str, CallsToPrint] = {}
        self._faults: dict[str, str] = {}
        "Lines that cannot even be begun, and why."

    @property
    def panels(self) -> tuple[Front, ...]:
        """The front panels."""
        return tuple(kept for kept in self._kept.values() if isinstance(kept, Front))

    @property
    def states(self) -> tuple[LineState, ...]:
        """How each line is."""
        return tuple(self._state(line) for line in self._lines.values())

    def show(self, seen: Seen) -> None:
        """Have every panel show this."""
        for panel in self.panels:
            panel.show(seen)

    async def configure(self, configuration: model.Configuration) -> None:
        """Keep these lines; one that did not change is left alone."""
        wanted = {line.slug: line for line in configuration.lines if line.kind in lines.APART}
        for slug in [slug for slug, line in self._lines.items() if wanted.get(slug) != line]:
            await self._end(slug)
            if slug not in wanted:
                forget(self._folder / f"{slug}{FILE}")
        for slug, line in wanted.items():
            if slug not in self._lines:
                self._begin(line)
        for supply in self._supplies.values():
            supply.configuration = configuration

    async def stop(self) -> None:
        """End them all."""
        for slug in list(self._lines):
            await self._end(slug)

    def _begin(self, line: model.SerialLine) -> None:
        self._lines[line.slug] = line
        try:
            kept = self._made(line, place_of_line(line))
        except (PlaceError, msgspec.ValidationError, KeyError) as problem:
            self._faults[line.slug] = str(problem)
            report.error("serial line {slug}: {problem}", slug=line.slug, problem=str(problem))
            return
        self._kept[line.slug] = kept
        kept.start()

    def _made(self, line: model.SerialLine, place: Place) -> Kept:
        match lines.options_of(line):
            case lines.SmdrPrinter(layout=name, waiting_max=waiting_max):
                layout = all_layouts()[name]
                file = self._folder / f"{line.slug}{FILE}"
                supply = CallsToPrint(self._calls, file, layout, waiting_max=waiting_max)
                self._supplies[line.slug] = supply
                return Printer(self._reactor, line.slug, place, supply=supply, changed=_not_needed)
            case lines.FrontPanel():
                return self._panel(line, place)
            case lines.SmsModem():  # it is not kept apart
                raise PlaceError(f"{line.kind} is kept by another program")

    def _panel(self, line: model.SerialLine, place: Place) -> Front:
        def reset() -> None:
            self._reset(panel)

        panel = Front(self._reactor, line.slug, place, reset=reset, changed=_not_needed)
        return panel

    async def _end(self, slug: str) -> None:
        del self._lines[slug]
        self._faults.pop(slug, None)
        self._supplies.pop(slug, None)
        if (kept := self._kept.pop(slug, None)) is not None:
            await kept.stop()

    def _state(self, line: model.SerialLine) -> LineState:
        kept, supply = self._kept.get(line.slug), self._supplies.get(line.slug)
        problem = kept.state if kept is not None else self._faults.get(line.slug, "")
        state = LineState(slug=line.slug, kind=line.kind, place=line.place, problem=problem)
        if supply is None:
            return state
        far = supply.printed
        return LineState(
            slug=line.slug,
            kind=line.kind,
            place=line.place,
            problem=problem,
            waiting=supply.waiting,
            printed=far.printed,
            dropped=far.dropped,
        )


def _not_needed(_why: str) -> None:
    """Hear that a line changed; its state is asked for when somebody wants it."""
