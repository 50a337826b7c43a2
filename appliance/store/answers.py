"""A request that is repeated with its token is answered as before, and done once.

An answer may hold a password that was made, so it is kept encrypted with the token itself; the token is kept as a hash.
"""

import hashlib
import secrets

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from appliance.store.schema import SettingsTables

ANSWERS_MAX = 10_000
_NONCE_BYTES = 12


def find(settings: SettingsTables, asker: str, token: str) -> bytes | None:
    """Give what this asker was answered to this token, None if it is new (or there is no token)."""
    name, key = _names(asker, token)
    data = settings.answers.get(name) if token else None
    return None if data is None else AESGCM(key).decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], None)


def keep(settings: SettingsTables, asker: str, token: str, answer: bytes) -> None:
    """Keep an answer; the oldest go when there are too many. Without a token nothing is kept."""
    if not token:
        return
    name, key = _names(asker, token)
    nonce = secrets.token_bytes(_NONCE_BYTES)
    settings.answers[name] = nonce + AESGCM(key).encrypt(nonce, answer, None)
    number = settings.answered.maxKey() + 1 if settings.answered else 1
    settings.answered[number] = name
    for old, gone in list(settings.answered.items(max=number - ANSWERS_MAX)):
        settings.answers.pop(gone, None)
        del settings.answered[old]


def _names(asker: str, token: str) -> tuple[str, bytes]:
    said = f"{asker}\0{token}".encode("utf-8", "replace")
    return hashlib.sha256(b"name\0" + said).hexdigest(), hashlib.sha256(b"key\0" + said).digest()
