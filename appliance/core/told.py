"""What is remembered of an exchange's own writing: see `chronicle.py`."""

import msgspec


class Chronicle(msgspec.Struct, kw_only=True, gc=False):
    """How far we know what an exchange wrote down by itself."""

    part: int = 0
    offset: int = 0
    since: int = 0
    "All that ended before is told; centre time."
    heard: dict[str, None] = {}
    "Uniqueids of customers' legs that asked us, and whose end is not yet told; oldest first."
    told: dict[str, None] = {}
    "Uniqueids of the legs whose end was told last."
