"""The chronicle: calls that an exchange alone knew, and wrote down while we were away or before we were asked.

Each customer's leg has two ends: the one that we see, and the one that the exchange writes down. A leg that asked us is
remembered until its end is told, so that a told end which nobody remembers is a call that we never heard of: it gets
its record then, once.
"""

from appliance.core import effects as ask
from appliance.core import state as st
from appliance.core.cdr import CDR, Outcome, Segment, Stretch
from appliance.core.directory import Directory
from appliance.core.facts import CallsTold, Leg, ToldCall
from appliance.core.interaction import Interactions
from appliance.core.told import Chronicle
from appliance.core.turn import Turn

HEARD_MAX = 20_000
"Legs that are remembered until their end is told; more means that the exchange writes nothing."
TOLD_MAX = 1_000
"Told ends that are remembered, for a leg that asks too late."
LONGEST_US = 7 * 24 * 3_600 * 1_000_000
"No call lasts longer; a clock that was set may say so."


class Chronicles:
    """What all exchanges have told of themselves."""

    def __init__(self, state: st.State, interactions: Interactions, directory: Directory) -> None:
        """Take over a state."""
        self._state = state
        self._interactions = interactions
        self._directory = directory

    def hear(self, leg: Leg) -> None:
        """Remember a customer's leg that has asked us."""
        chronicle = self._state.chronicles.get(leg.exchange)
        if chronicle is not None:
            chronicle.heard[leg.uniqueid] = None
            _limit(chronicle.heard, HEARD_MAX)

    def is_over(self, leg: Leg) -> bool:
        """Say whether the end of a leg was told already."""
        chronicle = self._state.chronicles.get(leg.exchange)
        return chronicle is not None and leg.uniqueid in chronicle.told

    def knows(self, leg: Leg) -> bool:
        """Say whether a leg is known, so that nothing need be told of it but its end."""
        chronicle = self._state.chronicles.get(leg.exchange)
        heard = chronicle is not None and (leg.uniqueid in chronicle.heard or leg.uniqueid in chronicle.told)
        return heard or leg in self._state.legs

    def tell(self, turn: Turn, fact: CallsTold) -> None:
        """File what nobody knew."""
        chronicle = self._state.chronicles.setdefault(fact.exchange, Chronicle(since=turn.now))
        if (fact.part, fact.offset) <= (chronicle.part, chronicle.offset):
            return
        chronicle.part, chronicle.offset = fact.part, fact.offset
        for call in fact.calls:
            leg = Leg(fact.exchange, call.uniqueid)
            known = self.knows(leg)
            chronicle.heard.pop(call.uniqueid, None)
            chronicle.told[call.uniqueid] = None
            _limit(chronicle.told, TOLD_MAX)
            if not known:
                self._file(turn, leg, call, chronicle.since)
        chronicle.since = max(chronicle.since, min(fact.turned, turn.now))

    def _file(self, turn: Turn, leg: Leg, call: ToldCall, since: int) -> None:
        """Make the record. It ended between what was told before and now, whatever a clock says."""
        ended = min(max(call.ended, since), turn.now)
        began = max(ended - min(max(call.ended - call.began, 0), LONGEST_US), 0)
        interaction = f"{self._state.boot:06d}-{self._interactions.mint():08d}"
        turn.touch(interaction)
        place = (self._state.boot, self._state.sequence)
        known = call.number in self._directory.numbers or call.number in self._directory.company.emergency
        turn.ask(
            ask.CallFiled(
                cdr=CDR(
                    interaction=interaction,
                    leg=leg,
                    trunk=call.trunk,
                    number=call.number if known else "",
                    party=call.party,
                    began=began,
                    ended=ended,
                    outcome=Outcome.SELF_SERVED if call.answered else Outcome.FAILED,
                    cause=call.cause,
                    segments=_segments(call, began, ended),
                    alone=True,
                    first=place,
                    last=place,
                )
            )
        )


def _segments(call: ToldCall, began: int, ended: int) -> tuple[Segment, ...]:
    """Give its stretches: up to the fall-back, and in it."""
    if not call.routed:
        return (Segment(stretch=Stretch.FLOW, since=began, until=ended),)
    routed = ended - min(max(call.ended - call.routed, 0), ended - began)
    return (
        Segment(stretch=Stretch.FLOW, since=began, until=routed),
        Segment(stretch=Stretch.FORWARDED, since=routed, until=ended),
    )


def _limit(kept: dict[str, None], most: int) -> None:
    while len(kept) > most:
        del kept[next(iter(kept))]
