"""The account: who waits, who rings, who talks and who finishes, kept beside the Centre and apart from its indices.

It is made of facts and effects, and of the state of what they touched. `invariants.py` holds the one against the other.
"""

from bisect import bisect_left, insort
from dataclasses import dataclass

from appliance.core import effects as ask
from appliance.core import facts, model
from appliance.core import state as st
from appliance.core.centre import Centre
from appliance.core.directory import Directory
from appliance.core.matching import why_not
from appliance.core.offer import Held, rings_of
from appliance.core.waits import Comfort, Guess

SECOND_US = 1_000_000
FILED_MAX = 1_000
"How many filed calls are remembered, to notice one that is filed again."
FOREVER_US = 1 << 62
"A wait by which everything that relaxes has."
NO_COMFORT = Comfort()

Entry = tuple[tuple[int, int, int, int], str]
"A caller's place over all queues and the interaction: smallest is served first."


@dataclass(frozen=True, slots=True)
class Seen:
    """An interaction as it was when it was looked at last."""

    state: st.InteractionState
    entry: Entry | None
    "Its place, if it waits."
    said: Guess | None
    "The expected wait that it was told last."
    position: int = 0
    "The position that it was told last, 0 for none."


class Account:
    """What we know of a centre by ourselves."""

    def __init__(self, centre: Centre) -> None:
        """Begin with what the Centre remembers."""
        self._centre = centre
        self.filed: dict[str, None] = {}
        "The calls filed last."
        self.rest: dict[str, int] = {}
        "Agent to the earliest time of the next offer."
        self._granted_s = {
            agent.state.interaction: agent.state.wrap_up_s
            for agent in centre.state.agents.values()
            if isinstance(agent.state, st.Talking)
        }
        "Conversation to the wrap-up that was granted when it began."
        self._directory: Directory | None = None
        self.members: dict[str, tuple[str, ...]] = {}
        "See `members_of`; worked out once a configuration."
        self.begin()

    def begin(self) -> None:
        """Begin again, with filed calls and wrap-ups as they are."""
        state = self._centre.state
        self.calls: dict[str, Seen] = {}
        self.lines: dict[str, list[Entry]] = {}
        "Those who wait in each queue where somebody does, first served first."
        self.held: dict[str, dict[str, None]] = {}
        "Agent to the interactions that ring at, wait for or talk with the agent."
        self.ringing: dict[str, dict[str, None]] = {}
        "Agent to the live offers."
        self._offers: dict[str, tuple[str, facts.Leg]] = {}
        self._legs: dict[facts.Leg, str] = {}
        self.missed: dict[str, None] = {}
        "Agents who missed an offer of a queue that takes them back after a while."
        self.free: dict[str, dict[str, None]] = {}
        "Queue to its agents who may be eligible."
        if self._directory is not self._centre.directory:
            self._directory = self._centre.directory
            self.members = members_of(self._directory)
        for name, interaction in state.interactions.items():
            self.see(name)
            if isinstance(interaction.state, st.Offered):
                for ring in interaction.state.rings:
                    self.ring(ring.offer, ring.agent, ring.leg)
        for agent in state.agents.values():
            self.see_agent(agent.slug)
            if isinstance(agent.state, st.WrapUp):
                self.rest.setdefault(agent.slug, agent.state.until)
        for slug in [slug for slug in self.rest if slug not in state.agents]:
            del self.rest[slug]

    # -- interactions and agents

    def see(self, name: str) -> tuple[Seen | None, Seen | None]:
        """Take a touched interaction in; returns it as it was and as it is."""
        before = self.calls.pop(name, None)
        if before is not None:
            for agent in agents_of(before.state):
                self.held[agent].pop(name, None)
                self._see_missed(agent, before.state)
            if before.entry is not None and isinstance(before.state, st.Waiting):
                line = self.lines[before.state.queue]
                del line[bisect_left(line, before.entry)]
                if not line:
                    del self.lines[before.state.queue]
        interaction = self._centre.state.interactions.get(name)
        if interaction is None:
            return before, None
        held = interaction.state
        entry = (self.place_of(interaction, held), name) if isinstance(held, st.Waiting) else None
        comfort = interaction.comfort or NO_COMFORT
        after = self.calls[name] = Seen(held, entry, comfort.said, comfort.position)
        for agent in agents_of(held):
            self.held.setdefault(agent, {})[name] = None
        if isinstance(held, st.Connected):
            self._granted_s.setdefault(name, self._wrap_up_s(held.waiting.queue, held.agent))
        if entry is not None and isinstance(held, st.Waiting):
            insort(self.lines.setdefault(held.queue, []), entry)
        return before, after

    def _see_missed(self, slug: str, state: st.InteractionState) -> None:
        agent = self._centre.state.agents.get(slug)
        if isinstance(state, st.Offered | st.Joining) and agent is not None and isinstance(agent.state, st.Missed):
            bound = self._centre.directory.queues.get(state.waiting.queue)
            if bound is not None and bound.queue.missed_s:
                self.missed[slug] = None

    def place_of(self, interaction: st.Interaction, waiting: st.Waiting) -> tuple[int, int, int, int]:
        """Work a place out from what the company has set: by priority, weight and arrival, or by ageing."""
        directory = self._centre.directory
        bound = directory.queues.get(waiting.queue)
        weight = bound.queue.weight if bound is not None else 1
        since = waiting.entered_at - interaction.credit_us
        step_us = directory.company.ageing_s * SECOND_US
        if step_us:
            virtual = since + (interaction.priority - 1) * step_us - (weight - 1) * step_us
            return (0, 0, virtual, waiting.ticket)
        return (interaction.priority, -weight, since, waiting.ticket)

    def see_agent(self, slug: str) -> None:
        """Take in whether an agent is free, and whether one who missed an offer is to come back by the clock."""
        agent, directory = self._centre.state.agents.get(slug), self._centre.directory
        if agent is None or not isinstance(agent.state, st.Missed):
            self.missed.pop(slug, None)
        free = agent is not None and not why_not(agent, directory.company, directory.units(slug))
        for queue in self.members.get(slug, ()):
            if free:
                self.free.setdefault(queue, {})[slug] = None
            else:
                self.free.get(queue, {}).pop(slug, None)

    def named(self, fact: facts.AnyFact, asked: tuple[ask.AnyEffect, ...]) -> dict[str, None]:
        """Name the agents that a fact and its effects are about."""
        agents: dict[str, None] = {}
        for effect in asked:
            if isinstance(effect, ask.Offer | ask.WorkFiled):
                agents[effect.agent] = None
            elif isinstance(effect, ask.Decided):
                agents[effect.chosen.agent] = None
        match fact:
            case facts.AgentCommand(agent=agent) | facts.ContactTaken(agent=agent) | facts.ContactDone(agent=agent):
                agents[agent] = None
            case facts.PhoneSeen(extension=extension) | facts.PhoneBusy(extension=extension):
                agents[self._centre.directory.agents_at.get(extension, "")] = None
            case _:
                pass
        return agents

    # -- offers

    def ring(self, offer: str, agent: str, leg: facts.Leg) -> None:
        """Note that a phone is to ring."""
        self._offers[offer] = (agent, leg)
        self._legs[leg] = offer
        self.ringing.setdefault(agent, {})[offer] = None

    def stop(self, offer: str) -> None:
        """Note that it rings no more, or was picked up."""
        if offer in self._offers:
            agent, leg = self._offers.pop(offer)
            self.ringing[agent].pop(offer, None)
            del self._legs[leg]

    def silence(self, effect: ask.CancelOffer | ask.HangUp) -> None:
        """Note that a phone is told to stop."""
        if isinstance(effect, ask.CancelOffer):
            self.stop(effect.offer)
        else:
            self.stop_leg(effect.leg)

    def stop_leg(self, leg: facts.Leg) -> None:
        """Note that an agent's leg is gone, or will be."""
        self.stop(self._legs.get(leg, ""))

    def end_offers(self, fact: facts.AnyFact) -> None:
        """Note what a fact says of offers."""
        match fact:
            case facts.OfferAnswered(offer=offer) | facts.OfferFailed(offer=offer):
                self.stop(offer)
            case facts.LegEnded(leg=leg):
                self.stop_leg(leg)
            case _:
                pass

    # -- wrap-ups and records

    def rests(self, now: int, fact: facts.AnyFact, asked: tuple[ask.AnyEffect, ...], about: dict[str, None]) -> None:
        """Note from when on agents may be offered something again."""
        for name in about:
            before = self.calls.get(name)
            interaction = self._centre.state.interactions.get(name)
            ended = interaction is None or not isinstance(interaction.state, st.Connected)
            if before is not None and isinstance(before.state, st.Connected) and ended:
                agent, granted_s = before.state.agent, self._granted_s.pop(name, 0)
                wrap_up_s = max(granted_s, self._wrap_up_s(before.state.waiting.queue, agent))
                self.rest[agent] = now + wrap_up_s * SECOND_US
        done = {effect.token: effect.refused for effect in asked if isinstance(effect, ask.Answered)}
        match fact:
            case facts.EndWrapUp(agent=slug, token=token) if not done.get(token, "lost"):
                self.rest.pop(slug, None)
            case facts.ExtendWrapUp(agent=slug, token=token, by_s=by_s) if not done.get(token, "lost"):
                self.rest[slug] = max(self.rest.get(slug, 0), now) + by_s * SECOND_US
            case _:
                pass

    def _wrap_up_s(self, queue: str, agent: str) -> int:
        bound, known = self._centre.directory.queues.get(queue), self._centre.directory.agents.get(agent)
        return max(bound.queue.wrap_up_s if bound is not None else 0, known.wrap_up_s if known is not None else 0)

    def file(self, name: str) -> None:
        """Note that a call was filed."""
        self.filed[name] = None
        if len(self.filed) > FILED_MAX:
            del self.filed[next(iter(self.filed))]


