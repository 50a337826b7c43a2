"""What the exchange tells us, as facts: AMI events and AGI questions in, the core's words out.

Only the event connection says in what order things happened. An offer is known by the ActionID of its Originate and by
the Uniqueid that we gave its leg; a failure is told once, by whichever of Hangup and OriginateResponse comes first.
"""

from collections.abc import Callable
from dataclasses import dataclass

from appliance.core import facts
from appliance.core.facts import Leg
from drivers.asterisk.addresses import NOWHERE
from drivers.asterisk.channels import Channel, Channels
from drivers.asterisk.codec_ami import Event

WISHES_MAX = 2_000
"Bridges asked for and not yet made; more means that Asterisk makes none."
OFFER_ACTION = "offer-"
"What the ActionID of an offer's Originate begins with."
DIAL_ACTION = "dial-"
"What the ActionID of a call to a customer begins with."

_CAUSES = {
    "1": "unreachable",
    "3": "unreachable",
    "17": "busy",
    "18": "unreachable",
    "19": "no_answer",
    "20": "unreachable",
    "21": "refused",
    "27": "unreachable",
    "38": "unreachable",
    "41": "failed",
}
_REASONS = {"0": "unreachable", "1": "no_answer", "3": "no_answer", "5": "busy", "8": "unreachable"}
"OriginateResponse's Reason is a frame's number: 1 hung up, 3 ringing, 4 answered, 5 busy, 8 congestion; 0 none."


CONGESTED = "congested"
"A trunk had no line for a call: another one may."
_CONGESTION = frozenset({"27", "34", "38", "41", "42", "44", "47", "58"})
"Q.850 causes of a trunk that is broken or full; with OriginateResponse's Reason 0 (no such line) and 8 (congestion)."
_NO_LINE = frozenset({"0", "8"})


@dataclass(slots=True, kw_only=True)
class Offered:
    """An offer whose phone has not yet been picked up."""

    offer: str
    rang: bool = False


