"""One fact's turn: the time it has, what it asks for, whom it touches."""

from heapq import heapify, heappop, heappush

from appliance.core.effects import AnyEffect


class Turn:
    """What one call of `Centre.handle` gathers."""

    def __init__(self) -> None:
        """Begin an empty turn."""
        self.now = 0
        "Centre time, microseconds."
        self.effects: list[AnyEffect] = []
        self.about: dict[str, None] = {}
        self.ended: dict[str, int] = {}
        "When an interaction ended of which we only now hear; every other one ends now."

    def ask(self, effect: AnyEffect) -> None:
        """Ask something of the world."""
        self.effects.append(effect)

    def end_of(self, interaction: str, since: int) -> int:
        """Tell when what an interaction does since a moment is over, if it is over in this turn."""
        return min(max(self.ended.get(interaction, self.now), since), self.now)

    def touch(self, interaction: str) -> None:
        """Note that the fact is about an interaction."""
        self.about[interaction] = None


class Deadlines:
    """When what is due: names with a time each, the earliest first, equal times by name."""

    def __init__(self, times: dict[str, int]) -> None:
        """Take over the times of a state; they are kept true in it."""
        self._times = times
        self._heap = [(at, name) for name, at in times.items()]
        heapify(self._heap)

    def set(self, name: str, at: int) -> None:
        """Put a deadline, or move it."""
        self._times[name] = at
        heappush(self._heap, (at, name))

    def __contains__(self, name: str) -> bool:
        """Whether a deadline is put."""
        return name in self._times

    def drop(self, name: str) -> None:
        """Forget a deadline, if there is one."""
        self._times.pop(name, None)

    def first(self) -> tuple[int, str] | None:
        """Look at the earliest."""
        while self._heap:
            at, name = self._heap[0]
            if self._times.get(name) == at:
                return at, name
            heappop(self._heap)
        return None

    def take(self, now: int) -> tuple[int, str] | None:
        """Take the earliest out, if its time has come."""
        first = self.first()
        if first is None or first[0] > now:
            return None
        heappop(self._heap)
        del self._times[first[1]]
        return first
