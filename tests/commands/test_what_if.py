"""`replay` and `what-if` on a day that the simulator lived through."""

import json
import stat
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from appliance.commands import replay, what_if
from appliance.commands._day import Reading
from appliance.commands._people import kaplan_meier
from appliance.commands._recorded import load, save
from appliance.commands._trial import Trial, told
from appliance.core import model
from tests.commands.recorded import a_recorded_day


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Write the recorded day into a file."""
    path = tmp_path / "day.journal"
    save(a_recorded_day(), path)
    return path


def test_a_file_replays_to_the_bit(file: Path) -> None:
    """And says how many facts; nobody else may read it."""
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    done = CliRunner().invoke(replay.command, [str(file)])
    assert done.exit_code == 0, done.output
    assert done.output.startswith(f"{len(a_recorded_day().rows)} facts replayed in ")


def test_the_first_difference_is_named(file: Path) -> None:
    """By the fact's number, with what was recorded and what comes out now, and the exit code says so."""
    told_ = load(file)
    at = next(n for n, row in enumerate(told_.rows) if row.kept)
    rows = (*told_.rows[:at], msgspec.structs.replace(told_.rows[at], kept=()), *told_.rows[at + 1 :])
    save(msgspec.structs.replace(told_, rows=rows), file)
    done = CliRunner().invoke(replay.command, [str(file)])
    assert done.exit_code == 1
    assert f"fact {rows[at].sequence} " in done.output
    assert "recorded: None" in done.output


def test_what_is_no_journal_is_refused(tmp_path: Path) -> None:
    """In one line."""
    path = tmp_path / "x"
    path.write_bytes(b"nothing")
    done = CliRunner().invoke(replay.command, [str(path)])
    assert done.exit_code == 1
    assert "is no recorded journal" in done.output


def test_patience_is_estimated_from_those_who_were_served_too() -> None:
    """Kaplan-Meier by hand: at 1 of 5 gives up, at 3 one of 3 (2 was served), at 4 one of 2; one stays to the end."""
    patience = kaplan_meier([(1, True), (2, False), (3, True), (4, True), (9, False)])
    assert patience.times_us == (1, 3, 4)
    assert [round(share, 4) for share in patience.left] == [0.8, 0.5333, 0.2667]
    assert [patience.draw(luck) for luck in (0.9, 0.8, 0.6, 0.3, 0.2)] == [1, 1, 3, 4, None]


def test_the_day_is_read_as_it_was() -> None:
    """Every caller once, every record, and what people did."""
    recorded = a_recorded_day()
    day, done = Reading(recorded, 0, 0).read()
    assert done.difference is None
    assert len(day.records) >= 100
    assert len(day.arrivals) >= len(day.records) - 10
    assert any(answered for _us, answered in day.pick_ups)
    assert not all(answered for _us, answered in day.pick_ups), "some rang in vain"
    assert all(day.talks.values())


def test_a_trial_of_one_seed_is_one_trial() -> None:
    """The same seed gives the same records; another one others."""
    recorded = a_recorded_day()
    day, _done = Reading(recorded, 0, 0).read()
    lives = [Trial(day, recorded.configurations, seed).run() for seed in (1, 1, 2)]
    assert lives[0] == lives[1] != lives[2]
    queues = dict(model.by_slug(recorded.configurations[day.published[-1][1]].queues))
    assert told(lives[0], queues).answered > 50


def test_more_agents_serve_better_and_fewer_worse(file: Path) -> None:
    """The service level rises with three more, and falls with one less; the difference is given with a band."""
    levels = []
    for agents in ("+3", "-1"):
        done = CliRunner().invoke(what_if.command, [str(file), "--agents", agents, "--seeds", "5", "--json"])
        assert done.exit_code == 0, done.output
        said = json.loads(done.output)
        assert said["seeds"] == 5
        middle, low, high = said["service_level"]["difference"]
        assert low <= middle <= high
        levels.append(middle)
    assert levels[0] > 0 > levels[1]


def test_the_figures_are_shown_side_by_side(file: Path) -> None:
    """Recorded, simulated, what if, and the difference; the formula is named."""
    argv = [str(file), "--strategy", "fewest_handled", "--skill", "order:5", "--agents", "1", "--seeds", "2"]
    done = CliRunner().invoke(what_if.command, argv)
    assert done.exit_code == 0, done.output
    for word in (
        "recorded",
        "simulated",
        "what if",
        "difference",
        "service level %",
        "ASA s",
        "short abandons left out",
    ):
        assert word in done.output, done.output
    assert CliRunner().invoke(what_if.command, [str(file), "--skill", "order"]).exit_code == 2
    assert "there is no workgroup x" in CliRunner().invoke(what_if.command, [str(file), "--queue", "x"]).output
