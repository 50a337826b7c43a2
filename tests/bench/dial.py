"""From "the agent is ready" to the call of the agent's phone: our box against Asterisk's own app_queue.

Members rest (a break, a pause) while callers wait. A member is let ready, is called, picks up, talks with a caller,
rests again, and the caller hangs up, whom another follows. On both sides the clock runs in this process

- from the moment before the words are written that make the member ready: for us a desk's `EndBreak` at the daemon's
  door, for app_queue the manager's `QueuePause` with `Paused: false`;
- until Asterisk's event of the member's new channel (`Newchannel`) has been read, on a connection of this process.

So ours has in it the door, the Centre, the journal's row, the Originate's way to Asterisk, and what Asterisk takes to
make the channel of it: more than to the moment at which the bytes of Originate are written. app_queue looks at its
members when a caller's turn comes, once a second; so the members are made ready at times spread evenly over a second,
that no rhythm of ours meets app_queue's. A run counts only if each member that was made ready was called, no other was,
and talked with a caller.
"""

import asyncio
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random
from statistics import fmean

from tests.bench.asterisk import WrongAnswerError
from tests.bench.floor import extension
from tests.bench.rivals import Side, app_queue, ours
from tests.contract.slots import slot

OFFERS = 8
"In a run."
POLL_S = 1.0
"How often app_queue looks."
OURS, PEER = "ours", "app_queue"


class Dialling:
    """Both sides with so many members; opened at the first run."""

    def __init__(self, *, members: int, waiting: int, offers: int = OFFERS) -> None:
        """Run nothing yet."""
        self._members = members
        self._waiting = waiting
        self._offers = offers
        self._stack = AsyncExitStack()
        self._sides: dict[str, Side] = {}
        self._turn = 0
        self._dice = Random(members + waiting)  # noqa: S311  a bench draws its moments

    async def measure(self, side: str) -> float:
        """Give the mean time of a run, in milliseconds."""
        if not self._sides:
            await self._open()
        return fmean(await self.run(self._sides[side])) * 1_000

    async def close(self) -> None:
        """End both sides."""
        await self._stack.aclose()

    async def _open(self) -> None:
        for name, opened in ((OURS, ours), (PEER, app_queue)):
            base = self._stack.enter_context(slot())
            folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="switchroom-dial-")))
            self._sides[name] = await self._stack.enter_async_context(opened(base, folder / "home", self._members))

    async def run(self, side: Side) -> list[float]:
        """Fill the queue, and give the seconds of each offer."""
        moments = [(number + 0.5) * POLL_S / self._offers for number in range(self._offers)]
        self._dice.shuffle(moments)
        await side.floor.fill(self._waiting)
        try:
            return [await self._offer(side, moment_s) for moment_s in moments]
        finally:
            await side.floor.empty()

    async def _offer(self, side: Side, moment_s: float) -> float:
        member = self._turn % self._members
        self._turn += 1
        await side.floor.until_waiting(self._waiting)
        await asyncio.sleep(moment_s)
        sight = side.floor.sight
        seen = len(sight.calls)
        began = await side.desks.ready(member)
        call = await sight.next_call(seen)
        if call.phone != extension(member):
            raise WrongAnswerError(f"{call.phone} was called in place of {extension(member)}")
        await sight.served(call)
        await side.desks.rest(member)
        await side.floor.end(call)
        if len(sight.calls) != seen + 1:
            raise WrongAnswerError("somebody was called who was not ready")
        return call.at - began
