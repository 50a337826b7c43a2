"""A phone's registration at its exchange, kept until it is given up (RFC 3261 10)."""

import re
import secrets

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from drivers.robot import sip
from drivers.robot.line import Line
from drivers.robot.transactions import FINAL, REFUSED
from drivers.robot.waits import RobotError, within

AGAIN_S = 5.0
"After a refresh that failed it is tried again so much later."
MARGIN = 0.75
"A registration is refreshed after this share of its life."


class RegistrationError(RobotError):
    """The exchange refused a registration."""


class Registration:
    """Registers one line and refreshes it in time."""

    def __init__(self, clock: IReactorTime, line: Line) -> None:
        """Nothing is sent before `register`."""
        self.good = False
        "Whether the exchange took the last registration."
        self.problem = ""
        "Why the last refresh failed."
        self._clock = clock
        self._line = line
        self._call_id = secrets.token_hex(12)
        self._tag = secrets.token_hex(4)
        self._sequence = 0
        self._expires_s = 0
        self._timer: IDelayedCall | None = None

    async def register(self, expires_s: int, deadline_s: float) -> int:
        """Register for so long, and keep it up; give the life that the exchange granted, in seconds."""
        self._expires_s = expires_s
        self._rest()
        granted_s = await self._ask(expires_s, deadline_s)
        self.good = expires_s > 0
        if self.good:
            self._timer = self._clock.callLater(max(1, granted_s) * MARGIN, self._refresh)
        return granted_s

    def close(self) -> None:
        """Refresh no more."""
        self._expires_s = 0
        self._rest()

    async def _ask(self, expires_s: int, deadline_s: float) -> int:
        asked = Deferred.fromCoroutine(
            self._line.ask(lambda extra: self._write(expires_s, extra), self._line.options.server)
        )
        response = await within(self._clock, asked, f"{self._line.options.user}: an answer to REGISTER", deadline_s)
        if not FINAL <= response.code < REFUSED:
            self.good = False
            raise RegistrationError(f"{self._line.options.user}: REGISTER got {response.code} {response.reason}")
        return _granted_s(response, self._line.contact, expires_s)

    def _write(self, expires_s: int, extra: tuple[tuple[str, str], ...]) -> sip.Request:
        line = self._line
        self._sequence += 1
        me = sip.Address(uri=line.server_uri(line.options.user))
        fields = (
            ("Via", line.via()),
            ("Max-Forwards", "70"),
            ("From", f"{me};tag={self._tag}"),
            ("To", str(me)),
            ("Call-ID", self._call_id),
            ("CSeq", f"{self._sequence} REGISTER"),
            ("Contact", line.contact),
            ("Expires", str(expires_s)),
            *extra,
        )
        return sip.Request(method="REGISTER", uri=line.server_uri(), headers=sip.Headers(fields=fields))

    def _refresh(self) -> None:
        done = Deferred.fromCoroutine(self.register(self._expires_s, AGAIN_S))
        done.addErrback(lambda failure: self._try_again(str(failure.value)))

    def _try_again(self, why: str) -> None:
        self.good = False
        if self._expires_s:
            self.problem = why
            self._timer = self._clock.callLater(AGAIN_S, self._refresh)

    def _rest(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None


def _granted_s(response: sip.Response, contact: str, asked_s: int) -> int:
    """Read for how long the exchange keeps our contact; what it does not say is what we asked for."""
    ours = sip.parse_address(contact).uri
    said = [
        dict(address.params).get("expires", "")
        for address in map(sip.parse_address, response.headers.listed("contact"))
        if address.uri == ours
    ]
    for text in (*said, response.headers.first("expires")):
        if re.fullmatch(r"[0-9]{1,9}", text):
            return int(text)
    return asked_s
