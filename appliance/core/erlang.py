"""Erlang's formulas: how long callers wait who all stay, for a steady load (A. K. Erlang, 1917; ITU-T E.501)."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Staffing:
    """What Erlang C says of a number of agents."""

    waits: float
    "Probability that a call waits."
    service_level: float
    speed_of_answer_s: float


def erlang_b(load: float, agents: int) -> float:
    """Probability that all agents are busy and the call is lost, for a load in erlangs (Erlang B, by its recursion)."""
    blocked = 1.0
    for n in range(1, agents + 1):
        blocked = load * blocked / (n + load * blocked)
    return blocked


def erlang_c(*, calls_per_s: float, handle_s: float, agents: int, within_s: float) -> Staffing | None:
    """Erlang C; None where the load reaches the number of agents, so that the queue grows without end.

    A = λ·AHT; Pw = B·N/(N - A(1 - B)); SL = 1 - Pw·e^(-(N - A)T/AHT); ASA = Pw·AHT/(N - A).
    """
    load = calls_per_s * handle_s
    if load >= agents:
        return None
    blocked = erlang_b(load, agents)
    waits = blocked * agents / (agents - load * (1 - blocked))
    return Staffing(
        waits=waits,
        service_level=1 - waits * math.exp(-(agents - load) * within_s / handle_s),
        speed_of_answer_s=waits * handle_s / (agents - load),
    )
