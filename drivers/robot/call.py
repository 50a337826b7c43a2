"""One call of a robot phone, as those who test use it: what it is, what it can do, what can be waited for."""

from collections.abc import Callable
from urllib.parse import quote

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.posixbase import PosixReactorBase
from typing_extensions import override

from drivers.robot import sdp, sip
from drivers.robot.leg import Ended, Leg, RefusedError, State, Times
from drivers.robot.line import Line
from drivers.robot.listening import Listening, Recognised
from drivers.robot.sound import TONES, Known, Samples
from drivers.robot.stream import Stream
from drivers.robot.transactions import FINAL, REFUSED
from drivers.robot.waits import CallEndedError, DeadlineError, Waits, within

SECONDS = 5.0
"A deadline where none is given, for what the other side's machine answers at once."
KEY_S = 0.12
KEY_GAP_S = 0.08


class CallRefusedError(CallEndedError):
    """A call that was placed was not answered, but refused."""


class Call:
    """One call. `Phone.dial`, `Phone.call` and `Phone.next_call` give it."""

    gone: Callable[["Call"], None]
    "Called once when it has ended."
    _timer: IDelayedCall | None

    def __init__(self, reactor: PosixReactorBase, line: Line, leg: Leg, number: str) -> None:
        """Wrap a leg; `number` is the one called, whoever calls."""
        self.number = number
        self.leg = leg
        self.gone = lambda _: None
        self._reactor = reactor
        self._line = line
        towards = f"from {self.from_number}" if leg.incoming else f"to {number}"
        self._waits = Waits(reactor, f"{line.options.user}: call {towards}")
        self._listening = Listening(reactor, self.stream, self._waits)
        self._timer = None
        leg.changed = self._change
        self.stream.changed = self._waits.look

    @override
    def __repr__(self) -> str:
        """Say who called whom and how far it is."""
        return f"<Call {self._waits.name}, {self.state.name}>"

    # What it is.

    @property
    def state(self) -> State:
        """How far it is."""
        return self.leg.state

    @property
    def times(self) -> Times:
        """When what happened."""
        return self.leg.times

    @property
    def end(self) -> Ended | None:
        """How it ended, once it has."""
        return self.leg.end

    @property
    def incoming(self) -> bool:
        """Whether they called us."""
        return self.leg.incoming

    @property
    def stream(self) -> Stream:
        """Its audio, with counters."""
        return self.leg.session.stream

    @property
    def from_number(self) -> str:
        """The caller's number, as From has it."""
        return sip.parse_uri(self._caller.uri).user

    @property
    def from_name(self) -> str:
        """The caller's name, as From has it."""
        return self._caller.name

    @property
    def held(self) -> bool:
        """Whether the other side has put us on hold: it does not listen."""
        theirs = self.leg.session.theirs
        return theirs is not None and not theirs.direction.receives

    @property
    def muted(self) -> bool:
        """Whether we say silence in place of our tone."""
        return self.stream.muted

    @property
    def digits(self) -> str:
        """All keys that were heard."""
        return self.stream.keys.digits

    @property
    def transferred(self) -> int:
        """What became of a transfer that we asked for, as last told: 100 on its way, 200 done, 0 nothing told."""
        return self.leg.transferred

    @property
    def _caller(self) -> sip.Address:
        dialog = self.leg.dialog
        return sip.parse_address(dialog.remote if self.incoming else dialog.local)

    def header(self, name: str) -> str:
        """Give the first value of a header of the INVITE, empty if it has none."""
        return self.leg.invite.headers.first(name) if self.leg.invite is not None else ""

    # What it can do.

    def answer(self) -> None:
        """Answer a call that rings here. `answered` waits for the caller's acknowledgement."""
        self.ring_only()
        self.leg.answer()

    def ring_only(self) -> None:
        """Let it ring: what was to answer by itself does not."""
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None

    def answer_after(self, ring_s: float) -> None:
        """Answer after so long, unless it has ended."""
        self.ring_only()
        self._timer = self._reactor.callLater(ring_s, self.leg.answer)

    def reject(self, code: int = 486, reason: str = "Busy Here") -> None:
        """Refuse a call that rings here."""
        self.leg.reject(code, reason)

    async def hang_up(self, deadline_s: float = SECONDS) -> Ended:
        """End the call in whatever state it is; give how it ended, once the other side knows."""
        leaving = within(self._reactor, Deferred.fromCoroutine(self.leg.leave()), f"{self!r}: its end", deadline_s)
        try:
            await leaving
            return await self.ended(deadline_s)
        except DeadlineError:
            self.leg.abandon()
            raise

    async def press(
        self, keys: str, *, held_s: float = KEY_S, gap_s: float = KEY_GAP_S, deadline_s: float = SECONDS
    ) -> float:
        """Press keys (RFC 4733); give the moment at which all was said, the last pause too."""
        said = self.stream.press(keys, held_s, gap_s)
        return await within(self._reactor, said, f"{self!r}: keys {keys!r} said", deadline_s)

    async def play(self, samples: Samples, deadline_s: float) -> float:
        """Say this audio once in the place of our tone; give the moment of its end."""
        return await within(self._reactor, self.stream.play(samples), f"{self!r}: audio said", deadline_s)

    def mute(self, *, on: bool = True) -> None:
        """Say silence in place of our tone, or the tone again."""
        self.stream.muted = on

    async def hold(self, deadline_s: float = SECONDS) -> None:
        """Put the other side on hold."""
        await self._offer(sdp.Direction.SEND, deadline_s)

    async def unhold(self, deadline_s: float = SECONDS) -> None:
        """Take the other side back from hold."""
        await self._offer(sdp.Direction.BOTH, deadline_s)

    async def refer(self, number: str, deadline_s: float = SECONDS) -> None:
        """Transfer the other side to a number, blind; RefusedError where they do not want to. Then `transfer_ended`."""
        await self._refer(f"<{self._line.server_uri(number)}>", deadline_s)

    async def refer_attended(self, consult: "Call", deadline_s: float = SECONDS) -> None:
        """Transfer the other side to the one whom we talk with in another call (RFC 3891); as `refer`."""
        dialog = consult.leg.dialog
        replaces = f"{dialog.call_id};to-tag={dialog.remote_tag};from-tag={dialog.local_tag}"
        target = dialog.target.partition(";")[0]
        await self._refer(f"<{target}?Replaces={quote(replaces, safe='')}>", deadline_s)

    # What can be waited for.

    async def ringing(self, deadline_s: float) -> None:
        """Wait until it rings at the other side."""
        await self._waits.until(lambda: self.times.ringing, "ringing", deadline_s)

    async def answered(self, deadline_s: float) -> None:
        """Wait until it is up; CallRefusedError where it ended before."""
        try:
            await self._waits.until(lambda: self.state is State.UP or None, "an answer", deadline_s)
        except CallEndedError as error:
            raise CallRefusedError(str(error)) from error

    async def ended(self, deadline_s: float) -> Ended:
        """Wait for the end; give how and by whom."""
        return await self._waits.until(lambda: self.end, "its end", deadline_s)

    async def hears_tone(self, hz: int, deadline_s: float, *, since: float | None = None) -> float:
        """Wait for a tone; give the moment, to 20 ms, at which it began, not before `since` (None: now)."""
        return await self._listening.tone(hz, deadline_s, since)

    async def hears(
        self, audio: Known | Samples, deadline_s: float, *, threshold: float = 0.6, since: float | None = None
    ) -> Recognised:
        """Wait until a second of what is heard is a part of this prompt or music; nothing before `since` counts.

        Likeness is normalised cross-correlation. Without `since` only what is heard from now on counts.
        """
        return await self._listening.known(audio, deadline_s, threshold, since)

    async def hears_keys(self, keys: str, deadline_s: float) -> str:
        """Wait until these keys were heard, one after the other; give all of the call."""
        return await self._listening.keys(keys, deadline_s)

    async def hears_silence(self, seconds: float, deadline_s: float) -> float:
        """Wait for so long a silence (in audio that comes, not for want of it); give the moment of its end."""
        return await self._listening.silence(seconds, deadline_s)

    async def transfer_ended(self, deadline_s: float) -> int:
        """Wait until it is told what became of a transfer: 200 is done; the last that was told, if the call ends."""
        try:
            return await self._waits.until(self._transfer_done, "the end of the transfer", deadline_s)
        except CallEndedError:
            return self.transferred

    def heard_tones(self, seconds: float = 1.0, among: tuple[int, ...] = TONES) -> frozenset[int]:
        """Tell which tones were heard in the last `seconds`."""
        return self._listening.tones(seconds, among)

    def heard_loudness(self, seconds: float = 1.0) -> float:
        """Tell how loud the last `seconds` were: the root mean square; a robot's tone has about 4,200."""
        return self._listening.loudness(seconds)

    def tone_began(self, hz: int) -> float | None:
        """Tell when a tone was first heard, among what is remembered."""
        return self.stream.ear.tone_began(hz)

    # What happens to it.

    def take(self, request: sip.Request, where: tuple[str, int]) -> None:
        """Take a request of the other side."""
        self.leg.take(request, where)

    async def _offer(self, direction: sdp.Direction, deadline_s: float) -> None:
        offered = Deferred.fromCoroutine(self.leg.offer(direction))
        await within(self._reactor, offered, f"{self!r}: {direction.value} agreed", deadline_s)

    async def _refer(self, target: str, deadline_s: float) -> None:
        extra = (("Refer-To", target), ("Referred-By", self._line.contact))
        self.leg.transferred = 0
        asked = Deferred.fromCoroutine(self.leg.ask("REFER", extra))
        response = await within(self._reactor, asked, f"{self!r}: an answer to REFER", deadline_s)
        if response.code >= REFUSED:
            raise RefusedError(f"{self!r}: REFER got {response.code} {response.reason}")

    def _transfer_done(self) -> int | None:
        return self.transferred if self.transferred >= FINAL else None

    def _change(self) -> None:
        end = self.end
        if end is None:
            self._waits.look()
            return
        self.ring_only()
        self.leg.changed = lambda: None
        self._waits.close(CallEndedError(f"{self._waits.name} ended ({end.code} by {end.by.name} {end.reason})"))
        self.gone(self)
