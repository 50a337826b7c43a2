"""What is asked of updates: begun once, given up in time, taken back; bundles are there whole or not at all."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance import updates
from appliance.root_work import Slot
from appliance.updates import Phase, Plan, Plans

SLOTS = (Slot(name="A", booted=True, good=True, active=True), Slot(name="B", booted=False, good=True, active=False))


def test_one_update_at_a_time(tmp_path: Path) -> None:
    """Another is refused until it is over."""
    plans = Plans(tmp_path / "update.json")
    assert updates.begin(plans, "new.raucb", at_once=False) == ""
    assert plans.read() == Plan(bundle="new.raucb")
    assert updates.begin(plans, "other.raucb", at_once=True) == "update_runs"
    assert updates.take_back(plans, SLOTS, at_once=True) == "update_runs"
    assert updates.change(plans, stop=True) == ""
    assert plans.read() == Plan(bundle="new.raucb", phase=Phase.FAILED, why="stopped")
    assert updates.begin(plans, "other.raucb", at_once=True) == ""


def test_what_was_switched_to_is_not_given_up(tmp_path: Path) -> None:
    """Waiting is ended, switching is not."""
    plans = Plans(tmp_path / "update.json")
    assert updates.change(plans, stop=True) == "too_late"
    plans.write(Plan(bundle="new.raucb", phase=Phase.QUIET))
    assert updates.change(plans, stop=False) == ""
    assert plans.read() == Plan(bundle="new.raucb", phase=Phase.QUIET, at_once=True)
    plans.write(Plan(bundle="new.raucb", phase=Phase.SWITCH))
    assert updates.change(plans, stop=True) == "too_late"


def test_what_another_wrote_meanwhile_stands(tmp_path: Path) -> None:
    """Who writes over what it has not seen is given what is there."""
    plans = Plans(tmp_path / "update.json")
    seen = Plan(bundle="new.raucb", phase=Phase.QUIET)
    plans.write(seen)
    assert updates.change(plans, stop=True) == ""
    stopped = plans.read()
    assert plans.replace(seen, Plan(bundle="new.raucb", phase=Phase.SWITCH)) == stopped == plans.read()


def test_the_slot_before_must_be_a_good_one(tmp_path: Path) -> None:
    """To go back is an update without a bundle."""
    plans = Plans(tmp_path / "update.json")
    bad = (SLOTS[0], Slot(name="B", booted=False, good=False, active=False))
    for slots in ((), SLOTS[:1], bad):
        assert updates.take_back(plans, slots, at_once=False) == "nothing_before"
    assert updates.take_back(plans, SLOTS, at_once=False) == ""
    assert plans.read() == Plan(bundle="", phase=Phase.QUIET, before="A")


def test_bundles_are_there_whole_or_not_at_all(tmp_path: Path) -> None:
    """A name that is none, too much, nothing, or a reader that breaks off leave nothing behind."""
    folder = tmp_path / "updates"
    assert updates.staged(folder) == ()
    assert updates.stage(folder, "one.raucb", [b"ab", b"c"]) == 3

    def torn() -> Iterator[bytes]:
        yield b"abc"
        raise OSError("gone")

    for name in ("../x.raucb", "x.raucb/..", ".x.raucb", "x.deb", "", "a" * 130 + ".raucb", "x.raucb\n"):
        with pytest.raises(ValueError, match="name"):
            updates.stage(folder, name, [b"x"])
    for pieces in ([b"abc", b"d"], []):
        with pytest.raises(ValueError, match="size"):
            updates.stage(folder, "two.raucb", pieces, limit=3)
    with pytest.raises(OSError, match="gone"):
        updates.stage(folder, "one.raucb", torn())
    assert [path.name for path in folder.iterdir()] == ["one.raucb"]
    assert (folder / "one.raucb").read_bytes() == b"abc"
    updates.stage(folder, "two.raucb", updates.pieces_of(folder / "one.raucb"))
    assert {path.name for path in updates.staged(folder)} == {"one.raucb", "two.raucb"}
    updates.tidy(folder, ["two.raucb"])
    assert [path.name for path in updates.staged(folder)] == ["two.raucb"]
