"""What the figures of the network come to: lamps, sentences, and scores."""

import math

import pytest

from appliance import network
from appliance.network import Clock, Leg, Lookup, Probed, Run, Way


def a_way(loss: float = 0.0, jitter: float = 1.0) -> Way:
    """Give a direction."""
    return Way(loss_percent=loss, worst_percent=loss, jitter_ms=jitter)


def a_leg(heard: Way | None, said: Way | None = None, trip: float | None = None) -> Leg:
    """Give a leg with the score that it has."""
    return Leg(at=1, heard=heard, said=said, round_trip_ms=trip, mos=network.mos_of(heard, said, trip))


def a_probed(*trips: float, sent: int = 5, contact: bool = True) -> Probed:
    """Give a telephone that was probed."""
    return Probed(name="101", kind="phone", contact=contact, sent=sent, round_trips_ms=trips)


@pytest.mark.parametrize(
    ("leg", "level", "word"),
    [
        (a_leg(a_way()), "good", ""),
        (a_leg(None), "good", ""),
        (a_leg(a_way(), a_way(0.3)), "good", ""),
        (a_leg(a_way(1.2)), "fair", "lost"),
        (a_leg(a_way(), a_way(10)), "bad", "lost"),
        (a_leg(a_way(0, 30)), "fair", "unevenly"),
        (a_leg(a_way(0, 60)), "bad", "unevenly"),
        (a_leg(a_way(), a_way(), 200), "fair", "long"),
        (a_leg(a_way(), a_way(), 600), "bad", "long"),
    ],
)
def test_a_call_has_a_lamp_and_says_what_harmed_it(leg: Leg, level: str, word: str) -> None:
    """The worse direction counts, and the worst of what was measured."""
    verdict = network.verdict_on_leg(leg)
    assert verdict.level == level
    assert word in verdict.advice
    assert bool(verdict.advice) is (level != "good")


def test_the_score_is_that_of_the_worse_direction() -> None:
    """What is not known counts as perfect; a long way and an uneven one delay."""
    clean = network.mos_of(a_way(), None, None)
    assert clean >= 4.3
    assert network.mos_of(None, None, None) >= clean
    assert network.mos_of(a_way(), a_way(10), None) == network.mos_of(a_way(10), a_way(), None) < 2
    assert network.mos_of(a_way(), a_way(), 400) < clean
    assert network.mos_of(a_way(0, 80), None, None) < clean


@pytest.mark.parametrize("figure", [math.nan, math.inf, -math.inf, -5.0, 1e300])
def test_no_figure_breaks_a_verdict(figure: float) -> None:
    """Whatever came, there is a lamp, and a score on the scale."""
    leg = a_leg(a_way(figure, figure), a_way(figure, figure), figure)
    assert 1 <= leg.mos <= 4.5
    assert network.verdict_on_leg(leg).level in {"good", "fair", "bad"}
    assert network.verdict_on_probed(a_probed(figure)).level in {"good", "fair", "bad"}


@pytest.mark.parametrize(
    ("tested", "level", "word"),
    [
        (a_probed(0.4, 0.5, 0.6, 0.4, 9.0), "good", ""),
        (a_probed(0.4, 0.5, 0.6, 0.4), "fair", "no answer"),
        (a_probed(0.4, 0.5, 0.6, 0.4, 700.0), "fair", "late"),
        (a_probed(400.0, 500.0, 600.0, 400.0, 400.0), "bad", "late"),
        (a_probed(sent=2), "bad", "does not answer"),
        (a_probed(sent=0, contact=False), "fair", "Not registered"),
    ],
)
def test_a_telephone_has_a_lamp(tested: Probed, level: str, word: str) -> None:
    """And a sentence what to do."""
    verdict = network.verdict_on_probed(tested)
    assert verdict.level == level
    assert word in verdict.advice


def test_figures_of_probes() -> None:
    """Median, worst and lost; none where there are none."""
    tested = a_probed(3.0, 1.0, 2.0)
    assert (tested.median_ms, tested.worst_ms, tested.lost) == (2.0, 3.0, 2)
    silent = a_probed(sent=2)
    assert (silent.median_ms, silent.worst_ms, silent.lost) == (None, None, 2)


def test_a_run_is_as_good_as_its_worst() -> None:
    """Names, clock, telephones; and a run without an exchange is bad."""
    clock = Clock(server="ntp", stratum=2, offset_ms=0.1, round_trip_ms=9)
    run = Run(
        at=1, by="ada", took_s=1, tested=(a_probed(1, 1, 1, 1, 1),), lookups=(Lookup(name="a", addresses=("::1",)),)
    )
    assert network.verdict_on_run(run).level == "fair"
    assert "chrony" in network.verdict_on_run(run).advice
    good = Run(at=1, by="ada", took_s=1, tested=run.tested, lookups=run.lookups, clock=clock)
    assert network.verdict_on_run(good).level == "good"
    missing = Run(at=1, by="ada", took_s=1, lookups=(Lookup(name="b", problem="no_name"),), clock=clock)
    assert "no such name" in network.verdict_on_run(missing).advice
    slow = Lookup(name="b", addresses=("::1",), took_ms=900)
    assert network.verdict_on_lookup(slow).level == "fair"
    assert network.verdict_on_clock(Clock(offset_ms=200)).level == "fair"
    assert network.verdict_on_clock(Clock(offset_ms=5_000)).level == "bad"
    assert network.verdict_on_clock(Clock(problem="unsynchronised")).level == "bad"
    assert network.verdict_on_run(Run(at=1, by="ada", took_s=1, clock=clock, problem="no_exchange")).level == "bad"
