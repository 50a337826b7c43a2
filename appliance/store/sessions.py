"""Sessions: a secret in the browser, its hash here. Role and rights are always those that the person has now."""

import hashlib
import secrets

import msgspec

from appliance import api
from appliance.store.passwords import account_of
from appliance.store.schema import SettingsTables
from appliance.store.standing import roster_of

SECOND = 1_000_000
IDLE_S = 4 * 3600
"A session that is not used for so long is over."
SESSION_S_MAX = 16 * 3600
"A session is over after this in any case."
SESSIONS_MAX = 20
"Of one person; the oldest ends when there is one more."


class SessionRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is kept of a session."""

    person: str
    began: int
    used: int


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who is signed in."""

    hash: str
    "SHA-256 of the secret, in hexadecimal."
    person: str
    role: str
    agent: str
    language: str
    "As the person chose; empty for the company's."
    began: int
    used: int
    expires: int


_encoder = msgspec.msgpack.Encoder()
_sessions = msgspec.msgpack.Decoder(SessionRecord)


def hash_of(secret: str) -> str:
    """Give the name under which a session is kept."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def begin(settings: SettingsTables, person: str, now_us: int) -> str:
    """Begin a session; gives its secret."""
    mine = sorted((record.began, key) for key, record in _all(settings) if record.person == person)
    for _began, key in mine[: max(0, len(mine) - SESSIONS_MAX + 1)]:
        del settings.sessions[key]
    for key in [key for key, record in _all(settings) if expiry(record) <= now_us]:
        del settings.sessions[key]
    secret = secrets.token_urlsafe(32)
    settings.sessions[hash_of(secret)] = _encoder.encode(SessionRecord(person=person, began=now_us, used=now_us))
    return secret


def touch(settings: SettingsTables, key: str, now_us: int) -> bool:
    """Note that a session is in use; False if it is over."""
    record = _record(settings, key)
    if record is None or expiry(record) <= now_us or _person(settings, record.person) is None:
        return False
    settings.sessions[key] = _encoder.encode(msgspec.structs.replace(record, used=max(record.used, now_us)))
    return True


def end(settings: SettingsTables, key: str) -> None:
    """End a session, if there is one."""
    settings.sessions.pop(key, None)


def end_all(settings: SettingsTables, person: str, *, but: str = "") -> None:
    """End a person's sessions, all but one if its hash is given."""
    for key in [key for key, record in _all(settings) if record.person == person and key != but]:
        del settings.sessions[key]


def session_of(settings: SettingsTables, key: str, now_us: int) -> Session | None:
    """Tell who is signed in with a session; None if it is over, or the person may not sign in any more."""
    record = _record(settings, key)
    if record is None or expiry(record) <= now_us:
        return None
    person = _person(settings, record.person)
    if person is None:
        return None
    return Session(
        hash=key,
        person=person.slug,
        role=person.role,
        agent=person.agent,
        language=account_of(settings, person.slug).language or person.language,
        began=record.began,
        used=record.used,
        expires=expiry(record),
    )


def signed_in(settings: SettingsTables, now_us: int) -> tuple[Session, ...]:
    """List everybody who is signed in."""
    found = (session_of(settings, key, now_us) for key in settings.sessions)
    return tuple(session for session in found if session is not None)


def expiry(record: SessionRecord) -> int:
    """Tell when a session ends if it is not used again."""
    return min(record.used + IDLE_S * SECOND, record.began + SESSION_S_MAX * SECOND)


def _person(settings: SettingsTables, slug: str) -> api.Person | None:
    return next((person for person in roster_of(settings) if person.slug == slug and not person.disabled), None)


def _record(settings: SettingsTables, key: str) -> SessionRecord | None:
    data = settings.sessions.get(key)
    return None if data is None else _sessions.decode(data)


def _all(settings: SettingsTables) -> list[tuple[str, SessionRecord]]:
    return [(key, _sessions.decode(data)) for key, data in settings.sessions.items()]
