"""Alarms of spans: at once, not flapping, and kept."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.dahdi import history
from drivers.dahdi.alarms import ABSENT, CALM_US, HISTORY_MAX, Alarms, Reading, read_spans, word_of
from tests.drivers.dahdi.trees import FAMILIES, plant

RED, YELLOW = Reading(alarms=8), Reading(alarms=4)
WELL = Reading()


def test_the_worst_alarm_is_told() -> None:
    """Red before yellow; a bit that we do not know is none."""
    assert [word_of(bits) for bits in (0, 4, 12, 16, 2, 32, 1, 1 << 8)] == [
        "ok",
        "yellow",
        "red",
        "blue",
        "loopback",
        "not_open",
        "recovering",
        "ok",
    ]


def test_an_alarm_is_told_at_once_and_ends_after_ten_calm_seconds() -> None:
    """A line that comes and goes is one alarm, and not many."""
    alarms = Alarms()
    assert alarms.look(0, {1: WELL}, [1]) == ()
    (began,) = alarms.look(1_000_000, {1: RED}, [1])
    assert (began.span, began.before, began.after) == (1, "ok", "red")
    for second in range(2, 30):
        assert alarms.look(second * 1_000_000, {1: RED if second % 5 == 0 else WELL}, [1]) == ()
    quiet = 30 * 1_000_000
    assert alarms.look(quiet, {1: WELL}, [1]) == ()
    (ended,) = alarms.look(quiet + CALM_US, {1: WELL}, [1])
    assert (ended.before, ended.after) == ("red", "ok")
    assert [change.after for change in alarms.history] == ["ok", "red"]


def test_a_span_without_its_card_is_told() -> None:
    """And one that nobody has set up is watched, but not missed."""
    alarms = Alarms()
    (gone,) = alarms.look(0, {2: WELL}, [1])
    assert (gone.span, gone.after) == (1, ABSENT)
    assert {number: state.word for number, state in alarms.states.items()} == {1: ABSENT, 2: "ok"}
    alarms.look(1, {}, [])
    assert alarms.states == {}


@settings(deadline=None)
@given(seen=st.lists(st.sampled_from([WELL, RED, YELLOW]), max_size=60))
def test_the_history_is_a_chain(seen: list[Reading]) -> None:
    """Each entry begins where the one before ended, and none says nothing."""
    alarms = Alarms()
    for second, reading in enumerate(seen):
        alarms.look(second * 1_000_000, {1: reading}, [1])
    entries = list(reversed(alarms.history))
    for before, after in pairwise(entries):
        assert before.after == after.before
    assert all(entry.before != entry.after for entry in entries)


def test_the_history_has_an_end() -> None:
    """Of a line that changes for ever the last changes stay."""
    alarms = Alarms()
    for second in range(3 * HISTORY_MAX):
        alarms.look(second, {1: RED if second % 2 else YELLOW}, [1])
    assert len(alarms.history) == HISTORY_MAX


def test_without_the_device_the_alarms_are_those_of_sysfs(tmp_path: Path) -> None:
    """Each span that has a number; counters are those of /proc. Without the driver there is nothing."""
    assert read_spans(tmp_path) == {}
    found = dict(read_spans(plant(tmp_path), tmp_path / "ctl"))
    assert {number: reading.alarms for number, reading in found.items() if reading.alarms} == {2: 8, 9: 4}
    assert len(found) == 14
    wires = {wire.number: wire for family in FAMILIES for wire in family.wires}
    for number, reading in found.items():
        assert (reading.counters["bpv"], reading.counters["slips"]) == (wires[number].bpv, wires[number].slips)
    assert any(reading.counters["bpv"] for reading in found.values())
    (tmp_path / "proc/dahdi/1").unlink()
    assert read_spans(tmp_path, tmp_path / "ctl")[1].counters == {}
    found[1] = Reading(alarms=found[1].alarms)
    (tmp_path / "ctl").write_bytes(b"")
    assert read_spans(tmp_path, tmp_path / "ctl") == found


def test_the_past_is_kept_over_a_start(tmp_path: Path) -> None:
    """An alarm that lasts is not told again, one that has ended meanwhile is told to have ended."""
    file = tmp_path / "alarms.json"
    first = Alarms(history.read(file))
    first.look(1_000_000, {1: RED, 2: YELLOW, 3: WELL}, [1, 2, 3])
    history.keep(file, first.history)
    second = Alarms(history.read(file))
    assert second.history == first.history
    assert second.look(2_000_000, {1: RED, 2: WELL, 3: WELL}, [1, 2, 3]) == ()
    told = second.look(2_000_000 + CALM_US, {1: RED, 2: WELL, 3: WELL}, [1, 2, 3])
    assert [(change.span, change.before, change.after) for change in told] == [(2, "yellow", "ok")]
    assert second.states[1].since == 1_000_000
    assert first.counts == {(1, "red"): 1, (2, "yellow"): 1}
    assert second.counts == {}


def test_the_file_has_an_end(tmp_path: Path) -> None:
    """As many changes as the history, each bounded."""
    file = tmp_path / "alarms.json"
    alarms = Alarms()
    for second in range(3 * HISTORY_MAX):
        alarms.look(second, {1023: RED if second % 2 else YELLOW}, [1023])
    history.keep(file, alarms.history)
    assert file.stat().st_size < history.BYTES_MAX
    assert history.read(file) == tuple(alarms.history)


@pytest.mark.parametrize("torn", [b"", b"{", b"[{}]", b"[" * 300_000, b"\xff\x00", b'[{"at":1,"span":"x"}]'])
def test_a_torn_past_is_none(tmp_path: Path, torn: bytes) -> None:
    """It is begun anew."""
    file = tmp_path / "alarms.json"
    assert history.read(file) == ()
    file.write_bytes(torn)
    assert history.read(file) == ()
    assert Alarms(history.read(file)).look(1, {1: RED}, [1])
