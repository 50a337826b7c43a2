"""Sound as telephones have it: 8 kHz mono, their band, a person's loudness. Apart from `speech` because of numpy."""

import io
import wave

import numpy as np
import numpy.typing as npt

RATE = 8000
"Samples a second, as telephones have."
BAND_HZ = (150.0, 3600.0)
"What is kept of the voice: below is hum, above nothing passes a telephone line."
LEVEL = 0.1
"Root mean square of full scale, -20 dBFS: as loud as a person who speaks."
PEAK = 0.7


def wav_of(recorded: bytes, rate: int) -> bytes:
    """Give 16-bit samples of any rate as a WAV for a telephone; nothing if they are silent."""
    samples = np.frombuffer(recorded[: len(recorded) // 2 * 2], dtype="<i2")
    return wav(at_rate(samples / 32768.0, rate)) if samples.any() else b""


def at_rate(samples: npt.NDArray[np.float64], rate: int) -> npt.NDArray[np.float64]:
    """Bring samples to 8 kHz and the telephone's band and level, by their spectrum: exact for a whole recording."""
    length = round(len(samples) * RATE / rate)
    spectrum = np.fft.rfft(samples)
    hertz = np.fft.rfftfreq(len(samples), 1 / rate)
    spectrum[(hertz < BAND_HZ[0]) | (hertz > BAND_HZ[1])] = 0
    bins = length // 2 + 1
    kept = np.zeros(bins, dtype=complex)
    kept[: min(bins, len(spectrum))] = spectrum[:bins]
    slow = np.fft.irfft(kept, length)
    loud = np.sqrt(np.mean(slow**2))
    slow *= min(LEVEL / loud, PEAK / np.abs(slow).max()) if loud else 1.0
    return slow


def wav(samples: npt.NDArray[np.float64]) -> bytes:
    """Encode samples of full scale 1.0 as a WAV of 16 bits, 8 kHz, mono."""
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        sound.writeframes((samples * 32767).round().astype("<i2").tobytes())
    return out.getvalue()
