"""Invariants: what must hold after every fact, whatever the world does.

A watch looks on and asks for nothing. It keeps its own account of who waits, who rings and who finishes, made of facts
and effects, and holds the Centre's state against it: what a fact touched at once, all else a little at each fact. It
never changes the state, so that it may be on wherever a Centre is.
"""

import enum
from bisect import bisect_left, insort
from dataclasses import dataclass

from appliance.core import effects as ask
from appliance.core import facts
from appliance.core import state as st
from appliance.core.cdr import CDR, Stretch
from appliance.core.centre import Centre
from appliance.core.matching import why_not
from appliance.core.offer import rings_of

SECOND_US = 1_000_000
FILED_MAX = 1_000
"How many filed calls are remembered, to notice one that is filed again."
SWEEP = 2
"Interactions and agents that are looked at with each fact although it did not touch them."
DEPTH_MAX = 64
"Waiting callers or free agents that one question looks at; the sweep comes to the others."
TWO_PARTIES = (st.Offered, st.Joining, st.Connected)
WHOLE = (facts.Started, facts.ConfigurationPublished, facts.ExchangeLost, facts.LegsFound)
"Facts after which everything is looked at."


class Rule(enum.StrEnum):
    """What must hold."""

    ONE_PLACE = "one_place"
    "A caller is in exactly one place, and all who take part in it agree."
    ONE_OFFER = "one_offer"
    "An agent has at most one live offer, and no more work than fits."
    NOT_PASSED = "not_passed"
    "The oldest eligible caller of equal priority is served first by whoever is free."
    NOBODY_IDLE = "nobody_idle"
    "No eligible agent is idle while a caller waits."
    WRAP_UP = "wrap_up"
    "Nobody is offered anything before the wrap-up is over, unless the agent said so."
    ONE_RECORD = "one_record"
    "Each call leaves one record, whose segments touch and add up."
    DEADLINE = "deadline"
    "Whatever holds somebody has a deadline."
    TOLD = "told"
    "A fact names every interaction that it changes."


@dataclass(frozen=True, slots=True)
class Broken:
    """Something that does not hold; nothing in it is personal."""

    rule: Rule
    about: str
    "An interaction or an agent."
    detail: str


Entry = tuple[int, int, int, str]
"(priority, entered_at, ticket, interaction): smallest is served first."


