"""What is wrong with a configuration: where, and a stable word that the pages make a sentence of."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong."""

    path: str
    "Such as `queues.support.ring_s`."
    code: str
    "`invalid`, `out_of_range`, `too_long`, `too_many`, `missing`, `unknown`, `twice`, `empty`."
    detail: str = ""
    "The value, the range, or what the name should lead to."
