"""Opening hours, as the core sees them: stretches of centre time."""

from bisect import bisect_right

Opening = tuple[tuple[int, int], ...]
"[from, until) in microseconds UTC, ascending, without overlap."


def is_open(opening: Opening, now: int) -> bool:
    """Whether a moment lies in one of the stretches."""
    index = bisect_right(opening, now, key=lambda stretch: stretch[0]) - 1
    return index >= 0 and now < opening[index][1]


def closes_at(opening: Opening, now: int) -> int:
    """Tell when the last stretch ends that has begun, be it past or to come; 0 if none has begun."""
    index = bisect_right(opening, now, key=lambda stretch: stretch[0]) - 1
    return opening[index][1] if index >= 0 else 0


def open_for(opening: Opening, now: int, lasting: int) -> int:
    """Tell when it will have been open for so long from now on; after the last stretch all time counts."""
    index = max(bisect_right(opening, now, key=lambda stretch: stretch[0]) - 1, 0)
    left, end = lasting, now
    for begin, until in opening[index:]:
        since = max(begin, now)
        if until - since >= left:
            return since + left
        left -= max(until - since, 0)
        end = max(until, now)
    return end + left


def opens_at(opening: Opening, now: int) -> int | None:
    """Tell when it is open next, now or later; None if no stretch comes any more."""
    if is_open(opening, now):
        return now
    index = bisect_right(opening, now, key=lambda stretch: stretch[0])
    return opening[index][0] if index < len(opening) else None
