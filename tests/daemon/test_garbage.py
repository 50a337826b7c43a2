"""What is there to stay is not looked at by the collector; what a new configuration leaves behind is freed."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from appliance.core import facts
from appliance.daemon.garbage import THRESHOLDS, rest
from tests.daemon.world import VERSION, World


class Ring:
    """What points at itself, so that only the collector can free it."""

    def __init__(self) -> None:
        """Close the ring."""
        self.itself = self


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """Let the collector look at everything again."""
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


def test_what_is_there_when_calls_are_taken_is_not_looked_at() -> None:
    """Neither kept things nor garbage; what comes later is."""
    world = World()
    old = Ring()
    rest(world.hub, world.clock)
    new = Ring()
    looked_at = {id(thing) for thing in gc.get_objects()}
    assert id(old) not in looked_at
    assert id(new) in looked_at
    assert gc.get_threshold() == THRESHOLDS


def test_what_a_configuration_leaves_behind_is_freed_after_it() -> None:
    """Not while it is taken in, and what stays is left alone again."""
    world = World()
    ring = weakref.ref(Ring())
    rest(world.hub, world.clock)
    gc.collect()
    assert ring() is not None
    world.hub.take(facts.ConfigurationPublished(version=VERSION))
    assert ring() is not None
    world.clock.advance(0)
    assert ring() is None
    assert id(world) not in {id(thing) for thing in gc.get_objects()}
