"""Facts through the hub: call effects at once, promises after their commit, deadlines on time, nothing breaks it."""

import pytest
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from appliance.core import effects, facts
from appliance.core import state as st
from appliance.core.cdr import Outcome
from appliance.core.centre import Centre
from appliance.core.model import Configuration
from appliance.daemon import hub
from appliance.daemon.clock import Clocks
from appliance.daemon.hub import ANSWER_S, NESTED_MAX, SNAPSHOT_EVERY, BusyError
from appliance.daemon.recovery import Configurations, Past, recover
from tests.contract.company import WRAP_UP_S, company
from tests.daemon.world import NOON, VERSION, World


def a_world() -> World:
    """Make a centre that has just opened."""
    world = World()
    world.open()
    return world


def _noted(failure: Failure, errors: list[BaseException | None]) -> str:
    errors.append(failure.value)
    return ""


def test_a_call_goes_from_menu_to_record() -> None:
    """The whole way, and the record is told after its commit."""
    world = a_world()
    filed: list[effects.Kept] = []
    world.hub.listen_filed(filed.append)
    world.sign_on("anna")
    caller = world.call_support()
    world.until(lambda: "101" in world.ringing)
    world.exchange.pick_up(world.ringing["101"])
    world.until(lambda: caller.doing == "bridged")
    world.wait(5)
    world.exchange.end(caller.leg)
    world.until(lambda: any(isinstance(kept, effects.CallFiled) for kept in filed))
    cdr = next(kept.cdr for kept in filed if isinstance(kept, effects.CallFiled))
    assert (cdr.outcome, cdr.agent, cdr.queue) == (Outcome.ANSWERED, "anna", "support")
    assert abs(cdr.talk_us - 5_000_000) < 100_000
    world.until(lambda: any(isinstance(kept, effects.WorkFiled) for kept in filed), WRAP_UP_S + 1)
    assert not world.broken


def test_a_call_effect_leaves_before_the_commit() -> None:
    """Nobody waits for the disk to be answered."""
    world = a_world()
    world.exchange.call("2001", party="p-1")
    world.clock.advance(0.01)
    assert world.diary.backlog
    assert world.exchange.performed


def test_a_promise_waits_for_its_commit() -> None:
    """A command is answered when its fact is safe, not before."""
    world = a_world()
    answers: list[str] = []
    Deferred.fromCoroutine(world.hub.ask(facts.SignOn(token="t", agent="anna"))).addCallback(answers.append)
    world.clock.advance(1)
    assert isinstance(world.hub.centre.state.agents["anna"].state, st.Available)
    assert answers == []
    world.commit()
    assert answers == [""]


def test_a_refusal_is_told() -> None:
    """A command that cannot be done says why."""
    world = a_world()
    assert world.answer(world.hub.ask(facts.SignOn(token="t", agent="nobody"))) == "unknown_agent"


def test_one_token_is_done_once_and_answered_twice() -> None:
    """Asked twice while the first still waits, and once more after."""
    world = a_world()
    answers: list[str] = []
    for _ in range(2):
        Deferred.fromCoroutine(world.hub.ask(facts.SignOn(token="t", agent="anna"))).addCallback(answers.append)
    rows = len(world.diary.rows)
    world.commit()
    assert answers == ["", ""]
    assert world.answer(world.hub.ask(facts.SignOn(token="t", agent="anna"))) == ""
    assert sum(isinstance(row.fact, facts.SignOn) for row in world.diary.rows[:rows]) == 1


def test_a_command_that_is_not_committed_in_time_is_busy() -> None:
    """The asker is told to try again; a late commit hurts nobody."""
    world = a_world()
    errors: list[BaseException | None] = []
    waiting = Deferred.fromCoroutine(world.hub.ask(facts.SignOn(token="t", agent="anna")))
    waiting.addErrback(_noted, errors)
    world.clock.advance(ANSWER_S + 1)
    assert [type(error) for error in errors] == [BusyError]
    world.commit()
    assert world.answer(world.hub.ask(facts.SignOn(token="t", agent="anna"))) == ""


def test_commands_are_refused_while_the_journal_is_far_behind() -> None:
    """Observations go on."""
    world = a_world()
    for _ in range(20_001):
        world.hub.take(facts.PhoneSeen(extension="110", reachable=True))
    with pytest.raises(BusyError):
        world.answer(world.hub.ask(facts.SignOn(token="t", agent="anna")))
    assert not world.broken


