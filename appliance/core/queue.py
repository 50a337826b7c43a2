"""The queues: who waits, in which order, and what has been done today."""

from bisect import insort
from collections.abc import Iterator

from appliance.core import state as st

Place = tuple[int, int, int]
"(priority, entered_at, ticket): smallest is served first. No two are equal, for tickets are not."


class Queues:
    """The waiting callers of each queue, in the order of their places."""

    def __init__(self, interactions: dict[str, st.Interaction], counts: dict[str, st.QueueCounts]) -> None:
        """Index those of a state who wait, and take over its counts."""
        self._counts = counts
        self._waiting: dict[str, list[tuple[Place, str]]] = {}
        self.visits: dict[str, st.Waiting] = {}
        "Interaction to its place, of all who wait."
        for interaction in interactions.values():
            if isinstance(interaction.state, st.Waiting):
                self.enter(interaction, interaction.state)

    def enter(self, interaction: st.Interaction, waiting: st.Waiting) -> None:
        """Wait, at the place that arrival gave; coming back means the same place."""
        insort(self._waiting.setdefault(waiting.queue, []), (place_of(interaction, waiting), interaction.id))
        self.visits[interaction.id] = waiting

    def leave(self, interaction: st.Interaction, waiting: st.Waiting) -> None:
        """Wait no more."""
        self._waiting[waiting.queue].remove((place_of(interaction, waiting), interaction.id))
        del self.visits[interaction.id]

    def length(self, queue: str) -> int:
        """Count those who wait."""
        return len(self._waiting.get(queue, ()))

    def waiting(self, queue: str) -> Iterator[tuple[Place, str]]:
        """Go through those who wait, first served first."""
        return iter(self._waiting.get(queue, ()))

    def queues(self) -> Iterator[str]:
        """Name the queues in which somebody waits, in order."""
        return iter(sorted(queue for queue, entries in self._waiting.items() if entries))

    def counts(self, queue: str) -> st.QueueCounts:
        """Give today's counts of a queue, to be added to."""
        return self._counts.setdefault(queue, st.QueueCounts())

    def new_day(self) -> None:
        """Begin the counts again."""
        self._counts.clear()


def place_of(interaction: st.Interaction, waiting: st.Waiting) -> Place:
    """Tell a caller's place: by priority, then by arrival, then by number."""
    return (interaction.priority, waiting.entered_at, waiting.ticket)
