"""One conversation with a modem: woken, asked how it is, emptied of what came in, given what is to go out.

What came in is removed from the modem only when it is durably ours; how a part is sent once is told in `appliance.sms`.
Sources: 3GPP TS 27.005 (messages), TS 27.007 (the rest).
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

from appliance.sms import Arrived, Fitness, Job, State, Told
from drivers.serial import pdu
from drivers.serial.at import Answer
from drivers.serial.talk import Bell, HangError, LostError, Talk

NETWORK_S: Final = 30.0
"For what asks the card or the network."
SEND_S: Final = 90.0
"27.005 lets a network take a minute."
SETTLE_S: Final = 0.3
"After the first answer: what an earlier conversation left comes within it, and is dropped."
POLL_S: Final = 30.0
"How often a modem is asked how it is, and what it holds."
SEARCH_S: Final = 5.0
"How often while there is no network, or no card."
LATER_S: Final = 20.0
"After the network said 'not now'."
WAKE_TRIES: Final = 3

_NOT_NOW: Final = frozenset({"38", "41", "42", "47", "302", "314", "322", "331"})
"Network out of order, temporary failure, congestion, no resources; not allowed, card busy, memory full, no service."
_UNKNOWN_OUTCOME: Final = frozenset({"332", "500"})
"Network timeout and unknown error: it may be on the air."
_OWN_CODES: Final = 512
"From here codes are the maker's own, and nobody knows what they say."
_REGISTERED: Final = {"1": Fitness.READY, "5": Fitness.READY, "3": Fitness.DENIED}
_CARD: Final = {"SIM PIN": Fitness.PIN, "SIM PUK": Fitness.PUK, "READY": Fitness.READY}
_SIGNAL_MAX: Final = 31
_NAME: Final = 2
"Place of the name in what +COPS says: mode, format, name."
_RECEIVED: Final = frozenset({"0", "1", "REC UNREAD", "REC READ"})
_MEMORIES: Final = ("SM", "ME", "MT", "SR")


class Office(Protocol):
    """Whoever keeps the messages; what has returned is durable."""

    async def begin(self) -> None:
        """Put every part in doubt that was handed over and never settled: whoever did it is gone."""

    async def keep(self, arrived: Arrived) -> None:
        """Keep what came in; what was kept before is not kept twice."""

    async def told(self, told: Told) -> None:
        """Take a report."""

    async def next(self) -> Job | None:
        """Give the part that is to be sent next."""

    async def handed(self, job: Job) -> None:
        """Note that it is about to be handed over."""

    async def settle(self, job: Job, state: State, *, reference: int = -1, why: str = "") -> None:
        """Note what came of it; `WAITING` gives it back."""

    async def late(self, reference: int) -> None:
        """Note that the last part in doubt was sent after all."""

    async def may_try_pin(self, fingerprint: str) -> bool:
        """Tell whether a PIN was not tried in vain before, and note that it is tried now."""

    async def pin_was_right(self) -> None:
        """Forget that it was tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a modem is spoken with."""

    centre: str = ""
    pin: str = field(default="", repr=False)


Tell = Callable[[Fitness, str, str, int], None]
"How the modem is: fitness, why, operator, percent of signal."


class Conversation:
    """Goes on until the line ends, the modem hangs, or the bell is closed."""

    def __init__(
        self, clock: IReactorTime, talk: Talk, bell: Bell, options: Options, office: Office, tell: Tell
    ) -> None:
        """Begin on a line that was just opened."""
        self._clock = clock
        self._talk = talk
        self._bell = bell
        self._options = options
        self._office = office
        self._tell = tell
        self._memories: tuple[str, ...] = ()
        self._not_before = 0.0
        self._fitness = Fitness.UNPLUGGED

    async def run(self) -> None:
        """Converse; raises `LostError` or `HangError`, or whatever the office raises."""
        await self._office.begin()
        await self._wake()
        while not self._bell.closed:
            self._bell.heeded()
            if await self._is_fit():
                await self._collect()
                await self._send_all()
            await self._bell.wait(POLL_S if self._fitness is Fitness.READY else SEARCH_S)

    async def _wake(self) -> None:
        """Bring the modem out of whatever an earlier conversation left it in, and into the ways that we know."""
        self._talk.escape()
        for left in reversed(range(WAKE_TRIES)):
            try:
                await self._talk.ask("AT")
                break
            except HangError:
                if not left:
                    raise
        await deferLater(self._clock, SETTLE_S)
        await self._take_direct()
        for command in ("ATE0V1", "AT+CMEE=1"):
            await self._talk.ask(command)

    async def _is_fit(self) -> bool:
        """Ask how card and network are; tells whether messages can be read."""
        card = await self._talk.ask("AT+CPIN?", NETWORK_S)
        found = card.values("+CPIN")
        if card.ok and found is None:
            raise HangError("what it answers is not what it was asked")
        fitness = _CARD.get(found[0] if found else "", Fitness.NO_CARD)
        if fitness is Fitness.PIN:
            fitness = await self._enter_pin()
        if fitness is not Fitness.READY:
            self._memories = ()
            self._is(fitness, card.code)
            return False
        if not self._memories and not await self._prepare():
            return False
        network = (await self._talk.ask("AT+CREG?", NETWORK_S)).values("+CREG") or ()
        operator = (await self._talk.ask("AT+COPS?", NETWORK_S)).values("+COPS") or ()
        signal = (await self._talk.ask("AT+CSQ")).values("+CSQ") or ("",)
        self._is(
            _REGISTERED.get(network[1] if len(network) > 1 else "", Fitness.SEARCHING),
            operator="".join(filter(str.isprintable, operator[_NAME][:40])) if len(operator) > _NAME else "",
            signal_percent=_percent(signal[0]),
        )
        return True

    def _is(self, fitness: Fitness, why: str = "", operator: str = "", signal_percent: int = -1) -> None:
        self._fitness = fitness
        self._tell(fitness, why, operator, signal_percent)

    async def _enter_pin(self) -> Fitness:
        """Try the PIN once: three wrong ones lock the card."""
        pin = self._options.pin
        if not pin or not await self._office.may_try_pin(hashlib.sha256(pin.encode()).hexdigest()[:16]):
            return Fitness.PIN
        if not (await self._talk.ask(f'AT+CPIN="{pin}"', NETWORK_S)).ok:
            return Fitness.PIN
        await self._office.pin_was_right()
        return Fitness.READY

    async def _prepare(self) -> bool:
        """Have the card's messages in PDU mode, and be told of new ones; tells whether the modem can do that."""
        if not (await self._talk.ask("AT+CMGF=0")).ok:
            self._is(Fitness.UNFIT, "PDU")
            return False
        if self._options.centre:
            kind = 145 if self._options.centre.startswith("+") else 129
            await self._talk.ask(f'AT+CSCA="{self._options.centre}",{kind}', NETWORK_S)
        listed = await self._talk.ask("AT+CPMS=?", NETWORK_S)
        first = next((line for line in listed.lines if line.startswith("+CPMS:")), "").partition(")")[0]
        self._memories = tuple(name for name in _MEMORIES if f'"{name}"' in first) or ("SM",)
        if len(self._memories) > 1 and {"SM", "ME"} <= set(self._memories):
            self._memories = tuple(name for name in self._memories if name != "MT")  # which is both together
        for reports in (2, 1, 0):
            if (await self._talk.ask(f"AT+CNMI=2,1,0,{reports},0")).ok:
                break
        return True

    # -- in

    async def _collect(self) -> None:
        """Keep and remove all that the modem holds."""
        await self._take_direct()
        for memory in self._memories:
            if not (await self._talk.ask(f'AT+CPMS="{memory}"', NETWORK_S)).ok:
                continue
            listed = await self._talk.ask("AT+CMGL=4", NETWORK_S)
            for values, digits in listed.messages("+CMGL"):
                if len(values) > 1 and values[0].isdecimal() and values[1] in _RECEIVED and _is_whole(values, digits):
                    await self._keep(digits)
                    await self._talk.ask(f"AT+CMGD={values[0]}", NETWORK_S)

    async def _take_direct(self) -> None:
        """Keep what the modem gave without holding it."""
        while self._talk.direct:
            news = self._talk.direct.pop(0)
            if news.pdu and _is_whole(news.values, news.pdu):
                await self._keep(news.pdu)
            elif news.name == "+CMGS" and (news.values or ("",))[0].isdecimal():
                await self._office.late(int(news.values[0]))

    async def _keep(self, digits: str) -> None:
        digest = hashlib.sha256(digits.upper().encode()).hexdigest()[:32]
        try:
            message = pdu.read(digits)
        except pdu.PduError:  # whoever reads the list may know what it is
            await self._office.keep(Arrived(digest=digest, sender="", text=digits, readable=False))
            return
        match message:
            case pdu.Received(part=part):
                kept = Arrived(
                    digest=digest,
                    sender=message.sender,
                    text=message.text,
                    at=_us(message.at),
                    series="" if part is None else f"{part.bits}/{part.reference}/{part.parts}",
                    part=1 if part is None else part.number,
                    parts=1 if part is None else part.parts,
                    readable=message.readable,
                )
                await self._office.keep(kept)
            case pdu.Report():
                await self._office.told(
                    Told(
                        digest=digest,
                        reference=message.reference,
                        recipient=message.recipient,
                        status=message.status,
                        delivered=message.delivered,
                        final=message.final,
                    )
                )

    # -- out

    async def _send_all(self) -> None:
        if self._fitness is not Fitness.READY or self._clock.seconds() < self._not_before:
            return
        while not self._bell.closed and (job := await self._office.next()) is not None:
            await self._send(job)
            if self._clock.seconds() < self._not_before:
                return
            if self._bell.rung:
                self._bell.heeded()
                await self._collect()

    async def _send(self, job: Job) -> None:
        try:
            parts = pdu.parts_of(job.text, job.reference)
            digits, length = pdu.submit(job.number, parts[job.part], concatenated=len(parts) > 1)
        except (pdu.PduError, IndexError) as error:
            await self._office.settle(job, State.FAILED, why=str(error))
            return
        refusal = await self._talk.begin(length, NETWORK_S)
        if refusal is not None:
            await self._refused(job, refusal, handed=False)
            return
        await self._office.handed(job)
        if self._talk.lost:
            await self._office.settle(job, State.WAITING)  # not an octet of it has left
            raise LostError("before the message")
        try:
            answer = await self._talk.give(digits, SEND_S)
        except (HangError, LostError) as error:
            await self._office.settle(job, State.DOUBTFUL, why=str(error))
            raise
        said = (answer.values("+CMGS") or ("",))[0]
        if answer.ok and said.isdecimal():
            await self._office.settle(job, State.SENT, reference=int(said) & 0xFF)
        else:
            await self._refused(job, answer, handed=True)

    async def _refused(self, job: Job, answer: Answer, *, handed: bool) -> None:
        kind, _, code = answer.code.partition(" ")
        known = kind == "CMS" and code.isdecimal() and code not in _UNKNOWN_OUTCOME and int(code) < _OWN_CODES
        if code in _NOT_NOW or not handed:
            self._not_before = self._clock.seconds() + LATER_S
            await self._office.settle(job, State.WAITING, why=answer.code or "refused")
        elif known:
            await self._office.settle(job, State.FAILED, why=answer.code)
        else:
            await self._office.settle(job, State.DOUBTFUL, why=answer.code or "refused")


def _is_whole(values: tuple[str, ...], digits: str) -> bool:
    """Tell whether a PDU has the length that its header says, without the service centre: noise has not."""
    said = values[-1]
    return said.isdecimal() and len(digits) // 2 - 1 - int(digits[:2], 16) == int(said)


def _percent(signal: str) -> int:
    return round(100 * int(signal) / _SIGNAL_MAX) if signal.isdecimal() and int(signal) <= _SIGNAL_MAX else -1


def _us(at: datetime | None) -> int:
    return 0 if at is None else round(at.timestamp()) * 1_000_000
