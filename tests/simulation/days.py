"""One seed's day, told in a few figures that another process can be given."""

import traceback
from collections import Counter
from dataclasses import dataclass, field

from tests.simulation.life import live


@dataclass(frozen=True, slots=True)
class Told:
    """What came of a seed."""

    seed: int
    calls: int = 0
    facts: int = 0
    wrong: str = ""
    "What did not hold, empty if all did."
    seen: Counter[str] = field(default_factory=Counter)
    "What happened, and how often."


def try_seed(calls: int, seed: int) -> Told:
    """Live through a seed's day and tell what came of it."""
    try:
        life = live(seed, calls)
    except Exception as error:  # noqa: BLE001  whatever goes wrong is told with its seed
        where = "" if isinstance(error, AssertionError) else traceback.format_exc(limit=-3)
        return Told(seed, wrong=f"{type(error).__name__}: {error}\n{where}".strip())
    return Told(seed, calls=len(life.box.disk.records), facts=life.box.handled, seen=life.tally.counts)
