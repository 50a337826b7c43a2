"""G.711, tones and likeness."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.robot import sound

DTMF_HZ = (697, 770, 852, 941, 1_209, 1_336, 1_477, 1_633)


def noise(seconds: float, seed: int, peak: int = 2_000) -> sound.Samples:
    """Make noise; each seed another."""
    return (np.random.default_rng(seed).normal(size=int(8_000 * seconds)) * peak).astype(np.int16)


def test_mu_law_has_the_values_of_its_recommendation() -> None:
    """Mu law has the values of its recommendation."""
    # G.711 table 2a: the decision values' outputs at both ends, at the middle, and the two zeros.
    codes = bytes((0x00, 0x80, 0x7F, 0xFF, 0x8F, 0x0F))
    assert sound.decode_ulaw(codes).tolist() == [-32_124, 32_124, 0, 0, 16_764, -16_764]


def test_a_law_has_the_values_of_its_recommendation() -> None:
    """A law has the values of its recommendation."""
    assert sound.ALAW[[0x2A, 0xAA, 0x55, 0xD5]].tolist() == [-32_256, 32_256, -8, 8]


def test_each_code_comes_back_and_each_sample_to_its_nearest() -> None:
    """Each code comes back and each sample to its nearest."""
    everything = bytes(range(256))
    decoded = sound.decode_ulaw(everything)
    assert np.array_equal(sound.decode_ulaw(sound.encode_ulaw(decoded)), decoded)
    assert sound.encode_ulaw(np.zeros(1, dtype=np.int16)) == bytes((sound.ULAW_SILENCE,))
    samples = np.arange(-32_768, 32_768, 7).astype(np.int16)
    error = np.abs(samples.astype(int) - sound.decode_ulaw(sound.encode_ulaw(samples)))
    best = np.abs(samples.astype(int)[:, None] - sound.ULAW.astype(int)[None, :]).min(axis=1)
    assert np.array_equal(error, best)


def test_translations_change_little() -> None:
    """Translations change little."""
    there = bytes(range(256)).translate(sound.ALAW_TO_ULAW)
    error = np.abs(sound.decode_ulaw(there).astype(int) - sound.ALAW)
    assert (error <= np.maximum(16, np.abs(sound.ALAW.astype(int)) // 20)).all()
    back = bytes(range(256)).translate(sound.ULAW_TO_ALAW)
    error = np.abs(sound.ALAW[np.frombuffer(back, dtype=np.uint8)].astype(int) - sound.ULAW)
    assert (error <= np.maximum(16, np.abs(sound.ULAW.astype(int)) // 20)).all()


@pytest.mark.parametrize("hz", sound.TONES)
def test_each_tone_is_heard_alone_and_is_no_note_and_no_key(hz: int) -> None:
    """Each tone is heard alone and is no note and no key."""
    heard = sound.decode_ulaw(sound.encode_ulaw(sound.tone(hz)))
    assert sound.heard_tones(heard) == {hz}
    assert sound.heard_tones(heard[:2_400]) == {hz}
    semitones = 12 * math.log2(hz / 440) % 1
    assert 0.4 < semitones < 0.6
    assert min(abs(hz - key) for key in DTMF_HZ) > 15


def test_a_whole_second_of_a_tone_repeats_without_a_click() -> None:
    """A whole second of a tone repeats without a click."""
    twice = np.concatenate((sound.tone(453), sound.tone(453)))
    assert np.array_equal(twice, sound.tone(453, 2.0))


def test_two_and_three_tones_are_told_in_a_mix() -> None:
    """Two and three tones are told in a mix."""
    mix = sum((sound.tone(hz, peak=3_000) for hz in (453, 1_016, 2_283)), np.zeros(8_000, dtype=np.int16))
    assert sound.heard_tones(mix) == {453, 1_016, 2_283}


def test_noise_silence_and_nothing_hold_no_tone() -> None:
    """Noise silence and nothing hold no tone."""
    assert sound.heard_tones(noise(1, 1)) == frozenset()
    assert sound.heard_tones(np.zeros(8_000, dtype=np.int16)) == frozenset()
    assert sound.heard_tones(sound.tone(453, 0)) == frozenset()
    assert sound.heard_tones(sound.tone(440, peak=8_000)) == frozenset()
    assert sound.loudness(sound.tone(453, 0)) == 0.0
    assert sound.loudness(sound.tone(453)) == pytest.approx(6_000 / math.sqrt(2), rel=0.01)


@settings(deadline=None)
@given(st.integers(0, 8_000))
def test_the_beginning_of_a_tone_is_found_to_20_ms(start: int) -> None:
    """The beginning of a tone is found to 20 ms."""
    samples = np.concatenate((noise(1, 2, 200)[:start], sound.tone(906)))
    found = sound.tone_starts(samples, 906)
    assert found is not None
    assert abs(found - start) <= 160
    assert sound.tone_starts(samples, 453) is None


def test_a_short_blip_is_no_tone() -> None:
    """A short blip is no tone."""
    samples = noise(1, 2, 200)
    samples[1_000:1_400] += sound.tone(906, 0.05)
    assert sound.tone_starts(samples, 906) is None
    assert sound.tone_starts(samples[:100], 906) is None


@pytest.mark.parametrize("seconds", [1.0, 2.5, 40.0])
def test_a_piece_is_found_where_it_is(seconds: float) -> None:
    """A piece is found where it is."""
    known = sound.Known(noise(seconds, 3))
    for share in (0.0, 0.37, 1.0):
        position = int(share * (len(known.samples) - 8_000))
        piece = sound.decode_ulaw(sound.encode_ulaw(known.samples[position : position + 8_000]))
        match = known.find(piece)
        assert match.position == position
        assert match.score > 0.99


def test_likeness_is_what_correlation_says() -> None:
    """Likeness is what correlation says."""
    known = sound.Known(noise(3, 4))
    piece = known.samples[4_000:12_000]
    for share, expected in ((0.5, 1 / math.sqrt(1.25)), (1.0, 1 / math.sqrt(2)), (2.0, 1 / math.sqrt(5))):
        mixed = (piece + share * noise(1, 5)).astype(np.int16)
        assert known.find(mixed).score == pytest.approx(expected, abs=0.03)
    assert known.find((piece // 4).astype(np.int16)).score > 0.99
    assert known.find(noise(1, 6)).score < 0.1


def test_silence_and_what_is_too_long_are_like_nothing() -> None:
    """Silence and what is too long are like nothing."""
    known = sound.Known(noise(1, 7))
    assert known.find(np.zeros(8_000, dtype=np.int16)) == sound.NO_MATCH
    assert known.find(noise(1.1, 7)) == sound.NO_MATCH
    assert known.find(known.samples[:0]) == sound.NO_MATCH
    assert sound.Known(np.zeros(9_000, dtype=np.int16)).find(noise(1, 8)).score == 0.0
    assert sound.Known(np.zeros(0, dtype=np.int16)).find(noise(1, 8)) == sound.NO_MATCH
