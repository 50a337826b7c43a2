"""The floor on a real Asterisk: the stories with sound, driven by the real Centre, hub and driver."""

import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from itertools import count
from typing import Any, TypeVar  # any: what a coroutine of Twisted yields

from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from appliance import api
from appliance.core import effects, facts
from appliance.core.cdr import CDR
from appliance.core.effects import WorkFiled
from appliance.core.facts import Leg
from drivers.robot.call import Call
from drivers.robot.waits import CallEndedError, DeadlineError, Waits
from tests.contract.box import CALLERS, VOICES, Box
from tests.contract.floor import Caller, DeskPhone, Ear, StoryError
from tests.contract.running import Running

FoundT = TypeVar("FoundT")

LOOK_S = 0.1
LOOKS = 50

_boots = count(int(time.time()) % 100_000 * 10)
"Ids made on one Asterisk by one story are not made again by the next."


class RealEar:
    """One robot in a call."""

    def __init__(self, box: Box, tone_hz: int) -> None:
        """Speak with a tone."""
        self.tone_hz = tone_hz
        self._box = box
        self._call: Call | None = None
        self._since = time.monotonic()

    @property
    def call(self) -> Call:
        """The call of this side."""
        if self._call is None:
            raise StoryError("there is no call")
        return self._call

    async def hears(self, other: Ear, deadline_s: float = 5.0) -> None:
        """Wait until the other's voice arrives here."""
        assert isinstance(other, RealEar)
        await _told(self.call.hears_tone(other.tone_hz, deadline_s))

    async def hears_nobody(self) -> None:
        """Check that nobody's voice has arrived here during the last second."""
        heard = self.call.heard_tones(1.0) - {self.tone_hz}
        if heard:
            raise StoryError(f"hears {sorted(heard)} Hz")

    async def hang_up(self) -> None:
        """End this side's call."""
        await self.call.hang_up()

    async def ended(self, deadline_s: float = 10.0) -> None:
        """Wait until the call of this side is over."""
        await _told(self.call.ended(deadline_s))


class RealCaller(RealEar):
    """Somebody at the carrier's end."""

    def __init__(self, box: Box, tone_hz: int, call: Call, leg: Leg) -> None:
        """Hold a call that the exchange has taken."""
        super().__init__(box, tone_hz)
        self._call = call
        self.leg = leg

    async def hears_prompt(self, slug: str, language: str = "en", deadline_s: float = 15.0) -> None:
        """Wait until a second of this prompt's own audio is heard."""
        heard = await _told(self.call.hears(self._box.prompt(slug, language), deadline_s, since=self._since))
        self._since = heard.at

    async def hears_music(self, deadline_s: float = 15.0) -> None:
        """Wait until a second of the hold music is heard."""
        heard = await _told(self.call.hears(self._box.music, deadline_s, since=self._since))
        self._since = heard.at

    async def press(self, key: str) -> None:
        """Press one key."""
        self._since = await self.call.press(key)


class RealPhone(RealEar):
    """A registered desk phone."""

    def __init__(self, floor: "RealFloor", extension: str) -> None:
        """Stand on the desk."""
        super().__init__(floor.box, VOICES[extension])
        self._floor = floor
        self._extension = extension
        self._phone = floor.box.phones[extension]

    async def rings(self, deadline_s: float = 10.0) -> None:
        """Wait until it rings."""
        self._call = await _told(self._phone.next_call(deadline_s))

    async def stops_ringing(self, deadline_s: float = 30.0) -> None:
        """Wait until the ringing ends."""
        await self.ended(deadline_s)

    async def answers(self) -> None:
        """Pick up."""
        self.call.answer()
        await _told(self.call.answered(5))

    async def refuses(self) -> None:
        """Press *reject*."""
        self.call.reject(603, "Decline")

    async def is_busy(self) -> None:
        """Answer with *busy*."""
        self.call.reject(486, "Busy Here")

    async def hears_music(self, deadline_s: float = 15.0) -> None:
        """Wait until a second of the hold music is heard."""
        heard = await _told(self.call.hears(self._box.music, deadline_s, since=self._since))
        self._since = heard.at

    async def sends_on(self, number: str) -> None:
        """Send whom it talks with on, hear that it was done, and hang up."""
        await _told(self.call.refer(number))
        await self.call.hang_up()

    async def goes_away(self) -> None:
        """Unregister, and wait until the exchange has noticed."""
        seen = self._floor.next_fact(facts.PhoneSeen(extension=self._extension, reachable=False))
        await self._phone.unregister()
        await seen

    async def comes_back(self) -> None:
        """Register, and wait until the exchange has noticed."""
        seen = self._floor.next_fact(facts.PhoneSeen(extension=self._extension, reachable=True))
        await self._phone.register()
        await seen

    @property
    def shown(self) -> tuple[str, str]:
        """Number and name on the display."""
        return self.call.from_number, self.call.from_name


