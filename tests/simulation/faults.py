"""What goes wrong in a simulated day, until it is healed."""

from random import Random

from appliance.core import model
from tests.simulation.box import Box
from tests.simulation.company import another
from tests.simulation.people import Agents


class Faults:
    """Trouble at random moments: a lost link, a dead phone, a failing disk, a killed daemon, a killed exchange."""

    def __init__(self, box: Box, dice: Random, company: model.Configuration, agents: Agents, *, every_s: float) -> None:
        """Begin to make trouble, on average so often."""
        self._box = box
        self._dice = dice
        self._company = company
        self._agents = agents
        self._every_s = every_s
        self._on = True
        box.late_hang_ups = dice.choice([0.0, 0.05, 0.3])
        box.late_bridges = dice.choice([0.0, 0.02])
        box.lateness_us = dice.choice([0, 1_000, 30_000])
        self._soon()

    def _soon(self) -> None:
        self._box.clock.callLater(self._dice.expovariate(1 / self._every_s), self._trouble)

    def _trouble(self) -> None:
        if not self._on:
            return
        kinds = (
            self._lost_link,
            self._lost_link,
            self._phone_gone,
            self._phone_gone,
            self._phone_gone,
            self._failing_commit,
            self._restart,
            self._restart,
            self._restart_twice,
            self._outage,
            self._exchange_crash,
            self._publish,
        )
        kind = self._dice.choice(kinds)
        self._box.went_wrong(kind.__name__[1:].replace("_", " "))
        kind()
        self._soon()

    def heal(self) -> None:
        """Make no more trouble, and mend what is broken."""
        self._on = False
        box = self._box
        box.late_hang_ups = 0.0
        box.late_bridges = 0.0
        box.lateness_us = 0
        box.disk.fails = False
        for slug in self._agents.slugs:
            self._agents.phone(slug, reachable=True)
        box.start()
        self._exchange_up()
        box.connect()

    def _later(self, low_s: float, high_s: float) -> float:
        return self._dice.uniform(low_s, high_s)

    def _lost_link(self) -> None:
        if not self._box.link:
            return
        unseen = self._later(0, self._dice.choice([3, 15]))
        self._box.lose_link(unseen)
        self._box.clock.callLater(unseen + self._later(0, 8), self._box.connect)

    def _phone_gone(self) -> None:
        slug = self._dice.choice(self._agents.slugs)
        self._agents.phone(slug, reachable=False)
        self._box.clock.callLater(self._later(1, 60), lambda: self._agents.phone(slug, reachable=True))

    def _failing_commit(self) -> None:
        self._box.disk.fails = self._box.centre is not None

    def _restart(self) -> None:
        if self._box.centre is None:
            return
        self._box.kill()
        self._box.clock.callLater(self._later(0.2, 4), self._box.start)

    def _restart_twice(self) -> None:
        self._restart()
        self._box.clock.callLater(self._later(0.3, 5), self._restart)

    def _outage(self) -> None:
        """Kill the daemon for long enough that callers come and go without it."""
        if self._box.centre is None:
            return
        self._box.kill()
        self._box.clock.callLater(self._later(20, 90), self._box.start)

    def _exchange_crash(self) -> None:
        if not self._box.exchange_up:
            return
        self._box.crash_exchange()
        self._box.clock.callLater(self._later(0.2, 6), self._exchange_up)

    def _exchange_up(self) -> None:
        if not self._box.exchange_up:
            self._box.exchange_up = True
            self._box.connect()

    def _publish(self) -> None:
        if self._box.centre is not None:
            self._company = another(self._dice, self._company)
            self._box.publish(self._company)
