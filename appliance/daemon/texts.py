"""Text messages: what a modem needs of the store, and what people may ask to be sent."""

from collections.abc import Callable
from http import HTTPStatus

from appliance import api, sms
from appliance.daemon.reactor import Reactor, answer_of
from appliance.sms import Arrived, Job, State, Told
from appliance.store.messages import Messages
from drivers.serial import pdu


class Desk:
    """What the modem of one line brings is kept, and what is to be sent is handed out to it."""

    def __init__(self, reactor: Reactor, messages: Messages, line: str, now: Callable[[], int]) -> None:
        """Keep for a line; `now` tells centre time."""
        self._reactor = reactor
        self._messages = messages
        self._line = line
        self._now = now

    async def begin(self) -> None:
        """Put in doubt what was handed over and never settled."""
        await answer_of(self._reactor, self._messages.begin(self._line, self._now()))

    async def keep(self, arrived: Arrived) -> None:
        """Keep what came in, once."""
        await answer_of(self._reactor, self._messages.keep(self._line, arrived, self._now()))

    async def told(self, told: Told) -> None:
        """Take a report."""
        await answer_of(self._reactor, self._messages.told(self._line, told))

    async def next(self) -> Job | None:
        """Give the part that is to be sent next."""
        return await answer_of(self._reactor, self._messages.next(self._line))

    async def handed(self, job: Job) -> None:
        """Note that a part is about to be handed over."""
        await self.settle(job, State.HANDED)

    async def settle(self, job: Job, state: State, *, reference: int = -1, why: str = "") -> None:
        """Note what came of a part."""
        done = self._messages.settle(self._line, job, state, reference=reference, why=why, now_us=self._now())
        await answer_of(self._reactor, done)

    async def late(self, reference: int) -> None:
        """Note that the part that came in doubt last was sent after all."""
        await answer_of(self._reactor, self._messages.late(self._line, reference, self._now()))

    async def may_try_pin(self, fingerprint: str) -> bool:
        """Tell whether a PIN was not tried in vain before."""
        return await answer_of(self._reactor, self._messages.may_try_pin(self._line, fingerprint))

    async def pin_was_right(self) -> None:
        """Forget that a PIN was tried."""
        await answer_of(self._reactor, self._messages.pin_was_right(self._line))


class Texts:
    """Takes texts that are to be sent."""

    def __init__(
        self,
        reactor: Reactor,
        messages: Messages,
        *,
        now: Callable[[], int],
        modems: Callable[[], tuple[sms.Modem, ...]],
        ring: Callable[[str], None],
    ) -> None:
        """Send by one of the `modems`; `ring` wakes the one of a line."""
        self._reactor = reactor
        self._messages = messages
        self._now = now
        self._modems = modems
        self._ring = ring

    async def send(self, by: str, token: str, request: api.SendSms) -> tuple[HTTPStatus, api.Reply]:
        """Take a text; it is on the disk when the answer is given, and is sent when the modem can."""
        number = "".join(request.number.split()).replace("-", "")
        problem = _problem(number, request.text)
        lines = [modem.line for modem in self._modems()]
        if problem is None and not lines:
            problem = api.Problem(code="no_modem")
        if problem is None and request.line and request.line not in lines:
            problem = api.Problem(code="missing", field="line", detail=request.line)
        if problem is not None:
            return HTTPStatus.OK, api.Reply(problems=(problem,))
        line = request.line or lines[0]
        parts = len(pdu.parts_of(request.text, 0))
        taken = self._messages.accept(line, number, request.text, parts, by=by, token=token, now_us=self._now())
        message = await answer_of(self._reactor, taken)
        if not message:
            return HTTPStatus.OK, api.Reply(problems=(api.Problem(code="busy"),))
        self._ring(line)
        return HTTPStatus.OK, api.Reply(message=message)


def _problem(number: str, text: str) -> api.Problem | None:
    if not pdu.ADDRESS.fullmatch(number):
        return api.Problem(code="invalid", field="number")
    try:
        pdu.parts_of(text, 0)
    except pdu.PduError:
        return api.Problem(code="too_long" if text else "empty", field="text", detail=str(pdu.TEXT_MAX))
    return None
