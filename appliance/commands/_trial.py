"""A trial: a recorded day's callers through the real Centre on the simulated exchange, with people drawn by seed."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from random import Random

import msgspec

from appliance.commands._change import Change, at_work, changed, staffing
from appliance.commands._day import NEVER, Arrival, Day, Outside, Shown
from appliance.commands._people import People
from appliance.core import effects, facts, figures, model
from appliance.core import state as st
from appliance.core.callback import is_dialled
from appliance.core.cdr import CDR, Outcome
from appliance.core.centre import Centre
from appliance.core.facts import Leg
from appliance.core.figures import Formula, Measure
from appliance.core.visits import Visit, visits_of
from drivers.simulated.clock import HeapClock
from drivers.simulated.exchange import HOP_S, SimulatedExchange
from drivers.simulated.line import Line

SECOND_US = 1_000_000
BACK_S = 60.0
"After which an agent who missed an offer is back."
AFTER_S = 7200
"Simulated seconds after the day for those who still wait."
HOP_US = round(HOP_S * SECOND_US)
"What the simulated exchange adds to whatever people do: a ring and an answer are a hop each."
READY_US = 10_000
"How long after the beginning everything is published and found."
PRESS_US = 2 * SECOND_US
PICK_UP_US = 4 * SECOND_US
TALK_US = 60 * SECOND_US
"The last three where the day shows nothing of the kind."

EVERY_ABANDON = Measure()
FORMULAS: Mapping[Formula, str] = {
    Formula.ALL_COUNTED: "answered in time / (answered + abandoned)",
    Formula.WITHIN_LEFT_OUT: "answered in time / (answered + abandoned), early abandons left out",
    Formula.WITHIN_MET: "(answered in time + early abandons) / (answered + abandoned)",
    Formula.ANSWERED_ONLY: "answered in time / answered",
}


def formula_of(measure: Measure) -> str:
    """Say what the service level counts."""
    left = "; those who left otherwise count as not met" if measure.flow_outs else ""
    return f"{FORMULAS[measure.formula]}{left}; short abandons left out"


@dataclass(slots=True, kw_only=True)
class Caller:
    """Somebody who calls in a trial."""

    arrival: Arrival
    keys: list[tuple[int, str]]
    "Those that are still to be pressed."
    times: Counter[str]
    "How often each of what is drawn was drawn: the n-th draw of a caller has the same luck in every trial of a seed."


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The figures of a day."""

    answered: int
    abandoned: int
    service_level: float
    "Percent, by the company's formula and the queue's time; short abandons left out."
    speed_of_answer_s: float
    abandon_rate: float
    "Percent of the queue visits."


def told(
    records: list[CDR], queues: Mapping[str, model.Queue], queue: str = "", measure: Measure = EVERY_ABANDON
) -> Told:
    """Sum up the visits to one queue, or to all."""
    counts: Counter[str] = Counter()
    for cdr in records:
        for visit in visits_of(cdr):
            if visit.queue in queues and queue in {"", visit.queue}:
                _count(counts, queues[visit.queue], visit)
    answered, abandoned = counts["answered"], counts["abandoned"]
    offered = figures.offered(
        answered=answered,
        abandoned=abandoned + counts["short"],
        flowed_out=counts["flowed_out"],
        turned_into_callback=counts["callback"],
    )
    level = figures.service_level(
        *(answered, counts["within"], abandoned, counts["abandoned_within"], measure.formula),
        flowed_out=counts["flowed_out"] if measure.flow_outs else 0,
    )
    return Told(
        answered=answered,
        abandoned=abandoned,
        service_level=100 * (level or 0.0),
        speed_of_answer_s=figures.speed_of_answer(counts["wait_us"], answered) or 0.0,
        abandon_rate=100 * (figures.abandon_rate(abandoned, offered) or 0.0),
    )


def _count(counts: Counter[str], queue: model.Queue, visit: Visit) -> None:
    within = figures.is_within(visit.wait_us, queue.answer_within_s)
    match visit.outcome:
        case Outcome.ANSWERED:
            counts["answered"] += 1
            counts["within"] += within
            counts["wait_us"] += visit.wait_us
        case Outcome.ABANDONED if figures.is_within(visit.wait_us, queue.short_abandon_s):
            counts["short"] += 1
        case Outcome.ABANDONED:
            counts["abandoned"] += 1
            counts["abandoned_within"] += within
        case Outcome.FLOWED_OUT | Outcome.CALLBACK:
            counts[str(visit.outcome)] += 1
        case _:
            pass


