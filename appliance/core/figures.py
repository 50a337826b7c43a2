"""The figures, each defined once: desk, wallboard, report, API and alarm all ask here."""

import enum
from dataclasses import dataclass
from typing import Protocol, TypeVar, assert_never

SECOND_US = 1_000_000
AnswerT_co = TypeVar("AnswerT_co", covariant=True)


class Wait(Protocol[AnswerT_co]):
    """A wait in microseconds, or an array of them: whoever keeps calls alive reads no numpy for this module's sake."""

    def __le__(self, limit_us: int, /) -> AnswerT_co:
        """Compare it, or each."""


def is_within(wait_us: Wait[AnswerT_co], limit_s: int) -> AnswerT_co:
    """Whether a wait was within so many seconds, or each of many: just as many is. Of *T* and of short abandons."""
    return wait_us <= limit_s * SECOND_US


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """What a company counts in its service level; what is printed beside the figure says it."""

    formula: Formula = Formula.ALL_COUNTED
    flow_outs: bool = False
    "Whether those who left the queue otherwise count as not met."

    @property
    def name(self) -> str:
        """The formula's name, and whether flow-outs are in."""
        return f"{self.formula}{FLOW_OUTS_IN if self.flow_outs else ''}"


FLOW_OUTS_IN = "_flow_outs"
"What the name of a formula ends in that has flow-outs in."


class Counted(Protocol):
    """Visits of a queue that have ended, by how; of a day, say."""

    @property
    def answered(self) -> int:
        """Those that somebody answered."""

    @property
    def answered_within(self) -> int:
        """Those of them that waited no longer than *T*."""

    @property
    def abandoned(self) -> int:
        """Those that gave up, short abandons left out."""

    @property
    def abandoned_within(self) -> int:
        """Those of them that gave up within *T*."""

    @property
    def flowed_out(self) -> int:
        """Those that left the queue otherwise."""


def level_of(counted: Counted, measure: Measure) -> float | None:
    """Give the service level of what was counted, from 0 to 1; None while nothing has been."""
    return service_level(*_ends(counted), measure.formula, flowed_out=counted.flowed_out if measure.flow_outs else 0)


def level_holds(counted: Counted, measure: Measure, percent: int) -> bool:
    """Whether the service level is at so many percent; true while nothing has been counted.

    Routing asks here: what decides is reckoned in integers.
    """
    met, of = _share(*_ends(counted), measure.formula)
    return met * 100 >= percent * (of + (counted.flowed_out if measure.flow_outs else 0))


def _ends(counted: Counted) -> tuple[int, int, int, int]:
    return counted.answered, counted.answered_within, counted.abandoned, counted.abandoned_within


def service_level(
    answered: int,
    answered_within: int,
    abandoned: int,
    abandoned_within: int,
    formula: Formula = Formula.ALL_COUNTED,
    *,
    flowed_out: int = 0,
) -> float | None:
    """Share of calls answered within *T*, from 0 to 1; None while nothing has been counted.

    `abandoned` leaves short abandons out; `abandoned_within` are those of them that gave up within *T*. Give
    `flowed_out` where those who left the queue otherwise are to count as not met.
    """
    met, of = _share(answered, answered_within, abandoned, abandoned_within, formula)
    of += flowed_out
    return met / of if of else None


def _share(
    answered: int, answered_within: int, abandoned: int, abandoned_within: int, formula: Formula
) -> tuple[int, int]:
    match formula:
        case Formula.ALL_COUNTED:
            return answered_within, answered + abandoned
        case Formula.WITHIN_LEFT_OUT:
            return answered_within, answered + abandoned - abandoned_within
        case Formula.WITHIN_MET:
            return answered_within + abandoned_within, answered + abandoned
        case Formula.ANSWERED_ONLY:
            return answered_within, answered
        case _:
            assert_never(formula)


def speed_of_answer(wait_us: int, answered: int) -> float | None:
    """ASA in seconds: the waits of the answered calls, shared; None while none was answered."""
    return wait_us / answered / SECOND_US if answered else None


def abandon_rate(abandoned: int, offered: int) -> float | None:
    """Share of the offered that gave up, short abandons left out, from 0 to 1; None while none was offered."""
    return abandoned / offered if offered else None


def offered(*, answered: int, abandoned: int, flowed_out: int, turned_into_callback: int, waiting: int = 0) -> int:
    """Count the visits that a queue was offered, each once; short abandons belong to the abandoned."""
    return answered + abandoned + flowed_out + turned_into_callback + waiting


def handle_time(*, talk_us: int, hold_us: int, wrap_up_us: int, handled: int) -> float | None:
    """AHT in seconds: talk, hold and wrap-up of the handled interactions, shared; None while none was handled."""
    return (talk_us + hold_us + wrap_up_us) / handled / SECOND_US if handled else None


def occupancy(*, handling_us: int, available_us: int) -> float | None:
    """Share of an agent's ready time spent handling, from 0 to 1, breaks left out; None while there was none."""
    ready_us = handling_us + available_us
    return handling_us / ready_us if ready_us else None
