"""Prompts spoken by espeak-ng: 8 kHz mono WAV, one file a prompt and language.

Beside each `<language>/<slug>.wav` stands `<slug>.said`, the hash of what was spoken and how, so that only what changed
is spoken anew. Speaking takes some 50 ms of a processor a prompt: call it in a thread, never in the reactor.
"""

import hashlib
import io
import os
import re
import subprocess
import wave
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from appliance.core.model import Prompt

RATE = 8000
"Samples a second, as telephones have."
VOICES: dict[str, tuple[str, ...]] = {
    "en": ("-v", "en-us", "-s", "150"),
    "zh": ("-v", "cmn-latn-pinyin", "-b", "1", "-s", "150"),
}
"Arguments for espeak-ng by language; plain `cmn` of Debian 12 reads pinyin as English."
BAND_HZ = (150.0, 3600.0)
"What is kept of the voice: below is hum, above nothing passes a telephone line."
LEVEL = 0.1
"Root mean square of full scale, -20 dBFS: as loud as a person who speaks."
PEAK = 0.7
CHARACTERS_MAX = 5000
SPEAK_S_MAX = 60.0
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


class SpeechError(Exception):
    """A prompt could not be spoken; the message is one line."""


def speak(prompts: Iterable[Prompt], folder: Path, *, program: str = "espeak-ng") -> tuple[str, ...]:
    """Speak what is new or changed into `folder`, each file written whole.

    Returns the `<language>/<slug>` spoken. A language without a voice is left out. Raises `SpeechError`.
    """
    spoken = []
    for prompt in prompts:
        for language, text in sorted(prompt.texts.items()):
            if language in VOICES and text.strip() and _speak_one(prompt.slug, language, text, folder, program):
                spoken.append(f"{language}/{prompt.slug}")
    return tuple(spoken)


def _speak_one(slug: str, language: str, text: str, folder: Path, program: str) -> bool:
    if not _SLUG.fullmatch(slug):
        raise SpeechError(f"prompt {slug!r} has no name that a file can have")
    target = folder / language / f"{slug}.wav"
    said = target.with_suffix(".said")
    argv = (program, *VOICES[language], "--stdin", "--stdout")
    mark = hashlib.sha256("\0".join((*argv, text)).encode()).hexdigest()
    if target.exists() and said.exists() and said.read_text() == mark:
        return False
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    said.unlink(missing_ok=True)
    _write(target, wav(at_rate(*_run(argv, text[:CHARACTERS_MAX]))))
    _write(said, mark.encode())
    return True


def _run(argv: Sequence[str], text: str) -> tuple[npt.NDArray[np.float64], int]:
    """Have a text spoken: samples and their rate."""
    try:
        done = subprocess.run(argv, input=text.encode(), capture_output=True, check=True, timeout=SPEAK_S_MAX)
    except FileNotFoundError:
        raise SpeechError(f"{argv[0]} is not installed: apt-get install espeak-ng") from None
    except subprocess.SubprocessError as error:
        raise SpeechError(f"{argv[0]} could not speak a prompt: {error}") from error
    try:
        with wave.open(io.BytesIO(done.stdout)) as sound:
            rate = sound.getframerate()
    except (wave.Error, EOFError) as error:
        raise SpeechError(f"{argv[0]} gave no sound: {error}") from error
    # A pipe's header states no true length, so the samples are taken from behind it.
    samples = np.frombuffer(done.stdout[44 : 44 + (len(done.stdout) - 44) // 2 * 2], dtype="<i2")
    if not samples.any():
        raise SpeechError(f"{argv[0]} gave silence: is its voice {argv[2]} installed?")
    return samples / 32768.0, rate


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


def _write(target: Path, data: bytes) -> None:
    fresh = target.with_name(f".{target.name}.new")
    with fresh.open("wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(target)
