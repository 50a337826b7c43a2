"""The beat of the audio."""

from collections.abc import Callable

from twisted.internet.task import Clock

from drivers.robot.clock import MediaClock, Pace

Ends = list[Callable[[], None]]


def a_clock() -> tuple[Clock, MediaClock, list[int]]:
    """Make a media clock on made-up time, with one beat that notes what was skipped."""
    time = Clock()
    clock = MediaClock(time, time.seconds)
    beats: list[int] = []
    clock.add(beats.append)
    return time, clock, beats


def test_it_beats_every_20_ms_while_somebody_is_called() -> None:
    """It beats every 20 ms while somebody is called."""
    time = Clock()
    clock = MediaClock(time, time.seconds)
    assert clock.idle
    beats: list[str] = []
    first = clock.add(lambda _: beats.append("a"))
    time.pump([0.02, 0.02])
    second = clock.add(lambda _: beats.append("b"))
    time.pump([0.02])
    first()
    first()
    time.pump([0.02])
    second()
    assert clock.idle
    assert not time.getDelayedCalls()
    time.pump([0.02, 0.02])
    assert beats == ["a", "a", "a", "b", "b"]
    assert clock.pace == Pace(beats=4, late=0, skipped=0, late_s_max=clock.pace.late_s_max)
    assert clock.pace.late_s_max < 0.001


def test_a_late_beat_is_counted_and_the_grid_is_kept() -> None:
    """A late beat is counted and the grid is kept."""
    time, clock, beats = a_clock()
    time.advance(0.035)
    time.advance(0.0051)
    assert beats == [0, 0]
    assert (clock.pace.beats, clock.pace.late, clock.pace.skipped) == (2, 1, 0)
    assert clock.pace.late_share == 0.5


def test_some_missed_beats_are_made_up_for() -> None:
    """Some missed beats are made up for."""
    time, clock, beats = a_clock()
    time.advance(0.02 + 0.075)
    assert beats == [0, 0, 0, 0]
    assert clock.pace.late == 4
    time.advance(0.0051)
    assert len(beats) == 5


def test_a_long_sleep_is_skipped_and_told() -> None:
    """A long sleep is skipped and told."""
    time, clock, beats = a_clock()
    time.advance(0.02 + 1.001)
    assert beats == [45, 0, 0, 0, 0, 0]
    assert clock.pace.skipped == 45
    assert clock.pace.late_s_max > 1.0
    assert clock.pace.late_share > 0.9


def test_who_ends_at_the_beat_ends_it() -> None:
    """Who ends at the beat ends it."""
    time = Clock()
    clock = MediaClock(time, time.seconds)
    ends: Ends = []
    ends.append(clock.add(lambda _: ends[0]()))
    time.advance(0.02)
    assert clock.idle
    assert not time.getDelayedCalls()
    assert Pace().late_share == 0.0
