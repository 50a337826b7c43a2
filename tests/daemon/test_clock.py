"""Centre time goes on, never back, and is not led astray by the wall clock."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from appliance.daemon.clock import PASSED_S_MAX, SECOND, CentreClock, Clocks

NOON = 1_795_262_400 * SECOND
"2026-11-21 12:00 UTC."


@dataclass
class Machine:
    """Two clocks set by hand, in microseconds."""

    wall_us: int = NOON
    monotonic_us: int = 7 * SECOND

    def clocks(self) -> Clocks:
        """Read both."""
        return Clocks(wall_ns=lambda: self.wall_us * 1000, monotonic_ns=lambda: self.monotonic_us * 1000)


def test_the_first_start_takes_the_wall_clock() -> None:
    """With no journal there is nothing to go on from."""
    assert CentreClock(Machine().clocks(), 0).now() == NOON


def test_a_start_goes_on_by_the_wall_time_passed() -> None:
    """A minute switched off is a minute of centre time."""
    clock = CentreClock(Machine(wall_us=NOON + 60 * SECOND).clocks(), NOON)
    assert clock.believed
    assert clock.now() == NOON + 60 * SECOND


def test_a_wall_clock_that_went_back_is_not_followed() -> None:
    """Nor does a leap of 73 years move anything."""
    for wall_us in (NOON - 3600 * SECOND, NOON + 73 * 365 * 86400 * SECOND):
        clock = CentreClock(Machine(wall_us=wall_us).clocks(), NOON)
        assert not clock.believed
        assert clock.now() == NOON


def test_while_running_only_the_monotonic_clock_counts() -> None:
    """The wall clock leaps by an hour each way; five seconds pass."""
    machine = Machine()
    clock = CentreClock(machine.clocks(), 0)
    for leap_s in (3600, -7200):
        machine.wall_us += leap_s * SECOND
        machine.monotonic_us += 5 * SECOND
    assert clock.now() == NOON + 10 * SECOND


@given(
    last_s=st.integers(0, 2**33),
    wall_s=st.integers(0, 2**33),
    steps=st.lists(st.integers(-(10**6), 10**6), max_size=20),
)
def test_it_never_goes_back(last_s: int, wall_s: int, steps: list[int]) -> None:
    """Whatever both clocks do, even a monotonic one that is not."""
    machine = Machine(wall_us=wall_s * SECOND)
    clock = CentreClock(machine.clocks(), last_s * SECOND)
    seen = clock.now()
    assert seen >= last_s * SECOND
    if last_s:
        assert seen <= (last_s + PASSED_S_MAX) * SECOND
    for step in steps:
        machine.monotonic_us += step
        seen, before = clock.now(), seen
        assert seen >= before
