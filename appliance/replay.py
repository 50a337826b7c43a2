"""Replay: recorded facts handled once more by the real Centre, and the first thing that comes out differently."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from zlib import crc32

import msgspec
from typing_extensions import override

from appliance import api
from appliance.core import effects, facts
from appliance.core.centre import Centre
from appliance.core.matching import Match, candidates
from appliance.core.model import Configuration
from appliance.core.state import State
from appliance.core.turn import Turn

FORMAT = 1
ConfigurationOf = Callable[[str], Configuration]
Witness = Callable[[api.Row, tuple[effects.AnyEffect, ...]], None]
"Told of each row with the effects that it has now."

_encoder = msgspec.msgpack.Encoder()


def sum_of(asked: tuple[effects.AnyEffect, ...]) -> int:
    """Sum up the bytes of a fact's effects (CRC-32); 0 where it had none."""
    return crc32(_encoder.encode(asked)) if asked else 0


class Recorded(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A stretch of a journal that can be replayed by itself."""

    format: int = FORMAT
    release: str = ""
    "Release that recorded it."
    snapshot: bytes = b""
    "State of the Centre before the first row, empty if it begins where the journal does."
    configurations: dict[str, Configuration] = {}
    "Every version that held."
    rows: tuple[api.Row, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Where a replay left what was recorded."""

    row: api.Row
    what: str
    "`sequence`, `time`, `kept`, `effects` or `about`."
    recorded: str
    replayed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What came of a replay."""

    centre: Centre
    "As it was after the last row that was handled."
    rows: int
    "How many were handled."
    difference: Difference | None


def versions_of(rows: Iterable[api.Row]) -> tuple[str, ...]:
    """Name the versions that some rows published, each once."""
    published = (row.fact.version for row in rows if isinstance(row.fact, facts.ConfigurationPublished))
    return tuple(dict.fromkeys(published))


def replay(recorded: Recorded, witness: Witness = lambda _row, _asked: None) -> Replayed:
    """Handle every recorded row in order, up to the first difference.

    Raises `msgspec.DecodeError` if the snapshot is none, `KeyError` if a configuration is missing.
    """
    of = recorded.configurations.__getitem__
    centre = Centre.restore(recorded.snapshot, of) if recorded.snapshot else Centre(of)
    for number, row in enumerate(recorded.rows):
        try:
            asked = centre.handle(row.now, row.fact)
        except ValueError as error:
            return Replayed(centre=centre, rows=number, difference=_difference(row, "time", str(row.now), str(error)))
        witness(row, asked)
        difference = difference_of(centre, row, asked)
        if difference is not None:
            return Replayed(centre=centre, rows=number + 1, difference=difference)
    return Replayed(centre=centre, rows=len(recorded.rows), difference=None)


def difference_of(centre: Centre, row: api.Row, asked: tuple[effects.AnyEffect, ...]) -> Difference | None:
    """Hold what a row gave now against what was recorded; None if it is the same to the bit."""
    if centre.state.sequence != row.sequence:
        return _difference(row, "sequence", str(row.sequence), str(centre.state.sequence))
    kept = tuple(effect for effect in asked if isinstance(effect, effects.Kept))
    if kept != row.kept:
        pairs = ((then, now) for then, now in zip([*row.kept, None], [*kept, None], strict=False) if then != now)
        then, now = next(pairs, (None, None))
        return _difference(row, "kept", str(then), str(now))
    if row.effects_sum and row.effects_sum != sum_of(asked):
        return _difference(row, "effects", f"{row.effects_sum:08x}", f"{sum_of(asked):08x}: {asked}")
    if centre.about != row.about:
        return _difference(row, "about", str(row.about), str(centre.about))
    return None


def _difference(row: api.Row, what: str, recorded: str, replayed: str) -> Difference:
    return Difference(row=row, what=what, recorded=recorded, replayed=replayed)


# -- why


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Everybody who could have been chosen, and who could not, at one decision."""

    decided: effects.Decided
    eligible: tuple[effects.Candidate, ...]
    "In the order of the strategy."
    others: dict[str, str]
    "Agent to why not."


@dataclass(frozen=True, slots=True, kw_only=True)
class Unoffered:
    """Why somebody who waited was offered to nobody at a moment."""

    at: int
    "The moment, centre time."
    ahead: int
    "How many were before the caller in the same queue."
    eligible: int
    "Agents against whom nothing was, as when the exchange was out of sight."
    excluded: dict[str, int]
    "Reason to how many of the queue's agents it kept from the caller."
    in_sight: bool
    "Whether we saw the exchange that the caller was on."


class _Explained(Centre):
    """A Centre that keeps the full list behind each of its decisions."""

    def __init__(self, configuration_of: ConfigurationOf, state: State | None = None) -> None:
        super().__init__(configuration_of, state)
        self.lists: list[tuple[str, tuple[str, ...], tuple[effects.Candidate, ...], dict[str, str]]] = []

    @override
    def _first_match(self, turn: Turn) -> Match | None:
        match = super()._first_match(turn)
        if match is not None:
            eligible, others = candidates(self._directory, self._queues, self.state.agents, match.interaction)
            chosen = tuple(candidate.agent for candidate in match.chosen)
            self.lists.append((match.interaction.id, chosen, tuple(eligible), others))
        return match

    def unoffered(self, interaction: str, at: int) -> Unoffered | None:
        """Say why somebody is offered to nobody as things are; None if the interaction does not wait."""
        known = self.state.interactions.get(interaction)
        if known is None or interaction not in self._queues.visits:
            return None
        eligible, others = candidates(self._directory, self._queues, self.state.agents, known)
        return Unoffered(
            at=at,
            ahead=self._queues.position(interaction),
            eligible=len(eligible),
            excluded=dict(sorted(Counter(others.values()).items())),
            in_sight=known.leg.exchange in self.state.seen,
        )


def explain_wait(recorded: Recorded, interaction: str, moments: Sequence[int]) -> list[Unoffered]:
    """Replay a stretch and say at each moment, in ascending order, why somebody who waited was offered to nobody.

    Moments at which the interaction did not wait, or a phone rang for it, are left out. Raises as `replay` does.
    """
    of = recorded.configurations.__getitem__
    state = msgspec.msgpack.decode(recorded.snapshot, type=State) if recorded.snapshot else None
    centre, left, found = _Explained(of, state), list(moments), list[Unoffered | None]()
    for row in recorded.rows:
        while left and left[0] < row.now:
            found.append(centre.unoffered(interaction, left.pop(0)))
        centre.lists.clear()
        centre.handle(row.now, row.fact)
    found += [centre.unoffered(interaction, at) for at in left]
    return [one for one in found if one is not None]


def explain(recorded: Recorded, decided: effects.Decided) -> Choice | None:
    """Replay up to a decision and list every candidate; None if the stretch does not hold the decision.

    Raises as `replay` does.
    """
    of = recorded.configurations.__getitem__
    state = msgspec.msgpack.decode(recorded.snapshot, type=State) if recorded.snapshot else None
    centre = _Explained(of, state)
    for row in recorded.rows:
        centre.lists.clear()
        asked = centre.handle(row.now, row.fact)
        if (centre.state.boot, row.sequence) == decided.position and decided in asked:
            for interaction, chosen, eligible, others in centre.lists:
                if interaction == decided.interaction and decided.chosen.agent in chosen:
                    return Choice(decided=decided, eligible=eligible, others=others)
    return None
