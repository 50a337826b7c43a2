"""What is heard and said, as numbers: G.711, tones, and telling one audio from another. Pure; arrays are numpy's.

Samples are 16-bit linear at 8,000 a second unless it says G.711 (ITU-T G.711, one byte a sample).
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 8_000
TONE_PEAK = 6_000
"Loudness of a phone's own tone."
TONE_PEAK_MIN = 300
"A softer tone is not heard."
TONE_SHARE_MIN = 0.1
"A tone is heard if it holds at least this share of all power: music passes through many notes, none so pure."
TONE_WINDOWS = 6
TONE_LENGTH = 320 + 160 * (TONE_WINDOWS - 1)
"Samples of a tone without which its beginning is not believed."
LOUDNESS_MIN = 30.0
"Root mean square below which audio counts as silence and is compared with nothing."
ULAW_SILENCE = 0xFF

TONES = (
    453, 508, 570, 640, 718, 806, 906, 1016, 1076, 1141, 1281, 1357, 1523, 1614, 1710, 1812, 1920, 2034, 2155, 2283,
)  # fmt: skip
"""Tones for phones to tell each other by, in Hz: quarter tones between the notes of music tuned to 440 Hz, away from
DTMF's frequencies, so that neither music nor a key is taken for a phone."""

Samples = NDArray[np.int16]
Floats = NDArray[np.float64]


def _ulaw_table() -> Samples:
    """Decode each mu-law byte (G.711 table 2a)."""
    code = ~np.arange(256, dtype=np.int32) & 0xFF
    magnitude = (((code & 0x0F) << 3) + 0x84 << (code >> 4 & 0x07)) - 0x84
    table: Samples = np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)
    return table


def _alaw_table() -> Samples:
    """Decode each A-law byte (G.711 table 1a)."""
    code = np.arange(256, dtype=np.int32) ^ 0x55
    segment = code >> 4 & 0x07
    step = ((code & 0x0F) << 4) + np.where(segment, 0x108, 0x08)
    magnitude = step << np.maximum(segment - 1, 0)
    table: Samples = np.where(code & 0x80, magnitude, -magnitude).astype(np.int16)
    return table


def _nearest(table: Samples) -> NDArray[np.uint8]:
    """Turn a decoding table round: the byte whose value is nearest to each of the 65,536 samples."""
    order = np.argsort(table, kind="stable")
    values = table[order].astype(np.int32)
    middles = (values[:-1] + values[1:] + 1) // 2
    return order[np.searchsorted(middles, np.arange(-32768, 32768), side="right")].astype(np.uint8)


ULAW = _ulaw_table()
ALAW = _alaw_table()
_TO_ULAW = _nearest(ULAW)
_TO_ALAW = _nearest(ALAW)
ALAW_TO_ULAW = bytes(_TO_ULAW[ALAW.astype(np.int32) + 32768])
"For bytes.translate."
ULAW_TO_ALAW = bytes(_TO_ALAW[ULAW.astype(np.int32) + 32768])
"For bytes.translate."


def decode_ulaw(data: bytes | bytearray | memoryview) -> Samples:
    """Turn mu-law bytes into samples."""
    samples: Samples = ULAW[np.frombuffer(data, dtype=np.uint8)]
    return samples


def encode_ulaw(samples: Samples) -> bytes:
    """Turn samples into mu-law bytes."""
    return _TO_ULAW[samples.astype(np.int32) + 32768].tobytes()


def tone(hz: int, seconds: float = 1.0, peak: int = TONE_PEAK) -> Samples:
    """Make a pure tone; a whole second of it can be repeated without a click."""
    moments = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    samples: Samples = np.rint(peak * np.sin(2 * np.pi * hz * moments)).astype(np.int16)
    return samples


def loudness(samples: Samples) -> float:
    """Root mean square."""
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))) if len(samples) else 0.0


