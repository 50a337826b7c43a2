"""The first boot at the door: who knows the set-up code becomes the first administrator, and goes on step by step.

Wrong codes slow an address down. Of several who come at once, the store's commit makes one the administrator and
refuses the others.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from twisted.internet.threads import deferToThread
from twisted.logger import Logger

from appliance import api, first_boot
from appliance.daemon.reactor import Reactor, answer_of
from appliance.daemon.sessions import Sessions
from appliance.store.accounts import Accounts, SignedIn
from appliance.store.settings import Applied, Settings

FREE_TRIES = 5
"Codes that an address may mistype before it has to wait."
PAUSE_S, PAUSE_S_MAX = 2, 300
"The first pause, doubled with each further wrong code."
ADDRESSES_MAX = 10_000
SECOND = 1_000_000
SHOWN_MAX = 20

report = Logger()


class Tries:
    """How long each address has to wait before it may try a code again."""

    def __init__(self) -> None:
        """Remember no address."""
        self._wrong: OrderedDict[str, tuple[int, int]] = OrderedDict()

    def wait_s(self, address: str, now_us: int) -> int:
        """Tell how long an address has to wait yet."""
        _, until = self._wrong.get(address, (0, 0))
        return max(0, -(-(until - now_us) // SECOND))

    def wrong(self, address: str, now_us: int) -> None:
        """Count a wrong code."""
        count = self._wrong.pop(address, (0, 0))[0] + 1
        over = count - FREE_TRIES
        pause_s = min(PAUSE_S << min(over, 20), PAUSE_S_MAX) if over >= 0 else 0
        self._wrong[address] = (count, now_us + pause_s * SECOND)
        while len(self._wrong) > ADDRESSES_MAX:
            self._wrong.popitem(last=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Welcome:
    """Takes the first administrator in."""

    reactor: Reactor
    path: Path | None
    "The file of the first boot; None for a box that has none."
    settings: Settings
    accounts: Accounts
    sessions: Sessions
    applied: Callable[[Applied], Awaitable[None]]
    now: Callable[[], int]
    tries: Tries

    async def take(self, request: api.TakeBox, address: str) -> tuple[HTTPStatus, api.Reply]:
        """Make who knows the code the administrator, and begin a session."""
        first = await deferToThread(first_boot.read, self.path) if self.path is not None else None
        if first is None or not first.is_open:
            return _refused(HTTPStatus.OK, "box_taken")
        if wait_s := self.tries.wait_s(address, self.now()):
            return _refused(HTTPStatus.TOO_MANY_REQUESTS, "too_soon", detail=str(wait_s))
        if not first.is_code(request.code):
            self.tries.wrong(address, self.now())
            report.warn("a wrong set-up code from {address}", address=address)
            return _refused(HTTPStatus.OK, "wrong_code", "code")
        applied = await answer_of(self.reactor, self.settings.apply(request, by=request.person, now_us=self.now()))
        if applied.reply.problems:
            return HTTPStatus.OK, applied.reply
        await self.applied(applied)
        report.info("{person} has set the box up, from {address}", person=request.person, address=address)
        signed = await answer_of(
            self.reactor, self.accounts.sign_in(request.person, request.password, address, self.now())
        )
        if not isinstance(signed, SignedIn):
            return _refused(HTTPStatus.OK, signed.code)
        self.sessions.add(signed.session)
        return HTTPStatus.OK, api.Reply(session=signed.secret)

    async def note(self, request: api.NoteStep) -> api.Reply:
        """Go on to the next step."""
        if self.path is None or not await deferToThread(first_boot.note, self.path, request.step):
            return api.Reply(problems=(api.Problem(code="unknown", field="step", detail=request.step[:SHOWN_MAX]),))
        return api.Reply()


def _refused(status: HTTPStatus, code: str, field: str = "", detail: str = "") -> tuple[HTTPStatus, api.Reply]:
    return status, api.Reply(problems=(api.Problem(code=code, field=field, detail=detail),))
