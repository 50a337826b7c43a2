"""The floor on the simulated exchange: the same stories, without sound, in milliseconds."""

from collections.abc import Callable

from appliance.core import effects, facts, model
from appliance.core.cdr import CDR
from appliance.core.effects import WorkFiled
from appliance.core.matching import why_not
from drivers.simulated.line import Line
from tests.contract.floor import Caller, DeskPhone, Ear, Floor, StoryError
from tests.core.world import World


class SimulatedEar:
    """One end of a line."""

    def __init__(self, world: World, line: Line | None = None) -> None:
        """Listen at a line, once there is one."""
        self._world = world
        self.line = line

    def until(self, true: Callable[[], bool], deadline_s: float, what: str) -> None:
        """Let simulated time pass until something is so."""
        if not self._world.until(true, deadline_s):
            raise StoryError(f"{what} within {deadline_s} s: it {self._now()}")

    def _now(self) -> str:
        return f"does {self.line.doing} and hears {self.line.hears!r}" if self.line else "has no call"

    def _hears(self, sound: str) -> bool:
        return self.line is not None and self.line.hears == sound

    async def hears(self, other: Ear, deadline_s: float = 5.0) -> None:
        """Wait until the other's voice arrives here."""
        assert isinstance(other, SimulatedEar)
        self.until(
            lambda: other.line is not None and self._hears(f"leg/{other.line.leg.uniqueid}"),
            deadline_s,
            "hears the other",
        )

    async def hears_nobody(self) -> None:
        """Check that nobody's voice arrives here."""
        if self.line is not None and self.line.hears.startswith("leg/"):
            raise StoryError(f"hears nobody: it {self._now()}")

    async def hang_up(self) -> None:
        """End this side's call."""
        assert self.line is not None
        self._world.exchange.end(self.line.leg)
        self._world.run()

    async def ended(self, deadline_s: float = 10.0) -> None:
        """Wait until the call of this side is over."""
        line = self.line
        assert line is not None
        self.until(lambda: line.doing == "gone", deadline_s, "ends")


class SimulatedCaller(SimulatedEar):
    """Somebody who called."""

    async def hears_prompt(self, slug: str, language: str = "en", deadline_s: float = 15.0) -> None:
        """Wait until this prompt is heard."""
        self.until(lambda: self._hears(f"prompt/{language}/{slug}"), deadline_s, f"hears the prompt {slug}")

    async def hears_music(self, deadline_s: float = 15.0) -> None:
        """Wait until hold music is heard."""
        self.until(lambda: self.line is not None and self.line.hears.startswith("music/"), deadline_s, "hears music")

    async def press(self, key: str) -> None:
        """Press one key."""
        assert self.line is not None
        self._world.exchange.press(self.line, key)
        self._world.run()


class SimulatedPhone(SimulatedEar):
    """The phone at an extension."""

    def __init__(self, world: World, extension: str) -> None:
        """Stand on the desk."""
        super().__init__(world)
        self._extension = extension

    def _ringing(self) -> bool:
        lines = [i for i in self._world.exchange.lines.values() if i.extension == self._extension]
        self.line = lines[-1] if lines else self.line
        return self.line is not None and self.line.doing == "ringing" and self.line.shown != ("", "")

    def _the(self) -> Line:
        if not self._ringing() or self.line is None:
            raise StoryError(f"{self._extension} does not ring")
        return self.line

    async def rings(self, deadline_s: float = 10.0) -> None:
        """Wait until it rings."""
        self.until(self._ringing, deadline_s, f"{self._extension} rings")

    async def stops_ringing(self, deadline_s: float = 30.0) -> None:
        """Wait until the ringing ends without an answer of ours."""
        self.until(lambda: not self._ringing(), deadline_s, f"{self._extension} stops ringing")

    async def answers(self) -> None:
        """Pick up."""
        self._world.exchange.pick_up(self._the())
        self._world.run()

    async def refuses(self) -> None:
        """Press *reject*."""
        self._world.exchange.refuse(self._the(), "refused")
        self._world.run()

    async def is_busy(self) -> None:
        """Answer with *busy*."""
        self._world.exchange.refuse(self._the(), "busy")
        self._world.run()

    async def hears_music(self, deadline_s: float = 15.0) -> None:
        """Wait until hold music is heard."""
        self.until(lambda: self.line is not None and self.line.hears.startswith("music/"), deadline_s, "hears music")

    async def sends_on(self, number: str) -> None:
        """Send on whom it talks with."""
        assert self.line is not None
        ours = number in self._world.centre.directory.numbers
        to = facts.Target(number=number) if ours else facts.Target(extension=number)
        self._world.exchange.refer(self.line, to)
        self._world.run()

    async def goes_away(self) -> None:
        """Become unreachable."""
        self._world.exchange.see(self._extension, reachable=False)

    async def comes_back(self) -> None:
        """Be there again."""
        self._world.exchange.see(self._extension, reachable=True)

    @property
    def shown(self) -> tuple[str, str]:
        """Number and name on the display."""
        assert self.line is not None
        return self.line.shown


