"""A SIP phone that a program uses: registers, calls, is called."""

import secrets
from collections import deque

from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.posixbase import PosixReactorBase

from drivers.robot import sip
from drivers.robot.call import SECONDS, Call
from drivers.robot.clock import MediaClock
from drivers.robot.dialog import Dialog, answered_by_us, respond
from drivers.robot.leg import ALLOW, By, Extra, Leg, State
from drivers.robot.line import Line, Options
from drivers.robot.registration import Registration
from drivers.robot.session import Session
from drivers.robot.stream import Stream
from drivers.robot.transactions import Where
from drivers.robot.waits import DeadlineError, RobotError, Waits

NOBODYS_CALLS_MAX = 1_000
"Calls that came in and were not asked for; the oldest is forgotten."


class Phone:
    """One SIP phone."""

    def __init__(self, reactor: PosixReactorBase, options: Options, *, clock: MediaClock | None = None) -> None:
        """Several phones may share one `clock`: one timer for all their audio, one judgement of its pace."""
        self.options = options
        self.clock = MediaClock(reactor) if clock is None else clock
        self.line = Line(reactor, options)
        self.registration = Registration(reactor, self.line)
        self.calls: dict[str, Call] = {}
        "Those that have not ended, by Call-ID."
        self._reactor = reactor
        self._waits = Waits(reactor, f"phone {options.user}")
        self._arrived: deque[Call] = deque(maxlen=NOBODYS_CALLS_MAX)
        self._closing: set[Deferred[None]] = set()
        self.line.heard = self._take

    @property
    def registered(self) -> bool:
        """Whether the exchange took the last registration."""
        return self.registration.good

    # What it can do.

    async def start(self) -> None:
        """Bind the SIP port."""
        self.line.open(self._reactor)

    async def stop(self) -> None:
        """Forget all calls, stop all timers, free all ports. It does not hang up and stays registered."""
        self.registration.close()
        for call in tuple(self.calls.values()):
            call.leg.abandon()
        self._waits.close(RobotError(f"phone {self.options.user} was stopped"))
        closed = self.line.close()
        if closed is not None:
            self._closing.add(closed)
        await DeferredList(list(self._closing))

    async def register(self, expires_s: int = 300, deadline_s: float = SECONDS) -> int:
        """Register, and refresh it in time; give the life that was granted. RegistrationError where it is refused."""
        return await self.registration.register(expires_s, deadline_s)

    async def unregister(self, deadline_s: float = SECONDS) -> None:
        """Give the registration up."""
        await self.registration.register(0, deadline_s)

    def dial(
        self,
        number: str,
        *,
        caller_number: str | None = None,
        caller_name: str | None = None,
        headers: Extra = (),
        tone_hz: int | None = None,
    ) -> Call:
        """Place a call and do not wait; what it says and as whom may differ from the phone's own."""
        options = self.options
        who = options.user if caller_number is None else caller_number
        caller = sip.Address(
            name=options.name if caller_name is None else caller_name, uri=str(sip.Uri(user=who, host=options.listen))
        )
        target = self.line.server_uri(number)
        tag = secrets.token_hex(6)
        dialog = Dialog(
            call_id=secrets.token_hex(12),
            local=f"{caller};tag={tag}",
            local_tag=tag,
            remote=f"<{target}>",
            target=target,
            contact=self.line.contact,
        )
        call = self._make(dialog, number, options.tone_hz if tone_hz is None else tone_hz)
        placed = Deferred.fromCoroutine(call.leg.place(headers))
        placed.addErrback(lambda failure: call.leg.finish(400, By.US, f"not placed: {failure.value}"))
        return call

    async def call(
        self,
        number: str,
        *,
        deadline_s: float,
        caller_number: str | None = None,
        caller_name: str | None = None,
        headers: Extra = (),
        tone_hz: int | None = None,
    ) -> Call:
        """Place a call and wait until it is answered.

        CallRefusedError where it is refused; DeadlineError where nobody answered in time and it was taken back.
        """
        call = self.dial(number, caller_number=caller_number, caller_name=caller_name, headers=headers, tone_hz=tone_hz)
        try:
            await call.answered(deadline_s)
        except DeadlineError:
            await call.hang_up()
            raise
        return call

    async def next_call(self, deadline_s: float) -> Call:
        """Wait for a call that comes in and was not given out yet; one that ended unseen is passed over."""
        return await self._waits.until(self._next, "a call to come in", deadline_s)

    # What happens to it.

    def _next(self) -> Call | None:
        while self._arrived:
            call = self._arrived.popleft()
            if call.state is not State.ENDED:
                return call
        return None

    def _make(
        self, dialog: Dialog, number: str, tone_hz: int | None, came: tuple[sip.Request, Where] | None = None
    ) -> Call:
        options = self.options
        stream = Stream(self.clock, tone_hz, options.hear_s_max)
        port = stream.open(self._reactor, options.listen, options.server[0])
        leg = Leg(self._reactor, self.line, dialog, Session(stream, options.listen, port, options.codecs))
        if came is not None:
            leg.come_in(*came)
        call = Call(self._reactor, self.line, leg, number)
        call.gone = self._forget
        self.calls[dialog.call_id] = call
        return call

    def _take(self, request: sip.Request, where: Where) -> None:
        """Take a new request: of a call that we have, of a new call, or of none."""
        call = self.calls.get(request.headers.call_id)
        if call is not None:
            call.take(request, where)
        elif request.method == "INVITE" and not request.headers.recipient.tag:
            self._ring(request, where)
        elif request.method in {"OPTIONS", "NOTIFY"}:
            self._say(request, where, 200, "OK")
        elif request.method != "ACK":
            self._say(request, where, 481, "Call/Transaction Does Not Exist")

    def _ring(self, invite: sip.Request, where: Where) -> None:
        number = sip.parse_uri(invite.uri).user
        if len(self.calls) >= self.options.calls_max:
            self._say(invite, where, 486, "Busy Here")
            return
        dialog = answered_by_us(invite, secrets.token_hex(6), self.line.contact)
        call = self._make(dialog, number, self.options.tone_hz, (invite, where))
        call.leg.ring()
        if self.options.auto_answer_s is not None:
            call.answer_after(self.options.auto_answer_s)
        self._arrived.append(call)
        self._waits.look()

    def _say(self, request: sip.Request, where: Where, code: int, reason: str) -> None:
        response = respond(
            request, code, reason, tag=secrets.token_hex(4), extra=(("Contact", self.line.contact), ALLOW)
        )
        self.line.transactions.respond(request, response, where)

    def _forget(self, call: Call) -> None:
        self.calls.pop(call.leg.dialog.call_id, None)
        closed = call.stream.close()
        if closed is not None:
            self._closing.add(closed)
            closed.addCallback(lambda _: self._closing.discard(closed))
