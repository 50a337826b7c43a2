"""The signalling of one call (RFC 3261 13-15, 3311, 3515): places or takes it, keeps it, ends it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

from drivers.robot import sdp, sip
from drivers.robot.dialog import Dialog, respond
from drivers.robot.line import Line
from drivers.robot.session import Session
from drivers.robot.transactions import FINAL, REFUSED, NoAnswerError, Where
from drivers.robot.waits import RobotError

ALLOW = ("Allow", "INVITE, ACK, BYE, CANCEL, OPTIONS, NOTIFY, INFO, UPDATE, REFER")
GLARES_MAX = 3
"How often an offer is made again that met one of the other side's (491)."
GLARE_S = 0.3

Extra = tuple[tuple[str, str], ...]


class State(Enum):
    """How far a call is."""

    DIALLING = auto()
    RINGING = auto()
    ANSWERING = auto()
    "We said yes; their acknowledgement is on its way."
    UP = auto()
    ENDED = auto()


class By(Enum):
    """Who ended a call."""

    US = auto()
    THEM = auto()
    NOBODY = auto()
    "No answer came."


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a call ended."""

    code: int
    "200 for a call that was up; else the code that refused it, 487 for one cancelled, 408 for one nobody answered."
    by: By
    reason: str
    "The refusal's phrase, or the Reason header of a BYE or CANCEL."


@dataclass(slots=True, kw_only=True)
class Times:
    """When things happened, in seconds of the monotonic clock; None has not."""

    invited: float
    "When the INVITE came or went."
    ringing: float | None = None
    answered: float | None = None
    "When the 200 came or went."
    ended: float | None = None


class RefusedError(RobotError):
    """The other side refused what was asked inside a call."""


