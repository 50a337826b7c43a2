"""Signing in: right passwords only, not for ever, not too many tries."""

import threading

import msgspec
import pytest

from appliance import api
from appliance.store import accounts as accounts_module
from appliance.store import lockout, passwords, sessions
from appliance.store.accounts import Changed, Refused, Session, SignedIn, hash_of
from appliance.store.opened import Store
from appliance.store.passwords import Account
from appliance.store.reader import Reader
from tests.store.stand import BEGIN, SECOND, Zeo

WAIT_S = 60
PASSWORD = "correct horse battery"  # noqa: S105  a test's
MINUTE_US = 60 * SECOND


@pytest.fixture
def ann(store: Store) -> Store:
    """Make the administrator `root` and the agent `ann` with a password."""
    _apply(store, api.PutPerson(person=api.Person(slug="root", role="administrator")))
    _apply(store, api.PutPerson(person=api.Person(slug="ann", name="Ann"), password=PASSWORD, extension="101"))
    return store


def _apply(store: Store, request: api.PutPerson | api.DropPerson | api.SetLanguage, by: str = "root") -> api.Reply:
    reply = store.settings.apply(request, by=by, now_us=BEGIN).result(WAIT_S).reply
    assert not reply.problems
    return reply


def _sign_in(
    store: Store, password: str = PASSWORD, person: str = "ann", address: str = "10.0.0.1", now: int = BEGIN
) -> SignedIn | Refused:
    return store.accounts.sign_in(person, password, address, now).result(WAIT_S)


def _secret(store: Store, now: int = BEGIN) -> str:
    answer = _sign_in(store, now=now)
    assert isinstance(answer, SignedIn)
    return answer.secret


def test_right_password_begins_a_session(zeo: Zeo, ann: Store, reader: Reader) -> None:
    """Sign in with the right password; the store keeps neither the password nor the secret."""
    answer = _sign_in(ann)
    assert isinstance(answer, SignedIn)
    session = answer.session
    assert (session.person, session.role, session.agent, session.hash) == (
        "ann",
        "agent",
        "ann",
        hash_of(answer.secret),
    )
    signed = reader.session(answer.secret, BEGIN)
    assert signed is not None
    assert (signed.session, signed.person.name) == (session, "Ann")
    assert ann.accounts.signed_in(BEGIN).result(WAIT_S) == (session,)
    kept = b"".join(path.read_bytes() for path in zeo.folder.glob("*.fs"))
    assert answer.secret.encode() not in kept
    assert PASSWORD.encode() not in kept
    assert b"$argon2id$" in kept


WRONG = (
    ("ann", "wrong"),
    ("nobody", PASSWORD),
    ("root", ""),
    ("ann", "x" * 5000),
    ("ann", "\ud800"),
    ("\udfff", "x"),
    ("", ""),
)


def test_anything_else_is_wrong(ann: Store) -> None:
    """Refuse everything else alike."""
    for person, password in WRONG:
        assert _sign_in(ann, password, person) == Refused(code="wrong")


def test_made_password_works_and_is_strong(ann: Store) -> None:
    """Make a password for who has none, strong enough, and let it in."""
    made = _apply(ann, api.PutPerson(person=api.Person(slug="eve"))).password
    assert len(made) >= 16
    assert isinstance(_sign_in(ann, made, "eve"), SignedIn)
    assert not passwords.matches(Account(), made)
    assert not passwords.matches(Account(password="nonsense"), made)


def test_ten_failures_close_the_door_for_a_quarter_of_an_hour(ann: Store) -> None:
    """Refuse even the right password after ten failures, at that address, for fifteen minutes."""
    for _ in range(9):
        assert _sign_in(ann, "wrong") == Refused(code="wrong")
    closed = Refused(code="locked_out", until=BEGIN + 15 * MINUTE_US)
    assert _sign_in(ann, "wrong") == closed
    assert _sign_in(ann) == closed
    assert isinstance(_sign_in(ann, address="10.0.0.2"), SignedIn)
    assert isinstance(_sign_in(ann, now=BEGIN + 15 * MINUTE_US), SignedIn)
    assert _sign_in(ann, "wrong", now=BEGIN + 15 * MINUTE_US) == Refused(code="wrong"), "counted from the beginning"


