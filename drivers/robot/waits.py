"""Waiting for something to come true, with a deadline that says what was waited for."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

Found = TypeVar("Found")

WAITS_MAX = 1_000


class RobotError(Exception):
    """A robot phone could not do what it was asked."""


class DeadlineError(RobotError):
    """What was waited for did not happen in time."""


class CallEndedError(RobotError):
    """The call ended while something was waited for."""


def within(clock: IReactorTime, done: Deferred[Found], what: str, deadline_s: float) -> Deferred[Found]:
    """Let `done` fail with DeadlineError, which names `what`, if it has not fired after `deadline_s`."""

    def expire(_value: object, _timeout_s: float) -> Found:
        raise DeadlineError(f"not within {deadline_s:g} s: {what}")

    return done.addTimeout(deadline_s, clock, expire)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wait:
    """One who waits."""

    look: Callable[[], bool]
    "Looks once more; true once nothing more is waited for."
    fail: Callable[[RobotError], None]


class Waits:
    """All who wait for a change of one thing: `look` after each change, `close` when no more can come."""

    def __init__(self, clock: IReactorTime, name: str) -> None:
        """`name` says in errors whose waiting this is."""
        self._clock = clock
        self.name = name
        self._waits: list[_Wait] = []
        self._closed: RobotError | None = None

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waits)

    async def until(self, found: Callable[[], Found | None], what: str, deadline_s: float) -> Found:
        """Give the first result of `found` that is not None; it is asked at once and at each look.

        `what` says in errors what was waited for. DeadlineError after `deadline_s`, and whatever `close` was given
        once it was called.
        """
        result = found()
        if result is not None:
            return result
        if self._closed is not None:
            raise _told(self._closed, what)
        if len(self._waits) >= WAITS_MAX:
            raise RobotError(f"{self.name}: more than {WAITS_MAX} wait at once")

        done: Deferred[Found] = Deferred()
        self._waits.append(_Wait(look=lambda: _settle(done, found), fail=lambda why: _fail(done, why, what)))
        return await within(self._clock, done, f"{self.name}: {what}", deadline_s)

    def look(self) -> None:
        """Let everyone look again."""
        waits, self._waits = self._waits, []
        for wait in waits:
            if not wait.look():
                self._waits.append(wait)

    def close(self, why: RobotError) -> None:
        """Let everyone look a last time, and fail those who still wait and all who come later."""
        self.look()
        self._closed = why
        waits, self._waits = self._waits, []
        for wait in waits:
            wait.fail(why)


def _settle(done: Deferred[Found], found: Callable[[], Found | None]) -> bool:
    """Look once more for one who waits."""
    if done.called:
        return True
    try:
        result = found()
    except Exception:  # noqa: BLE001 -- whatever it is belongs to the one who waits
        done.errback()
        return True
    if result is None:
        return False
    done.callback(result)
    return True


def _fail(done: Deferred[Found], why: RobotError, what: str) -> None:
    if not done.called:
        done.errback(_told(why, what))


def _told(why: RobotError, what: str) -> RobotError:
    return type(why)(f"{why}; waited for {what}")