class RealFloor:
    """The whole centre on a box."""

    def __init__(self, box: Box) -> None:
        """Stand ready; `opened` opens it."""
        self.box = box
        self.running = Running(box.reactor, box.options, box.configuration)
        self.hub = self.running.hub
        self.records: list[effects.Kept] = []
        self._callers = 0
        self._tokens = count(1)
        self._worked: set[int] = set()
        self._wanted: list[tuple[facts.AnyFact, Deferred[None]]] = []
        self._phones: dict[str, RealPhone] = {}
        self.waits = Waits(box.reactor, "floor")
        self.hub.listen(self._handled)
        self.hub.listen_filed(self._filed)

    async def open(self) -> None:
        """Connect, and wait until the exchange is seen."""
        await self.running.open(next(_boots))

    async def close(self) -> None:
        """End all calls and disconnect."""
        try:
            for phone in (self.box.carrier, *self.box.phones.values()):
                for call in tuple(phone.calls.values()):
                    await call.hang_up()
            await self.until(lambda: not self.hub.centre.state.interactions, 15, "no call is left")
        finally:
            await self.running.stop()

    async def until(self, true: Callable[[], bool], deadline_s: float, what: str) -> None:
        """Wait until something is so; it is looked at after each fact."""
        await _told(self.waits.until(lambda: True if true() else None, what, deadline_s))

    async def healthy(self, health: Mapping[str, str], deadline_s: float) -> None:
        """Wait until the exchange's health is this; it is no fact, so it is looked at by the clock."""
        for _ in range(int(deadline_s / LOOK_S)):
            if self.running.exchange.health == health:
                return
            await deferLater(self.box.reactor, LOOK_S)
        raise StoryError(f"the health is {self.running.exchange.health}")

    async def channels(self) -> list[str]:
        """Ask Asterisk itself, by its own console, which channels live; give it a moment to end the last."""
        names: list[str] = []
        for _ in range(LOOKS):
            names = await self.box.console("core show channels concise")
            if not names:
                break
            await deferLater(self.box.reactor, LOOK_S)
        return names

    async def next_fact(self, fact: facts.AnyFact) -> None:
        """Wait for a fact to happen from now on."""
        happened: Deferred[None] = Deferred()
        self._wanted.append((fact, happened))
        happened.addTimeout(15, self.box.reactor)
        await happened

    def _handled(self, row: api.Row, _effects: tuple[effects.AnyEffect, ...]) -> None:
        for wanted in tuple(self._wanted):
            if wanted[0] == row.fact:
                self._wanted.remove(wanted)
                wanted[1].callback(None)
        self.waits.look()

    def _filed(self, kept: effects.Kept) -> None:
        self.records.append(kept)
        self.waits.look()

    # -- the floor

    async def call(self, dialled: str, *, number: str = "5550100", name: str = "") -> Caller:
        """Call a number of ours."""
        tone_hz = CALLERS[self._callers % len(CALLERS)]
        self._callers += 1
        known = len(self.asked())
        call = self.box.carrier.dial(dialled, caller_number=number, caller_name=name, tone_hz=tone_hz)
        await self.until(lambda: len(self.asked()) > known, 10, f"the exchange has taken the call to {dialled}")
        return RealCaller(self.box, tone_hz, call, self.asked()[-1])

    async def is_called(self, number: str, deadline_s: float = 10.0) -> Caller:
        """Wait until the exchange calls an outside number, and pick up there."""
        call = await _told(self.box.carrier.next_call(deadline_s))
        assert call.number == number
        assert call.from_number in {entry.slug for entry in self.box.configuration.numbers}
        call.answer()
        await _told(call.answered(5))
        assert self.box.carrier.options.tone_hz is not None
        return RealCaller(self.box, self.box.carrier.options.tone_hz, call, Leg("", ""))

    def asked(self) -> list[Leg]:
        """Give the callers' legs in the order in which they first asked."""
        return list(
            dict.fromkeys(row.fact.leg for row in self.running.memory.rows if isinstance(row.fact, facts.LegAsked))
        )

    def phone(self, extension: str) -> DeskPhone:
        """Give the phone at an extension."""
        if extension not in self._phones:
            self._phones[extension] = RealPhone(self, extension)
        return self._phones[extension]

    async def sign_on(self, *agents: str) -> None:
        """Let agents take their seats."""
        for agent in agents:
            refused = await self.hub.ask(facts.SignOn(token=self._token(), agent=agent))
            if refused:
                raise StoryError(f"{agent} cannot sign on: {refused}")

    async def takes_break(self, agent: str, reason: str) -> str:
        """Ask for a break."""
        return await self.hub.ask(facts.TakeBreak(token=self._token(), agent=agent, reason=reason))

    async def ends_break(self, agent: str) -> str:
        """Come back from a break."""
        return await self.hub.ask(facts.EndBreak(token=self._token(), agent=agent))

    async def ends_wrap_up(self, agent: str, disposition: str = "") -> str:
        """Be done with the last interaction."""
        if disposition:
            interaction = self._interaction(agent)
            dispose = facts.Dispose(token=self._token(), agent=agent, interaction=interaction, disposition=disposition)
            refused = await self.hub.ask(dispose)
            if refused:
                return refused
        return await self.hub.ask(facts.EndWrapUp(token=self._token(), agent=agent))

    async def hangs_up(self, agent: str) -> str:
        """End the agent's call from the screen."""
        interaction = self._interaction(agent)
        return await self.hub.ask(facts.HangUpCall(token=self._token(), agent=agent, interaction=interaction))

    async def sends_on(self, agent: str, queue: str) -> str:
        """Send the agent's caller on from the screen."""
        to = facts.Target(queue=queue)
        interaction = self._interaction(agent)
        return await self.hub.ask(facts.TransferCall(token=self._token(), agent=agent, interaction=interaction, to=to))

    async def agent_is(self, agent: str, state: str, deadline_s: float = 10.0) -> None:
        """Wait until an agent is in a state."""
        await self.until(lambda: self._state(agent) == state, deadline_s, f"{agent} is {state}")

    async def waiting(self, queue: str, count: int, deadline_s: float = 10.0) -> None:
        """Wait until so many callers wait in a queue."""
        await self.until(lambda: self._waiting(queue) == count, deadline_s, f"{count} wait in {queue}")

    async def room(self, *, left: bool) -> None:
        """Say that there is room on the disk, or none."""
        self.hub.take(facts.RecordingsHalted(halted=not left, running=not left))

    async def recorded(self, caller: Caller, *, yes: bool = True) -> None:
        """Ask Asterisk, by its own console, until it records this caller's channel, or does not."""
        assert isinstance(caller, RealCaller)
        for _ in range(LOOKS):
            (line,) = await self.box.console("core show channels concise", f"!{caller.leg.uniqueid}")
            if bool(await self.box.console(f"mixmonitor list {line.partition('!')[0]}", "0x")) is yes:
                return
            await deferLater(self.box.reactor, LOOK_S)
        raise StoryError("the caller is not recorded" if yes else "the caller is recorded")

    async def filed(self, caller: Caller, deadline_s: float = 10.0) -> CDR:
        """Wait for the record of a caller's call."""
        assert isinstance(caller, RealCaller)
        await self.until(lambda: self._record(caller.leg) is not None, deadline_s, "the record of the call")
        record = self._record(caller.leg)
        assert record is not None
        return record

    async def worked(self, agent: str, deadline_s: float = 10.0) -> WorkFiled:
        """Wait for the next finished wrap-up of an agent."""

        def fresh() -> list[tuple[int, WorkFiled]]:
            works = ((i, kept) for i, kept in enumerate(self.records) if isinstance(kept, WorkFiled))
            return [(i, work) for i, work in works if work.agent == agent and i not in self._worked]

        await self.until(lambda: bool(fresh()), deadline_s, f"{agent} finishes the wrap-up")
        index, work = fresh()[0]
        self._worked.add(index)
        return work

    # -- looking inside

    def _token(self) -> str:
        return f"story-{next(self._tokens)}"

    def _state(self, agent: str) -> str:
        known = self.hub.centre.state.agents[agent]
        state = str(known.state.__struct_config__.tag)
        return "unreachable" if state == "available" and not known.reachable else state

    def _interaction(self, agent: str) -> str:
        return str(getattr(self.hub.centre.state.agents[agent].state, "interaction", ""))

    def _waiting(self, queue: str) -> int:
        states = [interaction.state for interaction in self.hub.centre.state.interactions.values()]
        return sum(getattr(state, "queue", "") == queue for state in states)

    def _record(self, leg: Leg) -> CDR | None:
        filed = (kept.cdr for kept in self.records if isinstance(kept, effects.CallFiled))
        return next((cdr for cdr in filed if cdr.leg == leg), None)


async def _told(waiting: Coroutine[Deferred[Any], Any, FoundT]) -> FoundT:
    """Say in a story's words that something did not happen."""
    try:
        return await waiting
    except (DeadlineError, CallEndedError) as error:
        raise StoryError(str(error)) from error


@asynccontextmanager
async def opened(box: Box) -> AsyncIterator[RealFloor]:
    """Open a floor on a box for one story."""
    floor = RealFloor(box)
    await floor.open()
    try:
        yield floor
    finally:
        await floor.close()