class Trial:
    """One life of the day."""

    def __init__(
        self, day: Day, versions: Mapping[str, model.Configuration], seed: int, change: Change | None = None
    ) -> None:
        """Set it up; two trials of one seed give each caller the same patience and the same luck."""
        self._day = day
        self._seed = seed
        self._clock = HeapClock(day.since)
        change = change or Change()
        there = at_work(day, versions[day.published[-1][1]], change.queue)
        self._who = staffing(change, there, Random(f"{seed}/staffing"))  # noqa: S311  a simulation that must repeat
        self._versions = {name: changed(version, change, self._who) for name, version in versions.items()}
        self._exchange = SimulatedExchange(self._clock, self._take)
        self._exchange.on_ring = self._rung
        self._exchange.on_dial = self._dialled
        self._centre = Centre(self._versions.__getitem__)
        self._callers: dict[Leg, Caller] = {}
        self._held: dict[str, Caller] = {}
        "By interaction: who has waited."
        self._visits: set[tuple[Leg, str, int]] = set()
        self._people = People(day, Random(f"{seed}/people"))  # noqa: S311  a simulation that must repeat
        self._agents = Random(f"{seed}/agents")  # noqa: S311  a simulation that must repeat
        self._phones: set[str] = set()
        "Extensions of the configuration that holds."
        self._tokens = 0
        self.records: list[CDR] = []

    def run(self) -> list[CDR]:
        """Live through it; returns the records of its calls."""
        day, clock = self._day, self._clock
        self._take(facts.Started(boot=1))
        for at, version in day.published:
            self._at(at, partial(self._publish, version))
        clock.callLater(0.001, self._exchange.found)
        for slug, like in self._who.like.items():
            if not like:
                clock.callLater(READY_US / SECOND_US, partial(self._command, facts.SignOn, slug))
        for at, fact in day.outside:
            self._at(max(at, day.since + READY_US), partial(self._outside, fact))
        for arrival in day.arrivals:
            self._at(arrival.at, partial(self._call, arrival))
        self._until(day.until + AFTER_S * SECOND_US)
        return self.records

    def _outside(self, fact: Outside) -> None:
        """Let an agent or a phone do as on the day; who is added does as the one that they are like."""
        match fact:
            case facts.PhoneSeen(extension=extension, reachable=reachable):
                self._exchange.see(extension, reachable=reachable)
            case facts.LegsFound(reachable=reachable):
                self._exchange.reachable = {*reachable, *self._who.like}
                self._exchange.found()
            case facts.ContactTaken(agent=agent) | facts.ContactDone(agent=agent) if agent in self._who.away:
                pass
            case facts.AgentCommand():
                if fact.agent not in self._who.away:
                    self._take(fact)
                for slug, like in self._who.like.items():
                    if like == fact.agent:
                        self._take(msgspec.structs.replace(fact, agent=slug, token=f"{fact.token}/{slug}"))
            case _:
                self._take(fact)

    def _at(self, at: int, what: Callable[[], object]) -> None:
        self._clock.callLater(max(0, at - self._clock.now) / SECOND_US, what)

    def _until(self, end: int) -> None:
        while True:
            timer, due = self._clock.next(), self._centre.deadline()
            moments = [at for at in (timer, due) if at is not None and at <= end]
            if not moments:
                return
            if due is not None and due == min(moments) and (timer is None or due <= timer):
                self._clock.now = max(self._clock.now, due)
                self._take(facts.Due())
            else:
                self._clock.step()
            if self._clock.now > self._day.until and not self._centre.state.interactions:
                return

    # -- facts and effects

    def _take(self, fact: facts.AnyFact) -> None:
        for effect in self._centre.handle(self._clock.now, fact):
            match effect:
                case effects.CallFiled(cdr=cdr):
                    self.records.append(cdr)
                case effects.Assure(prompt=prompt):
                    self._exchange.perform(prompt)
                case effects.CallEffect():
                    self._exchange.perform(effect)
                    self._performed(effect)
                case _:
                    pass
        if isinstance(fact, facts.Bridged):
            self._joined(fact.legs)
        elif isinstance(fact, facts.OfferFailed):
            self._clock.callLater(BACK_S, self._come_back)

    def _performed(self, effect: effects.AnyCallEffect) -> None:
        match effect:
            case effects.Prompt(leg=leg, prompt=prompt, keys=keys) if keys:
                self._asked(leg, prompt, keys)
            case effects.Hold(leg=leg, queue=queue):
                self._holds(leg, queue)
            case _:
                pass

    def _publish(self, version: str) -> None:
        self._take(facts.ConfigurationPublished(version=version))
        phones = {extension.slug for extension in self._versions[version].extensions}
        self._exchange.reachable |= phones - self._phones
        self._phones = phones
        self._exchange.found()

    def _command(self, kind: type[facts.AgentCommand], agent: str) -> None:
        self._tokens += 1
        self._take(kind(token=f"w{self._tokens}", agent=agent))  # type: ignore[arg-type]  # a command without more

    # -- callers

    def _call(self, arrival: Arrival) -> None:
        asked = arrival.asked
        line = self._exchange.call(asked.number, party=asked.party, trunk=asked.trunk, view=asked.view)
        self._callers[line.leg] = Caller(arrival=arrival, keys=list(arrival.keys), times=Counter())

    def _turn(self, leg: Leg | None, what: str) -> tuple[Shown, int, Random]:
        """Give what the day showed of a caller, how often something was drawn before, and the luck for it."""
        caller = self._callers.get(leg) if leg is not None else None
        if caller is None:
            return Shown(), 0, self._agents
        number, name = caller.times[what], caller.arrival.asked.leg
        caller.times[what] += 1
        luck = Random(f"{self._seed}/{name}/{what}/{number}")  # noqa: S311  a simulation that must repeat
        return caller.arrival.shown, number, luck

    def _asked(self, leg: Leg, prompt: int, keys: str) -> None:
        line = self._exchange.lines.get(leg)
        interaction = self._centre.state.interactions.get(self._centre.state.legs.get(leg, ""))
        if line is None or leg not in self._callers or interaction is None:
            return
        if is_dialled(leg):
            self._clock.callLater(PRESS_US / SECOND_US, lambda: self._press(line, prompt, keys[0]))
            return
        pressed = self._callers[leg].keys
        if pressed and isinstance(interaction.state, st.Walking):
            after, key = pressed.pop(0)
            self._clock.callLater((after or PRESS_US) / SECOND_US, lambda: self._press(line, prompt, key))

    def _press(self, line: Line, prompt: int, key: str) -> None:
        if line.prompt == prompt:
            self._exchange.press(line, key)

    def _holds(self, leg: Leg, queue: str) -> None:
        """Draw how long the caller is willing to wait, once a visit."""
        waiting = self._waiting(leg)
        if leg not in self._callers or waiting is None:
            return
        visit = (leg, queue, waiting.ticket)
        if visit in self._visits:
            return
        self._visits.add(visit)
        self._held[self._centre.state.legs[leg]] = self._callers[leg]
        shown, number, luck = self._turn(leg, f"patience/{queue}")
        seen = dict(enumerate(shown.waits.get(queue, ()))).get(number)
        if seen is not None and seen.key:
            self._at(waiting.entered_at + seen.us - HOP_US, partial(self._press_waiting, leg, visit, seen.key))
        patience = (
            seen.us
            if seen is not None and seen.gave_up
            else self._people.of(queue).patience.draw(luck.random(), seen.us if seen is not None else 0)
        )
        if patience is not None:
            self._at(waiting.entered_at + patience - HOP_US, lambda: self._give_up(leg, visit))

    def _waiting(self, leg: Leg) -> st.Waiting | None:
        interaction = self._centre.state.interactions.get(self._centre.state.legs.get(leg, ""))
        state = interaction.state if interaction is not None else None
        waiting = state.waiting if isinstance(state, st.Offered) else state
        return waiting if isinstance(waiting, st.Waiting) else None

    def _waits(self, leg: Leg, visit: tuple[Leg, str, int]) -> bool:
        waiting = self._waiting(leg)
        return waiting is not None and (waiting.queue, waiting.ticket) == visit[1:]

    def _press_waiting(self, leg: Leg, visit: tuple[Leg, str, int], key: str) -> None:
        line = self._exchange.lines.get(leg)
        if line is not None and self._waits(leg, visit):
            self._exchange.press(line, key)

    def _give_up(self, leg: Leg, visit: tuple[Leg, str, int]) -> None:
        if self._waits(leg, visit):
            self._exchange.end(leg)

    def _dialled(self, line: Line) -> None:
        """Let a customer pick up who is called back, or not."""
        held = self._held.get(line.interaction)
        if held is not None:
            self._callers[line.leg] = held
        _shown, _number, luck = self._turn(line.leg, "dial")
        reached, after_us = self._people.reached.draw(luck, otherwise=True), self._people.ringing.draw(luck.random())
        if reached:
            self._clock.callLater((after_us or PICK_UP_US) / SECOND_US, lambda: self._exchange.pick_up(line))

    # -- agents

    def _rung(self, line: Line) -> None:
        if line.forwarded is not None:
            self._rung_colleague(line, line.forwarded)
            return
        interaction = self._centre.state.interactions.get(line.interaction)
        after = self._pick_up_of(interaction.leg if interaction is not None else None, line.agent)
        if after is not None:
            self._clock.callLater(max(0, after - 2 * HOP_US) / SECOND_US, lambda: self._exchange.pick_up(line))

    def _rung_colleague(self, line: Line, caller: Leg) -> None:
        """Talk to somebody who was sent on to a telephone, which is none of routing's business."""
        _shown, _number, luck = self._turn(caller, "forwarded")
        talk_us = self._people.of("").talks.draw(luck, TALK_US)
        self._clock.callLater(PICK_UP_US / SECOND_US, lambda: self._exchange.pick_up(line))
        self._clock.callLater((PICK_UP_US + talk_us) / SECOND_US, lambda: self._exchange.end(caller))

    def _pick_up_of(self, leg: Leg | None, agent: str) -> int | None:
        """Give when the phone is answered that rings for a caller, as it was; one that rang in vain rings on.

        What the day showed is the agent's: if it is now somebody else whose phone rings, it is drawn.
        """
        shown, number, luck = self._turn(leg, "ring")
        seen = dict(enumerate(shown.rings)).get(number)
        rang_us = 0
        if seen is not None and seen.agent == agent:
            if seen.answered or seen.us == NEVER:
                return seen.us if seen.answered else None
            rang_us = seen.us
        return self._people.ringing.draw(luck.random(), rang_us) if self._day.pick_ups else PICK_UP_US

    def _joined(self, legs: tuple[Leg, Leg]) -> None:
        interaction = self._centre.state.interactions.get(self._centre.state.legs.get(legs[0], ""))
        if interaction is None or not isinstance(interaction.state, st.Connected):
            return
        queue, agent = interaction.state.waiting.queue, interaction.state.agent
        shown, number, luck = self._turn(legs[0], "talk")
        people = self._people.of(queue)
        talk = dict(enumerate(shown.talks)).get(number) or people.talks.draw(luck, TALK_US)
        wrap_up = dict(enumerate(shown.wrap_ups)).get(number)
        if wrap_up is None:
            wrap_up = people.wrap_ups.draw(luck, 0)
        to = shown.sent_on.get(number)
        self._clock.callLater(max(0, talk - HOP_US) / SECOND_US, lambda: self._part(legs, to))
        self._clock.callLater((talk + wrap_up) / SECOND_US + 0.1, lambda: self._finish(agent, interaction.id))

    def _part(self, legs: tuple[Leg, Leg], to: facts.Target | None) -> None:
        agents = self._exchange.lines.get(legs[1])
        if to is not None and agents is not None:
            self._exchange.refer(agents, to)
        else:
            self._exchange.end(legs[0])

    def _finish(self, agent: str, interaction: str) -> None:
        known = self._centre.state.agents.get(agent)
        if known is not None and isinstance(known.state, st.WrapUp) and known.state.interaction == interaction:
            self._command(facts.EndWrapUp, agent)

    def _come_back(self) -> None:
        for agent in list(self._centre.state.agents.values()):
            if isinstance(agent.state, st.Missed) and self._clock.now - agent.since >= BACK_S * SECOND_US:
                self._command(facts.EndBreak, agent.slug)
