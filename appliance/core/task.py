"""A task: a contact by another medium than voice that an agent has in hand."""

import msgspec


class Task(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What it is, and what it takes."""

    medium: str
    units: int
