"""A backup and a restore that are killed leave the old or the new; `make soak` does it a thousand times."""

from pathlib import Path

from tests.store.backup_kills import WORKS, run


def test_a_kill_at_any_step_leaves_the_old_or_the_new(tmp_path: Path) -> None:
    """Each of the works, killed three times at steps drawn by seed."""
    taken = run(3 * len(WORKS), 7, tmp_path)
    assert set(taken) == {work.__name__ for work in WORKS}