def tone_peaks(samples: Samples, tones: tuple[int, ...]) -> Floats:
    """Measure the peak of each tone of whole Hz: the Fourier sum at its frequency, as Goertzel's recursion gives it.

    Padded to whole seconds, a transform has its lines at whole Hz, so that all tones cost one. A Hann window keeps a
    loud tone from leaking into its neighbours.
    """
    if not len(samples):
        return np.zeros(len(tones))
    window = np.hanning(len(samples) + 2)[1:-1]
    seconds = -(-len(samples) // RATE_HZ)
    lines = np.fft.rfft(samples * window, seconds * RATE_HZ)[np.array(tones) * seconds]
    peaks: Floats = np.abs(lines) * (2 / window.sum())
    return peaks


def heard_tones(samples: Samples, tones: tuple[int, ...] = TONES) -> frozenset[int]:
    """Tell which tones are in the audio; the longer the audio, the surer (a second tells 2 Hz apart)."""
    floor = max(TONE_PEAK_MIN, loudness(samples) * (2 * TONE_SHARE_MIN) ** 0.5)
    return frozenset(hz for hz, peak in zip(tones, tone_peaks(samples, tones), strict=True) if peak >= floor)


def tone_starts(samples: Samples, hz: int) -> int | None:
    """Find the sample, to 20 ms, from which a tone is there for 140 ms: a blip is none.

    Windows of 40 ms are taken each 20 ms; the first that holds the tone holds its beginning near the middle.
    """
    frame, hop = 320, 160
    if len(samples) < TONE_LENGTH:
        return None
    frames = np.lib.stride_tricks.sliding_window_view(samples, frame)[::hop].astype(np.float64)
    window = np.hanning(frame + 2)[1:-1]
    wave = np.exp(np.arange(frame) * (-2j * np.pi * hz / RATE_HZ)) * window
    peaks = np.abs(frames @ wave) * (2 / window.sum())
    power = np.mean(np.square(frames), axis=1)
    there = (peaks >= TONE_PEAK_MIN) & (np.square(peaks) / 2 >= TONE_SHARE_MIN * power)
    runs = np.lib.stride_tricks.sliding_window_view(there, TONE_WINDOWS).all(axis=1)
    return (int(np.argmax(runs)) + 1) * hop if runs.any() else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Where in a known audio a piece of heard audio was found."""

    score: float
    "Normalised cross-correlation: 1 is the same, about 0 another audio."
    position: int
    "The sample of the known audio at which the piece begins."


NO_MATCH = Match(score=0.0, position=0)
BLOCK = 32_768
"Samples of one transform; many of a size that stays in the processor's cache beat a single long one."
PIECE_MAX = BLOCK // 2
"The longest piece that is looked for: two seconds."
STEP = BLOCK - PIECE_MAX
BLOCKS_AT_ONCE = 16
"So many blocks are compared at once, so that a long audio takes no more memory than a short one."


@dataclass(slots=True)
class Known:
    """A known audio (a prompt, music) to look for in what is heard, its transforms kept for many looks."""

    samples: Samples
    _energy: Floats = field(init=False)
    _spectra: NDArray[np.complex64] = field(init=False)

    def __post_init__(self) -> None:
        """Transform the audio in blocks that overlap by the longest piece (overlap-save)."""
        self._energy = np.concatenate(([0.0], np.cumsum(np.square(self.samples, dtype=np.float64))))
        count = -(-max(1, len(self.samples)) // STEP)
        padded = np.zeros(STEP * (count - 1) + BLOCK, dtype=np.float32)
        padded[: len(self.samples)] = self.samples
        blocks = np.lib.stride_tricks.sliding_window_view(padded, BLOCK)[::STEP]
        self._spectra = np.fft.rfft(blocks).astype(np.complex64, copy=False)

    def find(self, piece: Samples) -> Match:
        """Find where the piece fits best; a silent piece, or one longer than the audio, fits nowhere.

        The score is the normalised cross-correlation: the sum of products over the root of both energies.
        """
        length = len(piece)
        if length > min(len(self.samples), PIECE_MAX) or loudness(piece) < LOUDNESS_MIN:
            return NO_MATCH
        spectrum = np.conj(np.fft.rfft(piece.astype(np.float32), BLOCK))
        own = float(np.sum(np.square(piece, dtype=np.float64)))
        best = NO_MATCH
        for first in range(0, len(self._spectra), BLOCKS_AT_ONCE):
            products = np.fft.irfft(self._spectra[first : first + BLOCKS_AT_ONCE] * spectrum, BLOCK)[:, :STEP].ravel()
            best = max(best, self._best(first * STEP, products, length, own), key=lambda match: match.score)
        return best

    def _best(self, start: int, products: NDArray[np.floating], length: int, own: float) -> Match:
        """Find the best fit among those that begin from `start` on, one for each sum of products."""
        count = min(len(products), len(self.samples) - length + 1 - start)
        if count <= 0:
            return NO_MATCH
        energy = self._energy[start + length : start + length + count] - self._energy[start : start + count]
        loud = energy >= length * LOUDNESS_MIN**2
        scores = np.where(loud, products[:count] / np.sqrt(np.maximum(energy, 1.0) * own), 0.0)
        position = int(np.argmax(scores))
        return Match(score=float(scores[position]), position=start + position)
