"""The ear."""

import numpy as np
import pytest

from drivers.robot.hearing import Ear
from drivers.robot.sound import encode_ulaw, tone


def hear_tone(ear: Ear, seconds: float, at: float, *, silence: int = 0) -> float:
    """Let the ear hear a tone in packets of 20 ms from `at` on; give when the last came."""
    data = encode_ulaw(tone(453, seconds))
    for start in range(0, len(data), 160):
        ear.hear(data[start : start + 160], silence if start == 0 else 0, at)
        at += 0.02
    return at - 0.02


def test_nothing_was_heard_before_the_first_packet() -> None:
    """Nothing was heard before the first packet."""
    ear = Ear(5)
    assert (ear.end, ear.first_at, ear.sample_at(3.0)) == (0, None, 0)
    assert not ear.last(0.5, 10.0).any()
    assert len(ear.last(0.5, 10.0)) == 4_000
    assert ear.tone_began(453) is None
    with pytest.raises(LookupError):
        ear.moment(0)


def test_what_was_heard_has_its_time() -> None:
    """What was heard has its time."""
    ear = Ear(5)
    hear_tone(ear, 0.5, 100.0)
    last = hear_tone(ear, 0.5, 101.0, silence=4_000)
    assert ear.end == 12_000
    assert ear.first_at == 100.0
    assert ear.moment(0) == 100.0
    assert ear.moment(160) == pytest.approx(100.02)
    assert ear.moment(4_000) == pytest.approx(101.0)
    assert ear.moment(99_999) == pytest.approx(last)
    assert ear.sample_at(99.0) == 0
    assert ear.sample_at(100.0) == 160
    assert ear.sample_at(100.6) == 4_000
    assert ear.tone_began(453) == pytest.approx(100.0, abs=0.021)
    assert ear.tone_began(453, since=5_000) == pytest.approx(101.0, abs=0.021)
    assert not ear.piece(4_000, 8_000).any()
    assert len(ear.piece(11_000, 20_000)) == 1_000
    assert len(ear.piece(20_000, 11_000)) == 0


def test_the_last_seconds_end_now_and_not_with_the_last_packet() -> None:
    """The last seconds end now and not with the last packet."""
    ear = Ear(5)
    last = hear_tone(ear, 1.0, 100.0)
    assert np.count_nonzero(ear.last(0.5, last + 0.02)) > 3_900
    half = ear.last(0.5, last + 0.06 + 0.25)
    assert len(half) == 4_000
    assert not half[-1_990:].any()
    assert half[:1_900].any()
    assert not ear.last(0.5, last + 5).any()


def test_what_is_old_is_forgotten_and_counting_goes_on() -> None:
    """What is old is forgotten and counting goes on."""
    ear = Ear(1)
    last = hear_tone(ear, 5.0, 100.0)
    assert ear.end == 40_000
    assert len(ear.piece(0, 40_000)) <= 2 * 8_000
    assert len(ear.piece(32_000, 40_000)) == 8_000
    assert ear.moment(39_999) == pytest.approx(last)
    assert ear.first_at is not None
    assert ear.first_at > 102.0
    assert ear.tone_began(453) == pytest.approx(ear.first_at, abs=0.021)
