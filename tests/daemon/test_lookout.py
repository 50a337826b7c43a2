"""The lookout: what is broken is logged and counted, and the calls go on."""

from collections.abc import Iterator

import pytest
from twisted.logger import ILogObserver, LogEvent, formatEvent, globalLogPublisher
from typing_extensions import override
from zope.interface import implementer

from appliance.core import effects, facts
from appliance.core import state as st
from appliance.core.centre import Centre
from appliance.core.invariants import Watch
from appliance.core.rules import Broken, Rule
from appliance.daemon.lookout import FAILED, LOGGED_MAX, Lookout
from tests.daemon.world import World


@implementer(ILogObserver)
class Lines:
    """What the lookout writes into the log."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.said: list[str] = []

    def __call__(self, event: LogEvent) -> None:
        """Hear of a line."""
        if event["log_namespace"].endswith("lookout"):
            self.said.append(str(formatEvent(event)))


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """Gather what the lookout writes into the log."""
    lines = Lines()
    globalLogPublisher.addObserver(lines)
    yield lines.said
    globalLogPublisher.removeObserver(lines)


def watched(world: World) -> Lookout:
    """Let a lookout hear of every fact."""
    lookout = Lookout(world.hub.centre)
    world.hub.listen(lookout.look)
    return lookout


def test_a_day_without_fault_says_nothing(logged: list[str]) -> None:
    """A call is answered, and nothing is found."""
    world = World()
    lookout = watched(world)
    world.open()
    world.sign_on("anna")
    caller = world.call_support()
    world.until(lambda: "101" in world.ringing)
    world.exchange.pick_up(world.ringing["101"])
    world.until(lambda: caller.doing == "bridged")
    world.exchange.end(caller.leg)
    world.wait(2)
    assert (lookout.counts, logged) == ({}, [])


def test_what_is_broken_is_logged_and_counted_and_calls_go_on(logged: list[str]) -> None:
    """An agent whose phone rings is said to be on a break."""
    world = World()
    lookout = watched(world)
    world.open()
    world.sign_on("anna")
    caller = world.call_support()
    world.until(lambda: "101" in world.ringing)
    agent = world.hub.centre.state.agents["anna"]
    agent.state = st.OnBreak(reason="lunch")
    world.hub.take(facts.Due())
    assert set(lookout.counts) == {Rule.ONE_PLACE}
    assert "anna" in logged[0]
    world.exchange.end(caller.leg)
    world.wait(2)
    assert not world.broken


class Blind(Watch):
    """A watch that fails."""

    @override
    def look(self, now: int, fact: facts.AnyFact, asked: tuple[effects.AnyEffect, ...]) -> tuple[Broken, ...]:
        raise RuntimeError("13800138000")


def test_a_watch_that_fails_begins_anew() -> None:
    """It is counted, the log stays small, and the calls go on."""
    made: list[Centre] = []

    def blind(centre: Centre) -> Watch:
        made.append(centre)
        return Blind(centre)

    world = World()
    lookout = Lookout(world.hub.centre, blind)
    world.hub.listen(lookout.look)
    world.open()
    for _ in range(LOGGED_MAX + 1):
        world.hub.take(facts.Due())
    assert lookout.counts[FAILED] > LOGGED_MAX
    assert len(made) == 1 + lookout.counts[FAILED]
    assert not world.broken
