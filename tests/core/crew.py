"""A company drawn up in a few words: agents with skills and sites, queues that a number each leads to."""

from appliance.core import effects, facts, model
from appliance.core import state as st
from drivers.simulated.line import Line
from tests.core.world import SECOND, World


class Crew(World):
    """A world whose number 2000 leads to its first queue, 2001 to the second, and so on, without a menu."""

    def __init__(self, *queues: model.Queue, agents: tuple[model.Agent, ...] = (), **other: object) -> None:
        """Let nobody be signed on."""
        slugs = dict.fromkeys(slug for queue in queues for slug in queue.agents)
        known = {agent.slug: agent for agent in agents}
        people = tuple(
            known.get(slug) or model.Agent(slug=slug, extension=str(101 + n)) for n, slug in enumerate(slugs)
        )
        numbers = other.pop("numbers", None) or tuple(
            model.Number(slug=str(2000 + n), flow=queue.slug) for n, queue in enumerate(queues)
        )
        parts: dict[str, object] = {
            "agents": people,
            "extensions": tuple(model.Extension(slug=a.extension, agent=a.slug) for a in people),
            "queues": queues,
            "flows": tuple(
                model.Flow(slug=q.slug, nodes=(model.Node(id="wait", kind="queue", options={"queue": q.slug}),))
                for q in queues
            ),
            "numbers": numbers,
        }
        super().__init__(model.Configuration(**(parts | other)))  # type: ignore[arg-type]  # what differs

    def comes(self, number: str = "2000", **view: object) -> Line:
        """Let somebody call and be put into the queue."""
        return self.call(number, key="", view=facts.PartyView(**view))  # type: ignore[arg-type]  # what differs

    def offered_to(self, line: Line) -> list[str]:
        """Name the agents whose phones ring for a caller."""
        state = self.centre.state.interactions[line.interaction].state
        return [ring.agent for ring in state.rings] if isinstance(state, st.Offered) else []

    def waits(self, line: Line) -> bool:
        """Tell whether a caller waits with no phone ringing."""
        return isinstance(self.centre.state.interactions[line.interaction].state, st.Waiting)

    def answer(self, agent: str) -> None:
        """Let an agent pick up and talk."""
        self.talk(self.extension(agent))

    def extension(self, agent: str) -> str:
        """Tell an agent's extension."""
        return self.centre.directory.agents[agent].extension

    def hang_up(self, line: Line) -> None:
        """Let a caller hang up."""
        self.exchange.end(line.leg)
        self.run()

    def rings_after(self, line: Line, most_s: float) -> float:
        """Let time pass until a phone rings for a caller; tell after how many seconds exactly."""
        began = self.clock.now
        assert self.until(lambda: bool(self.offered_to(line)), most_s)
        return (self.clock.now - began) / SECOND

    def decided(self) -> list[effects.Decided]:
        """List the decisions so far."""
        return [effect for effect in self.effects if isinstance(effect, effects.Decided)]

    def serve(self, calls: int, number: str = "2000") -> list[str]:
        """Let so many calls come one after the other, each answered and ended; name who took them."""
        took = []
        for _ in range(calls):
            line = self.comes(number)
            (agent,) = self.offered_to(line)
            took.append(agent)
            self.answer(agent)
            self.run(10)
            self.hang_up(line)
            self.run(1)
        return took


def an_agent(slug: str, number: int, **other: object) -> model.Agent:
    """Make an agent at extension 100 + number."""
    return model.Agent(**({"slug": slug, "extension": str(100 + number)} | other))  # type: ignore[arg-type]  # what differs


def a_line(slug: str = "support", *agents: str, **other: object) -> model.Queue:
    """Make a queue of these agents, with no wrap-up."""
    return model.Queue(**({"slug": slug, "agents": agents, "wrap_up_s": 0} | other))  # type: ignore[arg-type]  # what differs
