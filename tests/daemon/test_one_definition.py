"""One definition a figure: what the desk and the wallboard show of a day is what its report says."""

import numpy as np
import pytest

from appliance.core import facts, model
from appliance.core.cdr import CDR
from appliance.core.columns import Part, Words
from appliance.core.facts import Leg
from appliance.core.reports import workgroups
from appliance.daemon import view
from tests.core.crew import Crew, a_line
from tests.core.world import BEGIN, SECOND

WITHIN_S = 20
SHORT_S = 5
WAITS_US = tuple(limit * SECOND + by for limit in (SHORT_S, WITHIN_S) for by in (-1, 0, 1))
"Just on each limit, and a microsecond on either side."
NO_LABELS = view.Labels(agents={}, parties={})


class Day(Crew):
    """Calls whose waits are known to the microsecond."""

    def __init__(self) -> None:
        """Let one agent be at work, whose phone rings as long as it takes."""
        queue = a_line("support", "ann", ring_s=300, answer_within_s=WITHIN_S, short_abandon_s=SHORT_S)
        super().__init__(queue)
        self.sign_on("ann")
        self.cut_off = True
        self.calls = 0

    def visit(self, wait_us: int, *, answered: bool) -> None:
        """Let somebody wait for just so long, and be answered or give up."""
        self.calls += 1
        caller, phone = Leg("simulated", f"{self.calls}.0"), Leg("simulated", f"{self.calls}.1")
        self.take(facts.LegAsked(leg=caller, trunk="", number="2000", party="p"))
        self.clock.now += wait_us
        if answered:
            (offer,) = self.centre.state.offers
            self.take(facts.OfferAnswered(offer=offer, leg=phone))
            self.take(facts.Bridged(legs=(caller, phone)))
            self.clock.now += 60 * SECOND
        self.take(facts.LegEnded(leg=caller))
        self.clock.now += SECOND


def part(records: list[CDR]) -> Part:
    """Give records as the columns that a report reads."""
    numbers = {
        "began": [cdr.began for cdr in records],
        "wait_us": [cdr.wait_us for cdr in records],
        "talk_us": [cdr.talk_us for cdr in records],
    }
    words = {"queue": [cdr.queue for cdr in records], "outcome": [str(cdr.outcome) for cdr in records]}
    return Part(
        numbers={name: np.array(column, np.int64) for name, column in numbers.items()},
        words={
            name: Words(places=np.array([sorted(set(column)).index(text) for text in column], np.int64), values=values)
            for name, column in words.items()
            for values in (tuple(sorted(set(column))),)
        },
    )


@pytest.mark.parametrize("waits", [WAITS_US, WAITS_US[:3], WAITS_US[3:]])
def test_wallboard_and_report_agree(waits: tuple[int, ...]) -> None:
    """On service level and speed of answer, as they are printed, for waits on the very limits."""
    day = Day()
    for wait_us in waits:
        for answered in (True, False):
            day.visit(wait_us, answered=answered)
    floor = view.floor(day.centre.state, day.versions[day.centre.state.version], NO_LABELS, {})
    shown = floor.queues["support"]
    assert shown is not None
    options = workgroups.Options(borders=(BEGIN, BEGIN + 86_400 * SECOND), within_s=WITHIN_S, short_s=SHORT_S)
    (row,) = workgroups.rows(options, [part(day.records())])
    counted = (shown.answered, shown.answered_within, shown.abandoned, shown.abandoned_short)
    assert counted == (row.answered, row.answered_within, row.abandoned, row.short)
    assert (row.service_level, row.asa_s) != (None, None)
    assert shown.service_level == f"{100 * (row.service_level or 0):.1f}"
    assert shown.speed_of_answer == f"{row.asa_s:.1f}"
    assert model.Queue(slug="x").short_abandon_s == options.short_s