def members_of(directory: Directory) -> dict[str, tuple[str, ...]]:
    """Give the queues of each agent for whose callers, or for those of a queue that borrows, the agent may do at last.

    Who lacks for ever what a queue requires is never asked about: most agents of a large company for most queues.
    """
    members: dict[str, list[str]] = {slug: [] for slug in directory.agents}
    known: dict[tuple[str, tuple[tuple[str, int], ...]], bool] = {}
    skills = {slug: tuple(agent.skills.items()) for slug, agent in directory.agents.items()}
    for name, bound in directory.queues.items():
        served = [directory.queues[slug].queue for slug in (name, *directory.borrowers.get(name, ()))]
        for slug in filter(members.__contains__, bound.queue.agents):
            kind = (name, skills[slug])
            if kind not in known:
                known[kind] = any(not lacks(directory.agents[slug], queue, FOREVER_US) for queue in served)
            if known[kind]:
                members[slug].append(name)
    return {slug: tuple(names) for slug, names in members.items()}


def lacks(agent: model.Agent, queue: model.Queue, waited_us: int) -> str:
    """Name a skill that a queue still requires of who serves a caller of such a wait, and that an agent has not."""
    for need in queue.requirement:
        if not 0 < need.relax_s * SECOND_US <= waited_us and not _fits(agent.skills.get(need.skill, 0), need):
            return need.skill
    return ""


def _fits(level: int, need: model.Need) -> bool:
    if need.how is model.How.AT_LEAST:
        return level >= need.level
    return level == need.level if need.how is model.How.EXACT else 0 < level <= need.level


def agents_of(state: st.InteractionState) -> tuple[str, ...]:
    """Name the agents who ring for, wait for or talk with an interaction."""
    return tuple(ring.agent for ring in rings_of(state)) if isinstance(state, Held) else ()
