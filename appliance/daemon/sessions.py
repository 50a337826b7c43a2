"""Who is signed in, held in memory: hashes of sessions with role and agent, read again whenever the accounts change.

A session ends by signing out, by its time, by idleness, or because the person was disabled or got another role; whoever
watches is told at once.
"""

from collections.abc import Callable

from appliance.daemon.reactor import Reactor, answer_of
from appliance.daemon.rights import Asker, Role
from appliance.store.accounts import Accounts, Session, hash_of

SECRET_LENGTH_MAX = 256
TOUCH_EVERY_US = 60_000_000
"A session in use is noted in the store once a minute."


class Sessions:
    """The sessions that hold."""

    def __init__(self, reactor: Reactor, accounts: Accounts, now: Callable[[], int]) -> None:
        """Know nobody yet; `refresh` reads them."""
        self._reactor = reactor
        self._accounts = accounts
        self._now = now
        self._sessions: dict[str, Session] = {}
        self._touched: dict[str, int] = {}
        self._ended: set[str] = set()
        "Signed out here; what was read before the store knew of it does not bring them back."
        self._watchers: list[Callable[[], None]] = []

    def watch(self, changed: Callable[[], None]) -> None:
        """Be told whenever a session came, went or changed."""
        self._watchers.append(changed)

    def by_secret(self, secret: str) -> Asker | None:
        """Recognise who brings this secret; None if it is nobody's, or its session is over."""
        if not secret or len(secret) > SECRET_LENGTH_MAX:
            return None
        return self.by_key(hash_of(secret))

    def by_key(self, key: str) -> Asker | None:
        """Tell who holds the session of this hash just now."""
        session = self._sessions.get(key)
        if session is None or session.expires <= self._now():
            return None
        try:
            role = Role(session.role)
        except ValueError:
            return None
        return Asker(person=session.person, role=role, agent=session.agent, key=key)

    async def refresh(self) -> None:
        """Read all sessions again."""
        signed_in = await answer_of(self._reactor, self._accounts.signed_in(self._now()))
        self._ended.intersection_update({session.hash for session in signed_in})
        self._sessions = {session.hash: session for session in signed_in if session.hash not in self._ended}
        self._touched = {key: at for key, at in self._touched.items() if key in self._sessions}
        self._tell()

    def add(self, session: Session) -> None:
        """Know a new session."""
        self._sessions[session.hash] = session
        self._touched[session.hash] = self._now()
        self._tell()

    async def end(self, key: str) -> None:
        """Sign out; when this returns, nobody gets in with it any more."""
        self._ended.add(key)
        self._sessions.pop(key, None)
        self._tell()
        await answer_of(self._reactor, self._accounts.sign_out(key, self._now()))

    async def use(self, key: str) -> None:
        """Note that a session is in use, once a minute at most."""
        now = self._now()
        if key not in self._sessions or now - self._touched.get(key, 0) < TOUCH_EVERY_US:
            return
        self._touched[key] = now
        if not await answer_of(self._reactor, self._accounts.touch(key, now)):
            self._sessions.pop(key, None)
            self._tell()

    def _tell(self) -> None:
        for changed in self._watchers:
            changed()
