"""What the core asks for, done: a leg that asks is told over AGI, everything else is an action over AMI.

An answer to an action means accepted or refused, never that it happened: that is observed. Where it is not known
whether an action was done, because the link broke, nothing is told here; after a reconnection the core is told what is
there.
"""

import re
from collections.abc import Callable, Coroutine, Mapping
from typing import Protocol, assert_never

from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as LateError
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from appliance.core import effects
from appliance.core.facts import Leg, NotRecorded, PartyView, Prompted
from drivers.asterisk import dialplan
from drivers.asterisk.addresses import NOWHERE
from drivers.asterisk.agi import Session
from drivers.asterisk.asking import RECORDED, Asking
from drivers.asterisk.channels import Channel, Channels
from drivers.asterisk.codec import LocalProtocolError
from drivers.asterisk.codec_ami import Action, Answer
from drivers.asterisk.conf import Site
from drivers.asterisk.link import Link, LinkError
from drivers.asterisk.observe import CONGESTED, Observer
from drivers.asterisk.vocabulary import Actions, caller_id

OFFER_GRACE_S = 5
"A phone that the core has not stopped by then stops by itself."
LEGS_MAX = 5_000
"Legs whose variables we remember; more means that their ends were not seen."
HOLD_S_MAX = 2.0
"How long a bridge waits for the caller's leg to be told to hold, and so to be recorded; then it is made all the same."

_CALLABLE = re.compile(r"\+?[0-9]{2,20}")
"A number that a trunk can call."
_NUMBER_UNSAID = re.compile(r"[^0-9A-Za-z+*#._-]")
_NAME_UNSAID = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
NUMBER_CHARACTERS_MAX = 80
NAME_CHARACTERS_MAX = 80
SHOWN_BYTES_MAX = 79

report = Logger()


class Parties(Protocol):
    """Who is who; given by the daemon."""

    async def party_of(self, number: str, name: str) -> tuple[str, PartyView]:
        """Recognise a caller; a withheld number (empty) is a fresh party each time."""

    async def label(self, party: str) -> tuple[str, str]:
        """Look up number and name of a party."""


def clean(text: str, characters_max: int) -> str:
    """Give a name or number without control characters and of a decent length."""
    return _NAME_UNSAID.sub(" ", text)[:characters_max].strip()


def shown(name: str, number: str) -> str:
    """Give a party as a phone is to show it, for a CallerID header.

    Asterisk cuts the name to 79 bytes wherever they end, so it is cut here, after a whole character.
    """
    fits = clean(name, NAME_CHARACTERS_MAX).encode(errors="replace")[:SHOWN_BYTES_MAX].decode(errors="ignore")
    return caller_id(fits, _NUMBER_UNSAID.sub("", number)[:NUMBER_CHARACTERS_MAX])


