"""Opening hours, as the core sees them: stretches of centre time."""

from bisect import bisect_right

Opening = tuple[tuple[int, int], ...]
"[from, until) in microseconds UTC, ascending, without overlap."


def is_open(opening: Opening, now: int) -> bool:
    """Whether a moment lies in one of the stretches."""
    index = bisect_right(opening, now, key=lambda stretch: stretch[0]) - 1
    return index >= 0 and now < opening[index][1]