class Observer:
    """Turns one exchange's events into facts."""

    def __init__(self, exchange: str, channels: Channels, tell: Callable[[facts.AnyFact], None]) -> None:
        """`tell` is given each fact, in the order in which it happened."""
        self._exchange = exchange
        self._channels = channels
        self._tell = tell
        self._offers: dict[str, Offered] = {}
        self._known: dict[str, None] = {}
        "Uniqueids of the legs that the core knows: callers that asked, and phones that answered."
        self._wishes: dict[str, str] = {}
        "The bridges that we asked for: each leg to the other."
        self._dialled: dict[str, str] = {}
        "Uniqueids of the customers whose phones ring for us, and by which trunk."
        self.cancelled: dict[str, None] = {}
        "Uniqueids of offers taken back, perhaps before their channel was made."
        self.on_late: Callable[[str], None] = lambda _uniqueid: None
        "Told of a channel that was made after its offer was taken back."
        self.on_wrong_bridge: Callable[[tuple[Channel, ...]], None] = lambda _members: None
        "Told of the channels of a bridge that is not the one asked for."
        self.on_end: Callable[[str], None] = lambda _uniqueid: None
        "Told of every channel's end."

    # -- what we ask for, so that the answers can be told apart

    def offering(self, offer: str, uniqueid: str) -> str:
        """Await the answers to an offer; give the ActionID for its Originate."""
        self._offers[uniqueid] = Offered(offer=offer)
        return f"{OFFER_ACTION}{uniqueid}"

    def dialling(self, uniqueid: str, trunk: str) -> str:
        """Await the answer to a call to a customer; give the ActionID for its Originate."""
        self._dialled[uniqueid] = trunk
        return f"{DIAL_ACTION}{uniqueid}"

    def calls_on(self, trunk: str) -> int:
        """Count the calls on a trunk: those that live, and those that we have just asked for."""
        asked = sum(on == trunk and self._channels.get(uniqueid) is None for uniqueid, on in self._dialled.items())
        return asked + sum(NOWHERE.endpoint(channel.name) == trunk for channel in self._channels)

    def dial_failed(self, uniqueid: str, cause: str) -> None:
        """Tell, once, that a customer was not reached."""
        if uniqueid in self._dialled:
            del self._dialled[uniqueid]
            self._tell(facts.DialFailed(leg=self.leg(uniqueid), cause=cause))

    def is_offer(self, uniqueid: str) -> bool:
        """Whether a channel that appears is one that an offer has asked for."""
        return uniqueid in self._offers or uniqueid in self.cancelled

    def take_back(self, uniqueid: str) -> None:
        """Await no answer to an offer: the core has dropped it, and its leg is to end whenever it appears."""
        if self._offers.pop(uniqueid, None) is not None and not self._channels.is_gone(uniqueid):
            self.cancelled[uniqueid] = None

    def offer_failed(self, uniqueid: str, cause: str) -> None:
        """Tell, once, that an offer has failed."""
        offered = self._offers.pop(uniqueid, None)
        if offered is not None:
            self._tell(facts.OfferFailed(offer=offered.offer, cause=cause))

    def wishing(self, legs: tuple[Leg, Leg]) -> None:
        """Await the bridge of two legs."""
        one, other = legs[0].uniqueid, legs[1].uniqueid
        if len(self._wishes) >= 2 * WISHES_MAX:
            self._wishes.clear()
        self._forget_wish(one)
        self._forget_wish(other)
        self._wishes[one], self._wishes[other] = other, one

    def wish_failed(self, legs: tuple[Leg, Leg]) -> None:
        """Tell, once, that two legs could not be joined."""
        if self.wishes(legs):
            self._forget_wish(legs[0].uniqueid)
            self._tell(facts.BridgeFailed(legs=legs))

    def wishes(self, legs: tuple[Leg, Leg]) -> bool:
        """Say whether the bridge of two legs is still awaited."""
        return self._wishes.get(legs[0].uniqueid) == legs[1].uniqueid

    def _forget_wish(self, uniqueid: str) -> None:
        """Await no bridge of a leg, nor of the other that was to be in it."""
        other = self._wishes.pop(uniqueid, "")
        if self._wishes.get(other) == uniqueid:
            del self._wishes[other]

    def know(self, uniqueid: str) -> None:
        """Note that the core knows a leg, so that it is told of its end."""
        self._known[uniqueid] = None

    def start_again(self) -> None:
        """Forget what was awaited: after a (re)connection the core is told what is there."""
        self._offers.clear()
        self._dialled.clear()
        self._wishes.clear()
        self._known.clear()
        self.cancelled.clear()
        self._channels.forget_living()

    def leg(self, uniqueid: str) -> Leg:
        """Name a leg of this exchange."""
        return Leg(self._exchange, uniqueid)

    # -- what Asterisk tells

    def hear(self, event: Event) -> None:
        """Take in one event of the event connection."""
        uniqueid = event.get("Uniqueid")
        match event.name:
            case "Newchannel":
                self._born(uniqueid, event)
            case "Newstate":
                self._changed(uniqueid, event)
            case "Rename":
                self._channels.renamed(uniqueid, event.get("Newname"))
            case "Hangup":
                self._ended(uniqueid, event)
            case "BridgeEnter":
                self._entered(uniqueid, event)
            case "BridgeLeave":
                self._channels.left(uniqueid, event.get("Channel"), event.get("BridgeUniqueid"))
            case "OriginateResponse":
                self._originated(event)
            case "BlindTransfer" | "AttendedTransfer":
                self._transferred(event)
            case _:
                pass

    def _born(self, uniqueid: str, event: Event) -> None:
        channel = self._channels.born(uniqueid, event.get("Channel"), event.get("ChannelState"))
        if channel is not None and uniqueid in self.cancelled:
            self.on_late(uniqueid)

    def _changed(self, uniqueid: str, event: Event) -> None:
        channel = self._channels.changed(uniqueid, event.get("ChannelState"))
        offered = self._offers.get(uniqueid)
        if channel is not None and offered is not None and channel.ringing and not offered.rang:
            offered.rang = True
            self._tell(facts.OfferRang(offer=offered.offer))

    def _ended(self, uniqueid: str, event: Event) -> None:
        if self._channels.ended(uniqueid, event.get("Channel")) is None:
            return
        self.cancelled.pop(uniqueid, None)
        cause = _CAUSES.get(event.get("Cause"), "failed")
        self.offer_failed(uniqueid, cause)
        if uniqueid not in self._known:
            self.dial_failed(uniqueid, CONGESTED if event.get("Cause") in _CONGESTION else cause)
        self._forget_wish(uniqueid)
        if uniqueid in self._known:
            del self._known[uniqueid]
            code = event.get("Cause")
            self._tell(facts.LegEnded(leg=self.leg(uniqueid), cause=int(code) if code.isdecimal() else 0))
        self.on_end(uniqueid)

    def _entered(self, uniqueid: str, event: Event) -> None:
        members = self._channels.entered(uniqueid, event.get("Channel"), event.get("BridgeUniqueid"))
        if len(members) <= 1:
            return
        present = {member.uniqueid for member in members}
        wished = [member.uniqueid for member in members if member.uniqueid in self._wishes]
        if not wished:
            return
        one, other = wished[0], self._wishes[wished[0]]
        legs = (self.leg(one), self.leg(other))
        if present == {one, other}:
            self._forget_wish(one)
            self._tell(facts.Bridged(legs=legs))
        else:
            self.on_wrong_bridge(members)
            self.wish_failed(legs)

    def _transferred(self, event: Event) -> None:
        """Tell of a phone that sent its partner on; if it joined two calls, either of its legs may be ours."""
        joined = event.name == "AttendedTransfer"
        names = ("OrigTransfererUniqueid", "SecondTransfererUniqueid") if joined else ("TransfererUniqueid",)
        for uniqueid in map(event.get, names):
            if event.get("Result") == "Success" and uniqueid in self._known:
                self._tell(facts.SentOn(leg=self.leg(uniqueid), joined=joined))

    def _originated(self, event: Event) -> None:
        action_id = event.get("ActionID")
        if action_id.startswith(DIAL_ACTION):
            self._reached(action_id.removeprefix(DIAL_ACTION), event)
            return
        if not action_id.startswith(OFFER_ACTION):
            return
        uniqueid = action_id.removeprefix(OFFER_ACTION)
        if event.get("Response") != "Success":
            self.cancelled.pop(uniqueid, None)
            self.offer_failed(uniqueid, _REASONS.get(event.get("Reason"), "failed"))
            return
        self._channels.born(uniqueid, event.get("Channel"), "6")
        offered = self._offers.pop(uniqueid, None)
        if offered is None:
            self.on_late(uniqueid)
        elif not self._channels.is_gone(uniqueid):
            self.know(uniqueid)
            self._tell(facts.OfferAnswered(offer=offered.offer, leg=self.leg(uniqueid)))

    def _reached(self, uniqueid: str, event: Event) -> None:
        """Await no answer of a customer who picked up: the leg asks by itself, and its end is told."""
        if event.get("Response") != "Success":
            reason = event.get("Reason")
            self.dial_failed(uniqueid, CONGESTED if reason in _NO_LINE else _REASONS.get(reason, "failed"))
        elif uniqueid in self._dialled:
            del self._dialled[uniqueid]
            self.know(uniqueid)
