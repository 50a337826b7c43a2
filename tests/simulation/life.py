"""A day in the life of a company, drawn by a seed: with faults on, then healed, when everybody must be served."""

from collections import Counter
from collections.abc import Callable
from random import Random

import msgspec

from appliance.core import effects, facts, model
from appliance.core.cdr import Outcome
from appliance.core.centre import Centre
from appliance.core.invariants import Watch
from appliance.core.visits import visits_of
from drivers.simulated.clock import HeapClock
from tests.simulation.box import BEGIN, SECOND, Box, Observer, WrongError
from tests.simulation.company import a_company, the_trunks
from tests.simulation.faults import Faults
from tests.simulation.people import Agents, Callers
from tests.simulation.tally import Tally

CALLS = 500
COUNTED = (Outcome.ANSWERED, Outcome.ABANDONED, Outcome.FLOWED_OUT, Outcome.CALLBACK)
"Ends of queue visits that the queues count."
HEALED_S_MAX = 4 * 3600
"Simulated seconds within which everybody must be served once nothing fails any more."


class Life:
    """One company's day."""

    def __init__(self, seed: int, calls: int = CALLS) -> None:
        """Open."""
        self.seed = seed
        self.alone = 0
        "Calls that the exchange alone knew, once the day is over."
        self.dice = Random(seed)  # noqa: S311  a game, and one that must repeat
        trunks = the_trunks(Random(f"{seed}/trunks"))  # noqa: S311  a game, and one that must repeat
        self.company = msgspec.structs.replace(a_company(self.dice, BEGIN), trunks=trunks)
        self.versions: dict[str, model.Configuration] = {}
        self.clock = HeapClock(BEGIN)
        self.box = Box(self.clock, self.dice, self.versions)
        self.box.began = self._begin
        self.box.performed = self._performed
        self.box.heard = self._heard
        self.tally = Tally(self.box.exchange)
        self.box.about_to = self.tally.before
        self.box.went_wrong = lambda what: self.tally.add(f"fault: {what}")
        self.box.start()
        self.box.publish(self.company)
        self.box.exchange.reachable = {extension.slug for extension in self.company.extensions}
        self.box.exchange.lines_max = {trunk.slug: trunk.calls_max for trunk in trunks if trunk.calls_max}
        self.agents = Agents(self.box, self.dice, self.company)
        load = self.dice.uniform(0.4, 1.3)
        self.callers = Callers(
            self.box,
            self.dice,
            company=self.company,
            calls=calls,
            per_s=load * len(self.agents.slugs) / 50,
        )
        every_s = self.dice.choice([40, 120, 600])
        self.faults = Faults(self.box, self.dice, self.company, self.agents, every_s=every_s)

    # -- looking on

    def _begin(self, centre: Centre) -> Observer:
        watch = Watch(centre)

        def look(now: int, fact: facts.AnyFact, asked: tuple[effects.AnyEffect, ...]) -> None:
            self.tally.after(centre, fact, asked)
            for broken in watch.look(now, fact, asked):
                raise WrongError(f"{broken.rule}: {broken.about} {broken.detail}, at {now} by {fact}")
            for effect in asked:
                if isinstance(effect, effects.Quarantined):
                    raise WrongError(f"quarantined: {effect.error}, at {now} by {fact}")

        return look

    def _performed(self, effect: effects.AnyCallEffect) -> None:
        if isinstance(effect, effects.Prompt):
            self.callers.prompted(effect)

    def _heard(self, fact: facts.AnyFact) -> None:
        if isinstance(fact, facts.Bridged):
            self.callers.joined(fact.legs)

    # -- living

    def run(self) -> None:
        """Live through it; raises `WrongError` where something does not hold."""
        self.until(lambda: self.callers.all_called)
        self.faults.heal()
        self.callers.patient = True
        self.agents.diligent = True
        end = self.clock.now + HEALED_S_MAX * SECOND
        self.until(lambda: self.clock.now > end or self._all_served())
        if not self._all_served():
            raise WrongError(f"served: {self._left_over()} are still there {HEALED_S_MAX} s after all was healed")
        self.until(lambda: self.clock.now > end + SECOND * 4000 or self._all_quiet())
        self._check_end()
        self.box.replay()

    def until(self, true: Callable[[], bool]) -> None:
        """Let time pass until something is so."""
        clock, box = self.clock, self.box
        while not true():
            timer, due = clock.next(), box.due()
            if due is not None and (timer is None or due <= timer):
                if box.lateness_us:
                    box.went_wrong("late deadline")
                clock.now = max(clock.now, due)
                box.take(facts.Due())
            elif not clock.step():
                raise WrongError("nothing will ever happen again")

    def _all_served(self) -> bool:
        centre = self.box.centre
        return centre is not None and not centre.state.interactions and not self.box.exchange.lines

    def _all_quiet(self) -> bool:
        centre = self.box.centre
        return centre is not None and not centre.state.deadlines and self.box.quiet and self.box.writing.is_told

    def _left_over(self) -> str:
        lines = Counter(line.doing for line in self.box.exchange.lines.values())
        states = self.box.centre.state.interactions.values() if self.box.centre else ()
        return f"{dict(lines)} on the exchange, {[str(i.state) for i in states][:3]} in the Centre"

    def _check_end(self) -> None:
        """Hold the records against everything that was journalled."""
        centre, disk = self.box.centre, self.box.disk
        if centre is None:
            raise WrongError("the daemon is dead")
        if centre.state.deadlines or centre.state.offers or centre.state.legs:
            raise WrongError(f"left over: {centre.state.deadlines} {centre.state.offers} {centre.state.legs}")
        legs = {entry.fact.leg for entry in disk.entries if isinstance(entry.fact, facts.LegAsked)}
        called = set(self.box.writing.began)
        filed = Counter(cdr.leg for cdr in disk.records)
        if set(filed) != called or max(filed.values(), default=1) > 1:
            twice = [leg for leg, times in filed.items() if times > 1]
            raise WrongError(f"records: lost {called - set(filed)}, unknown {set(filed) - called}, twice {twice}")
        alone = {cdr.leg for cdr in disk.records if cdr.alone}
        if alone != called - legs:
            raise WrongError(f"records: {alone} are known to the exchange alone, but {legs & alone} asked us")
        if any(chronicle.heard for chronicle in centre.state.chronicles.values()):
            raise WrongError(f"left over: {centre.state.chronicles}")
        self.alone = len(alone)
        visits = Counter(
            (visit.queue, visit.outcome)
            for cdr in disk.records
            for visit in visits_of(cdr)
            if visit.until >= centre.state.day
        )
        for queue, counts in centre.state.counts.items():
            told = (counts.answered, counts.abandoned + counts.abandoned_short, counts.flowed_out, counts.callbacks)
            if told != tuple(visits[queue, end] for end in COUNTED):
                raise WrongError(f"figures: {queue} counts {told} of {COUNTED}, the records {visits}")


def live(seed: int, calls: int = CALLS) -> Life:
    """Live through the day of a seed."""
    life = Life(seed, calls)
    life.run()
    return life