def test_what_is_no_command_cannot_be_asked() -> None:
    """It would never be answered."""
    world = a_world()
    with pytest.raises(TypeError):
        world.answer(world.hub.ask(facts.PhoneSeen(extension="110", reachable=True)))


def test_a_deadline_comes_as_a_fact() -> None:
    """The wrap-up ends by itself at its time."""
    world = a_world()
    world.sign_on("anna")
    caller = world.call_support()
    world.until(lambda: "101" in world.ringing)
    world.exchange.pick_up(world.ringing["101"])
    world.until(lambda: caller.doing == "bridged")
    world.exchange.end(caller.leg)
    world.until(lambda: isinstance(world.hub.centre.state.agents["anna"].state, st.WrapUp))
    world.wait(WRAP_UP_S - 0.2)
    assert isinstance(world.hub.centre.state.agents["anna"].state, st.WrapUp)
    world.wait(0.5)
    assert isinstance(world.hub.centre.state.agents["anna"].state, st.Available)
    assert any(isinstance(row.fact, facts.Due) for row in world.diary.rows)


def test_facts_that_come_while_one_is_handled_follow_it() -> None:
    """A driver may report from within what it is asked for; the order stays."""
    world = a_world()

    class Hasty:
        """Answers at once."""

        name = "hasty"

        def perform(self, effect: effects.AnyCallEffect) -> None:
            """Report the leg's end from within."""
            if isinstance(effect, effects.AnswerLeg):
                world.hub.take(facts.LegEnded(leg=effect.leg))

    world.hub.attach(Hasty())
    leg = facts.Leg("hasty", "1")
    world.hub.take(facts.LegAsked(leg=leg, trunk="t", number="2001", party="p"))
    kinds = [type(row.fact) for row in world.diary.rows[-2:]]
    assert kinds == [facts.LegAsked, facts.LegEnded]
    assert not world.hub.centre.state.interactions


def test_a_failing_driver_or_listener_stops_nobody() -> None:
    """The fact is journalled, the others hear of it."""
    world = a_world()
    heard: list[object] = []

    class Broken:
        """Fails at everything."""

        name = "broken"

        def perform(self, effect: effects.AnyCallEffect) -> None:
            """Fail."""
            raise RuntimeError(effect)

    def fail(*_: object) -> None:
        raise RuntimeError

    world.hub.attach(Broken())
    world.hub.listen(fail)
    world.hub.listen_filed(fail)
    world.hub.listen(lambda row, _: heard.append(row))
    world.hub.take(facts.LegAsked(leg=facts.Leg("broken", "1"), trunk="t", number="2001", party="p"))
    world.hub.take(facts.LegEnded(leg=facts.Leg("broken", "1")))
    world.hub.take(facts.LegAsked(leg=facts.Leg("unknown", "1"), trunk="t", number="2001", party="p"))
    world.commit()
    assert len(heard) == 3
    assert not world.broken


def test_a_full_journal_stops_the_daemon() -> None:
    """What cannot be kept must not be done silently; who started us starts us again."""
    world = a_world()
    world.diary.full = True
    world.hub.take(facts.PhoneSeen(extension="110", reachable=True))
    world.hub.take(facts.PhoneSeen(extension="110", reachable=True))
    assert world.broken == ["the journal cannot keep up with the calls"]


