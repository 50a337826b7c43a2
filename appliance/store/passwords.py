"""Passwords: made, hashed with argon2id, verified. And what else an account holds."""

import secrets
from functools import cache

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from appliance.store.schema import SettingsTables

CHARACTERS_MIN = 10
CHARACTERS_MAX = 1_000
MADE_CHARACTERS = 20
"Of a password that was made: 98 bits."
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"Letters and digits that nobody confuses."

_hasher = PasswordHasher()


class Account(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a person signs in with; the person itself stands in the roster."""

    password: str = ""
    "As argon2id; empty if none was set, so that nobody signs in."
    language: str = ""
    "Chosen by the person; empty for the roster's."


_encoder = msgspec.msgpack.Encoder()
_accounts = msgspec.msgpack.Decoder(Account)


def account_of(settings: SettingsTables, person: str) -> Account:
    """Look an account up; an empty one if there is none."""
    data = settings.accounts.get(person)
    return Account() if data is None else _accounts.decode(data)


def keep_account(settings: SettingsTables, person: str, account: Account) -> None:
    """Keep an account."""
    settings.accounts[person] = _encoder.encode(account)


def made(characters: int = MADE_CHARACTERS) -> str:
    """Make a random password."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(characters))


def fault_of(password: str) -> str:
    """Tell why a password cannot be set: `too_short`, `too_long`, `invalid`; empty if it can."""
    if len(password) < CHARACTERS_MIN:
        return "too_short"
    if len(password) > CHARACTERS_MAX:
        return "too_long"
    return "" if _is_unicode(password) else "invalid"


def hashed(password: str) -> str:
    """Hash a password; takes tens of milliseconds."""
    return _hasher.hash(password)


def matches(account: Account, password: str) -> bool:
    """Whether a password is the account's; takes as long if there is none."""
    if len(password) > CHARACTERS_MAX or not _is_unicode(password):
        return False
    try:
        _hasher.verify(account.password or _nobodys(), password)
    except (VerificationError, InvalidHashError):
        return False
    return bool(account.password)


def _is_unicode(text: str) -> bool:
    """Whether a text has no lone surrogates, which JSON can carry and UTF-8 cannot."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


@cache
def _nobodys() -> str:
    return hashed(made())
