"""Who may sign in, and who has. Verifying a password takes tens of milliseconds on purpose, in a thread of its own."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from appliance.store import lockout, passwords, sessions
from appliance.store.schema import Root, SettingsTables, tables
from appliance.store.sessions import Session, hash_of
from appliance.store.standing import note_unversioned, roster_of
from appliance.store.writer import Writer

__all__ = ["Accounts", "Changed", "Refused", "Session", "SignedIn", "hash_of"]

WAITING_MAX = 32
"Passwords that may wait to be verified; more are refused with `busy`."
_ANSWER_S = 30.0
"How long the storage may take."
_OWN = "set-password"
"Stands for an address where the present password is asked for."

DoneT = TypeVar("DoneT")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A session has begun."""

    secret: str
    session: Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Why not."""

    code: str
    "`wrong`, `locked_out`, `busy`, `unknown`, `too_short`, `too_long` or `invalid`."
    until: int = 0
    "When to try again, if locked out."


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A password was set."""

    password: str = ""
    "If it was made."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """A password to be set."""

    person: str
    password: str
    present: str | None
    by: str
    now_us: int
    keep: str


class Accounts:
    """Signs people in and out; every answer is a future."""

    def __init__(self, writer: Writer) -> None:
        """Use a writer of the configuration's storage."""
        self._writer = writer
        self._verifier = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store-argon2")
        self._places = threading.BoundedSemaphore(WAITING_MAX)

    def close(self) -> None:
        """End the thread; what waits is given up."""
        self._verifier.shutdown(wait=False, cancel_futures=True)

    def sign_in(self, person: str, password: str, address: str, now_us: int) -> Future[SignedIn | Refused]:
        """Begin a session, or count a failure."""
        return self._verified(lambda: self._sign_in(person, password, address, now_us))

    def set_password(
        self, person: str, password: str, present: str | None, by: str, now_us: int, keep: str = ""
    ) -> Future[Refused | Changed]:
        """Set a password, or make one if it is empty; ends the person's sessions but the one whose hash is given.

        `present` is the password until now, or None where an administrator asks. At least `passwords.CHARACTERS_MIN`
        characters are asked for.
        """
        wanted = _Wanted(person=person, password=password, present=present, by=by, now_us=now_us, keep=keep)
        return self._verified(lambda: self._set_password(wanted))

    def sign_out(self, session: str, now_us: int) -> Future[None]:
        """End the session with this hash."""
        del now_us  # what ends has no time of its own yet
        return self._writer.submit(lambda root: sessions.end(tables(root, SettingsTables), session), "sign-out")

    def touch(self, session: str, now_us: int) -> Future[bool]:
        """Note that a session is in use (once a minute is enough); False if it is over."""
        return self._writer.submit(lambda root: sessions.touch(tables(root, SettingsTables), session, now_us), "touch")

    def signed_in(self, now_us: int) -> Future[tuple[Session, ...]]:
        """List everybody who is signed in."""
        return self._writer.submit(lambda root: sessions.signed_in(tables(root, SettingsTables), now_us))

    def _verified(self, work: Callable[[], DoneT | Refused]) -> Future[DoneT | Refused]:
        if not self._places.acquire(blocking=False):
            busy: Future[DoneT | Refused] = Future()
            busy.set_result(Refused(code="busy"))
            return busy
        future = self._verifier.submit(work)
        future.add_done_callback(lambda _future: self._places.release())
        return future

    # -- in the verifier's thread

    def _sign_in(self, person: str, password: str, address: str, now_us: int) -> SignedIn | Refused:
        account, until = self._look(person, address, now_us)
        if until:
            return Refused(code="locked_out", until=until)
        right = passwords.matches(account, password)

        def work(root: Root) -> SignedIn | Refused:
            settings = tables(root, SettingsTables)
            known = any(other.slug == person and not other.disabled for other in roster_of(settings))
            if not right or not known:
                closed = lockout.count_failure(settings, person, address, now_us)
                return Refused(code="locked_out", until=closed) if closed else Refused(code="wrong")
            lockout.forget_failures(settings, person, address)
            secret = sessions.begin(settings, person, now_us)
            session = sessions.session_of(settings, hash_of(secret), now_us)
            return Refused(code="wrong") if session is None else SignedIn(secret=secret, session=session)

        return self._writer.submit(work, "sign-in").result(_ANSWER_S)

    def _look(self, person: str, address: str, now_us: int) -> tuple[passwords.Account, int]:
        def work(root: Root) -> tuple[passwords.Account, int]:
            settings = tables(root, SettingsTables)
            return passwords.account_of(settings, person), lockout.locked_until(settings, person, address, now_us)

        return self._writer.submit(work).result(_ANSWER_S)

    def _set_password(self, wanted: _Wanted) -> Refused | Changed:
        if wanted.password and (code := passwords.fault_of(wanted.password)):
            return Refused(code=code)
        if wanted.present is not None and (refused := self._check_present(wanted, wanted.present)):
            return refused
        made = "" if wanted.password else passwords.made()
        hashed = passwords.hashed(wanted.password or made)

        def work(root: Root) -> Refused | Changed:
            settings = tables(root, SettingsTables)
            if all(person.slug != wanted.person for person in roster_of(settings)):
                return Refused(code="unknown")
            account = passwords.account_of(settings, wanted.person)
            passwords.keep_account(settings, wanted.person, msgspec.structs.replace(account, password=hashed))
            sessions.end_all(settings, wanted.person, but=wanted.keep)
            note_unversioned(settings, f"set-password {wanted.person}", wanted.by, wanted.now_us)
            return Changed(password=made)

        return self._writer.submit(work, "password").result(_ANSWER_S)

    def _check_present(self, wanted: _Wanted, present: str) -> Refused | None:
        account, until = self._look(wanted.person, _OWN, wanted.now_us)
        if until:
            return Refused(code="locked_out", until=until)
        if passwords.matches(account, present):
            return None
        self._writer.submit(
            lambda root: lockout.count_failure(tables(root, SettingsTables), wanted.person, _OWN, wanted.now_us)
        ).result(_ANSWER_S)
        return Refused(code="wrong")
