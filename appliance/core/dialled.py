"""Dialled: the customers who are being called back, counted apart from the Centre.

An attempt lives from the moment a customer's phone is to ring until it failed, was hung up, or the customer is on the
line. There is one of an interaction at a time, with an agent of its own, and none is left to ring.
"""

from collections.abc import Callable, Iterable

from appliance.core import effects as ask
from appliance.core import facts
from appliance.core import state as st
from appliance.core.callback import is_dialled
from appliance.core.centre import Centre
from appliance.core.rules import Rule


class Dialled:
    """The live attempts."""

    def __init__(self, centre: Centre, wrong: Callable[[Rule, str, str], None]) -> None:
        """Begin with what the Centre remembers; `wrong` is told of what does not hold."""
        self._centre = centre
        self._wrong = wrong
        self.begin()

    def begin(self) -> None:
        """Begin again."""
        self._live: dict[str, facts.Leg] = {}
        "Interaction to the customer's leg."
        for name, interaction in self._centre.state.interactions.items():
            if isinstance(interaction.state, st.Calling) and is_dialled(interaction.leg):
                self._live[name] = interaction.leg

    def hear(self, fact: facts.AnyFact) -> None:
        """Note that an attempt has failed, or is over."""
        if isinstance(fact, facts.DialFailed | facts.LegEnded):
            self._end(fact.leg)

    def asked(self, effect: ask.AnyEffect) -> None:
        """Note that a customer's phone is to ring, or to stop."""
        match effect:
            case ask.Dial(interaction=name, leg=leg):
                if name in self._live:
                    self._wrong(Rule.CALLBACK, name, "is called a second time while the phone still rings")
                self._live[name] = leg
            case ask.HangUp(leg=leg):
                self._end(leg)
            case _:
                pass

    def _end(self, leg: facts.Leg) -> None:
        for name in [name for name, live in self._live.items() if live == leg]:
            del self._live[name]

    def agree(self, names: Iterable[str]) -> None:
        """Hold the attempts of some interactions against what these are now."""
        for name in names:
            leg, interaction = self._live.get(name), self._centre.state.interactions.get(name)
            if leg is None:
                continue
            if interaction is None or interaction.leg != leg:
                self._wrong(Rule.CALLBACK, name, "has left a customer whose phone still rings")
            elif isinstance(interaction.state, st.Calling):
                self._has_agent(name, interaction.state)
                continue
            del self._live[name]

    def _has_agent(self, name: str, calling: st.Calling) -> None:
        agent = self._centre.state.agents.get(calling.agent)
        kept = agent.state if agent is not None else None
        if not isinstance(kept, st.Ringing) or (kept.interaction, kept.offer) != (name, calling.offer):
            self._wrong(Rule.CALLBACK, name, f"is called back, and {calling.agent} is not kept for it")
