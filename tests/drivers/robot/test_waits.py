"""Waiting with a deadline."""

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from drivers.robot import waits


def outcome(done: Deferred[str]) -> str:
    """Say how a wait came out."""
    found: list[str] = []

    def failed(failure: Failure) -> None:
        found.append(f"{type(failure.value).__name__}: {failure.value}")

    done.addCallbacks(found.append, failed)
    return found[0] if found else "waiting"


def until(place: waits.Waits, box: list[str], deadline_s: float = 1.0) -> Deferred[str]:
    """Wait for something to lie in a box."""
    return Deferred.fromCoroutine(place.until(lambda: box[0] if box else None, "a thing", deadline_s))


def test_what_is_there_is_not_waited_for() -> None:
    """What is there is not waited for."""
    time = Clock()
    assert outcome(until(waits.Waits(time, "me"), ["x"])) == "x"
    assert not time.getDelayedCalls()


def test_what_comes_is_seen_at_the_next_look() -> None:
    """What comes is seen at the next look."""
    time = Clock()
    place = waits.Waits(time, "me")
    box: list[str] = []
    done = until(place, box)
    place.look()
    box.append("x")
    assert not done.called
    assert len(place) == 1
    place.look()
    assert outcome(done) == "x"
    assert len(place) == 0
    assert not time.getDelayedCalls()


def test_a_deadline_says_what_was_waited_for() -> None:
    """A deadline says what was waited for."""
    time = Clock()
    place = waits.Waits(time, "me")
    box: list[str] = []
    done = until(place, box, 2.5)
    time.advance(2.5)
    assert outcome(done) == "DeadlineError: not within 2.5 s: me: a thing"
    box.append("x")
    place.look()
    assert len(place) == 0


def test_the_end_lets_look_once_more_and_then_fails_all() -> None:
    """The end lets look once more and then fails all."""
    time = Clock()
    place = waits.Waits(time, "me")
    full: list[str] = []
    first, second, third = until(place, full), until(place, []), until(place, [], 0.1)
    time.advance(0.1)
    full.append("x")
    place.close(waits.CallEndedError("over"))
    assert outcome(first) == "x"
    assert outcome(second) == "CallEndedError: over; waited for a thing"
    assert outcome(third).startswith("DeadlineError")
    assert outcome(until(place, [])) == "CallEndedError: over; waited for a thing"
    assert outcome(until(place, ["y"])) == "y"
    assert not time.getDelayedCalls()


def test_an_error_while_looking_belongs_to_the_one_who_waits() -> None:
    """An error while looking belongs to the one who waits."""
    place = waits.Waits(Clock(), "me")
    looks: list[int] = []

    def look() -> str | None:
        looks.append(1)
        if len(looks) > 1:
            raise ZeroDivisionError("no")
        return None

    done = Deferred.fromCoroutine(place.until(look, "a thing", 1.0))
    place.look()
    assert outcome(done) == "ZeroDivisionError: no"


def test_one_who_waits_anew_while_all_look_is_not_lost() -> None:
    """One who waits anew while all look is not lost."""
    place = waits.Waits(Clock(), "me")
    box: list[str] = []

    async def twice() -> str:
        first = await place.until(lambda: box[0] if box else None, "one", 1.0)
        return first + await place.until(lambda: box[1] if box[1:] else None, "two", 1.0)

    done = Deferred.fromCoroutine(twice())
    box.append("a")
    place.look()
    box.append("b")
    place.look()
    assert outcome(done) == "ab"


def test_one_who_no_longer_waits_is_forgotten() -> None:
    """One who no longer waits is forgotten."""
    time = Clock()
    place = waits.Waits(time, "me")
    box: list[str] = []
    done = until(place, box)
    done.addErrback(lambda _: "cancelled")
    done.cancel()
    place.close(waits.CallEndedError("over"))
    assert outcome(done) == "cancelled"
    assert not time.getDelayedCalls()


def test_too_many_may_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many may not wait."""
    monkeypatch.setattr(waits, "WAITS_MAX", 1)
    place = waits.Waits(Clock(), "me")
    until(place, [])
    assert outcome(until(place, [])) == "RobotError: me: more than 1 wait at once"
