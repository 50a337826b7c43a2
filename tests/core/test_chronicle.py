"""Calls that an exchange alone knew: each has one record, and what we knew has no second one."""

import sys

import msgspec
import pytest

from appliance.core import chronicle as chronicle_module
from appliance.core import effects, facts
from appliance.core.cdr import CDR, Outcome, Stretch
from appliance.core.centre import Centre
from appliance.core.facts import CallsTold, Leg, ToldCall
from appliance.core.invariants import Watch
from tests.core.world import BEGIN, SECOND, World, a_company

EXCHANGE = "simulated"


class Telling(World):
    """A world whose exchange writes down what it does."""

    def __init__(self) -> None:
        """Begin when nothing is written."""
        super().__init__(a_company())
        self.part = 0
        self.take(CallsTold(exchange=EXCHANGE))

    def tell(self, *calls: ToldCall, part: int = 0, offset: int = 100, turned: int = 0) -> tuple[CDR, ...]:
        """Tell a part, the next one if its number is not given; returns the records that it makes."""
        self.part = part or self.part + 1
        fact = CallsTold(exchange=EXCHANGE, part=self.part, offset=offset, calls=calls, turned=turned)
        watch = Watch(self.centre)
        out = self.take(fact)
        assert watch.look(self.clock.now, fact, out) == ()
        return tuple(effect.cdr for effect in out if isinstance(effect, effects.CallFiled))

    def restart(self) -> None:
        """Kill the daemon and come back."""
        self.centre = Centre.restore(self.centre.snapshot(), self.versions.__getitem__)
        self.take(facts.Started(boot=2))


def a_call(uniqueid: str = "x.1", **other: object) -> ToldCall:
    """Make a told call of ten seconds that ended a second after the beginning of the world."""
    fields: dict[str, object] = {
        "began": BEGIN + 5 * SECOND,
        "ended": BEGIN + 15 * SECOND,
        "trunk": "sim",
        "number": "2000",
        "party": "p",
        "code": 16,
    }
    return ToldCall(uniqueid=uniqueid, **(fields | other))  # type: ignore[arg-type]  # what differs


def test_a_call_that_nobody_heard_of_gets_its_record() -> None:
    """With arrival, end, cause, number and party, marked as known to the exchange alone."""
    world = Telling()
    world.run(60)
    (cdr,) = world.tell(a_call())
    assert msgspec.structs.replace(cdr, interaction="", segments=()) == CDR(
        interaction="",
        leg=Leg(EXCHANGE, "x.1"),
        trunk="sim",
        number="2000",
        party="p",
        began=BEGIN + 5 * SECOND,
        ended=BEGIN + 15 * SECOND,
        outcome=Outcome.FAILED,
        cause="caller",
        alone=True,
        first=(1, world.centre.state.sequence),
        last=(1, world.centre.state.sequence),
    )
    assert world.centre.about == (cdr.interaction,)
    assert [(s.stretch, s.until - s.since) for s in cdr.segments] == [(Stretch.FLOW, 10 * SECOND)]


def test_the_fall_back_is_a_stretch_of_its_own() -> None:
    """What it reached somebody for is no failure; what was dialled and is none of ours is not kept."""
    world = Telling()
    world.run(60)
    (cdr,) = world.tell(a_call(routed=BEGIN + 8 * SECOND, answered=True, cause="exchange", number="13912345678"))
    assert (cdr.outcome, cdr.cause, cdr.number) == (Outcome.SELF_SERVED, "exchange", "")
    assert [(s.stretch, s.until - s.since) for s in cdr.segments] == [
        (Stretch.FLOW, 3 * SECOND),
        (Stretch.FORWARDED, 7 * SECOND),
    ]


def test_an_emergency_call_is_filed_with_its_number() -> None:
    """It is none of our numbers, and no secret."""
    world = Telling()
    world.run(60)
    emergency = world.centre.directory.company.emergency[0]
    (cdr,) = world.tell(a_call(number=emergency, trunk="", answered=True))
    assert cdr.number == emergency


def test_a_call_that_we_knew_has_one_record() -> None:
    """Told when it is over for us, or while it still lives for us; heard of since the exchange writes, or before."""
    world = Telling()
    over, lives = world.call(), world.call()
    world.exchange.end(over.leg)
    world.run(1)
    (known,) = world.records()
    assert world.tell(a_call(over.leg.uniqueid), a_call(lives.leg.uniqueid)) == ()
    world.exchange.end(lives.leg)
    world.run(1)
    assert [cdr.leg for cdr in world.records()] == [over.leg, lives.leg]
    assert not known.alone
    assert not world.centre.state.chronicles[EXCHANGE].heard
    before = World(a_company())
    line = before.call()
    before.take(CallsTold(exchange=EXCHANGE))
    before.take(CallsTold(exchange=EXCHANGE, part=1, calls=(a_call(line.leg.uniqueid),)))
    assert before.records() == []


