"""Sealed recordings: whole or refused, and playable from anywhere."""

import io
import random
import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.store.orders import KEY_BYTES
from appliance.store.vault import FRAME_SAMPLES, PEAK_SAMPLES, RATE, SealedRecording, VaultError, seal

KEY = bytes(range(KEY_BYTES))


def _tone(samples: int, seed: int = 1) -> bytes:
    """Give stereo samples: a tone left, noise right."""
    times = np.arange(samples)
    left = 12_000 * np.sin(2 * np.pi * 440 * times / RATE)
    right = np.random.default_rng(seed).integers(-3_000, 3_000, samples)
    return np.stack([left, right], axis=1).astype("<i2").tobytes()


def _sealed(folder: Path, raw: bytes, key: bytes = KEY) -> Path:
    path = folder / "sealed"
    with path.open("wb") as target:
        assert seal(io.BytesIO(raw), target, key) == len(raw) // 4
    return path


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> tuple[SealedRecording, bytes]:
    """Seal twelve and a half seconds, and give the WAV file that they make."""
    raw = _tone(2 * FRAME_SAMPLES + FRAME_SAMPLES // 2)
    opened = SealedRecording(_sealed(tmp_path_factory.mktemp("vault"), raw), KEY)
    return opened, b"".join(opened.wav())


def test_wav_is_what_was_recorded(recording: tuple[SealedRecording, bytes]) -> None:
    """Give a WAV file that others read: 8 kHz, 16 bit, stereo, every sample as it was."""
    opened, whole = recording
    assert len(whole) == opened.wav_bytes
    assert opened.seconds == 12.5
    with wave.open(io.BytesIO(whole)) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (RATE, 2, 2)
        assert sound.readframes(sound.getnframes()) == _tone(opened.samples)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 450_000), st.integers(0, 450_000))
def test_any_range_is_that_part_of_the_whole(recording: tuple[SealedRecording, bytes], start: int, length: int) -> None:
    """Give any range of bytes, across frames and the header, as the whole file has it."""
    opened, whole = recording
    assert b"".join(opened.wav(start, start + length)) == whole[start : start + length]


@pytest.mark.parametrize("samples", [0, 1, PEAK_SAMPLES, FRAME_SAMPLES, FRAME_SAMPLES + 1])
def test_any_length_comes_back(tmp_path: Path, samples: int) -> None:
    """Seal recordings of no length, and of lengths just at the frames' borders; half a sample is left out."""
    raw = _tone(samples)
    opened = SealedRecording(_sealed(tmp_path, raw + b"\x01"), KEY)
    assert b"".join(opened.wav())[44:] == raw


def test_peaks_outline_each_channel(tmp_path: Path) -> None:
    """Outline each channel by its least and greatest samples, in as many buckets as asked."""
    quiet, loud = np.zeros((RATE, 2), "<i2"), np.zeros((RATE, 2), "<i2")
    loud[::2, 0], loud[1::2, 0] = 32_767, -32_768
    opened = SealedRecording(_sealed(tmp_path, quiet.tobytes() + loud.tobytes()), KEY)
    assert opened.peaks(2) == ((0, 0, 0, 0), (-128, 127, 0, 0))
    assert len(opened.peaks(10_000)) == 2 * RATE // PEAK_SAMPLES
    assert opened.peaks(0) == ()
    assert SealedRecording(_sealed(tmp_path, b""), KEY).peaks(10) == ()


def test_nothing_of_the_sound_is_readable_without_the_key(tmp_path: Path) -> None:
    """Refuse another key; show no sound and no sign of FLAC in the file."""
    path = _sealed(tmp_path, _tone(RATE))
    assert b"fLaC" not in path.read_bytes()
    with pytest.raises(VaultError, match="the key is another's"):
        SealedRecording(path, bytes(KEY_BYTES))


def test_sealing_again_never_repeats_a_nonce(tmp_path: Path) -> None:
    """Seal the same sound with the same key into different bytes."""
    raw = _tone(RATE)
    assert _sealed(tmp_path, raw).read_bytes() != _sealed(tmp_path, raw).read_bytes()


def test_every_cut_is_noticed(tmp_path: Path) -> None:
    """Refuse a file that was cut anywhere."""
    path = _sealed(tmp_path, _tone(FRAME_SAMPLES + 10))
    data = path.read_bytes()
    for length in [*range(80), *range(0, len(data), 977), len(data) - 1]:
        path.write_bytes(data[:length])
        with pytest.raises(VaultError):
            SealedRecording(path, KEY)


def test_every_flipped_bit_is_noticed(tmp_path: Path) -> None:
    """Refuse to play a file in which anything was changed."""
    path = _sealed(tmp_path, _tone(3000))
    data = bytearray(path.read_bytes())
    dice = random.Random(5)  # noqa: S311  a test's dice
    places = [*range(40), *(dice.randrange(len(data)) for _ in range(200)), *range(len(data) - 12, len(data))]
    for place in places:
        broken = bytearray(data)
        broken[place] ^= 1 << dice.randrange(8)
        path.write_bytes(broken)
        with pytest.raises(VaultError):
            b"".join(SealedRecording(path, KEY).wav())


def test_frames_cannot_be_exchanged(tmp_path: Path) -> None:
    """Refuse frames that were moved within a file."""
    path = _sealed(tmp_path, np.zeros((2 * FRAME_SAMPLES, 2), "<i2").tobytes())
    data = path.read_bytes()
    head = 22
    length = int.from_bytes(data[head : head + 4], "big") + 4
    first, second = data[head : head + length], data[head + length : head + 2 * length]
    path.write_bytes(data[:head] + second + first + data[head + 2 * length :])
    with pytest.raises(VaultError, match="frame 0 is damaged"):
        b"".join(SealedRecording(path, KEY).wav())
