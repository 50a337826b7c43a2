"""A day drawn by seed: callers, agents, phones, killed daemons and exchanges, held against itself after every step."""

from random import Random

from appliance.core import effects, facts
from appliance.core import state as st
from appliance.core.centre import Centre
from appliance.core.matching import why_not
from drivers.simulated.exchange import Line
from tests.core.test_flows import node
from tests.core.world import World, a_company, a_flow, a_queue

STEPS = 300
LINES_MAX = 8
TWO_PARTIES = (st.Offered, st.Joining, st.Connected)


class Day:
    """One company's day, drawn by a seed."""

    def __init__(self, seed: int) -> None:
        """Open."""
        self.dice = Random(seed)  # noqa: S311 a game, and one that must repeat
        flow = a_flow(
            node("menu", "menu", {"1": "support", "2": "sales"}, prompt="w", choices={"1": "a", "2": "b"}, tries=2),
            node("support", "queue", {"timeout": "sales"}, queue="support"),
            node("sales", "queue", {"next": "bye", "full": "bye"}, queue="sales"),
            node("bye", "hang_up", prompt="bye"),
        )
        self.world = World(
            a_company(
                a_queue(wait_s_max=40, ring_s=8, wrap_up_s=5),
                a_queue("sales", agents=("bob",), length_max=3, ring_s=5, wrap_up_s=0, priority=3),
                flow=flow,
            )
        )
        self.snapshots = 0

    def live(self, *doing: str) -> list[Line]:
        """List the lines that do something."""
        return [line for line in self.world.exchange.lines.values() if line.doing in doing]

    def step(self) -> None:
        """Let one thing happen, and time pass."""
        world, dice = self.world, self.dice
        match dice.randrange(14):
            case 0 | 1 | 2 if len(world.exchange.lines) < LINES_MAX:
                world.exchange.call("2000", party=f"p{dice.randrange(5)}")
            case 3 | 4 if lines := self.live("prompt"):
                for line in lines:
                    world.exchange.press(line, dice.choice("1111229"))
            case 5 | 6 | 7 if lines := self.live("ringing"):
                line = dice.choice(lines)
                if dice.random() < 0.7:
                    world.exchange.pick_up(line)
                else:
                    world.exchange.refuse(line, dice.choice(["busy", "refused", "unreachable"]))
            case 8 if lines := self.live("music", "bridged", "prompt", "idle", "ringing"):
                world.exchange.end(dice.choice(lines).leg, dice.choice([16, 16, 16, 27]))
            case 9 | 10 | 11:
                self.ask(dice.choice(["ann", "bob"]))
            case 12:
                world.exchange.see(dice.choice(["101", "102"]), reachable=dice.random() < 0.8)
            case 13 if dice.random() < 0.3:
                self.trouble()
            case _:
                pass
        world.run(dice.choice([0, 0.001, 0.5, 0.5, 3, 3, 11]))
        self.check()

    def ask(self, agent: str) -> None:
        """Let an agent ask for something, mostly to be at work."""
        if self.dice.random() < 0.1:
            self.world.command(facts.TakeBreak, agent, reason="lunch")
        else:
            kinds = [
                facts.SignOn,
                facts.SignOn,
                facts.SignOn,
                facts.EndBreak,
                facts.EndBreak,
                facts.EndWrapUp,
                facts.SignOff,
            ]
            self.world.command(self.dice.choice(kinds), agent)

    def trouble(self) -> None:
        """Kill the daemon, the exchange, or the line between them."""
        world = self.world
        match self.dice.randrange(3):
            case 0:
                self.snapshots += 1
                world.centre = Centre.restore(world.centre.snapshot(), world.versions.__getitem__)
                world.take(facts.Started(boot=world.centre.state.boot + 1))
                world.exchange.found()
            case 1:
                world.exchange.crash()
                world.exchange.found(restarted=True)
            case _:
                world.take(facts.ExchangeLost(exchange="simulated"))
                world.run(2)
                world.exchange.found()

    def check(self) -> None:
        """Hold the state against itself."""
        state = self.world.centre.state
        for interaction in state.interactions.values():
            assert all(state.legs[p.leg] == interaction.id for p in interaction.participants)
            assert len(interaction.participants) == 1 + isinstance(interaction.state, TWO_PARTIES)
            held = interaction.state
            if isinstance(held, st.Offered | st.Joining):
                mine = state.agents[held.agent].state
                assert isinstance(mine, st.Ringing)
                assert (mine.interaction, mine.offer) == (interaction.id, held.offer)
            if isinstance(held, st.Connected):
                mine = state.agents[held.agent].state
                assert isinstance(mine, st.Talking)
                assert mine.interaction == interaction.id
        for agent in state.agents.values():
            if isinstance(agent.state, st.Ringing | st.Talking):
                assert agent.state.interaction in state.interactions
        self.check_nobody_waits_beside_a_free_agent()
        assert not self.world.some(effects.Quarantined)

    def check_nobody_waits_beside_a_free_agent(self) -> None:
        """No eligible agent of a queue is idle while somebody waits in it."""
        state, directory = self.world.centre.state, self.world.centre._directory  # noqa: SLF001 the queue's members
        for interaction in state.interactions.values():
            if isinstance(interaction.state, st.Waiting) and interaction.leg.exchange in state.seen:
                members = directory.queues[interaction.state.queue].queue.agents
                assert all(why_not(state.agents[slug]) for slug in members)

    def close(self) -> None:
        """Heal everything and let everybody be served or go."""
        world = self.world
        world.exchange.found()
        for extension in ("101", "102"):
            world.exchange.see(extension, reachable=True)
        for _ in range(400):
            for agent in ("ann", "bob"):
                world.command(facts.SignOn, agent)
                world.command(facts.EndBreak, agent)
            for line in self.live("ringing"):
                world.exchange.pick_up(line)
            for line in self.live("bridged", "prompt"):
                if not line.offer:
                    world.exchange.end(line.leg)
            world.run(1)
            if not world.centre.state.interactions:
                world.run(10)
                return
        raise AssertionError(f"not served: {world.centre.state.interactions}")

    def check_records(self) -> None:
        """One record a call, whose segments touch each other and add up; nothing is left over."""
        records = self.world.records()
        assert len(records) == len({cdr.interaction for cdr in records})
        asked = {fact.leg for _, fact in self.world.facts if isinstance(fact, facts.LegAsked)}
        assert {cdr.leg for cdr in records} == asked
        for cdr in records:
            moments = [cdr.began, *[s.until for s in cdr.segments]]
            assert [s.since for s in cdr.segments] == moments[:-1]
            assert moments[-1] == cdr.ended
        state = self.world.centre.state
        assert not state.deadlines
        assert not state.offers
        assert not state.legs


def a_day(seed: int, steps: int = STEPS) -> Day:
    """Live through a day; raises `AssertionError` at the step where something does not hold."""
    day = Day(seed)
    for _ in range(steps):
        day.step()
    day.close()
    day.check_records()
    return day
