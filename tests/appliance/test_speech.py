"""Prompts are spoken by the real espeak-ng, in both languages, and only when they changed."""

import wave
from pathlib import Path

import numpy as np
import pytest

from appliance import speech, telephone
from appliance.core.model import Prompt


def samples_of(path: Path) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    """Read a prompt, which must be 16 bits, 8 kHz, mono."""
    with wave.open(str(path)) as sound:
        assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) == (1, 2, 8000)
        return np.frombuffer(sound.readframes(sound.getnframes()), dtype="<i2")


def test_a_prompt_is_spoken_in_each_of_its_languages(tmp_path: Path) -> None:
    """As loud as a person, in a telephone's band; a language without a voice is left out."""
    prompt = Prompt(slug="welcome", texts={"en": "Welcome to the shop.", "zh": "欢迎光临本店。", "xx": "?"})
    assert speech.speak([prompt], tmp_path) == ("en/welcome", "zh/welcome")
    english, chinese = (samples_of(tmp_path / language / "welcome.wav") for language in ("en", "zh"))
    for said in (english, chinese):
        assert 1.0 < len(said) / 8000 < 5.0
        level = np.sqrt(np.mean((said / 32768.0) ** 2))
        assert 0.05 < level < 0.11
    assert not np.array_equal(english[:4000], chinese[:4000])
    assert sorted(path.name for path in tmp_path.rglob("*.*")) == ["welcome.said", "welcome.said"] + ["welcome.wav"] * 2


def test_only_what_changed_is_spoken_again(tmp_path: Path) -> None:
    """A second start speaks nothing; another text, or a lost file, is spoken."""
    one, two = Prompt(slug="one", texts={"en": "One."}), Prompt(slug="two", texts={"en": "Two."})
    assert speech.speak([one, two], tmp_path) == ("en/one", "en/two")
    assert speech.speak([one, two], tmp_path) == ()
    assert speech.speak([Prompt(slug="one", texts={"en": "Three."}), two], tmp_path) == ("en/one",)
    (tmp_path / "en/two.wav").unlink()
    assert speech.speak([two], tmp_path) == ("en/two",)


def test_words_are_never_arguments(tmp_path: Path) -> None:
    """A text that looks like an option, a file or a command is just spoken."""
    said = tmp_path / "said"
    texts = {"en": f"--version -w {said} -f /etc/passwd $(touch {said})"}
    assert speech.speak([Prompt(slug="odd", texts=texts)], tmp_path) == ("en/odd",)
    assert not said.exists()
    assert len(samples_of(tmp_path / "en/odd.wav")) > 8000


@pytest.mark.parametrize("slug", ["../evil", "", "A", "a" * 64, "a/b", "a\n"])
def test_a_name_that_is_no_files_name_is_refused(tmp_path: Path, slug: str) -> None:
    """Nothing is written outside the folder."""
    with pytest.raises(speech.SpeechError, match="no name that a file can have"):
        speech.speak([Prompt(slug=slug, texts={"en": "Hello."})], tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_missing_program_is_named_with_its_cure(tmp_path: Path) -> None:
    """One line that says what to do; nothing half-written stays."""
    with pytest.raises(speech.SpeechError, match="apt-get install espeak-ng"):
        speech.speak([Prompt(slug="one", texts={"en": "One."})], tmp_path, program="no-such-program")
    assert not list(tmp_path.rglob("*.wav"))


@pytest.mark.parametrize(
    ("script", "complaint"),
    [("exit 1", "could not speak"), ("echo nonsense", "gave no sound"), ("espeak-ng --stdout ''", "gave silence")],
)
def test_a_voice_that_fails_is_told(tmp_path: Path, script: str, complaint: str) -> None:
    """A failing program, one that gives no WAV, one that stays silent."""
    program = tmp_path / "voice"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)
    with pytest.raises(speech.SpeechError, match=complaint):
        speech.speak([Prompt(slug="one", texts={"en": "One."})], tmp_path, program=str(program))


def test_bringing_to_8_khz_keeps_a_tone() -> None:
    """440 Hz stays 440 Hz, and what a telephone cannot carry is gone."""
    at = np.arange(22050) / 22050
    slow = telephone.at_rate(np.sin(2 * np.pi * 440 * at) + np.sin(2 * np.pi * 6000 * at), 22050)
    assert len(slow) == 8000
    spectrum = np.abs(np.fft.rfft(slow))
    assert spectrum.argmax() == 440
    assert np.sort(spectrum)[-2] < spectrum[440] / 100
