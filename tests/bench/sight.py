"""What happens to members' phones, as Asterisk's events tell it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from drivers.asterisk.codec_ami import Event
from tests.bench.asterisk import WrongAnswerError

FoundT = TypeVar("FoundT")
SEEN_S = 20.0
STAND_IN = "Surrogate/"
"What a leg leaves behind for an instant when it is bridged."


@dataclass(slots=True, kw_only=True)
class Called:
    """A member's phone that was called, and what became of it."""

    phone: str
    at: float
    "When Asterisk's word of its channel was there, by `time.perf_counter`."
    caller: str = ""
    "The channel of the caller it was joined with."
    ended: bool = False


@dataclass(slots=True)
class Sight:
    """Sees the calls of members' phones, in order."""

    trunk: str
    calls: dict[str, Called] = field(default_factory=dict)
    "By Uniqueid."
    _bridges: dict[str, list[str]] = field(default_factory=dict)
    "Bridge to the Uniqueids of members and the channels of callers in it."
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def hear(self, event: Event, at: float) -> None:
        """Take in an event."""
        name, uniqueid = event.get("Channel"), event.get("Uniqueid")
        if name.startswith(STAND_IN):
            return
        match event.name:
            case "Newchannel" if not self._is_caller(name):
                self.calls[uniqueid] = Called(phone=name.partition("/")[2].rpartition("-")[0], at=at)
            case "BridgeEnter":
                self._entered(event.get("BridgeUniqueid"), name if self._is_caller(name) else uniqueid)
            case "Hangup" if uniqueid in self.calls:
                self.calls[uniqueid].ended = True
        self._news.set()

    async def next_call(self, seen: int) -> Called:
        """Wait for the call that follows so many."""
        return await self._until(lambda: list(self.calls.values())[seen] if len(self.calls) > seen else None, "a call")

    async def served(self, call: Called) -> None:
        """Wait until a member is joined with a caller."""
        await self._until(lambda: call.caller or None, f"{call.phone} talks")

    async def over(self, call: Called) -> None:
        """Wait until a member's phone is free again."""
        await self._until(lambda: call.ended or None, f"{call.phone} is free again")

    async def _until(self, find: Callable[[], FoundT | None], what: str) -> FoundT:
        try:
            async with asyncio.timeout(SEEN_S):
                while (found := find()) is None:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise WrongAnswerError(f"not seen in {SEEN_S:g} s: {what}") from None
        return found

    def _is_caller(self, channel: str) -> bool:
        return channel.startswith(f"PJSIP/{self.trunk}-")

    def _entered(self, bridge: str, who: str) -> None:
        there = self._bridges.setdefault(bridge, [])
        there.append(who)
        for member in [one for one in there if one in self.calls]:
            for caller in [one for one in there if self._is_caller(one)]:
                self.calls[member].caller = caller
