"""A stretch of the journal that a page handles once more, to say why something was as it was."""

from appliance.replay import Recorded, versions_of
from webadmin.request import PageRequest

ROWS_MAX = 50_000
"Facts that are handled again for one page; a snapshot is taken every 5,000."


def recorded_of(request: PageRequest, since_us: int, until_us: int) -> Recorded | None:
    """Give what happened up to a moment, from the last kept snapshot on; None if it was let go, or is too much."""
    history = request.reader.history(since_us, until_us)
    if history is None or len(history.rows) > ROWS_MAX:
        return None
    versions = dict.fromkeys([*([history.configuration] if history.configuration else []), *versions_of(history.rows)])
    try:
        configurations = {version: request.reader.configuration(version) for version in versions}
    except KeyError:
        return None
    return Recorded(
        release=history.release, snapshot=history.snapshot, configurations=configurations, rows=history.rows
    )
