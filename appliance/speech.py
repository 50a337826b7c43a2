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

from appliance.core.model import Prompt

VOICES: dict[str, tuple[str, ...]] = {
    "en": ("-v", "en-us", "-s", "150"),
    "zh": ("-v", "cmn-latn-pinyin", "-b", "1", "-s", "150"),
}
"Arguments for espeak-ng by language; plain `cmn` of Debian 12 reads pinyin as English."
CHARACTERS_MAX = 5000
SPEAK_S_MAX = 60.0
HEADER_BYTES = 44
"Of a WAV."
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
    _write(target, _spoken(argv, text[:CHARACTERS_MAX]))
    _write(said, mark.encode())
    return True


def _spoken(argv: Sequence[str], text: str) -> bytes:
    """Have a text spoken, as a WAV for a telephone."""
    from appliance import telephone  # noqa: PLC0415  numpy is a fifth of a daemon's start, which speaks nothing

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
    said = telephone.wav_of(done.stdout[HEADER_BYTES:], rate)
    if not said:
        raise SpeechError(f"{argv[0]} gave silence: is its voice {argv[2]} installed?")
    return said


def _write(target: Path, data: bytes) -> None:
    fresh = target.with_name(f".{target.name}.new")
    with fresh.open("wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(target)