class SimulatedFloor:
    """The whole centre on the simulated exchange."""

    def __init__(self, configuration: model.Configuration) -> None:
        """Open with all phones registered."""
        self.world = World(configuration)
        self.world.exchange.found()
        self._phones: dict[str, SimulatedPhone] = {}
        self._labels: dict[str, tuple[str, str]] = {}
        self._worked: dict[str, int] = {}
        self.world.exchange.label = lambda party: self._labels.get(party, (party, ""))

    async def call(self, dialled: str, *, number: str = "5550100", name: str = "") -> Caller:
        """Call a number of ours."""
        party = f"party-{len(self._labels)}"
        self._labels[party] = (number, name)
        line = self.world.exchange.call(dialled, party=party)
        self.world.run()
        return SimulatedCaller(self.world, line)

    async def is_called(self, number: str, deadline_s: float = 10.0) -> Caller:
        """Wait until the exchange calls an outside number, and pick up there."""

        def ringing() -> list[Line]:
            lines = self.world.exchange.lines.values()
            return [line for line in lines if line.dialled and line.doing == "ringing"]

        if not self.world.until(lambda: bool(ringing()), deadline_s):
            raise StoryError(f"{number} is called within {deadline_s} s")
        (line,) = ringing()
        assert self._labels[line.party][0] == number
        self.world.exchange.pick_up(line)
        self.world.run()
        return SimulatedCaller(self.world, line)

    def phone(self, extension: str) -> DeskPhone:
        """Give the phone at an extension."""
        return self._phones.setdefault(extension, SimulatedPhone(self.world, extension))

    async def sign_on(self, *agents: str) -> None:
        """Let agents take their seats."""
        self.world.sign_on(*agents)

    async def takes_break(self, agent: str, reason: str) -> str:
        """Ask for a break."""
        return self.world.command(facts.TakeBreak, agent, reason=reason)

    async def ends_break(self, agent: str) -> str:
        """Come back from a break."""
        return self.world.command(facts.EndBreak, agent)

    async def ends_wrap_up(self, agent: str, disposition: str = "") -> str:
        """Be done with the last interaction."""
        interaction = getattr(self.world.centre.state.agents[agent].state, "interaction", "")
        if disposition:
            refused = self.world.command(facts.Dispose, agent, interaction=interaction, disposition=disposition)
            if refused:
                return refused
        return self.world.command(facts.EndWrapUp, agent)

    async def hangs_up(self, agent: str) -> str:
        """End the agent's call from the screen."""
        interaction = getattr(self.world.centre.state.agents[agent].state, "interaction", "")
        refused = self.world.command(facts.HangUpCall, agent, interaction=interaction)
        self.world.run()
        return refused

    async def sends_on(self, agent: str, queue: str) -> str:
        """Send the agent's caller on from the screen."""
        interaction = getattr(self.world.centre.state.agents[agent].state, "interaction", "")
        to = facts.Target(queue=queue)
        refused = self.world.command(facts.TransferCall, agent, interaction=interaction, to=to)
        self.world.run()
        return refused

    async def agent_is(self, agent: str, state: str, deadline_s: float = 10.0) -> None:
        """Wait until an agent is in a state."""
        if not self.world.until(lambda: self._state(agent) == state, deadline_s):
            raise StoryError(f"{agent} is {state} within {deadline_s} s: is {self._state(agent)}")

    def _state(self, agent: str) -> str:
        return why_not(self.world.centre.state.agents[agent]) or "available"

    async def waiting(self, queue: str, count: int, deadline_s: float = 10.0) -> None:
        """Wait until so many callers wait."""
        if not self.world.until(lambda: self._waiting(queue) == count, deadline_s):
            raise StoryError(f"{count} wait in {queue} within {deadline_s} s: {self._waiting(queue)} do")

    def _waiting(self, queue: str) -> int:
        states = [interaction.state for interaction in self.world.centre.state.interactions.values()]
        return sum(getattr(state, "queue", "") == queue for state in states)

    async def room(self, *, left: bool) -> None:
        """Say that there is room on the disk, or none."""
        self.world.take(facts.RecordingsHalted(halted=not left, running=not left))

    async def recorded(self, caller: Caller, *, yes: bool = True) -> None:
        """Wait until this caller is recorded, or is not."""
        assert isinstance(caller, SimulatedCaller)
        line = caller.line
        assert line is not None
        caller.until(lambda: bool(line.recording) is yes, 5, "is recorded" if yes else "is not recorded")

    async def filed(self, caller: Caller, deadline_s: float = 10.0) -> CDR:
        """Wait for the record of this caller's call."""
        assert isinstance(caller, SimulatedCaller)
        assert caller.line is not None
        leg = caller.line.leg
        if not self.world.until(lambda: any(cdr.leg == leg for cdr in self.world.records()), deadline_s):
            raise StoryError(f"the record of {leg} within {deadline_s} s")
        return next(cdr for cdr in self.world.records() if cdr.leg == leg)

    async def worked(self, agent: str, deadline_s: float = 10.0) -> WorkFiled:
        """Wait for the next finished wrap-up of an agent."""

        def filed() -> list[WorkFiled]:
            works = [e for e in self.world.effects if isinstance(e, effects.WorkFiled) and e.agent == agent]
            return works[self._worked.get(agent, 0) :]

        if not self.world.until(lambda: bool(filed()), deadline_s):
            raise StoryError(f"{agent} finishes the wrap-up within {deadline_s} s")
        work = filed()[0]
        self._worked[agent] = self._worked.get(agent, 0) + 1
        return work


def opened(configuration: model.Configuration) -> Floor:
    """Open a floor."""
    return SimulatedFloor(configuration)
