"""The Centre: the only mutable root. Facts go in, effects come out."""

from bisect import bisect_right
from collections.abc import Callable
from functools import partial
from typing import assert_never

import msgspec

from appliance.core import effects as ask
from appliance.core import facts, recording
from appliance.core import state as st
from appliance.core.agent import Agents
from appliance.core.attempt import Attempts
from appliance.core.callback import is_dialled
from appliance.core.capacity import rule_of, why_no_contact
from appliance.core.chronicle import Chronicles
from appliance.core.containment import Containment
from appliance.core.desk import Desk
from appliance.core.directory import Directory
from appliance.core.index import Index
from appliance.core.interaction import Interactions
from appliance.core.matching import Match, candidates, first_match, why_not, why_not_for
from appliance.core.model import Configuration
from appliance.core.offer import Offers
from appliance.core.overflow import Overflows
from appliance.core.quarantine import place_of_error, release
from appliance.core.queue import Queues
from appliance.core.recovery import Recovery
from appliance.core.staffing import Staffing
from appliance.core.task import Task
from appliance.core.transfer import Transfers
from appliance.core.turn import Deadlines, Turn
from appliance.core.waiting import WaitingCallers

OFFERS_A_TURN_MAX = 10_000
"More offers than this in one turn mean that matching goes in circles."