class Watch:
    """Looks at a Centre after each of its facts."""

    def __init__(self, centre: Centre, *, sweep: int = SWEEP) -> None:
        """Begin with what the Centre remembers."""
        self._centre = centre
        self._sweep = sweep
        self._broken: list[Broken] = []
        self._filed: dict[str, None] = {}
        self._rest: dict[str, int] = {}
        "Agent to the earliest time of the next offer."
        self._rounds: list[str] = []
        self._agent_rounds: list[str] = []
        self._begin()

    # -- what happened

    def look(self, now: int, fact: facts.AnyFact, asked: tuple[ask.AnyEffect, ...]) -> tuple[Broken, ...]:
        """Say what does not hold after a fact, its centre time and the effects it had."""
        self._broken = []
        about = dict.fromkeys(self._centre.about)
        agents = self._agents_of(fact, asked)
        self._end_offers(fact)
        self._rests(now, fact, asked, about)
        for effect in asked:
            self._effect(now, fact, effect, about)
        for name in about:
            agents |= self._see(name)
        for slug in agents:
            self._see_agent(slug)
        if isinstance(fact, WHOLE) or any(isinstance(effect, ask.Quarantined) for effect in asked):
            self._whole(fact)
        else:
            self._some(about, agents)
        return tuple(self._broken)

    def audit(self) -> tuple[Broken, ...]:
        """Look at everything at once."""
        self._broken = []
        for name in self._centre.state.interactions:
            self._structure(name)
        for slug in self._centre.state.agents:
            self._structure_of_agent(slug)
        for name in self._centre.state.interactions:
            self._nobody_idle(name)
        return tuple(self._broken)

    def _wrong(self, rule: Rule, about: str, detail: str) -> None:
        self._broken.append(Broken(rule, about, detail))

    # -- our own account

    def _begin(self) -> None:
        state = self._centre.state
        self._calls: dict[str, st.InteractionState] = {}
        self._entries: dict[str, Entry] = {}
        self._lines: dict[str, list[Entry]] = {}
        self._held: dict[str, dict[str, None]] = {}
        self._ringing: dict[str, dict[str, None]] = {}
        self._offers: dict[str, tuple[str, facts.Leg]] = {}
        self._legs: dict[facts.Leg, str] = {}
        self._free: dict[str, dict[str, None]] = {}
        self._members: dict[str, tuple[str, ...]] = {}
        for queue in self._centre.directory.queues.values():
            for slug in queue.queue.agents:
                self._members[slug] = (*self._members.get(slug, ()), queue.queue.slug)
        for name in state.interactions:
            self._see(name)
        for interaction in state.interactions.values():
            if isinstance(interaction.state, st.Offered):
                for ring in interaction.state.rings:
                    self._ring(ring.offer, ring.agent, ring.leg)
        for agent in state.agents.values():
            self._see_agent(agent.slug)
            if isinstance(agent.state, st.WrapUp):
                self._rest[agent.slug] = agent.state.until

    def _see(self, name: str) -> dict[str, None]:
        """Take a touched interaction into our account; returns the agents that it had or has."""
        interaction = self._centre.state.interactions.get(name)
        before = self._calls.pop(name, None)
        agents: dict[str, None] = {}
        if isinstance(before, TWO_PARTIES):
            for ring in rings_of(before):
                agents[ring.agent] = None
                self._held.get(ring.agent, {}).pop(name, None)
        entry = self._entries.pop(name, None)
        if entry is not None and isinstance(before, st.Waiting):
            line = self._lines[before.queue]
            del line[bisect_left(line, entry)]
        if interaction is None:
            if before is not None and name not in self._filed:
                self._wrong(Rule.ONE_RECORD, name, "is gone without a record")
            return agents
        self._calls[name] = held = interaction.state
        if isinstance(held, st.Waiting):
            entry = (interaction.priority, held.entered_at, held.ticket, name)
            self._entries[name] = entry
            insort(self._lines.setdefault(held.queue, []), entry)
        elif isinstance(held, TWO_PARTIES):
            for ring in rings_of(held):
                agents[ring.agent] = None
                self._held.setdefault(ring.agent, {})[name] = None
        return agents

    def _see_agent(self, slug: str) -> None:
        agent = self._centre.state.agents.get(slug)
        free = agent is not None and not why_not(agent)
        for queue in self._members.get(slug, ()):
            if free:
                self._free.setdefault(queue, {})[slug] = None
            else:
                self._free.get(queue, {}).pop(slug, None)

    def _agents_of(self, fact: facts.AnyFact, asked: tuple[ask.AnyEffect, ...]) -> dict[str, None]:
        """Name the agents that a fact and its effects are about."""
        agents = {effect.agent: None for effect in asked if isinstance(effect, ask.Offer | ask.WorkFiled)}
        match fact:
            case facts.AgentCommand(agent=agent):
                agents[agent] = None
            case facts.PhoneSeen(extension=extension):
                agents[self._centre.directory.agents_at.get(extension, "")] = None
            case _:
                pass
        return agents

    # -- offers

    def _ring(self, offer: str, agent: str, leg: facts.Leg) -> None:
        self._offers[offer] = (agent, leg)
        self._legs[leg] = offer
        self._ringing.setdefault(agent, {})[offer] = None

    def _stop_ringing(self, offer: str) -> None:
        agent, leg = self._offers.pop(offer, ("", None))
        if leg is not None:
            self._ringing[agent].pop(offer, None)
            del self._legs[leg]

    def _end_offers(self, fact: facts.AnyFact) -> None:
        match fact:
            case facts.OfferAnswered(offer=offer) | facts.OfferFailed(offer=offer):
                self._stop_ringing(offer)
            case facts.LegEnded(leg=leg):
                self._stop_ringing(self._legs.get(leg, ""))
            case _:
                pass

    def _effect(self, now: int, fact: facts.AnyFact, effect: ask.AnyEffect, about: dict[str, None]) -> None:
        match effect:
            case ask.CancelOffer(offer=offer):
                self._stop_ringing(offer)
            case ask.HangUp(leg=leg):
                self._stop_ringing(self._legs.get(leg, ""))
            case ask.Offer():
                about[effect.interaction] = None
                self._offered(now, fact, effect)
                if not isinstance(fact, facts.ConfigurationPublished):
                    self._not_passed(effect, about)
            case ask.CallFiled(cdr=cdr):
                self._one_record(cdr, about)
            case _:
                pass

    def _offered(self, now: int, fact: facts.AnyFact, effect: ask.Offer) -> None:
        if self._ringing.get(effect.agent) and not isinstance(fact, facts.LegsFound):
            self._wrong(Rule.ONE_OFFER, effect.agent, "is offered a second interaction while the phone rings")
        self._ring(effect.offer, effect.agent, effect.leg)
        rest = self._rest.pop(effect.agent, 0)
        if now < rest:
            self._wrong(Rule.WRAP_UP, effect.agent, f"is offered a call {rest - now} us before the wrap-up ends")

    def _not_passed(self, effect: ask.Offer, about: dict[str, None]) -> None:
        """Hold an offer against all who waited before this fact, still wait, and came first."""
        chosen = self._entry_of(effect.interaction)
        for queue in self._members.get(effect.agent, ()):
            for entry in self._lines.get(queue, ())[:DEPTH_MAX]:
                if entry[:3] >= chosen:
                    break
                if entry[3] not in about and self._may_be_served(entry[3]):
                    self._wrong(Rule.NOT_PASSED, entry[3], f"was passed by {effect.interaction} at {effect.agent}")
                    return

    def _entry_of(self, name: str) -> tuple[int, int, int]:
        interaction = self._centre.state.interactions.get(name)
        held = interaction.state if interaction is not None else None
        if interaction is None or not isinstance(held, TWO_PARTIES):
            return (0, 0, 0)
        return (interaction.priority, held.waiting.entered_at, held.waiting.ticket)

    def _may_be_served(self, name: str) -> bool:
        interaction = self._centre.state.interactions.get(name)
        return (
            interaction is not None
            and isinstance(interaction.state, st.Waiting)
            and interaction.leg.exchange in self._centre.state.seen
        )

    # -- wrap-up

    def _rests(self, now: int, fact: facts.AnyFact, asked: tuple[ask.AnyEffect, ...], about: dict[str, None]) -> None:
        """Note from when on agents may be offered something again."""
        state = self._centre.state
        for name in about:
            before = self._calls.get(name)
            interaction = state.interactions.get(name)
            after = interaction.state if interaction is not None else None
            if isinstance(before, st.Connected) and not isinstance(after, st.Connected):
                bound = self._centre.directory.queues.get(before.waiting.queue)
                self._rest[before.agent] = now + (bound.queue.wrap_up_s if bound is not None else 0) * SECOND_US
        done = {effect.token: effect.refused for effect in asked if isinstance(effect, ask.Answered)}
        match fact:
            case facts.EndWrapUp(agent=slug, token=token) if not done.get(token, "lost"):
                self._rest.pop(slug, None)
            case facts.ExtendWrapUp(agent=slug, token=token, by_s=by_s) if not done.get(token, "lost"):
                self._rest[slug] = max(self._rest.get(slug, 0), now) + by_s * SECOND_US
            case facts.ConfigurationPublished():
                for slug in [slug for slug in self._rest if slug not in state.agents]:
                    del self._rest[slug]
            case _:
                pass

    # -- records

    def _one_record(self, cdr: CDR, about: dict[str, None]) -> None:
        name = cdr.interaction
        if name in self._filed or (name not in self._calls and name not in about):
            self._wrong(Rule.ONE_RECORD, name, "is filed twice, or was never there")
        self._filed[name] = None
        if len(self._filed) > FILED_MAX:
            del self._filed[next(iter(self._filed))]
        if cdr.cause == "internal_error":
            return
        at = cdr.began
        for segment in cdr.segments:
            if segment.since != at or segment.until < segment.since:
                self._wrong(Rule.ONE_RECORD, name, f"has a gap at {at}: the next segment begins at {segment.since}")
            at = segment.until
        if at != cdr.ended:
            self._wrong(Rule.ONE_RECORD, name, f"ends at {cdr.ended}, its segments at {at}")
        for stretch, us in ((Stretch.WAITING, cdr.wait_us), (Stretch.TALKING, cdr.talk_us)):
            if us != sum(s.until - s.since for s in cdr.segments if s.stretch is stretch):
                self._wrong(Rule.ONE_RECORD, name, f"has {us} us {stretch}, its segments have another sum")

    # -- the state itself

    def _whole(self, fact: facts.AnyFact) -> None:
        for name in [name for name in self._calls if name not in self._centre.state.interactions]:
            self._see(name)
        if isinstance(fact, facts.Started | facts.ConfigurationPublished):
            self._rounds, self._agent_rounds = [], []
        self._begin()
        self._broken += self.audit_quietly()

    def audit_quietly(self) -> list[Broken]:
        """Look at everything, beside what is being looked at."""
        kept, self._broken = self._broken, []
        found = list(self.audit())
        self._broken = kept
        return found

    def _some(self, about: dict[str, None], agents: dict[str, None]) -> None:
        for name in about:
            self._structure(name)
        for slug in agents:
            self._structure_of_agent(slug)
        for name in about:
            self._nobody_idle(name)
        for slug in agents:
            self._not_idle(slug)
        for _ in range(self._sweep):
            self._sweep_one()

    def _sweep_one(self) -> None:
        state = self._centre.state
        if not self._rounds:
            self._rounds = [*state.interactions, *self._calls]
        if self._rounds:
            name = self._rounds.pop()
            interaction = state.interactions.get(name)
            if (interaction.state if interaction is not None else None) != self._calls.get(name):
                self._wrong(Rule.TOLD, name, "changed, and no fact said so")
                self._see(name)
            self._structure(name)
            self._nobody_idle(name)
        if not self._agent_rounds:
            self._agent_rounds = list(state.agents)
        if self._agent_rounds:
            slug = self._agent_rounds.pop()
            self._see_agent(slug)
            self._structure_of_agent(slug)
            self._not_idle(slug)

    def _structure(self, name: str) -> None:
        state = self._centre.state
        interaction = state.interactions.get(name)
        if interaction is None:
            return
        held = interaction.state
        if any(state.legs.get(participant.leg) != name for participant in interaction.participants):
            self._wrong(Rule.ONE_PLACE, name, "has a leg that belongs to another")
        rings = rings_of(held) if isinstance(held, TWO_PARTIES) else ()
        if len(interaction.participants) != 1 + len(rings):
            self._wrong(Rule.ONE_PLACE, name, f"has {len(interaction.participants)} participants")
        if isinstance(held, TWO_PARTIES):
            for ring in rings:
                agent = state.agents.get(ring.agent)
                if state.offers.get(ring.offer) != name:
                    self._wrong(Rule.ONE_PLACE, name, "has an offer that is not its own")
                if agent is None or not _agrees(agent.state, name, held, ring.offer):
                    self._wrong(Rule.ONE_PLACE, name, f"is {_tag(held)} with {ring.agent}, who is not")
        if interaction.leg.exchange in state.seen:
            self._deadline(interaction)

    def _deadline(self, interaction: st.Interaction) -> None:
        name, state = interaction.id, self._centre.state
        match interaction.state:
            case st.Waiting(queue=queue):
                bound = self._centre.directory.queues.get(queue)
                needed = [f"wait/{name}"] if bound is None else []
            case st.Offered(rings=rings):
                needed = [f"ring/{ring.offer}" for ring in rings]
            case st.Joining():
                needed = [f"join/{name}"]
            case st.Leaving():
                needed = [f"leave/{name}"]
            case _:
                needed = []
        for deadline in needed:
            if deadline not in state.deadlines:
                self._wrong(Rule.DEADLINE, name, f"is {_tag(interaction.state)} without the deadline {deadline}")

    def _structure_of_agent(self, slug: str) -> None:
        state = self._centre.state
        agent = state.agents.get(slug)
        if agent is None:
            return
        if len(self._held.get(slug, {})) > 1:
            self._wrong(Rule.ONE_OFFER, slug, f"has {len(self._held[slug])} interactions")
        if isinstance(agent.state, st.Ringing | st.Talking) and agent.state.interaction not in self._held.get(slug, {}):
            self._wrong(Rule.ONE_PLACE, slug, f"is {_tag(agent.state)} with {agent.state.interaction}, which is not")
        if isinstance(agent.state, st.WrapUp) and f"wrap-up/{slug}" not in state.deadlines:
            self._wrong(Rule.DEADLINE, slug, "finishes without a deadline")

    # -- nobody idle

    def _nobody_idle(self, name: str) -> None:
        """Hold a caller who waits against the free agents of the queue."""
        held = self._calls.get(name)
        if isinstance(held, st.Waiting) and self._may_be_served(name):
            for slug in self._free.get(held.queue, ()):
                self._wrong(Rule.NOBODY_IDLE, name, f"waits in {held.queue} while {slug} is free")
                return

    def _not_idle(self, slug: str) -> None:
        """Hold a free agent against those who wait."""
        for queue in self._members.get(slug, ()):
            if slug in self._free.get(queue, ()):
                for entry in self._lines.get(queue, ())[:DEPTH_MAX]:
                    self._nobody_idle(entry[3])


def _agrees(agent: st.AgentState, name: str, held: st.Offered | st.Joining | st.Connected, offer: str) -> bool:
    match agent:
        case st.Ringing(interaction=interaction, offer=mine):
            return not isinstance(held, st.Connected) and (interaction, mine) == (name, offer)
        case st.Talking(interaction=interaction):
            return isinstance(held, st.Connected) and interaction == name
        case _:
            return False


def _tag(state: st.AgentState | st.InteractionState) -> str:
    return str(state.__struct_config__.tag)
