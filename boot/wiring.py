"""Telephone cards set by root: new files tried with the drivers, kept if they take them, taken back if they do not."""

import asyncio
import contextlib
from collections.abc import Callable

import msgspec

from appliance import root_work as words
from boot.cards import CardFiles
from boot.machine import Machine, MachineError
from drivers.asterisk.render import ConfError

REFUSED = (MachineError, ConfError, OSError)


class Wiring:
    """Answers questions about cards, one after the other, beside all others: drivers take their time."""

    def __init__(self, files: CardFiles, machine: Machine, tell: Callable[[str], None]) -> None:
        """Take the files and who takes them; `tell` writes into the audit what was done unasked."""
        self._files = files
        self._machine = machine
        self._tell = tell
        self._one = asyncio.Lock()
        self._settling: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Take back what a root part before us was killed over, while others are answered."""
        if not self._files.settled:
            self._settling = asyncio.ensure_future(self._settle())

    async def answer(self, question: words.LookCards | words.ApplyCards) -> words.Answer:
        """Tell what is applied, or apply."""
        drivers = self._machine.has_card_drivers
        if isinstance(question, words.LookCards):
            return words.Answer(cards=msgspec.structs.replace(self._files.seen(), drivers=drivers))
        if not drivers:
            return words.Answer(problem="no_dahdi")
        if self._one.locked() or not self._files.settled:
            return words.Answer(problem="busy")
        async with self._one:
            return await self._apply(question)

    async def _apply(self, question: words.ApplyCards) -> words.Answer:
        if question.seen != self._files.seen().digest:
            return words.Answer(problem="stale")
        try:
            self._files.try_out(question.spans)
            await self._machine.set_cards()
            self._files.keep()
        except REFUSED as error:
            again = await self._take_back()
            problem = "not_taken_back" if again else "not_applied"
            return words.Answer(problem=problem, detail="; ".join(filter(None, (str(error), again))))
        return words.Answer()

    async def _settle(self) -> None:
        async with self._one:
            again = await self._take_back()
            self._tell(again or "the cards' settings that were on trial were taken back")

    async def _take_back(self) -> str:
        """Give the drivers what was good; tells what goes wrong with that."""
        try:
            self._files.take_back()
            if self._files.seen().digest and self._machine.has_card_drivers:
                await self._machine.set_cards()
        except REFUSED as error:
            return str(error)
        finally:
            with contextlib.suppress(OSError):
                self._files.end()
        return ""


def take_back_early(files: CardFiles) -> None:
    """Let the drivers' first start go by what is good: a power cut ends a trial. Raises nothing."""
    with contextlib.suppress(OSError):
        if not files.settled:
            files.take_back()
            files.end()