class Centre:
    """The contact centre as one deterministic state machine.

    `configuration_of` gives a published version's configuration by its name; it must always give the same one.
    """

    def __init__(self, configuration_of: Callable[[str], Configuration], state: st.State | None = None) -> None:
        """Begin empty, or where a state left off."""
        self.state = st.State() if state is None else state
        self.about: tuple[str, ...] = ()
        "The interactions that the last fact touched."
        self._configuration_of = configuration_of
        self._wire(Directory(configuration_of(self.state.version) if self.state.version else Configuration()))

    @classmethod
    def restore(cls, snapshot: bytes, configuration_of: Callable[[str], Configuration]) -> "Centre":
        """Go on from a snapshot; raises `msgspec.DecodeError` if it is none."""
        return cls(configuration_of, msgspec.msgpack.decode(snapshot, type=st.State))

    def snapshot(self) -> bytes:
        """Write down all that is remembered."""
        return msgspec.msgpack.encode(self.state)

    @property
    def directory(self) -> Directory:
        """The configuration that holds, to be looked at."""
        return self._directory

    def why_not(self, agent: st.Agent, interaction: st.Interaction) -> str:
        """Say why an agent may not be offered a waiting interaction now; empty if nothing is against it."""
        return why_not_for(self._directory, self._queues, agent, interaction)

    def why_no_contact(self, agent: st.Agent, medium: str) -> str:
        """Say why an agent may not be given a contact by a medium other than voice now; empty if one may."""
        return why_no_contact(agent, self._directory.company, self._directory.units(agent.slug), medium)

    def candidates(self, interaction: st.Interaction) -> tuple[list[ask.Candidate], dict[str, str]]:
        """List who could be offered a waiting interaction now, in order, and why the queue's other agents could not."""
        return candidates(self._directory, self._queues, self.state.agents, interaction)

    def deadline(self) -> int | None:
        """Tell when something is due next, in centre time."""
        first = self._deadlines.first()
        return first[0] if first else None

    def handle(self, now: int, fact: facts.AnyFact) -> tuple[ask.AnyEffect, ...]:
        """Take a fact in at a centre time (microseconds, never earlier than the last) and say what is to be done.

        What is due by then happens first, each at its own time. Raises `ValueError`, with nothing changed, if time goes
        back; anything else that goes wrong inside closes the interactions that the fact touches, and nothing more.
        """
        if now < self.state.now:
            raise ValueError(f"centre time goes back from {self.state.now} to {now}")
        turn = Turn()
        turn.now = self.state.now
        self.state.sequence += 1
        if isinstance(fact, facts.Started | facts.ExchangeLost):
            self._contained(turn, fact, partial(self._lose, fact))
        while (due := self._deadlines.take(now)) is not None:
            at, name = due
            turn.now = self.state.now = max(at, self.state.now)
            self._contained(turn, facts.Due(), partial(self._due, turn, name), name)
            self._match(turn)
        turn.now = self.state.now = now
        self._contained(turn, fact, partial(self._take, turn, fact))
        self._match(turn)
        self.about = tuple(turn.about)
        return tuple(turn.effects)

    # -- wiring

    def _wire(self, directory: Directory) -> None:
        state = self.state
        self._directory = directory
        self._deadlines = Deadlines(state.deadlines)
        self._queues = Queues(state, self._deadlines, directory)
        self._agents = Agents(state.agents, self._deadlines)
        self._index = Index(
            directory,
            state.agents,
            lambda agent: why_not(agent, directory.company, directory.units(agent.slug)),
            self._queues.lends,
        )
        self._queues.open(self._index)
        self._staffing = Staffing(directory, state.agents, self._deadlines)
        overflows = Overflows(state, self._deadlines, self._queues, self._staffing, directory)
        comfort = WaitingCallers(state, self._deadlines, self._staffing, directory)
        self._interactions = Interactions(
            state, self._deadlines, self._queues, directory, overflows=overflows, comfort=comfort
        )
        self._offers = Offers(state, self._deadlines, self._queues, self._agents, self._interactions)
        self._attempts = Attempts(state, self._deadlines, self._queues, self._agents, self._interactions, self._offers)
        self._transfers = Transfers(state, self._agents, self._interactions, self._offers, overflows)
        self._recovery = Recovery(
            state, self._deadlines, self._agents, self._interactions, self._offers, self._attempts
        )
        self._desk = Desk(state, self._agents, self._offers, self._transfers, directory)
        self.chronicles = Chronicles(state, self._interactions, directory)

    # -- containment

    def _contained(self, turn: Turn, fact: facts.AnyFact, do: Callable[[], None], name: str = "") -> None:
        asked = len(turn.effects)
        with Containment() as contained:
            do()
        if contained.error is not None:
            del turn.effects[asked:]
            self._quarantine(turn, fact, contained.error, name)

    def _quarantine(self, turn: Turn, fact: facts.AnyFact, error: Exception, name: str = "") -> None:
        touched = release(self.state, turn, fact, name)
        self._wire(self._directory)
        turn.ask(
            ask.Quarantined(
                fact=str(fact.__struct_config__.tag), error=place_of_error(error), interactions=tuple(touched)
            )
        )
        if isinstance(fact, facts.Command):
            self._desk.answer(turn, fact.token, "internal_error")

    # -- facts

    def _lose(self, fact: facts.Started | facts.ExchangeLost) -> None:
        lost = list(self.state.seen) if isinstance(fact, facts.Started) else [fact.exchange]
        for exchange in lost:
            self._recovery.lose(exchange)
            self._queues.look(exchange)

    def _take(self, turn: Turn, fact: facts.AnyFact) -> None:
        match fact:
            case facts.Due() | facts.ExchangeLost():
                pass
            case facts.Started(boot=boot):
                self.state.boot, self.state.minted = boot, 0
            case facts.ConfigurationPublished(version=version):
                self._publish(turn, version)
            case facts.PhoneSeen(extension=extension, reachable=reachable):
                self._agents.see(self._directory.agents_at.get(extension, ""), reachable=reachable)
            case facts.PhoneBusy(extension=extension, busy=busy):
                self._agents.busy(self._directory.agents_at.get(extension, ""), busy=busy)
            case facts.ContactTaken() | facts.ContactDone() | facts.RecordingsHalted():
                self._take_news(turn, fact)
            case facts.LegsFound():
                self._recovery.find(turn, fact)
                self._queues.look(fact.exchange)
            case facts.CallsTold():
                self.chronicles.tell(turn, fact)
            case facts.Command():
                self._desk.obey(turn, fact)
            case _:
                self._take_call(turn, fact)

    def _take_news(self, turn: Turn, fact: facts.ContactTaken | facts.ContactDone | facts.RecordingsHalted) -> None:
        match fact:
            case facts.ContactTaken(agent=agent, contact=contact, medium=medium):
                units = rule_of(self._directory.company, medium).units or self._directory.units(agent)
                self._agents.take(agent, contact, Task(medium, units))
            case facts.ContactDone(agent=agent, contact=contact):
                self._agents.done(agent, contact)
            case facts.RecordingsHalted():
                recording.halt(self.state, turn, fact)
            case _:
                assert_never(fact)

    def _take_call(self, turn: Turn, fact: facts.AnyCallFact) -> None:
        match fact:
            case facts.LegAsked():
                self._asked(turn, fact)
            case facts.Prompted():
                self._prompted(turn, fact)
            case facts.LegEnded():
                self._ended(turn, fact)
            case facts.SentOn():
                self._sent_on(turn, fact)
            case facts.OfferRang() | facts.OfferAnswered() | facts.OfferFailed():
                self._take_offer(turn, fact)
            case facts.DialFailed():
                self._not_reached(turn, fact)
            case facts.Bridged(legs=legs):
                self._bridged(turn, legs)
            case facts.BridgeFailed(legs=legs):
                self._not_bridged(turn, legs)
            case facts.NotRecorded(leg=leg, late=late):
                recording.failed(self._touched(turn, leg), late=late)
            case _:
                assert_never(fact)

    def _take_offer(self, turn: Turn, fact: facts.OfferRang | facts.OfferAnswered | facts.OfferFailed) -> None:
        interaction = self._offers.of(fact.offer)
        if interaction is not None:
            turn.touch(interaction.id)
        match fact:
            case facts.OfferRang():
                pass
            case facts.OfferAnswered():
                self._offers.answered(turn, fact.offer, fact.leg)
            case facts.OfferFailed():
                self._offers.failed(turn, fact.offer, fact.cause)
            case _:
                assert_never(fact)

    def _touched(self, turn: Turn, leg: facts.Leg) -> st.Interaction | None:
        interaction = self._interactions.at_leg(leg)
        if interaction is not None:
            turn.touch(interaction.id)
        return interaction

    def _prompted(self, turn: Turn, fact: facts.Prompted) -> None:
        interaction = self._touched(turn, fact.leg)
        if interaction is not None and not self._attempts.heard(turn, interaction, fact):
            if interaction.comfort is not None and interaction.comfort.prompt == fact.prompt:
                self._offers.give_way(turn, interaction, fact.key)
            self._interactions.prompted(turn, interaction, fact)

    def _not_reached(self, turn: Turn, fact: facts.DialFailed) -> None:
        interaction = self._touched(turn, fact.leg)
        if interaction is not None:
            self._attempts.dial_failed(turn, interaction, fact.cause)

    def _asked(self, turn: Turn, fact: facts.LegAsked) -> None:
        interaction = self._touched(turn, fact.leg)
        if interaction is None and (is_dialled(fact.leg) or self.chronicles.is_over(fact.leg)):
            turn.ask(ask.HangUp(leg=fact.leg))
        elif interaction is None:
            self.chronicles.hear(fact.leg)
            self._interactions.arrive(turn, fact)
        elif interaction.leg == fact.leg:
            if not self._attempts.asked(turn, interaction) and not self._transfers.asked(turn, interaction, fact):
                self._offers.give_way(turn, interaction, fact.key)
                self._interactions.asked_again(turn, interaction, fact.key)
        else:
            turn.ask(ask.HangUp(leg=fact.leg))

    def _ended(self, turn: Turn, fact: facts.LegEnded) -> None:
        interaction = self._touched(turn, fact.leg)
        if interaction is None:
            return
        if self._attempts.gone(turn, interaction, fact.leg):
            return
        if interaction.leg == fact.leg:
            self._offers.customer_gone(turn, interaction, "caller")
        else:
            self._offers.agent_gone(turn, interaction, fact.cause)

    def _bridged(self, turn: Turn, legs: tuple[facts.Leg, facts.Leg]) -> None:
        interaction = self._touched(turn, legs[0]) or self._touched(turn, legs[1])
        if interaction is not None and isinstance(interaction.state, st.Joining) and _is_joining(interaction, legs):
            state = interaction.state
            self._offers.talk(turn, interaction, state, state.offer, state.agent, state.leg)

    def _not_bridged(self, turn: Turn, legs: tuple[facts.Leg, facts.Leg]) -> None:
        if (interaction := self._touched(turn, legs[0])) and _is_joining(interaction, legs):
            self._offers.not_joined(turn, interaction)

    def _sent_on(self, turn: Turn, fact: facts.SentOn) -> None:
        if interaction := self._touched(turn, fact.leg):
            self._transfers.sent_on(turn, interaction, fact)

    def _publish(self, turn: Turn, version: str) -> None:
        directory = Directory(self._configuration_of(version))
        self.state.version = version
        for slug in directory.agents:
            if slug not in self.state.agents:
                self.state.agents[slug] = st.Agent(slug=slug, since=turn.now)
        for slug in [s for s in self.state.agents if s not in directory.agents]:
            if isinstance(self.state.agents[slug].state, st.Ringing | st.Talking | st.WrapUp):
                self.state.agents[slug].wants_out = True
            else:
                del self.state.agents[slug]
                self._deadlines.drop(f"missed/{slug}")
        self._wire(directory)
        self._attempts.published(turn)
        self._staffing.begin(turn.now, self._queues.length)
        self._new_day(turn)

    # -- time

    def _due(self, turn: Turn, name: str) -> None:
        kind, _, of = name.partition("/")
        interaction = self.state.interactions.get(of)
        if interaction is not None:
            turn.touch(of)
        match kind:
            case "ring":
                self._offers.rang_out(turn, of)
            case "wrap-up":
                self._agents.finish(turn, self.state.agents[of])
            case "missed":
                self._agents.end_break(turn, self.state.agents[of])
            case "day":
                self._new_day(turn)
            case "alone":
                self._interactions.alone(turn, of)
            case _ if interaction is not None:
                self._due_of_one(turn, kind, interaction)
            case _:
                pass

    def _due_of_one(self, turn: Turn, kind: str, interaction: st.Interaction) -> None:
        match kind:
            case "relax":
                self._queues.settle(interaction)
            case "wait":
                self._interactions.waited_too_long(turn, interaction)
            case "say":
                self._interactions.say(turn, interaction)
            case "callback":
                self._attempts.due(turn, interaction)
            case "expire":
                self._attempts.expired(turn, interaction)
            case "join":
                self._offers.not_joined(turn, interaction)
            case _:
                self._offers.customer_gone(turn, interaction, "caller")

    def _new_day(self, turn: Turn) -> None:
        midnights = self._directory.company.midnights
        index = bisect_right(midnights, turn.now)
        began = midnights[index - 1] if index else 0
        if began > self.state.day:
            self.state.day = began
            self._queues.new_day()
            self._agents.new_day()
        if index < len(midnights):
            self._deadlines.set("day/next", midnights[index])

    # -- matching

    def _match(self, turn: Turn) -> None:
        for _ in range(OFFERS_A_TURN_MAX):
            match = None
            with Containment() as contained:
                match = self._first_match(turn)
                if match is not None:
                    self._attempts.make(turn, match)
            if contained.error is not None:
                if match is not None:
                    turn.touch(match.interaction.id)
                self._quarantine(turn, facts.Due(), contained.error)
                return
            if match is None:
                return

    def _first_match(self, turn: Turn) -> Match | None:
        while self._agents.changed:
            changed, self._agents.changed = self._agents.changed, {}
            for slug in changed:
                self._index.look(self.state.agents[slug])
                self._queues.follow(slug)
                self._staffing.follow(turn.now, self.state.agents[slug])
        for queue in self._queues.changed():
            if queue in self._directory.borrowers and self._queues.lends(queue):
                self._index.lent_again(queue)
        return first_match(self._directory, self.state, self._queues, self._index)


def _is_joining(interaction: st.Interaction, legs: tuple[facts.Leg, facts.Leg]) -> bool:
    """Whether these are the legs that an interaction is to be joined from; those of an earlier try mean nothing."""
    state = interaction.state
    return isinstance(state, st.Joining) and sorted(legs) == sorted((interaction.leg, state.leg))
