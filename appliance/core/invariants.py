"""Invariants: what must hold after every fact, whatever the world does.

A watch looks on and asks for nothing. It holds the Centre's state against its own account: what a fact touched at once,
all else a little at each fact. It never changes the state, so that it may be on wherever a Centre is.
"""

from appliance.core import effects as ask
from appliance.core import facts, soundness
from appliance.core import state as st
from appliance.core.account import Account, Seen, agents_of
from appliance.core.cdr import CDR
from appliance.core.centre import Centre
from appliance.core.dialled import Dialled
from appliance.core.fairness import Fairness
from appliance.core.filing import Visited, waiting_of
from appliance.core.in_hand import InHand
from appliance.core.offer import DEAD_PHONE, Held, rings_of
from appliance.core.rules import Broken, Rule

SWEEP = 2
"Interactions and agents that are looked at with each fact although it did not touch them."
DEPTH_MAX = 32
"Waiting callers or free agents that one question looks at; the sweep comes to the others."
WHOLE = (facts.Started, facts.ConfigurationPublished, facts.ExchangeLost, facts.LegsFound)
"Facts after which everything is looked at."


class Watch:
    """Looks at a Centre after each of its facts."""

    def __init__(self, centre: Centre, *, sweep: int = SWEEP, depth: int = DEPTH_MAX) -> None:
        """Begin with what the Centre remembers."""
        self._centre = centre
        self._sweep = sweep
        self._broken: list[Broken] = []
        self._rounds: list[str] = []
        self._agent_rounds: list[str] = []
        self._account = Account(centre)
        self._fairness = Fairness(centre, self._account, self._wrong, depth=depth)
        self._in_hand, self._dialled = InHand(centre, self._wrong), Dialled(centre, self._wrong)
        self._deadline = centre.deadline()

    # -- what happened

    def look(self, now: int, fact: facts.AnyFact, asked: tuple[ask.AnyEffect, ...]) -> tuple[Broken, ...]:
        """Say what does not hold after a fact, its centre time and the effects it had."""
        self._broken = []
        about = dict.fromkeys(self._centre.about)
        agents = self._account.named(fact, asked)
        mixed = self._deadline is not None and self._deadline <= now and not isinstance(fact, facts.Due)
        self._account.end_offers(fact)
        self._in_hand.hear(fact)
        self._dialled.hear(fact)
        self._account.rests(now, fact, asked, about)
        for effect in asked:
            self._effect(now, fact, effect, about, mixed=mixed)
        told: list[str] = []
        for name in about:
            before, after = self._account.see(name)
            self._kept(fact, name, before, after)
            if after is not None and after.said is not None and (before is None or before.said != after.said):
                told.append(name)
            for seen in (before, after):
                agents |= dict.fromkeys(agents_of(seen.state) if seen is not None else ())
        self._dialled.agree(about)
        for slug in agents:
            self._account.see_agent(slug)
        if not mixed and not any(isinstance(effect, ask.Decided) for effect in asked):
            for name in told:
                self._told(name)
        if isinstance(fact, WHOLE) or any(isinstance(effect, ask.Quarantined) for effect in asked):
            self._whole()
        else:
            self._some(about, agents)
        self._deadline = self._centre.deadline()
        return tuple(self._broken)

    def audit(self) -> tuple[Broken, ...]:
        """Look at everything at once."""
        self._broken = []
        self._audit()
        return tuple(self._broken)

    def _wrong(self, rule: Rule, about: str, detail: str) -> None:
        self._broken.append(Broken(rule, about, detail))

    def _audit(self) -> None:
        for name in self._centre.state.interactions:
            self._structure(name)
        for slug in self._centre.state.agents:
            self._structure_of_agent(slug)
        for name in self._centre.state.interactions:
            self._fairness.nobody_idle(name)

    def _whole(self) -> None:
        for name in [name for name in self._account.calls if name not in self._centre.state.interactions]:
            self._kept(facts.Due(), name, *self._account.see(name))
        self._rounds, self._agent_rounds = [], []
        self._account.begin()
        self._in_hand.begin()
        self._dialled.begin()
        self._audit()

    def _some(self, about: dict[str, None], agents: dict[str, None]) -> None:
        for name in about:
            self._structure(name)
            self._fairness.nobody_idle(name)
        for slug in agents:
            self._structure_of_agent(slug)
            self._fairness.not_idle(slug)
        for _ in range(self._sweep):
            self._sweep_one()

    def _sweep_one(self) -> None:
        state = self._centre.state
        if not self._rounds:
            self._rounds = list(dict.fromkeys([*state.interactions, *self._account.calls]))
        if self._rounds:
            name = self._rounds.pop()
            interaction, seen = state.interactions.get(name), self._account.calls.get(name)
            if (interaction.state if interaction else None) != (seen.state if seen else None):
                self._wrong(Rule.TOLD, name, "changed, and no fact said so")
                self._account.see(name)
            self._structure(name)
            self._fairness.nobody_idle(name)
        if not self._agent_rounds:
            self._agent_rounds = list(state.agents)
        if self._agent_rounds:
            slug = self._agent_rounds.pop()
            self._account.see_agent(slug)
            self._structure_of_agent(slug)
            self._fairness.not_idle(slug)

    # -- effects

    def _effect(
        self, now: int, fact: facts.AnyFact, effect: ask.AnyEffect, about: dict[str, None], *, mixed: bool
    ) -> None:
        self._dialled.asked(effect)
        match effect:
            case ask.CancelOffer() | ask.HangUp():
                self._account.silence(effect)
            case ask.Offer():
                about[effect.interaction] = None
                if self._account.ringing.get(effect.agent) and not isinstance(fact, facts.LegsFound):
                    self._wrong(Rule.ONE_OFFER, effect.agent, "is offered a second interaction while the phone rings")
                self._account.ring(effect.offer, effect.agent, effect.leg)
            case ask.Decided(chosen=chosen, interaction=interaction, queue=queue):
                about[interaction] = None
                self._fairness.chosen(now, chosen.agent, interaction, queue)
                if not mixed or not isinstance(fact, facts.ContactTaken):
                    self._in_hand.chosen(chosen.agent)
                if not mixed and not isinstance(fact, facts.ConfigurationPublished):
                    self._fairness.not_passed(chosen.agent, interaction, about)
            case ask.CallFiled(cdr=cdr):
                self._one_record(cdr, about)
            case ask.Hold():
                self._placed(fact, effect)
            case ask.Dial(interaction=name):
                self._timely(now, name)
            case _:
                pass

    def _timely(self, now: int, name: str) -> None:
        """Hold a call to a customer against the hours, at the time of any deadline that this fact found due."""
        interaction, since = self._centre.state.interactions.get(name), min(now, self._deadline or now)
        if interaction and soundness.is_out_of_hours(self._centre.directory, interaction.state, since, now):
            self._wrong(Rule.IN_HOURS, name, "is called back although it is not the time")

    def _placed(self, fact: facts.AnyFact, effect: ask.Hold) -> None:
        adopted = effect.interaction not in self._account.calls
        before = fact.place if isinstance(fact, facts.LegAsked) and fact.queue == effect.queue else ""
        if adopted and before and effect.place != before:
            self._wrong(Rule.KEPT_PLACE, effect.interaction, f"had {before} and is told {effect.place}")
        interaction = self._centre.state.interactions.get(effect.interaction)
        if interaction is not None and isinstance(interaction.state, st.Waiting):
            waiting = interaction.state
            if effect.place != f"{interaction.priority},{waiting.entered_at},{waiting.ticket}":
                self._wrong(Rule.KEPT_PLACE, effect.interaction, f"is told {effect.place}, which is not its place")

    def _kept(self, fact: facts.AnyFact, name: str, before: Seen | None, after: Seen | None) -> None:
        """Hold an interaction as it is against what it was before the fact."""
        if before is None:
            return
        if after is None:
            if name not in self._account.filed:
                self._wrong(Rule.ONE_RECORD, name, "is gone without a record")
            return
        was, held = before.state, after.state
        if not isinstance(was, Visited) or not isinstance(held, Visited) or isinstance(fact, facts.Prompted):
            return
        if isinstance(was, st.Connected) and not (isinstance(fact, facts.LegEnded) and fact.cause in DEAD_PHONE):
            return
        then, waiting = waiting_of(was), waiting_of(held)
        moved = before.entry and after.entry and before.entry != after.entry
        same = (then.flow, then.node, then.queue) == (waiting.flow, waiting.node, waiting.queue)
        if same and (then != waiting or (moved and not isinstance(fact, WHOLE))):
            self._wrong(Rule.KEPT_PLACE, name, f"had {then} and has {waiting}")
        if then == waiting:
            self._said(name, waiting.queue, before, after)

    def _said(self, name: str, queue: str, before: Seen, after: Seen) -> None:
        """Hold what a caller was told against what the same caller was told before, at the same place."""
        if before.said and after.said and before.said.high_s:
            old, new = before.said, after.said
            grown = new.high_s > old.high_s or new.low_s > old.low_s
            if new.staff >= old.staff and new.ahead <= old.ahead and grown:
                self._wrong(Rule.SAME_WAIT, name, f"was told {old.low_s}-{old.high_s} s, now {new.low_s}-{new.high_s}")
        rises = 0 < before.position < after.position
        if rises and not soundness.may_rise(self._centre.directory, queue):
            self._wrong(Rule.POSITION, name, f"was told position {before.position} and now {after.position}")

    def _told(self, name: str) -> None:
        """Hold what an expected wait was reckoned from against our own count."""
        seen = self._account.calls[name]
        if seen.said is None or seen.entry is None or not isinstance(seen.state, st.Waiting):
            return
        queue = seen.state.queue
        ahead = self._account.lines[queue].index(seen.entry)
        staff = soundness.at_work(self._centre.directory, self._centre.state, queue)
        if (seen.said.ahead, seen.said.staff) != (ahead, staff):
            told = f"{seen.said.ahead} ahead and {seen.said.staff} at work"
            self._wrong(Rule.SAME_WAIT, name, f"was told a wait for {told}, not {ahead} and {staff}")

    # -- records

    def _one_record(self, cdr: CDR, about: dict[str, None]) -> None:
        name = cdr.interaction
        if name in self._account.filed or (name not in self._account.calls and name not in about):
            self._wrong(Rule.ONE_RECORD, name, "is filed twice, or was never there")
        self._account.file(name)
        if cdr.cause == "internal_error":
            return
        for fault in soundness.faults_of(cdr):
            self._wrong(Rule.ONE_RECORD, name, fault)

    # -- the state itself

    def _structure(self, name: str) -> None:
        state = self._centre.state
        interaction = state.interactions.get(name)
        if interaction is None:
            return
        held = interaction.state
        legs = [participant.leg for participant in interaction.participants if participant.leg.uniqueid]
        if not interaction.is_called_back and any(state.legs.get(leg) != name for leg in legs):
            self._wrong(Rule.ONE_PLACE, name, "has a leg that belongs to another")
        expected = 1 + (len(rings_of(held)) if isinstance(held, Held) else 0)
        if len(interaction.participants) != expected and not isinstance(held, st.Calling):
            self._wrong(Rule.ONE_PLACE, name, f"has {len(interaction.participants)} participants, not {expected}")
        if isinstance(held, Held):
            self._with_agents(name, held)
        if interaction.leg.exchange in state.seen:
            for deadline in soundness.deadlines_of(self._centre.directory, state, interaction):
                if deadline not in state.deadlines:
                    self._wrong(Rule.DEADLINE, name, f"is {_tag(held)} without the deadline {deadline}")

    def _with_agents(self, name: str, held: Held) -> None:
        state = self._centre.state
        for ring in rings_of(held):
            agent = state.agents.get(ring.agent)
            if state.offers.get(ring.offer) != name:
                self._wrong(Rule.ONE_PLACE, name, "has an offer that is not its own")
            if agent is None or not _agrees(agent.state, name, held, ring):
                self._wrong(Rule.ONE_PLACE, name, f"is {_tag(held)} with {ring.agent}, who is not")

    def _structure_of_agent(self, slug: str) -> None:
        state = self._centre.state
        agent = state.agents.get(slug)
        if agent is None:
            return
        self._in_hand.agree(slug)
        held = self._account.held.get(slug, {})
        if len(held) > 1:
            self._wrong(Rule.ONE_OFFER, slug, f"has {len(held)} interactions")
        if isinstance(agent.state, st.Ringing | st.Talking) and agent.state.interaction not in held:
            self._wrong(Rule.ONE_PLACE, slug, f"is {_tag(agent.state)} with {agent.state.interaction}, which is not")
        if slug in self._account.missed and f"missed/{slug}" not in state.deadlines:
            self._wrong(Rule.DEADLINE, slug, "missed an offer and is never to come back")
        if isinstance(agent.state, st.WrapUp) and f"wrap-up/{slug}" not in state.deadlines:
            self._wrong(Rule.DEADLINE, slug, "finishes without a deadline")


def _agrees(agent: st.AgentState, name: str, held: Held, ring: st.Ring) -> bool:
    match agent:
        case st.Ringing(interaction=interaction, offer=offer):
            return not isinstance(held, st.Connected) and (interaction, offer) == (name, ring.offer)
        case st.Talking(interaction=interaction):
            return isinstance(held, st.Connected) and interaction == name
        case _:
            return False


def _tag(state: st.AgentState | st.InteractionState) -> str:
    return str(state.__struct_config__.tag)
