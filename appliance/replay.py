"""Replay: recorded facts handled once more by the real Centre, and the first thing that comes out differently."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from zlib import crc32

import msgspec

from appliance import api
from appliance.core import effects, facts
from appliance.core.centre import Centre
from appliance.core.matching import Match
from appliance.core.model import Configuration

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Considered:
    """Everybody who was considered for a decision."""

    eligible: tuple[effects.Candidate, ...]
    "In the order in which they would have been chosen."
    excluded: dict[str, str]
    "The other agents of the queue, and why not."


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


def considered(recorded: Recorded, decided: effects.Decided) -> Considered | None:
    """List everybody who was considered for a decision, by handling what was recorded up to it once more.

    None if it is not made there again: its facts are not all recorded, or this release decides in another way. Raises
    as `replay` does.
    """
    of = recorded.configurations.__getitem__
    centre = Centre.restore(recorded.snapshot, of) if recorded.snapshot else Centre(of)
    found: list[Considered] = []

    def look(match: Match) -> None:
        if match.interaction.id == decided.interaction and decided.chosen in match.chosen:
            eligible, others = centre.candidates(match.interaction)
            found.append(Considered(eligible=tuple(eligible), excluded=others))

    for row in recorded.rows:
        if row.sequence == decided.position[1]:
            centre.before_match = look
            asked = centre.handle(row.now, row.fact)
            return found[-1] if found and decided in asked else None
        centre.handle(row.now, row.fact)
    return None


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
