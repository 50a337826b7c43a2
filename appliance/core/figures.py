"""The figures, each defined once: desk, wallboard, report, API and alarm all ask here."""

import enum
import math
from dataclasses import dataclass
from typing import assert_never


class Formula(enum.StrEnum):
    """How abandoned calls count in the service level; the name is printed beside the figure."""

    ALL_COUNTED = "all_counted"
    "Every abandon counts as not met."
    WITHIN_LEFT_OUT = "within_left_out"
    "Abandons within *T* are left out."
    WITHIN_MET = "within_met"
    "Abandons within *T* count as met."
    ANSWERED_ONLY = "answered_only"
    "All abandons are left out."


def service_level(
    answered: int,
    answered_within: int,
    abandoned: int,
    abandoned_within: int,
    formula: Formula = Formula.ALL_COUNTED,
) -> float | None:
    """Share of calls answered within *T*, from 0 to 1; None while nothing has been counted.

    `abandoned` leaves short abandons out; `abandoned_within` are those of them that gave up within *T*.
    """
    match formula:
        case Formula.ALL_COUNTED:
            met, of = answered_within, answered + abandoned
        case Formula.WITHIN_LEFT_OUT:
            met, of = answered_within, answered + abandoned - abandoned_within
        case Formula.WITHIN_MET:
            met, of = answered_within + abandoned_within, answered + abandoned
        case Formula.ANSWERED_ONLY:
            met, of = answered_within, answered
        case _:
            assert_never(formula)
    return met / of if of else None


def speed_of_answer(wait_us: int, answered: int) -> float | None:
    """ASA in seconds: the waits of the answered calls, shared; None while none was answered."""
    return wait_us / answered / 1_000_000 if answered else None


def abandon_rate(abandoned: int, offered: int) -> float | None:
    """Share of the offered calls that gave up, from 0 to 1; None while none was offered."""
    return abandoned / offered if offered else None


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
