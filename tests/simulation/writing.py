"""What the simulated exchange writes down by itself, and how a daemon is told of it: in parts, after each kill anew."""

from collections.abc import Callable

from appliance.core.facts import CallsTold, GoneLeg, Leg, ToldCall
from drivers.simulated.clock import HeapClock
from drivers.simulated.exchange import SimulatedExchange
from drivers.simulated.line import Line

EVERY_S = 5.0
PAGE = 3
"Calls that are told at once: few, so that a kill may come between two pages."


class Writing:
    """The chronicle of an exchange; it outlives the daemon."""

    def __init__(self, clock: HeapClock, exchange: SimulatedExchange) -> None:
        """Begin with nothing written."""
        self.began: dict[Leg, int] = {}
        "Every call that was ever made, and when."
        self._clock = clock
        self._exchange = exchange
        self._cut: list[ToldCall] = []
        "Calls that the exchange's own end took, which it tells of when it is back."
        self._written: list[ToldCall] = []
        self._parts: dict[int, tuple[ToldCall, ...]] = {}
        "Parts that are not removed."
        self._told: set[int] = set()
        "Those that this daemon has been told, but may not have committed."
        exchange.on_over = self._over

    def call(self, line: Line) -> None:
        """Note that somebody calls."""
        self.began[line.leg] = self._clock.now

    @property
    def is_told(self) -> bool:
        """Whether all that was written is committed."""
        return not (self._written or self._cut or self._parts)

    def begin(self, take: Callable[[CallsTold], object]) -> None:
        """Let a daemon that has come up be told, from the beginning of each part."""
        self._told.clear()
        take(CallsTold(exchange=self._exchange.name))

    def tell(self, take: Callable[[CallsTold], object], last: int, *, exchange_up: bool, quiet: bool) -> None:
        """Let it take in what is written by now. `last` is the last part it knows; if `quiet`, all is committed."""
        if quiet:
            for number in self._told:
                del self._parts[number]
            self._told.clear()
        if exchange_up:
            self._written += self._cut
            self._cut.clear()
        if self._written:
            self._parts[max([last, *self._parts]) + 1] = tuple(self._written)
            self._written.clear()
        for number, calls in self._parts.items():
            if number not in self._told:
                self._told.add(number)
                for offset in range(0, len(calls), PAGE):
                    page = calls[offset : offset + PAGE]
                    take(CallsTold(exchange=self._exchange.name, part=number, offset=offset + PAGE, calls=page))

    def gone(self) -> tuple[GoneLeg, ...]:
        """Give the ends that are written and not yet told."""
        name, now = self._exchange.name, self._clock.now
        return tuple(GoneLeg(leg=Leg(name, call.uniqueid), ago_us=now - call.ended) for call in self._written)

    def _over(self, line: Line) -> None:
        crashed = line.leg in self._exchange.lines
        call = ToldCall(
            uniqueid=line.leg.uniqueid,
            began=self.began[line.leg],
            ended=self._clock.now,
            trunk=line.trunk,
            number=line.number,
            party=line.party,
            cause="switch_failure" if crashed else "caller",
        )
        (self._cut if crashed else self._written).append(call)