def test_what_was_told_is_told_once_over_a_crash() -> None:
    """A part that is read again, from its beginning or from where the Centre knows it, says nothing new."""
    world = Telling()
    world.run(60)
    world.tell(a_call("x.1"), offset=50)
    world.tell(a_call("x.2"), part=1, offset=90)
    world.restart()
    assert world.tell(a_call("x.1"), part=1, offset=50) == ()
    assert world.tell(a_call("x.1"), a_call("x.2"), part=1, offset=90) == ()
    (cdr,) = world.tell(a_call("x.3"), part=1, offset=120)
    assert cdr.leg.uniqueid == "x.3"
    assert world.tell(a_call("x.3"), a_call("x.1"), part=2, offset=10) == (), "an end that was told stays told"


def test_a_leg_that_asks_after_its_end_is_hung_up() -> None:
    """Its record is filed already."""
    world = Telling()
    world.run(60)
    world.tell(a_call("x.1"))
    leg = Leg(EXCHANGE, "x.1")
    assert world.take(facts.LegAsked(leg=leg, trunk="sim", number="2000", party="p")) == (effects.HangUp(leg=leg),)
    assert world.centre.state.interactions == {}


def test_clocks_that_leap_make_no_impossible_times() -> None:
    """A call ended after all that was told before, and not in the future; it lasted no less than nothing."""
    world = Telling()
    world.run(60)
    now = world.clock.now
    for number, (began, ended, expected) in enumerate(
        [
            (now + 90 * SECOND, now + 99 * SECOND, (now - 9 * SECOND, now)),
            (0, 5 * SECOND, (BEGIN - 5 * SECOND, BEGIN)),
            (now - 5 * SECOND, now - 20 * SECOND, (now - 20 * SECOND, now - 20 * SECOND)),
            (-5, now, (now - chronicle_module.LONGEST_US, now)),
        ]
    ):
        (cdr,) = world.tell(a_call(f"x.{number}", began=began, ended=ended))
        assert (cdr.began, cdr.ended) == expected
    world.tell(turned=now)
    world.run(60)
    (cdr,) = world.tell(a_call("y.1"))
    assert (cdr.began, cdr.ended) == (now - 10 * SECOND, now)
    (cdr,) = world.tell(a_call("y.2", began=1, ended=2, routed=-9))
    assert [s.until - s.since for s in cdr.segments] == [0, 1]


def test_what_is_remembered_has_its_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where an exchange never writes, the oldest go; one that writes nothing has nothing remembered."""
    silent = World(a_company())
    silent.call()
    assert silent.centre.state.chronicles == {}
    assert not silent.centre.chronicles.is_over(Leg(EXCHANGE, "x"))
    monkeypatch.setattr(chronicle_module, "HEARD_MAX", 2)
    monkeypatch.setattr(chronicle_module, "TOLD_MAX", 2)
    world = Telling()
    lines = [world.call() for _ in range(3)]
    kept = world.centre.state.chronicles[EXCHANGE]
    assert list(kept.heard) == [line.leg.uniqueid for line in lines[1:]]
    world.tell(*(a_call(f"x.{number}") for number in range(3)))
    assert list(kept.told) == ["x.1", "x.2"]


def test_the_work_of_a_told_call_does_not_grow_with_those_before() -> None:
    """Counted in calls of functions, from an empty memory to one that is full twice over."""
    world = Telling()
    steps = [0]

    def count(_frame: object, _event: str, _argument: object) -> None:
        steps[0] += 1

    worked: list[int] = []
    for number in range(220):
        calls = tuple(a_call(f"x.{number * 10 + one}") for one in range(10))
        before = steps[0]
        sys.setprofile(count)
        world.centre.handle(world.clock.now, CallsTold(exchange=EXCHANGE, part=number + 1, offset=1, calls=calls))
        sys.setprofile(None)
        worked.append(steps[0] - before)
    assert len(world.centre.state.chronicles[EXCHANGE].told) == chronicle_module.TOLD_MAX
    assert max(worked[110:]) < 1.5 * worked[0], worked


def test_a_state_of_an_older_release_is_read() -> None:
    """It has no chronicle."""
    world = World(a_company())
    old = msgspec.msgpack.decode(world.centre.snapshot())
    del old["chronicles"]
    again = Centre.restore(msgspec.msgpack.encode(old), world.versions.__getitem__)
    assert again.snapshot() == world.centre.snapshot()