def test_with_a_journal_that_waits_new_calls_are_left_to_the_exchange(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that we have go on to their end; with a journal that is written again, so do new ones."""
    monkeypatch.setattr(hub, "BACKLOG_FOR_CALLS", 60)
    world = a_world()
    world.sign_on("anna")
    ours = world.call_support("p-1")
    while world.diary.backlog < 60:
        world.hub.take(facts.PhoneSeen(extension="110", reachable=True))
    news = [world.exchange.call("2001", party=f"p-{number}") for number in (2, 3)]
    world.clock.advance(0.1)
    assert [(line.hears, line.leg in world.hub.centre.state.legs) for line in news] == [("fall-back", False)] * 2
    assert world.hub.left_alone == 2
    world.exchange.pick_up(world.ringing["101"])
    world.clock.pump([0.01] * 100)
    assert ours.doing == "bridged"
    world.exchange.end(ours.leg)
    world.clock.pump([0.01] * 100)
    assert ours.leg not in world.hub.centre.state.legs
    world.commit()
    assert world.call_support("p-4").leg in world.hub.centre.state.legs
    assert (world.hub.left_alone, world.broken) == (2, [])


def test_a_failed_journal_stops_the_daemon_once() -> None:
    """Nothing is promised any more."""
    world = a_world()
    answers: list[str] = []
    Deferred.fromCoroutine(world.hub.ask(facts.SignOn(token="t", agent="anna"))).addErrback(lambda _: None)
    world.hub.failed("the disk failed")
    world.hub.failed("the disk failed again")
    assert world.broken == ["the disk failed"]
    assert answers == []


def test_endless_nesting_stops_the_daemon() -> None:
    """A driver that reports without end from within is a fault of ours."""
    world = a_world()

    class Endless:
        """Reports too much."""

        name = "endless"

        def perform(self, effect: effects.AnyCallEffect) -> None:
            """Report more than may wait."""
            for _ in range(NESTED_MAX + 1 if isinstance(effect, effects.AnswerLeg) else 0):
                world.hub.take(facts.PhoneSeen(extension="110", reachable=True))

    world.hub.attach(Endless())
    world.hub.take(facts.LegAsked(leg=facts.Leg("endless", "1"), trunk="t", number="2001", party="p"))
    assert world.broken == ["facts come faster than they can be handled"]


def test_a_closing_hub_tells_those_who_wait() -> None:
    """They may try again when it is back."""
    world = a_world()
    errors: list[BaseException | None] = []
    waiting = Deferred.fromCoroutine(world.hub.ask(facts.SignOn(token="t", agent="anna")))
    waiting.addErrback(_noted, errors)
    world.hub.close()
    assert [type(error) for error in errors] == [BusyError]
    with pytest.raises(BusyError):
        world.answer(world.hub.ask(facts.SignOn(token="u", agent="anna")))


def test_a_snapshot_is_due_every_so_many_facts() -> None:
    """And counting begins anew when it is taken."""
    world = a_world()
    for _ in range(SNAPSHOT_EVERY):
        world.hub.take(facts.PhoneSeen(extension="110", reachable=True))
        world.commit()
    assert world.hub.snapshot_due
    world.hub.snapshot_taken()
    assert not world.hub.snapshot_due


def test_calls_that_are_told_count_one_by_one() -> None:
    """However many of them one fact tells of: a start has to go through them all."""
    world = a_world()
    calls = tuple(facts.ToldCall(uniqueid=str(number)) for number in range(SNAPSHOT_EVERY))
    world.hub.take(facts.CallsTold(exchange="simulated"))
    world.hub.take(facts.CallsTold(exchange="simulated", part=1, offset=1, calls=calls[1:]))
    assert world.hub.snapshot_due


def test_recovery_gives_the_same_centre_from_any_snapshot() -> None:
    """From nothing and every row, or from a snapshot in the middle and the rest."""
    world = a_world()
    world.sign_on("anna", "bela")
    snapshots: list[tuple[bytes, int]] = [(b"", 0)]
    for party in ("p-1", "p-2", "p-3"):
        world.call_support(party)
        snapshots.append((world.hub.centre.snapshot(), len(world.diary.rows)))
    world.until(lambda: "101" in world.ringing)
    world.exchange.pick_up(world.ringing["101"])
    world.wait(2)
    for snapshot, after in snapshots:
        rows = tuple(world.diary.rows[after:])
        past = Past(boot=2, snapshot=snapshot, rows=rows, last_us=rows[-1].now)
        clocks = Clocks(wall_ns=lambda: (NOON + 10**9) * 1000, monotonic_ns=lambda: 0)
        recovered = recover(past, clocks, Configurations({VERSION: company()}.__getitem__))
        assert recovered.differing == 0
        assert recovered.centre.snapshot() == world.hub.centre.snapshot()
        assert recovered.clock.now() == NOON + 10**9


def test_recovery_survives_a_snapshot_that_is_none() -> None:
    """The look at the live legs that follows must then do."""
    past = Past(boot=2, snapshot=b"not one", rows=(), last_us=NOON)
    recovered = recover(
        past,
        Clocks(wall_ns=lambda: NOON * 1000, monotonic_ns=lambda: 0),
        Configurations({VERSION: company()}.__getitem__),
    )
    assert isinstance(recovered.centre, Centre)


def test_configurations_are_loaded_once_and_later_not_at_all() -> None:
    """The reactor never waits for the disk."""
    loaded: list[str] = []

    def load(version: str) -> Configuration:
        loaded.append(version)
        return company()

    configurations = Configurations(load)
    assert configurations("a") is configurations("a")
    configurations.keep_to_memory()
    with pytest.raises(KeyError):
        configurations("b")
    configurations.add("b", company())
    assert configurations("b").queues
    assert loaded == ["a"]