class Performer:
    """Does what the core asks of one exchange."""

    def __init__(
        self,
        clock: IReactorTime,
        link: Link,
        site: Site,
        *,
        channels: Channels,
        observer: Observer,
        parties: Parties,
        tell: Callable[[Prompted | NotRecorded], None],
    ) -> None:
        """`tell` is given the outcomes of prompts, and which legs are not recorded."""
        self._clock = clock
        self._link = link
        self._site = site
        self._channels = channels
        self._observer = observer
        self._parties = parties
        self._tell = tell
        self._actions = Actions()
        self._asking: dict[str, Asking] = {}
        self._set: dict[str, dict[str, str]] = {}
        self.trunks: Mapping[str, int] = {}
        "Trunk to the calls at once that it takes, 0 for no limit."
        self.addresses = NOWHERE
        "Where phones and trunks are."
        self.inside: frozenset[str] = frozenset()
        "Extensions that may not call outside."
        self._unheld: dict[str, list[Deferred[None]]] = {}
        "The legs that are to hold and have not been told it to the end, and the bridges that wait for it."
        observer.on_late = self._end_late
        observer.on_wrong_bridge = self._undo

    # -- the legs that ask

    def asks(self, uniqueid: str, session: Session) -> None:
        """Take in a leg's session; one that it had before is over, whatever the network says."""
        before = self._asking.get(uniqueid)
        if before is not None:
            before.session.close("the leg asks anew")
        if len(self._set) >= LEGS_MAX:
            self._set.clear()
        variables = self._set.setdefault(uniqueid, {})
        if session.environment is not None and not session.environment.get("agi_arg_3"):
            # Nobody has told it of an interaction yet, so nobody has begun to record it.
            variables.setdefault(RECORDED, "")
        self._asking[uniqueid] = Asking(
            self._clock,
            session,
            site=self._site,
            set_before=variables,
            tell=self._tell,
            held=lambda: self._is_held(uniqueid),
        )

    def asks_no_more(self, session: Session) -> None:
        """Note that a session is over; the leg may live on."""
        uniqueid = "" if session.environment is None else session.environment.get("agi_uniqueid")
        asking = self._asking.get(uniqueid)
        if asking is not None and asking.session is session:
            del self._asking[uniqueid]

    def ended(self, uniqueid: str) -> None:
        """Forget a leg that is gone."""
        self._set.pop(uniqueid, None)
        self._is_held(uniqueid)

    def look_again(self) -> None:
        """Note what is found after a (re)connection: a leg neither held nor recorded yet is to be told to hold."""
        for uniqueid in [uniqueid for uniqueid in self._unheld if self._channels.get(uniqueid) is None]:
            self._is_held(uniqueid)
        for channel in self._channels:
            held = channel.variables.get("SR_DONE") == "hold" or channel.variables.get(RECORDED)
            if not held and not channel.bridge and not channel.variables.get("SR_AGENT"):
                self._unheld.setdefault(channel.uniqueid, [])

    @property
    def asking(self) -> tuple[str, ...]:
        """Give the Uniqueids of the legs that ask just now."""
        return tuple(self._asking)

    # -- effects

    def perform(self, effect: effects.AnyCallEffect) -> None:
        """Do it, without waiting and without raising."""
        match effect:
            case effects.Forward(party=party) if party:
                self._start(self._send(effect))
            case effects.AnswerLeg() | effects.Prompt() | effects.Hold() | effects.Forward():
                self._tell_leg(effect)
            case effects.StopRecording() | effects.HangUp() | effects.FallBack():
                self._end(effect)
            case effects.Offer():
                action_id = self._observer.offering(effect.offer, effect.leg.uniqueid)
                self._start(self._offer(effect, action_id))
            case effects.Dial():
                self._start(self._dial(effect, self._observer.dialling(effect.leg.uniqueid, effect.trunk)))
            case effects.CancelOffer(leg=leg):
                self._observer.take_back(leg.uniqueid)
                self._start(self._end_leg(leg.uniqueid, 16))
            case effects.Bridge(legs=legs):
                self._observer.wishing(legs)
                self._start(self._bridge(legs))
            case effects.Recall(leg=leg):
                self._start(self._redirect(leg.uniqueid, dialplan.CALLER, "s", "ask"))
            case _:
                assert_never(effect)

    def _tell_leg(self, effect: effects.AnswerLeg | effects.Prompt | effects.Hold | effects.Forward) -> None:
        if isinstance(effect, effects.Hold):
            self._is_to_hold(effect.leg.uniqueid)
        asking = self._listening(effect.leg)
        if asking is not None:
            asking.do(effect)

    async def _send(self, effect: effects.Forward) -> None:
        """Send a leg to a party's number; where there is none, it comes back at once."""
        number, _ = await self._parties.label(effect.party)
        outside = number if _CALLABLE.fullmatch(number) else ""
        self._tell_leg(effects.Forward(leg=effect.leg, interaction=effect.interaction, outside=outside))

    def _listening(self, leg: Leg) -> Asking | None:
        asking = self._asking.get(leg.uniqueid)
        return asking if asking is not None and asking.open else None

    def _is_to_hold(self, uniqueid: str) -> None:
        """Let bridges wait for a leg."""
        if len(self._unheld) >= LEGS_MAX:
            for forgotten in tuple(self._unheld):
                self._is_held(forgotten)
        self._unheld.setdefault(uniqueid, [])

    def _is_held(self, uniqueid: str) -> None:
        """Let the bridges go on that wait for a leg, which holds now or is gone."""
        for waiting in self._unheld.pop(uniqueid, []):
            if not waiting.called:
                waiting.callback(None)

    async def _until_held(self, leg: Leg) -> None:
        """Wait until a leg that is to hold has been told so, but not for ever: people are to talk."""
        bridges = self._unheld.get(leg.uniqueid)
        if bridges is None:
            return
        waiting: Deferred[None] = Deferred()
        bridges.append(waiting)
        waiting.addTimeout(HOLD_S_MAX, self._clock)
        try:
            await waiting
        except LateError:
            report.warn("ami: two legs are joined before the caller's was told to hold")
            if not self._set.get(leg.uniqueid, {}).get(RECORDED):
                self._tell(NotRecorded(leg=leg, late=True))

    def _end(self, effect: effects.StopRecording | effects.HangUp | effects.FallBack) -> None:
        match effect:
            case effects.StopRecording(leg=leg):
                self._stop_recording(leg.uniqueid)
            case effects.HangUp():
                self._hang_up(effect)
            case effects.FallBack():
                self._fall_back(effect)
            case _:
                assert_never(effect)

    def _stop_recording(self, uniqueid: str) -> None:
        """Record a leg no more, be it that it is just being told to be recorded."""
        asking = self._asking.get(uniqueid)
        if asking is not None:
            asking.unrecorded = True
        self._start(self._end_recording(uniqueid))

    def _hang_up(self, effect: effects.HangUp) -> None:
        asking = self._listening(effect.leg)
        if asking is not None and not asking.busy:
            asking.do(effect)
        else:
            self._start(self._end_leg(effect.leg.uniqueid, effect.cause))

    def _fall_back(self, effect: effects.FallBack) -> None:
        asking = self._listening(effect.leg)
        if asking is not None and not asking.busy:
            asking.do(effect)
        else:
            self._start(self._redirect(effect.leg.uniqueid, dialplan.FALL_BACK, "s", "1"))

    # -- actions

    def _start(self, work: Coroutine[Deferred[object], object, None]) -> None:
        Deferred.fromCoroutine(work).addErrback(
            lambda failure: report.failure("ami: an effect could not be performed", failure)
        )

    async def _act(self, action: Action, *, action_id: str | None = None) -> Answer | None:
        """Ask Asterisk; None if it is not known whether it was done."""
        try:
            return await self._link.act(action, action_id=action_id)
        except LinkError as error:
            report.warn("ami: {action}: {error}", action=action.name, error=str(error))
            return None

    async def _offer(self, offer: effects.Offer, action_id: str) -> None:
        uniqueid = offer.leg.uniqueid
        number, name = await self._parties.label(offer.party)
        if uniqueid in self._observer.cancelled:
            del self._observer.cancelled[uniqueid]
            return
        try:
            action = self._actions.originate(
                self.addresses.phone(offer.extension),
                exten="call" if offer.calls else "wait",
                context=dialplan.AGENT,
                priority="1",
                timeout=str((offer.ring_s + OFFER_GRACE_S) * 1_000),
                caller_id=shown(name, number),
                variables={
                    "SR_INTERACTION": offer.interaction,
                    "SR_OFFER": offer.offer,
                    "SR_AGENT": offer.agent,
                    "TRANSFER_CONTEXT": (
                        dialplan.SENT_INSIDE if offer.extension in self.inside else dialplan.SENT_OUTSIDE
                    ),
                },
                channel_id=uniqueid,
            )
            answer = await self._act(action, action_id=action_id)
        except (LocalProtocolError, ValueError) as error:
            report.error("ami: an offer cannot be said: {error}", error=str(error))
            self._observer.offer_failed(uniqueid, "failed")
            return
        if answer is not None and not answer.ok:
            self._observer.offer_failed(uniqueid, "failed")

    async def _dial(self, dial: effects.Dial, action_id: str) -> None:
        """Call a customer; picked up, the leg goes into the callers' loop and asks."""
        uniqueid = dial.leg.uniqueid
        number, _ = await self._parties.label(dial.party)
        if not _CALLABLE.fullmatch(number):
            self._observer.dial_failed(uniqueid, "no_number")
            return
        if 0 < self.trunks.get(dial.trunk, 0) < self._observer.calls_on(dial.trunk):
            self._observer.dial_failed(uniqueid, CONGESTED)
            return
        try:
            action = self._actions.originate(
                self.addresses.trunk(dial.trunk, number),
                exten="s",
                context=dialplan.CALLER,
                priority="1",
                timeout=str(dial.ring_s * 1_000),
                caller_id=shown("", dial.number) if dial.number else "",
                variables={"SR_INTERACTION": dial.interaction, "SR_TRUNK": dial.trunk, "GROUP(trunk)": dial.trunk},
                channel_id=uniqueid,
            )
            answer = await self._act(action, action_id=action_id)
        except (LocalProtocolError, ValueError) as error:
            report.error("ami: a customer cannot be called: {error}", error=str(error))
            self._observer.dial_failed(uniqueid, "failed")
            return
        if answer is not None and not answer.ok:
            self._observer.dial_failed(uniqueid, "failed")

    async def _bridge(self, legs: tuple[Leg, Leg]) -> None:
        """Join two legs; after their talk the caller's asks us, though it may not have come to its music before."""
        await self._until_held(legs[0])
        if not self._observer.wishes(legs):
            return
        caller, agent = (self._channels.get(leg.uniqueid) for leg in legs)
        if caller is None or agent is None:
            self._clock.callLater(0, self._observer.wish_failed, legs)
            return
        self._start(self._tell_to_ask(caller.name))
        answer = await self._act(self._actions.bridge(caller.name, agent.name))
        if answer is not None and not answer.ok:
            self._observer.wish_failed(legs)

    async def _tell_to_ask(self, name: str) -> None:
        await self._act(self._actions.setvar(name, "SR_DONE", "again"))

    async def _end_leg(self, uniqueid: str, cause: int) -> None:
        """Hang up a channel by its full name, or by the Uniqueid that we gave it if we have not heard of it yet."""
        channel = self._channels.get(uniqueid)
        if channel is None and self._channels.is_gone(uniqueid):
            return
        await self._act(self._actions.hangup(uniqueid if channel is None else channel.name, cause))

    async def _end_recording(self, uniqueid: str) -> None:
        channel = self._channels.get(uniqueid)
        if channel is not None:
            await self._act(self._actions.stop_mix_monitor(channel.name))

    async def _redirect(self, uniqueid: str, context: str, exten: str, priority: str) -> None:
        channel = self._channels.get(uniqueid)
        if channel is not None:
            await self._act(self._actions.redirect(channel.name, exten, priority, context=context))

    def _end_late(self, uniqueid: str) -> None:
        self._start(self._end_leg(uniqueid, 16))

    def _undo(self, members: tuple[Channel, ...]) -> None:
        """Tear a wrong bridge down: who talks by mistake is sent back to where each belongs."""
        for member in members:
            context, exten, priority = (
                (dialplan.CALLER, "s", "ask") if member.uniqueid in self._set else (dialplan.AGENT, "wait", "1")
            )
            self._start(self._redirect(member.uniqueid, context, exten, priority))
