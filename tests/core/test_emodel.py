"""The E-model against what ITU-T G.107 and G.113 print, and against figures that no network can have."""

import math

import pytest

from appliance.core import emodel

HOSTILE = (math.nan, math.inf, -math.inf, -1.0, 0.0, 1e308, 5e-324)


def test_a_perfect_network_is_the_recommendations_default() -> None:
    """G.107, 7.7: with all defaults R = 93.2, and annex B's MOS of that is 4.41."""
    quality = emodel.rate()
    assert round(quality.r, 1) == 93.2
    assert round(quality.mos, 2) == 4.41


@pytest.mark.parametrize(
    ("r", "mos"),
    [
        (100, 4.5),
        (120, 4.5),
        (90, 4.34),
        (80, 4.03),
        (70, 3.60),
        (60, 3.10),
        (50, 2.58),
        (0, 1.0),
        (-20, 1.0),
        (3, 1.0),
    ],
)
def test_mos_is_that_of_annex_b(r: float, mos: float) -> None:
    """G.107, table B.1 (lower limits of user satisfaction); it rounds 4.024 up to 4.03."""
    assert emodel.mos_of(r) == pytest.approx(mos, abs=0.007)


@pytest.mark.parametrize(
    ("loss", "bpl", "ie_eff"), [(0, 4.3, 0.0), (1, 4.3, 17.92), (5, 4.3, 51.08), (4.3, 4.3, 47.5), (2, 25.1, 7.01)]
)
def test_lost_packets_cost_what_the_formula_says(loss: float, bpl: float, ie_eff: float) -> None:
    """G.107, 7-29 with G.113's Bpl of G.711: 4.3 without concealment, 25.1 with it; half of 95 where Ppl = Bpl."""
    assert emodel.ie_eff(loss, bpl=bpl) == pytest.approx(ie_eff, abs=0.01)


def test_rows_of_lost_packets_are_worse() -> None:
    """A BurstR of 2 halves what the loss is weighed by."""
    assert emodel.rate(loss_percent=2, bursts=2).r < emodel.rate(loss_percent=2).r


@pytest.mark.parametrize("ms", [0, 50, 100, 150, 200, 250, 300, 400])
def test_delay_alone(ms: int) -> None:
    """G.107, 7.4, against the line by which Cole and Rosenbluth (2001) published it: 0.024 d + 0.11 (d - 177.3)+."""
    published = 93.2 - 0.024 * ms - 0.11 * max(0.0, ms - 177.3)
    assert emodel.rate(delay_ms=ms).r == pytest.approx(published, abs=3.2)


@pytest.mark.parametrize("delay", HOSTILE)
@pytest.mark.parametrize("loss", HOSTILE)
def test_no_figure_leaves_the_scale(delay: float, loss: float) -> None:
    """What is negative, huge or no number gives a rating between 0 and 100 and a score between 1 and 4.5."""
    quality = emodel.rate(delay_ms=delay, loss_percent=loss, bursts=delay)
    assert 0 <= quality.r <= 100
    assert 1 <= quality.mos <= 4.5
    if math.isnan(loss):
        assert quality.mos < 1.3