def test_success_forgets_the_failures_before_it(ann: Store) -> None:
    """Count from the beginning after a sign-in."""
    for _ in range(9):
        _sign_in(ann, "wrong")
    _secret(ann)
    for _ in range(9):
        assert _sign_in(ann, "wrong") == Refused(code="wrong")


def test_many_names_and_many_addresses_are_counted_too(ann: Store) -> None:
    """Close the door to who tries many names from one address, and for a name that is tried from many."""
    limits = lockout.FAILURES_MAX
    for number in range(limits["address"]):
        _sign_in(ann, "wrong", person=f"p{number}")
    assert _sign_in(ann) == Refused(code="locked_out", until=BEGIN + 15 * MINUTE_US)
    for number in range(limits["person"]):
        _sign_in(ann, "wrong", address=f"10.1.0.{number}")
    assert _sign_in(ann, address="10.2.0.1") == Refused(code="locked_out", until=BEGIN + 15 * MINUTE_US)


def test_counters_are_swept(ann: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep so many counters and no more, those that are over go first."""
    monkeypatch.setattr(lockout, "ENTRIES_MAX", 30)
    for number in range(10):
        _sign_in(ann, "wrong", person=f"p{number}", address=f"10.0.0.{number}")
    for number in range(30):
        _sign_in(
            ann, "wrong", person=f"q{number}", address=f"10.0.1.{number}", now=BEGIN + (number // 10) * 20 * MINUTE_US
        )
    count = ann.accounts._writer.submit(lambda root: len(root["failures"])).result(WAIT_S)  # noqa: SLF001  a look at the table
    assert count <= 33


def test_session_ends_when_idle_and_at_last(ann: Store, reader: Reader) -> None:
    """End a session that is not used, and any session in the end."""
    secret = _secret(ann)
    key = hash_of(secret)
    idle, longest = sessions.IDLE_S * SECOND, sessions.SESSION_S_MAX * SECOND
    assert reader.session(secret, BEGIN + idle - 1) is not None
    assert reader.session(secret, BEGIN + idle) is None
    now = BEGIN
    while now + idle < BEGIN + longest:
        now += idle - SECOND
        assert ann.accounts.touch(key, now).result(WAIT_S)
    assert reader.session(secret, BEGIN + longest - 1) is not None
    assert reader.session(secret, BEGIN + longest) is None
    assert not ann.accounts.touch(key, BEGIN + longest).result(WAIT_S)
    assert not ann.accounts.touch("unknown", BEGIN).result(WAIT_S)
    assert reader.session("unknown", BEGIN) is None


def test_sign_out_ends_one_session(ann: Store, reader: Reader) -> None:
    """End this session and no other."""
    one, two = _secret(ann), _secret(ann)
    ann.accounts.sign_out(hash_of(one), BEGIN).result(WAIT_S)
    assert reader.session(one, BEGIN) is None
    assert reader.session(two, BEGIN) is not None


def test_sessions_of_one_person_are_few(ann: Store) -> None:
    """End the oldest session of a person who begins too many, and sweep out those that are over."""
    for number in range(sessions.SESSIONS_MAX + 5):
        _secret(ann, BEGIN + number)
    found = ann.accounts.signed_in(BEGIN + 100).result(WAIT_S)
    assert len(found) == sessions.SESSIONS_MAX
    assert min(session.began for session in found) == BEGIN + 5
    _secret(ann, BEGIN + sessions.SESSION_S_MAX * SECOND * 2)
    count = ann.accounts._writer.submit(lambda root: len(root["sessions"])).result(WAIT_S)  # noqa: SLF001  a look at the table
    assert count == 1


@pytest.mark.parametrize("disabled", [True, False])
def test_who_is_disabled_or_gone_is_signed_out(ann: Store, reader: Reader, *, disabled: bool) -> None:
    """End the sessions of a person who may not sign in any more."""
    secret = _secret(ann)
    if disabled:
        _apply(ann, api.PutPerson(person=api.Person(slug="ann", disabled=True), extension="101"))
    else:
        _apply(ann, api.DropPerson(slug="ann"))
    assert reader.session(secret, BEGIN) is None
    assert _sign_in(ann) == Refused(code="wrong")


def test_namesake_does_not_inherit_a_password(ann: Store) -> None:
    """Give somebody new with a former name no former password."""
    _apply(ann, api.DropPerson(slug="ann"))
    _apply(ann, api.PutPerson(person=api.Person(slug="ann")))
    assert _sign_in(ann) == Refused(code="wrong")


def test_role_and_language_are_those_of_now(ann: Store, reader: Reader) -> None:
    """Show a session with the role and the language that the person has now."""
    secret = _secret(ann)
    _apply(ann, api.PutPerson(person=api.Person(slug="ann", role="supervisor"), extension="101"))
    _apply(ann, api.SetLanguage(language="zh"), by="ann")
    signed = reader.session(secret, BEGIN)
    assert signed is not None
    assert (signed.session.role, signed.session.language, signed.person.language) == ("supervisor", "zh", "zh")


def test_own_password_is_changed_with_the_present_one(ann: Store, reader: Reader) -> None:
    """Change one's password knowing the present one; other sessions end, this one stays."""
    this, other = _secret(ann), _secret(ann)
    change = ann.accounts.set_password
    assert change("ann", "another long one", "wrong", "ann", BEGIN).result(WAIT_S) == Refused(code="wrong")
    done = change("ann", "another long one", PASSWORD, "ann", BEGIN, hash_of(this)).result(WAIT_S)
    assert done == Changed()
    assert reader.session(this, BEGIN) is not None
    assert reader.session(other, BEGIN) is None
    assert _sign_in(ann) == Refused(code="wrong")
    assert isinstance(_sign_in(ann, "another long one"), SignedIn)
    assert reader.changes().items[0].summary == "set-password ann"
    for _ in range(9):
        change("ann", "another long one", "wrong", "ann", BEGIN).result(WAIT_S)
    locked = change("ann", "another long one", "another long one", "ann", BEGIN).result(WAIT_S)
    assert isinstance(locked, Refused)
    assert locked.code == "locked_out"


def test_administrator_sets_or_makes_a_password(ann: Store) -> None:
    """Set anybody's password, or make one and tell it."""
    made = ann.accounts.set_password("ann", "", None, "root", BEGIN).result(WAIT_S)
    assert isinstance(made, Changed)
    assert isinstance(_sign_in(ann, made.password), SignedIn)
    refuse = {
        "unknown": ("nobody", "long enough it is"),
        "too_short": ("ann", "short"),
        "too_long": ("ann", "x" * 2000),
    }
    refuse["invalid"] = ("ann", "\ud800" * 12)
    for code, (person, password) in refuse.items():
        answer = ann.accounts.set_password(person, password, None, "root", BEGIN).result(WAIT_S)
        assert answer == Refused(code=code)


def test_too_many_at_once_are_told_to_wait(ann: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse to verify more passwords than there are places."""
    monkeypatch.setattr(ann.accounts, "_places", threading.BoundedSemaphore(1))
    hold = threading.Event()
    blocked = ann.accounts._verifier.submit(hold.wait, WAIT_S)  # noqa: SLF001  keeps the verifier busy
    waiting = ann.accounts.sign_in("ann", PASSWORD, "10.0.0.1", BEGIN)
    assert ann.accounts.sign_in("ann", PASSWORD, "10.0.0.1", BEGIN).result(0) == Refused(code="busy")
    hold.set()
    assert blocked.result(WAIT_S)
    assert isinstance(waiting.result(WAIT_S), SignedIn)


def test_default_hash_is_argon2id_as_the_rfc_recommends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash by RFC 9106's second recommendation: 64 MiB, three passes."""
    monkeypatch.undo()
    assert passwords.hashed("x").startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_session_is_frozen() -> None:
    """Keep a session from being changed by who holds it."""
    session = Session(hash="", person="", role="", agent="", language="", began=0, used=0, expires=0)
    with pytest.raises(AttributeError):
        session.role = "administrator"  # type: ignore[misc]  # that is the point
    assert msgspec.structs.replace(session, role="x").role == "x"


def test_answers_are_forgotten_in_the_end(ann: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep so many answers and no more."""
    monkeypatch.setattr("appliance.store.answers.ANSWERS_MAX", 5)
    for number in range(9):
        request = api.SetLanguage(language="zh", token=f"t{number}")
        ann.settings.apply(request, by="ann", now_us=BEGIN).result(WAIT_S)
    count = ann.accounts._writer.submit(lambda root: (len(root["answers"]), len(root["answered"])))  # noqa: SLF001  a look at the table
    assert count.result(WAIT_S) == (5, 5)
    assert accounts_module.WAITING_MAX > 1
