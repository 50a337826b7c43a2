"""The file of a sealed recording: FLAC in authenticated frames that can be read from anywhere.

    header    magic, rate, channels, samples a frame, 8 random bytes
    frame     length (4 bytes), AES-256-GCM of one FLAC stream; as many as the recording takes
    trailer   length, AES-256-GCM of where the frames begin, how many samples there are, and the peaks
    end       length of the trailer (4 bytes), magic

The nonce is the header's random bytes and the frame's number; the header and the number are authenticated with each
frame, so that no frame can be left out, repeated, moved or taken from another file, and a file that was cut has no
trailer. All integers are big-endian. Of the raw side: 16 bit little-endian samples, left the caller, right the agent,
8 kHz (Asterisk's MixMonitor with options b and D on a caller's leg).
"""

import io
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec
import numpy as np
import soundfile
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from numpy.typing import NDArray

RATE = 8_000
CHANNELS = 2
SAMPLE_BYTES = 2 * CHANNELS
"One sample of both channels."
FRAME_SAMPLES = 5 * RATE
PEAK_SAMPLES = RATE // 10
"Samples that one peak covers."

_MAGIC = b"SWR1"
_HEADER = struct.Struct(">4sIHI8s")
_LENGTH = struct.Struct(">I")
_END = struct.Struct(">I4s")
_TRAILER = 0xFFFF_FFFF
_WAV = struct.Struct("<4sI4s4sIHHIIHH4sI")

Samples = NDArray[np.int16]
Peak = tuple[int, int, int, int]
"Least and greatest of the left channel, of the right one; -128…127."


class VaultError(Exception):
    """A sealed recording is not whole, or the key is not its key."""


class Trailer(msgspec.Struct, frozen=True, array_like=True):
    """What is known of the whole file."""

    samples: int
    offsets: tuple[int, ...]
    "Where each frame begins in the file."
    peaks: bytes
    "Four signed bytes a peak, see `Peak`."


class _Cipher:
    def __init__(self, key: bytes, header: bytes) -> None:
        self._aead = AESGCM(key)
        self._header = header
        self._salt = header[-8:]

    def seal(self, number: int, data: bytes) -> bytes:
        mark = _LENGTH.pack(number)
        return self._aead.encrypt(self._salt + mark, data, self._header + mark)

    def open(self, number: int, data: bytes) -> bytes:
        mark = _LENGTH.pack(number)
        try:
            return self._aead.decrypt(self._salt + mark, data, self._header + mark)
        except InvalidTag:
            raise VaultError(f"frame {number} is damaged, or the key is another's") from None


