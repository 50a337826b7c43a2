"""The file of the first boot: the code goes with the first administrator, the file with the last step."""

from pathlib import Path

import pytest

from appliance import first_boot
from appliance.first_boot import END, STEPS, FirstBoot


def test_a_code_stands_while_nobody_administers_the_box(tmp_path: Path) -> None:
    """It is the same at each start, for its user alone, and gone with the first administrator."""
    path = tmp_path / "first-boot"
    made = first_boot.keep(path, administered=False)
    assert made is not None
    assert made.is_open
    assert path.stat().st_mode & 0o777 == 0o600
    assert first_boot.keep(path, administered=False) == made == first_boot.read(path)
    taken = first_boot.keep(path, administered=True)
    assert taken == FirstBoot() == first_boot.read(path)
    assert first_boot.keep(path, administered=True) == taken
    assert made.code not in path.read_text()


def test_a_box_that_somebody_administers_has_no_first_boot(tmp_path: Path) -> None:
    """An old one, or one into which a company was imported."""
    path = tmp_path / "first-boot"
    assert first_boot.keep(path, administered=True) is None
    assert not path.exists()


def test_codes_are_random_and_typed_as_people_type() -> None:
    """Hyphen, blanks and capitals do not count; a part of the code, or nothing, is no code."""
    assert len({first_boot.make_code() for _ in range(1000)}) == 1000
    first = FirstBoot(code="abcdefghij")
    assert first.shown_code == "abcde-fghij"
    for typed in ("abcde-fghij", "ABCDE FGHIJ", " abcdefghij\n"):
        assert first.is_code(typed)
    for typed in ("", "abcde", "abcdefghijk", "абвгд", "\udc80", "\x00"):
        assert not first.is_code(typed)
    assert not FirstBoot().is_code("")


def test_one_goes_on_where_one_left(tmp_path: Path) -> None:
    """Step by step, a step again, and the file goes at the end."""
    path = tmp_path / "first-boot"
    first_boot.write(path, FirstBoot())
    for place, step in enumerate(STEPS):
        assert first_boot.note(path, step)
        after = STEPS[place + 1] if place + 1 < len(STEPS) else END
        assert first_boot.read(path) == FirstBoot(step=after, done=STEPS[: place + 1])
    assert first_boot.note(path, "network")
    assert first_boot.read(path) == FirstBoot(step="time", done=STEPS)
    assert not first_boot.note(path, "../network")
    assert first_boot.note(path, END)
    assert first_boot.note(path, END)
    assert first_boot.note(path, "time")
    assert first_boot.read(path) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"code": 1}', "\x00"])
def test_a_torn_file_is_none(tmp_path: Path, text: str) -> None:
    """A box that waits makes a new code; one that is administered goes on without the steps."""
    path = tmp_path / "first-boot"
    path.write_text(text)
    assert first_boot.read(path) is None
    assert first_boot.keep(path, administered=True) is None
    fresh = first_boot.keep(path, administered=False)
    assert fresh is not None
    assert fresh.is_open
