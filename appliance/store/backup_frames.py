"""How a backup is encrypted: authenticated frames under a key that a passphrase opens.

    object    magic, 32 random bytes, frames
    frame     AES-256-GCM of up to 1 MiB; the last one says that it is the last

Each object has a key of its own (HKDF-SHA256 of the backup's key, the random bytes and the object's name), so that a
nonce, which is the frame's number and whether it is the last, is never used twice, and no object can stand in for
another. No frame can be left out, repeated or moved, and an object that was cut has no last frame (the construction is
STREAM of Hoang, Reyhanitabar, Rogaway and Vizár, 2015).

The backup's key is random. It lies at the destination wrapped by a key that argon2id makes of the passphrase.
"""

import os
import secrets
from collections.abc import Iterable, Iterator
from typing import BinaryIO

import msgspec
from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from appliance.texts import marked

KEY_BYTES = 32
FRAME_BYTES = 1 << 20
TAG_BYTES = 16
SALT_BYTES = 32
MAGIC = b"SWBK1\n"
_PURPOSE = b"switchroom backup key"
_GROUPS, _LETTERS = 6, 4
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
"32 that nobody takes for one another: 24 of them hold 120 bits."
_MEMORY_KIB_MAX, _PASSES_MAX, _LANES_MAX = 1 << 20, 16, 16
"What a key's file from elsewhere may ask of us."


class BackupError(Exception):
    """A backup cannot be made, read or restored; the message is one clear line that says what to do.

    It is kept in parts, so that each reader reads it in the own language.
    """

    def __init__(self, message: str, **values: object) -> None:
        """Say what is wrong: a message that is marked for translation, and what stands in its `{places}`."""
        self.message = message
        self.values = {name: str(value) for name, value in values.items()}
        super().__init__(message.format_map(self.values) if self.values else message)


class WrongPassphraseError(BackupError):
    """The passphrase is another backup's."""


class DamagedError(BackupError):
    """A part of a backup is not what was written, or was written under another key."""


class KeyFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The backup's key as it lies at the destination, in JSON."""

    format: int = 1
    salt: bytes
    memory_kib: int = 64 * 1024
    passes: int = 3
    lanes: int = 2
    wrapped: bytes
    "A nonce of 12 bytes, and AES-256-GCM of the key."


def make_passphrase() -> str:
    """Make a passphrase by chance, six groups of four letters and digits."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(_LETTERS)) for _ in range(_GROUPS))


def wrap(key: bytes, passphrase: str) -> KeyFile:
    """Wrap a backup's key by a passphrase."""
    bare = KeyFile(salt=os.urandom(16), wrapped=b"")
    nonce = os.urandom(12)
    wrapped = nonce + AESGCM(_derived(bare, passphrase)).encrypt(nonce, key, _PURPOSE)
    return msgspec.structs.replace(bare, wrapped=wrapped)


def unwrap(file: KeyFile, passphrase: str) -> bytes:
    """Give the key that a passphrase opens; raises `WrongPassphraseError`, or `BackupError` for a damaged file."""
    asked = (file.format == 1, 0 < file.memory_kib <= _MEMORY_KIB_MAX, 0 < file.passes <= _PASSES_MAX)
    if not all(asked) or not 0 < file.lanes <= _LANES_MAX or not 8 * file.lanes <= file.memory_kib:
        raise BackupError(marked("the backup's key file is not one of ours; choose the folder of a Switchroom backup"))
    if len(file.wrapped) != 12 + KEY_BYTES + TAG_BYTES or len(file.salt) != 16:  # noqa: PLR2004  the format, see KeyFile
        raise BackupError(marked("the backup's key file is damaged; take it from another copy of the backup"))
    try:
        return AESGCM(_derived(file, passphrase)).decrypt(file.wrapped[:12], file.wrapped[12:], _PURPOSE)
    except InvalidTag:
        raise WrongPassphraseError(
            marked(
                "this is not the passphrase of this backup; it was shown once, when the first destination was set up"
            )
        ) from None


def _derived(file: KeyFile, passphrase: str) -> bytes:
    word = "".join(letter for letter in passphrase.casefold() if letter.isalnum())
    return hash_secret_raw(
        word.encode(),
        file.salt,
        time_cost=file.passes,
        memory_cost=file.memory_kib,
        parallelism=file.lanes,
        hash_len=KEY_BYTES,
        type=Type.ID,
    )


def key_file_of(data: bytes) -> KeyFile:
    """Read a key's file; raises `BackupError`."""
    try:
        return msgspec.json.decode(data, type=KeyFile)
    except msgspec.DecodeError as error:
        raise BackupError(
            marked("the backup's key file cannot be read ({error}); choose a Switchroom backup"), error=error
        ) from error


def _cipher(key: bytes, salt: bytes, name: str) -> AESGCM:
    return AESGCM(HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=salt, info=name.encode()).derive(key))


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def seal(pieces: Iterable[bytes], key: bytes, name: str) -> Iterator[bytes]:
    """Encrypt what comes in pieces of any size, as the object `name`."""
    salt = os.urandom(SALT_BYTES)
    cipher = _cipher(key, salt, name)
    yield MAGIC + salt
    number, rest = 0, bytearray()
    for piece in pieces:
        rest += piece
        while len(rest) > FRAME_BYTES:  # what is full may be the last one: more has to be there
            yield cipher.encrypt(_nonce(number, last=False), bytes(rest[:FRAME_BYTES]), None)
            del rest[:FRAME_BYTES]
            number += 1
    yield cipher.encrypt(_nonce(number, last=True), bytes(rest), None)


def unseal(file: BinaryIO, key: bytes, name: str) -> Iterator[bytes]:
    """Decrypt the object `name`; raises `BackupError` where a byte of it is not what it was, or some are missing."""
    head = _exactly(file, len(MAGIC) + SALT_BYTES)
    if len(head) != len(MAGIC) + SALT_BYTES or not head.startswith(MAGIC):
        raise DamagedError(marked("{name} is not part of a backup, or was cut; use another backup"), name=name)
    cipher = _cipher(key, head[len(MAGIC) :], name)
    number, frame = 0, _exactly(file, FRAME_BYTES + TAG_BYTES)
    while True:
        following = _exactly(file, FRAME_BYTES + TAG_BYTES) if len(frame) == FRAME_BYTES + TAG_BYTES else b""
        try:
            yield cipher.decrypt(_nonce(number, last=not following), frame, None)
        except InvalidTag:
            raise DamagedError(
                marked(
                    "{name} is damaged or was cut (at byte {at}), or the key is another backup's; use another backup"
                ),
                name=name,
                at=number * (FRAME_BYTES + TAG_BYTES),
            ) from None
        if not following:
            return
        number, frame = number + 1, following


def _exactly(file: BinaryIO, count: int) -> bytes:
    """Read so many bytes, fewer at the end alone."""
    data = b""
    while len(data) < count and (piece := file.read(count - len(data))):
        data += piece
    return data