def seal(raw: BinaryIO, sealed: BinaryIO, key: bytes) -> int:
    """Write a sealed file from raw samples; tells how many there were. A half sample at the end is left out."""
    header = _HEADER.pack(_MAGIC, RATE, CHANNELS, FRAME_SAMPLES, os.urandom(8))
    cipher = _Cipher(key, header)
    offsets: list[int] = []
    peaks: list[bytes] = []
    samples = 0
    position = sealed.write(header)
    while block := raw.read(FRAME_SAMPLES * SAMPLE_BYTES):
        pcm = np.frombuffer(block[: len(block) // SAMPLE_BYTES * SAMPLE_BYTES], dtype="<i2").reshape(-1, CHANNELS)
        frame = cipher.seal(len(offsets), _flac(pcm))
        offsets.append(position)
        peaks.append(_peaks(pcm))
        samples += len(pcm)
        position += sealed.write(_LENGTH.pack(len(frame))) + sealed.write(frame)
    trailer = cipher.seal(_TRAILER, msgspec.msgpack.encode(Trailer(samples, tuple(offsets), b"".join(peaks))))
    sealed.write(_LENGTH.pack(len(trailer)) + trailer + _END.pack(len(trailer), _MAGIC))
    return samples


def _flac(pcm: Samples) -> bytes:
    stream = io.BytesIO()
    soundfile.write(stream, pcm, RATE, format="FLAC", subtype="PCM_16")
    return stream.getvalue()


def _peaks(pcm: Samples) -> bytes:
    starts = np.arange(0, len(pcm), PEAK_SAMPLES)
    if not len(starts):
        return b""
    least = np.minimum.reduceat(pcm, starts) >> 8
    greatest = np.maximum.reduceat(pcm, starts) >> 8
    return np.stack([least[:, 0], greatest[:, 0], least[:, 1], greatest[:, 1]], axis=1).astype(np.int8).tobytes()


class SealedRecording:
    """A sealed file, opened; its sound is decoded as it is asked for."""

    def __init__(self, path: Path, key: bytes) -> None:
        """Open and check the file's ends; raises `VaultError`, or FileNotFoundError."""
        with path.open("rb") as file:
            header = file.read(_HEADER.size)
            if len(header) < _HEADER.size or header[:4] != _MAGIC:
                raise VaultError(f"{path.name} is not a sealed recording")
            _magic, _rate, _channels, self._frame_samples, _salt = _HEADER.unpack(header)
            self._path = path
            self._cipher = _Cipher(key, header)
            self._trailer = self._read_trailer(file)

    @property
    def samples(self) -> int:
        """Length in samples of each channel."""
        return self._trailer.samples

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return self.samples / RATE

    @property
    def wav_bytes(self) -> int:
        """Length as a WAV file."""
        return _WAV.size + self.samples * SAMPLE_BYTES

    def wav(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Give the bytes [start, stop) of the recording as a WAV file; raises `VaultError` on the way."""
        stop = self.wav_bytes if stop is None else min(stop, self.wav_bytes)
        if start < _WAV.size:
            yield self._wav_header()[start:stop]
        first, last = max(0, start - _WAV.size), max(0, stop - _WAV.size)
        frame_bytes = self._frame_samples * SAMPLE_BYTES
        with self._path.open("rb") as file:
            for number in range(first // frame_bytes, -(-last // frame_bytes)):
                base = number * frame_bytes
                yield self._frame(file, number).tobytes()[max(0, first - base) : last - base]

    def peaks(self, buckets: int) -> tuple[Peak, ...]:
        """Give the waveform in at most so many buckets."""
        kept = np.frombuffer(self._trailer.peaks, dtype=np.int8).reshape(-1, 4)
        if not len(kept) or buckets < 1:
            return ()
        starts = np.unique(np.linspace(0, len(kept), min(buckets, len(kept)), endpoint=False).astype(int))
        least, greatest = np.minimum.reduceat(kept, starts), np.maximum.reduceat(kept, starts)
        return tuple(
            (int(low[0]), int(high[1]), int(low[2]), int(high[3])) for low, high in zip(least, greatest, strict=True)
        )

    def _read_trailer(self, file: BinaryIO) -> Trailer:
        size = file.seek(0, os.SEEK_END)
        if size < _HEADER.size + _END.size:
            raise VaultError(f"{self._path.name} was cut")
        file.seek(size - _END.size)
        length, magic = _END.unpack(file.read(_END.size))
        start = size - _END.size - length
        if magic != _MAGIC or start < _HEADER.size:
            raise VaultError(f"{self._path.name} was cut")
        file.seek(start)
        return msgspec.msgpack.decode(self._cipher.open(_TRAILER, file.read(length)), type=Trailer)

    def _frame(self, file: BinaryIO, number: int) -> Samples:
        file.seek(self._trailer.offsets[number])
        (length,) = _LENGTH.unpack(file.read(_LENGTH.size))
        flac = self._cipher.open(number, file.read(length))
        pcm, _rate = soundfile.read(io.BytesIO(flac), dtype="int16", always_2d=True)
        samples: Samples = pcm.astype("<i2", copy=False)
        return samples

    def _wav_header(self) -> bytes:
        """Give the header of a PCM WAV file (Microsoft's multimedia specification 1.0)."""
        data = self.samples * SAMPLE_BYTES
        return _WAV.pack(
            *(b"RIFF", _WAV.size - 8 + data, b"WAVE"),
            *(b"fmt ", 16, 1, CHANNELS, RATE, RATE * SAMPLE_BYTES, SAMPLE_BYTES, 16),
            *(b"data", data),
        )