class Leg:
    """One call's signalling."""

    changed: Callable[[], None]
    "Called after each change."

    def __init__(self, clock: IReactorTime, line: Line, dialog: Dialog, session: Session) -> None:
        """Nothing is sent before `place`, `ring` or `answer`."""
        self.dialog = dialog
        self.session = session
        self.state = State.DIALLING
        self.times = Times(invited=session.stream.now())
        self.end: Ended | None = None
        self.invite: sip.Request | None = None
        "The INVITE that began it."
        self.incoming = False
        self.transferred = 0
        "What became of a transfer that we asked for, as last told: 100 is on its way, 200 is done; 0 nothing was told."
        self.changed = lambda: None
        self._clock = clock
        self._line = line
        self._caller: Where = line.options.server
        self._provisional = self._leaving = self._cancelled = self._offering = False

    async def place(self, extra: Extra) -> None:
        """Call, and follow the call until it is answered or has failed."""
        body = self.session.offer()

        def make(proof: Extra) -> sip.Request:
            self.invite = self.dialog.request("INVITE", self._line.via(), extra=(ALLOW, *extra, *proof), body=body)
            return self.invite

        try:
            response = await self._line.ask(make, self.hop(), self._progress)
        except NoAnswerError as error:
            self.finish(408, By.NOBODY, str(error))
            return
        if response.code >= REFUSED:
            self.finish(response.code, By.US if self._leaving else By.THEM, response.reason)
            return
        self.dialog.accept(response)
        self._acknowledge(response)
        self.times.answered = self.session.stream.now()
        self.state = State.UP
        try:
            self.session.agree(response.body)
        except sdp.SdpError as error:
            await self._bye(488, str(error))
            return
        if self._leaving:
            await self._bye(487, "cancelled too late")
        self.changed()

    def come_in(self, invite: sip.Request, where: Where) -> None:
        """Take a call that comes in."""
        self.incoming = True
        self.invite = invite
        self._caller = where
        self.state = State.RINGING

    def ring(self) -> None:
        """Tell the caller that it rings."""
        self._answer_invite(180, "Ringing")
        self.times.ringing = self.session.stream.now()

    def answer(self) -> None:
        """Say yes to a call that rings here; one that does not is left as it is."""
        if not self.incoming or self.state is not State.RINGING or self.invite is None:
            return
        try:
            body = self.session.answer(self.invite.body) if self.invite.body else self.session.offer()
        except sdp.SdpError as error:
            self.reject(488, str(error))
            return
        self.state = State.ANSWERING
        self.times.answered = self.session.stream.now()
        self._answer_invite(200, "OK", body)
        self.changed()

    def reject(self, code: int, reason: str) -> None:
        """Refuse a call that rings here; one that does not is left as it is."""
        if self.incoming and self.state is State.RINGING:
            self._answer_invite(code, reason)
            self.finish(code, By.US, reason)

    async def leave(self) -> None:
        """End the call in the way that its state asks for: by BYE, CANCEL or a refusal."""
        if self.state is State.UP:
            await self._bye(200, "")
        elif self.incoming and self.state is State.RINGING:
            self.reject(480, "Temporarily Unavailable")
        elif self.state is not State.ENDED:
            self._leaving = True
            self._cancel()

    def abandon(self) -> None:
        """Forget the call at once, whatever the other side does."""
        if self.invite is not None and not self.incoming:
            self._line.transactions.give_up(self.invite)
        self.finish(408, By.NOBODY, "the other side did not answer to the end of the call")

    async def offer(self, direction: sdp.Direction) -> None:
        """Change which way the audio goes (a re-INVITE); RefusedError where they do not want to."""
        self.session.direction = direction
        self._offering = True
        try:
            response = await self.ask("INVITE", (ALLOW,), self.session.offer())
            for attempt in range(GLARES_MAX):
                if response.code != sip.REQUEST_PENDING:
                    break
                await deferLater(self._clock, GLARE_S * (attempt + 1))
                response = await self.ask("INVITE", (ALLOW,), self.session.offer())
        finally:
            self._offering = False
        if response.code >= REFUSED:
            raise RefusedError(f"a new offer got {response.code} {response.reason}")
        self.dialog.refresh(response.headers)
        self._acknowledge(response)
        self.session.agree(response.body)

    async def ask(self, method: str, extra: Extra, body: bytes = b"") -> sip.Response:
        """Ask something inside the call; give the final answer."""
        if self.state is not State.UP:
            raise RobotError(f"a {method} needs a call that is up, this one is {self.state.name}")
        return await self._line.ask(
            lambda proof: self.dialog.request(method, self._line.via(), extra=(*extra, *proof), body=body), self.hop()
        )

    def take(self, request: sip.Request, where: Where) -> None:
        """Take a request of the other side."""
        if not self.dialog.fresh(request):
            self._say(request, where, 500, "Out of order")
            return
        match request.method:
            case "ACK":
                self._take_ack(request)
            case "BYE":
                self._say(request, where, 200, "OK")
                self.finish(200, By.THEM, request.headers.first("reason"))
            case "CANCEL":
                self._take_cancel(request, where)
            case "INVITE" | "UPDATE":
                self._take_offer(request, where)
            case "NOTIFY":
                self._say(request, where, 200, "OK")
                self._take_notify(request)
            case "INFO" | "OPTIONS" | "MESSAGE":
                self._say(request, where, 200, "OK")
            case "REFER":
                self._say(request, where, 603, "Decline")
            case _:
                self._say(request, where, 405, "Method Not Allowed")

    def hop(self) -> Where:
        """Tell where requests inside the call go."""
        return self._line.reach(self.dialog.next_hop(self._line.options.server))

    def finish(self, code: int, by: By, reason: str) -> None:
        """Note the end; only the first counts."""
        if self.end is None:
            self.state = State.ENDED
            self.end = Ended(code=code, by=by, reason=reason)
            self.times.ended = self.session.stream.now()
            self.changed()

    def _acknowledge(self, response: sip.Response) -> None:
        ack = self.dialog.request("ACK", self._line.via(), number=response.headers.cseq[0])
        self._line.transactions.acknowledge(response, ack, self.hop())

    async def _bye(self, code: int, reason: str) -> None:
        """Say goodbye; the call has ended when it is said, and it is said until it is heard."""
        asked = Deferred.fromCoroutine(self.ask("BYE", ()))
        self.finish(code, By.US, reason)
        try:
            await asked
        except NoAnswerError:
            return

    def _progress(self, response: sip.Response) -> None:
        """Hear how our INVITE fares."""
        self._provisional = True
        if response.code > sip.TRYING and self.state is State.DIALLING:
            self.state = State.RINGING
            self.times.ringing = self.session.stream.now()
        if response.body:
            try:
                self.session.agree(response.body)
            except sdp.SdpError:
                return
        self._cancel()
        self.changed()

    def _cancel(self) -> None:
        """Take our INVITE back, once there is a word of it (RFC 3261 9.1)."""
        if not (self._leaving and self._provisional) or self._cancelled or self.invite is None:
            return
        self._cancelled = True
        headers = self.invite.headers
        fields = [field for field in headers.fields if field[0] in {"Via", "Route", "From", "To", "Call-ID"}]
        fields += [("Max-Forwards", "70"), ("CSeq", f"{headers.cseq[0]} CANCEL")]
        cancel = sip.Request(method="CANCEL", uri=self.invite.uri, headers=sip.Headers(fields=tuple(fields)))
        Deferred.fromCoroutine(self._take_back(cancel))

    async def _take_back(self, cancel: sip.Request) -> None:
        """Send a CANCEL; that nobody answers it is no matter, for the INVITE tells how the call ended."""
        try:
            await self._line.transactions.ask(cancel, self.hop())
        except NoAnswerError:
            return

    def _answer_invite(self, code: int, reason: str, body: bytes = b"") -> None:
        if self.invite is not None:
            self._say(self.invite, self._caller, code, reason, body)

    def _say(self, request: sip.Request, where: Where, code: int, reason: str, body: bytes = b"") -> None:
        extra = (("Contact", self._line.contact), ALLOW)
        response = respond(request, code, reason, tag=self.dialog.local_tag, extra=extra, body=body)
        self._line.transactions.respond(request, response, where, self._unheard)

    def _unheard(self) -> None:
        """Our answer was never acknowledged (RFC 3261 13.3.1.4)."""
        if self.state is State.ANSWERING:
            self.state = State.UP
            Deferred.fromCoroutine(self._bye(408, "our answer was never acknowledged"))

    def _take_ack(self, request: sip.Request) -> None:
        if request.body:
            try:
                self.session.agree(request.body)
            except sdp.SdpError as error:
                Deferred.fromCoroutine(self._bye(488, str(error)))
                return
        if self.state is State.ANSWERING:
            self.state = State.UP
            if self._leaving:
                Deferred.fromCoroutine(self._bye(200, ""))
            self.changed()

    def _take_cancel(self, request: sip.Request, where: Where) -> None:
        self._say(request, where, 200, "OK")
        if self.incoming and self.state is State.RINGING:
            self._answer_invite(487, "Request Terminated")
            self.finish(487, By.THEM, request.headers.first("reason"))

    def _take_offer(self, request: sip.Request, where: Where) -> None:
        if self._offering or self.state is not State.UP:
            self._say(request, where, sip.REQUEST_PENDING, "Request Pending")
            return
        try:
            body = self.session.answer(request.body) if request.body else self._unasked(request)
        except sdp.SdpError as error:
            self._say(request, where, 488, str(error).replace("\n", " "))
            return
        self.dialog.refresh(request.headers)
        self._say(request, where, 200, "OK", body)
        self.changed()

    def _unasked(self, request: sip.Request) -> bytes:
        """Offer where they asked for an offer; an UPDATE without one only keeps the call alive."""
        return self.session.offer() if request.method == "INVITE" else b""

    def _take_notify(self, request: sip.Request) -> None:
        """Hear what became of a transfer (RFC 3515 2.4.5); once it is done, our part is over (RFC 5589 6.1)."""
        found = re.match(rb"SIP/2\.0 ([1-6][0-9]{2})", request.body)
        if found is None:
            return
        self.transferred = int(found[1])
        self.changed()
        if FINAL <= self.transferred < REFUSED and self.state is State.UP:
            Deferred.fromCoroutine(self._bye(200, "transferred"))
