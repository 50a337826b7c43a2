"""A clock that is a heap: thousands of timers cost little, and simulated time passes only when asked to."""

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from typing import Protocol


class Timer(Protocol):
    """What a reactor's `callLater` returns, as far as we use it."""

    def cancel(self) -> None:
        """Call nothing after all."""

    def active(self) -> bool:
        """Tell whether the call is still to come."""


class Timers(Protocol):
    """A reactor, as far as the simulated exchange uses it."""

    def callLater(self, delay: float, callable: Callable[[], object], /) -> Timer:  # noqa: N802, A002 Twisted's names
        """Call something after so many seconds."""


class HeapTimer:
    """One call to come."""

    def __init__(self, what: Callable[[], object]) -> None:
        """Wait to be called."""
        self._what: Callable[[], object] | None = what

    def cancel(self) -> None:
        """Call nothing after all."""
        self._what = None

    def active(self) -> bool:
        """Tell whether the call is still to come."""
        return self._what is not None

    def fire(self) -> None:
        """Call it, unless it was cancelled."""
        what, self._what = self._what, None
        if what is not None:
            what()


class HeapClock:
    """Simulated time in microseconds, with the one method of a reactor that the exchange needs."""

    def __init__(self, now: int = 0) -> None:
        """Begin at a time."""
        self.now = now
        self._heap: list[tuple[int, int, HeapTimer]] = []
        self._order = count()

    def callLater(self, delay: float, what: Callable[[], object]) -> HeapTimer:  # noqa: N802 Twisted's name
        """Call something after so many seconds; equal times in the order of asking."""
        timer = HeapTimer(what)
        heappush(self._heap, (self.now + round(delay * 1_000_000), next(self._order), timer))
        return timer

    def next(self) -> int | None:
        """Tell when something happens next."""
        while self._heap and not self._heap[0][2].active():
            heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def step(self) -> bool:
        """Go on to what happens next and let it happen; False if nothing does."""
        at = self.next()
        if at is None:
            return False
        self.now = at
        heappop(self._heap)[2].fire()
        return True
